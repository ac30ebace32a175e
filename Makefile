# `make` for those who have it: each target is a command of workshop.py, which any machine can run,
# or of the environment that it makes. PYTHON=python3.12 names a Python other than the first found.

ifdef PYTHON
THIS := --this-python
else
PYTHON := $(shell command -v python3 || command -v python || echo python3)
endif
# Where a user has no home, as in a container that runs under any number, this folder is one.
ifndef HOME
export HOME := $(CURDIR)
endif

PORT ?= 8888
WORKSHOP := "$(PYTHON)" workshop.py
VENV := .venv/bin/python
# A lock for every machine and Python, with hashes, and no word of where it was made.
LOCKED := --quiet --universal --python-version 3.11 --generate-hashes --no-header

.PHONY: help lab setup test test-all test-browser test-classroom test-newest test-oldest style addresses check-links site run bench lock clean
.DEFAULT_GOAL := help

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

lab: setup ## open the lessons in JupyterLab; PORT=8888, ARGS="--no-browser"
	@$(WORKSHOP) lab --port=$(PORT) $(ARGS)

setup: ## make the environment alone (.venv, as requirements.txt fixes it)
	@command -v "$(PYTHON)" >/dev/null || { echo "Setup stopped. No Python is found here:" \
		"install Python 3.12, then run the same command again."; exit 1; }
	@$(WORKSHOP) setup $(THIS)

test: setup ## check everything that is quick: style, helpers, and each lesson's outputs
	$(WORKSHOP) test $(ARGS)

test-all: setup ## check everything: with whole models on all data, real packages, all handouts
	$(WORKSHOP) test --all $(ARGS)

test-oldest: setup ## run the lessons with the oldest packages they are for: Colab's
	$(WORKSHOP) test --oldest $(ARGS)

test-newest: setup ## test with the newest packages there are instead of the locked ones
	$(WORKSHOP) test --newest $(ARGS)

test-browser: site ## try the lessons in JupyterLab in Chromium; CHROMIUM=/path/to/it
	$(VENV) -m pytest tests/browser $(ARGS)

test-classroom: setup ## let three learners work at once behind a JupyterHub of this machine
	$(VENV) -m pytest tests/classroom $(ARGS)

style: setup ## check how code and text are written
	$(WORKSHOP) test --style

addresses: setup ## write the lessons' buttons anew after a change of the address in pyproject.toml
	$(VENV) binder/addresses.py

check-links: setup ## ask whether all addresses in manifest, docs and lessons still answer
	$(VENV) -m tools.links $(ARGS)

site: setup ## build the site of all lessons into build/site: static, searchable, for any server
	@.venv/bin/uv venv --quiet --clear --python $(VENV) build/site-env
	@.venv/bin/uv pip install --quiet --require-hashes --python build/site-env \
		--requirement docs/site/requirements.txt || { echo "The site was not built: it needs the" \
		"packages of docs/site/requirements.txt, from the network or a mirror (PIP_INDEX_URL)."; \
		exit 1; }
	build/site-env/bin/python docs/site/build.py

run: setup ## run all lessons, with a report and their times and memory in build/
	$(VENV) -m helpers run $(ARGS)

bench: setup ## measure side by side what the lessons claim, into build/bench.json
	$(VENV) tests/bench $(ARGS)

lock: setup ## fix versions and hashes anew after a change in pyproject.toml; ARGS=--upgrade
	.venv/bin/uv pip compile pyproject.toml --output-file requirements.txt $(LOCKED) $(ARGS)
	.venv/bin/uv pip compile --group classroom --constraint requirements.txt \
		--output-file classroom/requirements.txt $(LOCKED) $(ARGS)
	.venv/bin/uv pip compile --group site --constraint requirements.txt \
		--output-file docs/site/requirements.txt $(LOCKED) $(ARGS)

clean: ## remove what was made here: the environment, builds, runs
	rm -rf .venv .venv.previous build runs tensorflow_workshop.egg-info .ruff_cache .hypothesis
