# Everything runs in a virtual environment that make builds itself.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: help demo test test-all lint format clean

help:
	@echo "make demo      install, paint a photo that comes along, print where the painting is"
	@echo "make test      install the tools, check the code, run the tests (under 10 minutes)"
	@echo "make test-all  the same with the slow tests"
	@echo "make lint      only check the code"
	@echo "make format    format the code"
	@echo "make clean     remove what builds and tests leave behind"

demo: $(VENV)/.installed
	$(BIN)/impasto demo

test: lint
	$(BIN)/pytest -n auto

test-all: lint
	$(BIN)/pytest -n auto -m "slow or not slow" --timeout 3600 --hypothesis-profile search

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check src tests scripts
	$(BIN)/ruff format --check src tests scripts
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix src tests scripts
	$(BIN)/ruff format src tests scripts

clean:
	rm -rf $(VENV) demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.installed
