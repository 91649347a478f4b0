# Each target makes .venv first if it is not there. `make demo` and `make test` are all a newcomer
# needs; CONTRIBUTING.md explains the rest.

PYTHON ?= python3
# Extras of setup.py beyond what the target needs, such as `parity`.
EXTRAS ?=
BIN := .venv/bin

.PHONY: demo test bench lint format clean

demo: .venv/package
	$(BIN)/tf-albert demo

test: lint
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

bench: .venv/bench
	$(BIN)/python -m benchmarks.inference
	$(BIN)/python -m benchmarks.training
	$(BIN)/python -m benchmarks.depth
	$(BIN)/python -m benchmarks.data
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.modules

lint: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: .venv/test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/package: setup.py
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable .
	touch $@

.venv/test: .venv/package
	$(BIN)/pip install --quiet --editable '.[test$(if $(EXTRAS),$(comma)$(EXTRAS))]'
	touch $@

.venv/bench: .venv/package
	$(BIN)/pip install --quiet --editable '.[parity]'
	touch $@

comma := ,

clean:
	rm -rf .venv build *.egg-info demo
