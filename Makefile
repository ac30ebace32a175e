# The workshop's commands: `make help` lists them. They need GNU make and a Python as pyproject.toml
# asks for; name it with PYTHON=python3.12 where the right one isn't found by itself.

ifdef PYTHON
SETUP := --this-python
else
PYTHON := $(shell command -v python3 || command -v python || echo python3)
endif
# Where a user has no home, as in a container that runs under any number, this folder is one.
ifndef HOME
export HOME := $(CURDIR)
endif

PORT ?= 8888
LESSON := notebooks/00_start_here.ipynb
VENV := .venv/bin/python
# Where JupyterLab and nbconvert find the workshop's additions: the alt text of pictures.
export JUPYTER_PATH := $(CURDIR)/jupyter$(if $(JUPYTER_PATH),:$(JUPYTER_PATH))
# The first lesson, no news pop-up in front of it, and root (in containers) is fine.
LAB := --LabApp.default_url=/lab/tree/$(LESSON) --LabApp.news_url=None --log-level=WARN \
	--port=$(PORT) $(if $(filter 0,$(shell id -u)),--allow-root)
# Units and lessons, which nbval compares strictly; two files at a time, in the order of conftest.py.
TESTS := -m pytest notebooks tests --ignore=tests/browser --ignore=tests/classroom \
	--ignore=tests/bench --nbval --nbval-current-env --nbval-cell-timeout=300 \
	-n 2 --dist loadfile --no-loadscope-reorder
# A lock for every machine and Python, with hashes, and no word of where it was made.
LOCKED := --quiet --universal --python-version 3.11 --generate-hashes --no-header

.PHONY: help lab setup test test-all test-browser test-classroom test-newest style check-links site run bench lock clean
.DEFAULT_GOAL := help

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

lab: setup ## open the lessons in JupyterLab; PORT=8888, ARGS="--no-browser"
	@echo "JupyterLab starts. Without a browser: open the address below. Ctrl-C stops it."
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(VENV) -m jupyterlab $(LAB) $(ARGS)

setup: ## make the environment alone (.venv, as requirements.txt fixes it)
	@command -v "$(PYTHON)" >/dev/null || { echo "Setup stopped. No Python is found here:" \
		"install Python 3.12, then run the same command again."; exit 1; }
	@"$(PYTHON)" -I tools/setup.py $(SETUP)
	@$(VENV) -m helpers fetch --setup

test: style ## check everything that is quick: style, helpers, and each lesson's outputs
	$(VENV) $(TESTS) -m "not slow" $(ARGS)

test-all: style ## check everything: with whole models on all data, real packages, all handouts
	$(VENV) $(TESTS) $(ARGS)

test-browser: site ## try the lessons in JupyterLab in Chromium; CHROMIUM=/path/to/it
	$(VENV) -m pytest tests/browser $(ARGS)

test-classroom: setup ## let three learners work at once behind a JupyterHub of this machine
	$(VENV) -m pytest tests/classroom $(ARGS)

test-newest: setup ## test with the newest packages there are instead of the locked ones
	.venv/bin/uv venv --quiet --clear build/newest
	.venv/bin/uv pip install --quiet --upgrade --python build/newest --editable .
	build/newest/bin/python $(TESTS) -m "not slow" $(ARGS)

style: setup ## check how code and text are written
	$(VENV) -m ruff check
	$(VENV) -m ruff format --check
	.venv/bin/codespell

check-links: setup ## ask whether all addresses in manifest, docs and lessons still answer
	$(VENV) -m tools.links $(ARGS)

site: setup ## build the site of all lessons into build/site: static, searchable, for any server
	.venv/bin/uv venv --quiet --clear build/site-env
	.venv/bin/uv pip install --quiet --require-hashes --python build/site-env \
		--requirement docs/site/requirements.txt
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
