# Everything runs in .venv, which the first target that needs it makes.
# Another Python: make PYTHON=python3.13 test      More for pytest: make test PYTEST_ARGS="-k layout"

PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?=

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest -n auto --dist loadgroup

.PHONY: help
help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

.PHONY: setup
setup: $(STAMP) ## make .venv and install rustabi with its development tools

$(STAMP): pyproject.toml
	@command -v $(PYTHON) >/dev/null || { \
	  echo "rustabi needs Python 3.11 or newer, and there is no '$(PYTHON)'." \
	       "Debian, Ubuntu: apt-get install python3 python3-venv" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "rustabi needs Python 3.11 or newer, and '$(PYTHON)' is $$($(PYTHON) --version 2>&1)." \
	       "Name a newer one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make virtual environments: its venv or ensurepip module is missing." \
	       "Debian, Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	@[[ -x $(BIN)/pip ]] || { echo "Making $(VENV) ..."; $(PYTHON) -m venv $(VENV); }
	@echo "Installing rustabi and its development tools into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

.PHONY: demo
demo: $(STAMP) ## build a pair of sample crates, show a layout, compare the two, with .venv/bin/rustabi
	@RUSTABI=$(BIN)/rustabi scripts/demo.sh

.PHONY: test
test: $(STAMP) ## the fast tests
	$(PYTEST) $(PYTEST_ARGS)

.PHONY: test-slow
test-slow: $(STAMP) ## the slow tests
	$(PYTEST) -m slow $(PYTEST_ARGS) || [[ $$? -eq 5 ]] # 5: there are none

.PHONY: lint
lint: $(STAMP) ## ruff: rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

.PHONY: types
types: $(STAMP) ## mypy --strict
	$(BIN)/mypy

.PHONY: check
check: lint types test ## what a change must pass

.PHONY: bench
bench: $(STAMP) ## measure speed (BENCH_ARGS=--quick, or --write for docs/benchmarks.md)
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

.PHONY: mutations
mutations: $(STAMP) ## apply the catalogue of edits, write docs/mutations.md (needs rustc)
	$(BIN)/python -m tests.mutations

.PHONY: matrix
matrix: $(STAMP) ## docs/matrix.md: make matrix GENDWARFKSYMS=path KERNEL=version (needs abidiff)
	$(BIN)/python -m tests.mutations.matrix "$(GENDWARFKSYMS)" --kernel "$(KERNEL)"

.PHONY: api
api: $(STAMP) ## write docs/api.md from the docstrings
	$(BIN)/python scripts/write_api.py

.PHONY: samples
samples: $(STAMP) ## build the objects of sample_crates again (needs cargo)
	$(BIN)/python scripts/build_samples.py

.PHONY: manual
manual: $(STAMP) ## docs/rustabi.1 and the scripts for completion, from the parser
	$(BIN)/python scripts/generate_manual.py

.PHONY: clean
clean: ## remove .venv, caches and cargo's output
	rm -rf $(VENV) build dist .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find sample_crates -name target -type d -prune -exec rm -rf {} + 2>/dev/null || true
