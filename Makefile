# Each target makes .venv first if it is not there. `make demo` and `make test` are all a newcomer
# needs; CONTRIBUTING.md explains the rest.

PYTHON ?= python3
# Extras of setup.py beyond what the target needs, such as `parity`.
EXTRAS ?=
BIN := .venv/bin
comma := ,
TEST := test$(if $(EXTRAS),$(comma)$(EXTRAS))

.PHONY: demo test release-check bench lint format clean

demo: .venv/package
	$(BIN)/tf-albert demo

test: lint
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

# What only a release can break: releases themselves, tutorials, servers, scripts of benchmarks.
release-check: .venv/$(TEST)
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m release

bench: .venv/bench
	$(BIN)/python -m benchmarks.inference
	$(BIN)/python -m benchmarks.training
	$(BIN)/python -m benchmarks.depth
	$(BIN)/python -m benchmarks.data
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.modules

lint: .venv/$(TEST)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/$(TEST)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(BIN)/pip:
	$(PYTHON) -m venv .venv

.venv/package: setup.py | $(BIN)/pip
	$(BIN)/pip install --quiet --editable .
	touch $@

# With other extras it is another stamp, so that none is taken for installed.
.venv/$(TEST): setup.py | $(BIN)/pip
	$(BIN)/pip install --quiet --editable '.[$(TEST)]'
	touch .venv/package $@

.venv/bench: setup.py | $(BIN)/pip
	$(BIN)/pip install --quiet --editable '.[parity]'
	touch .venv/package $@

clean:
	rm -rf .venv build *.egg-info demo
