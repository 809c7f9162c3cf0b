# Every target brings a fresh machine (Python 3.11 or newer, and make) all the way by itself.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
WORKERS ?= 2
ARGS ?=

.PHONY: help demo test lint format bench gallery words lock chromium clean

help:
	@echo 'make demo     try the gateway on http://127.0.0.1:8000 (PORT=… for another port)'
	@echo 'make test     run every test; ARGS=… goes to pytest'
	@echo 'make lint     check style, types, import contracts and templates'
	@echo 'make bench    measure against a bare Flask route'
	@echo 'make gallery  write every page with sample data to var/gallery, to look at'
	@echo 'make words    bring the translations'"'"' files up to date with the pages'
	@echo 'make format   put code into the house style'
	@echo 'make lock     bring the locked versions up to date'
	@echo 'make clean    remove .venv and caches; var/, with the data, stays'

# The shell gives its place to the gateway, so that a signal meets the gateway and nothing in between.
demo: $(VENV)/.runtime
	@exec $(BIN)/gateway demo

test: $(VENV)/.dev chromium
	@exec $(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=loadfile $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --lint templates
	@echo 'Nothing to complain of.'

format: $(VENV)/.dev
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format .

bench: $(VENV)/.dev
	@exec $(BIN)/python -m bench $(ARGS)

gallery: $(VENV)/.dev
	$(BIN)/python -m tests.gallery var/gallery

words: $(VENV)/.dev
	$(BIN)/python -m tests.catalogues

# What is locked is meant for every system and for Python 3.11 and later, with markers where they differ. The locks
# name no index: whoever installs uses their own. UPGRADE= (empty) adds a new requirement and changes nothing else.
UPGRADE ?= --upgrade
COMPILE = $(BIN)/uv pip compile --quiet --no-config --system-certs --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --annotation-style line $(UPGRADE)

lock: $(VENV)/.dev
	$(COMPILE) pyproject.toml requirements.in --output-file requirements.txt
	$(COMPILE) pyproject.toml requirements.in requirements-dev.in --constraint requirements.txt \
		--output-file requirements-dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build

# A stamp says which set .venv holds. The development set holds the other, so it sets both stamps.
INSTALL_PROJECT = $(PIP) install --no-build-isolation --no-deps --editable .

$(VENV)/.runtime: requirements.txt pyproject.toml | $(VENV)/.made
	@echo 'Installing what the gateway needs (requirements.txt, with hashes) …'
	@$(PIP) install --require-hashes --requirement requirements.txt
	@$(INSTALL_PROJECT)
	@touch $@

$(VENV)/.dev: requirements-dev.txt pyproject.toml | $(VENV)/.made
	@echo 'Installing what the tests need (requirements-dev.txt, with hashes) …'
	@$(PIP) install --no-compile --require-hashes --requirement requirements-dev.txt
	@$(INSTALL_PROJECT)
	@touch $(VENV)/.runtime $@

$(VENV)/.made:
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
		rm -rf $(VENV); \
		"$$python" -m venv $(VENV) >$(VENV).log 2>&1 && rm -f $(VENV).log && touch $@ && exit 0; \
		rm -rf $(VENV); cat $(VENV).log >&2; rm -f $(VENV).log; \
		echo "$$python cannot make virtual environments here (on Debian and Ubuntu: apt install python3-venv)." >&2; \
		exit 1; \
	done; \
	found=$$(python3 --version 2>/dev/null) || found='no python3'; \
	echo "The gateway needs Python 3.11 or newer; found $$found. Install one, or name it: make PYTHON=/its/path" >&2; \
	exit 1

# Debian's browser, where it is missing and may be installed; otherwise the tests in it say why they were skipped.
chromium:
	@command -v chromium >/dev/null 2>&1 && exit 0; \
	command -v apt-get >/dev/null 2>&1 || exit 0; \
	if [ "$$(id -u)" = 0 ]; then as_root=; \
	elif sudo -n true 2>/dev/null; then as_root='sudo -n'; \
	else exit 0; fi; \
	echo 'Installing chromium for the tests in a browser (apt) …'; \
	log=$$(mktemp); \
	{ $$as_root apt-get update && $$as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install --yes --no-install-recommends chromium; } >"$$log" 2>&1 \
		|| { tail -n 5 "$$log" >&2; echo 'chromium could not be installed; its tests will be skipped' >&2; }; \
	rm -f "$$log"
