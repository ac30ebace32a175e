# The workshop's commands: `make help` lists them. They need GNU make and Python 3.11, 3.12 or 3.13;
# name the Python with PYTHON=python3.12 where the right one isn't found by itself.

ifdef PYTHON
BOOTSTRAP := --this-python
else
SUITS := import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c '$(SUITS)' >/dev/null 2>&1 && { echo $$p; exit; }; done; echo python3)
endif

PORT ?= 8888
LESSON := notebooks/00_start_here.ipynb
# Weights that lesson 08 uses and no lock can carry: their packages ask for other packages, and
# only a file of each is wanted.
WEIGHTS := hed style-predict style-transform style-26
VENV := .venv/bin/python
# Where JupyterLab and nbconvert find the workshop's additions: the alt text of pictures.
export JUPYTER_PATH := $(CURDIR)/jupyter$(if $(JUPYTER_PATH),:$(JUPYTER_PATH))
# The first lesson, no news pop-up in front of it, and root (in containers) is fine.
LAB := --LabApp.default_url=/lab/tree/$(LESSON) --LabApp.news_url=None --log-level=WARN \
	--port=$(PORT) $(if $(filter 0,$(shell id -u)),--allow-root)
# A lock for every machine and Python, with hashes, and no word of where it was made.
LOCKED := --quiet --universal --python-version 3.11 --generate-hashes --no-header

.PHONY: help lab setup test test-browser test-classroom run bench lock clean
.DEFAULT_GOAL := help

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

lab: setup ## open the lessons in JupyterLab; PORT=8888, ARGS="--no-browser"
	@echo "JupyterLab starts. Without a browser: open the address below. Ctrl-C stops it."
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(VENV) -m jupyterlab $(LAB) $(ARGS)

setup: ## make the environment alone (.venv, as requirements.txt fixes it)
	@command -v "$(PYTHON)" >/dev/null || { echo "Setup stopped. No Python is found here:" \
		"install Python 3.11, 3.12 or 3.13, then run the same command again."; exit 1; }
	@"$(PYTHON)" -I tools/setup.py $(BOOTSTRAP)
	@$(VENV) -m helpers fetch --missing $(WEIGHTS) || echo "Lesson 08 needs them, the others don't."

test: setup ## check everything: style, helpers, and each lesson's outputs
	$(VENV) -m ruff check
	$(VENV) -m ruff format --check
	.venv/bin/codespell
	WORKSHOP_MODE=quick WORKSHOP_OFFLINE=1 $(VENV) -m pytest tests notebooks \
		--ignore=tests/browser --ignore=tests/classroom --ignore=tests/bench \
		--nbval --nbval-current-env --nbval-cell-timeout=300 -p no:cacheprovider $(ARGS)

test-browser: setup ## try the lessons in JupyterLab in Chromium; CHROMIUM=/path/to/it
	$(VENV) -m pytest tests/browser -p no:cacheprovider $(ARGS)

test-classroom: setup ## let three learners work at once behind a JupyterHub of this machine
	$(VENV) -m pytest tests/classroom -p no:cacheprovider $(ARGS)

run: setup ## run all lessons, with a report and their times and memory in build/
	$(VENV) -m helpers run $(ARGS)

bench: setup ## measure side by side what the lessons claim, into build/bench.json
	$(VENV) tests/bench $(ARGS)

lock: setup ## fix versions and hashes anew after a change in pyproject.toml; ARGS=--upgrade
	.venv/bin/uv pip compile pyproject.toml --output-file requirements.txt $(LOCKED) $(ARGS)
	.venv/bin/uv pip compile --group classroom --constraint requirements.txt \
		--output-file classroom/requirements.txt $(LOCKED) $(ARGS)

clean: ## remove what was made here: the environment, builds, runs
	rm -rf .venv .venv.previous build runs tensorflow_workshop.egg-info .ruff_cache .hypothesis
