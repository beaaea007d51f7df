# `make train` and `make test` set everything up by themselves; a second run reuses .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TEST_FLAGS ?=

.PHONY: train test parity examples gallery bench lint clean

train: $(VENV)/.user
	$(BIN)/minigrad train digits $(ARGS)

test: $(VENV)/.test
	$(BIN)/python -m pytest $(TEST_FLAGS)

parity: $(VENV)/.parity
	$(BIN)/python -m pytest tests/parity $(TEST_FLAGS)

examples: $(VENV)/.test
	$(BIN)/python -m pytest tests/test_examples.py -m full -rN $(TEST_FLAGS)

gallery: $(VENV)/.test
	$(BIN)/python tests/gallery.py

bench: $(VENV)/.bench
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_NUM_THREADS=2 $(BIN)/python benchmarks/eager.py
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_NUM_THREADS=2 $(BIN)/python benchmarks/compiled.py
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_NUM_THREADS=2 $(BIN)/python benchmarks/architectures.py
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_NUM_THREADS=2 $(BIN)/python benchmarks/transforms.py
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_NUM_THREADS=2 $(BIN)/python benchmarks/overhead.py
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_NUM_THREADS=2 $(BIN)/python benchmarks/allocation.py
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_NUM_THREADS=2 $(BIN)/python benchmarks/drawings.py

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp for each set of extras; it is as new as the install that it stands for.

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "minigrad needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.user: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[all]'
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@

$(VENV)/.parity: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet 'torch==2.13.0'
	$(BIN)/python -m pip install --quiet --editable '.[parity]'
	@touch $@

$(VENV)/.bench: $(VENV)/.parity
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	@touch $@
