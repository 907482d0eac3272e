# The contributor's commands. CI runs the same ones: .ci/run calls `make servers` and `make test`.

# The first Python that is new enough; another by PYTHON=...
PYTHON ?= $(shell for found in python3 python3.14 python3.13 python3.12 python3.11 python; do \
  if $$found $(IS_NEW_ENOUGH) 2> /dev/null; then echo $$found; break; fi; done)
IS_NEW_ENOUGH := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
PORT ?= 8000
DATA ?= ./data
BIN := .venv/bin
# All tests go through several processes, a file of tests through one.
AT_ONCE := --numprocesses auto --maxprocesses 4 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help run test lint types floors check bench servers wheel clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/.runtime ## start the catalog with the real items of Sage (PORT=8000 DATA=./data)
	@exec $(BIN)/sage-catalog serve --with-parent --port "$(PORT)" --data "$(DATA)"

test: .venv/.tests ## lint, types, floors and all tests
	@$(MAKE) --no-print-directory lint types floors check

lint: .venv/.tests ## style and common mistakes
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: .venv/.tests ## mypy, strict
	@$(BIN)/mypy

floors: .venv/.tests ## imports point down only
	@$(BIN)/lint-imports

check: .venv/.tests ## the tests alone; ARGS="tests/domain -k labels" for some of them
	@$(BIN)/python -m pytest $(or $(ARGS),$(AT_ONCE))

bench: .venv/.tests ## every figure against its peer, as tables; takes some minutes
	@$(BIN)/python -m bench

servers: .venv/.tests ## get the real servers that tests use, where this machine can have them
	@deploy/servers

wheel: .venv/.tests ## build the wheel into dist/
	@$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

clean: ## remove what was built; data folders stay
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

# One virtual environment; the lock of the tests holds all of the runtime's and more. pip is what
# comes into it last: without it the making was interrupted.
.venv/bin/pip:
	@test -n "$(PYTHON)" && $(PYTHON) $(IS_NEW_ENOUGH) || \
	  { echo "Python 3.11 or newer is needed, and $(or $(PYTHON),python3) is none; name one with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/.runtime: requirements.lock setup.cfg pyproject.toml | .venv/bin/pip
	@echo "Installing what the catalog needs ..."
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps -e .
	@$(COMPILE)
	@touch $@

.venv/.tests: requirements-test.lock setup.cfg pyproject.toml | .venv/bin/pip
	@echo "Installing what the tests need ..."
	@$(PIP) --require-hashes -r requirements-test.lock
	@$(PIP) --no-deps -e .
	@$(COMPILE)
	@touch .venv/.runtime $@

PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# A dozen processes start with the catalog, and shall not compile it each for itself.
COMPILE := $(BIN)/python -m compileall -q api catalog shapes vocab
