# The commands of this project. `make run` and `make test` need Python 3.11 or newer, make and a package index.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.PHONY: help run test check soak bench screenshots lock runtime testing writable

PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11 python
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install -qq --no-deps --require-hashes
UV := $(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet --upgrade

help:
	@echo "make run     start watchfloor at http://127.0.0.1:$(PORT)/ (PORT=... chooses another port)"
	@echo "make test    everything that must hold: lint, types, contracts, unit, flow and browser tests on both databases"
	@echo "make check   the fast part of it: lint, types, contracts, and tests without database or servers"
	@echo "make soak    half an hour of faults under load on SQLite (SOAK='--minutes 30 --seed 1 --database postgres')"
	@echo "make bench   overhead per turn beside other durable runtimes, what the ledger costs, how fast a kill, a check of arguments and the live feed are"
	@echo "make screenshots   the pictures in docs/screens, from a running stack"
	@echo "make lock    resolve requirements*.in again into the lock files"

run: runtime
	@PORT=$(PORT) exec $(BIN)/python manage.py up

test: testing
	@exec $(BIN)/python -m tests.harness test

check: testing
	@exec $(BIN)/python -m tests.harness check

soak: testing
	@exec $(BIN)/python -m tests.soak $(SOAK)

bench: testing
	@exec $(BIN)/python -m tests.benchmarks

screenshots: testing
	@exec $(BIN)/python -m tests.screens

lock: runtime
	@$(BIN)/python -m pip --disable-pip-version-check install -qq uv
	@$(UV) requirements.in -o requirements.lock
	@$(UV) requirements-test.in -o requirements-test.lock

writable:
	@[ -w . ] || { echo "watchfloor: cannot write to $$(pwd): copy the project to a folder of your own." >&2; exit 1; }

# A virtual environment of a new enough Python, made again when its own Python is gone or too old.
$(VENV): writable
	@$(BIN)/python -c '$(NEW_ENOUGH)' 2>/dev/null && exit 0; \
	for candidate in $(CANDIDATES); do \
		if $$candidate -c '$(NEW_ENOUGH)' 2>/dev/null; then found=$$candidate; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "watchfloor: needs Python 3.11 or newer; found $$(python3 --version 2>&1 | head -n 1)." >&2; exit 1; \
	fi; \
	$$found -m venv --clear $(VENV) >/dev/null 2>&1 || { \
		echo "watchfloor: $$found cannot make a virtual environment (on Debian: apt install python3-venv)." >&2; exit 1; \
	}
.PHONY: $(VENV)

# A copy of the lock file inside the environment says what is installed there.
runtime: $(VENV)
	@cmp -s requirements.lock $(VENV)/requirements.lock || { \
		echo "Installing what watchfloor needs (once, about a minute) ..."; \
		$(PIP) -r requirements.lock || { echo "watchfloor: the packages could not be installed (see above)." >&2; exit 1; }; \
		cp requirements.lock $(VENV)/; \
	}

testing: runtime
	@cmp -s requirements-test.lock $(VENV)/requirements-test.lock || { \
		echo "Installing what the tests need (once, about a minute) ..."; \
		$(PIP) -r requirements-test.lock || { echo "watchfloor: the packages could not be installed (see above)." >&2; exit 1; }; \
		cp requirements-test.lock $(VENV)/; \
	}
