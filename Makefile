# The contributor's commands. CI runs the same ones: .ci/run calls `make servers` and `make test`.

PYTHON ?= python3
PORT ?= 8000
DATA ?= ./data
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test lint types floors check bench servers wheel clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/.runtime ## start the catalog with the real items of Sage (PORT=8000 DATA=./data)
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec $(BIN)/sage-catalog serve --port $(PORT) --data $(DATA)

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
	@$(BIN)/python -m pytest $(ARGS)

bench: .venv/.tests ## every figure against its peer, as tables; takes some minutes
	@$(BIN)/python -m bench

servers: .venv/.tests ## get the real servers that tests use, where this machine can have them
	@deploy/servers

wheel: .venv/.tests ## build the wheel into dist/
	@$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

clean: ## remove what was built; data folders stay
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

# One virtual environment; the lock of the tests holds all of the runtime's and more.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; say which with PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/.runtime: requirements.lock setup.cfg pyproject.toml | .venv/bin/python
	@echo "Installing what the catalog needs ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/.tests: requirements-test.lock setup.cfg pyproject.toml | .venv/bin/python
	@echo "Installing what the tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch .venv/.runtime $@
