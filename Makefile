# Set-up and the two main jobs. `make demo` and `make test` need nothing but Python 3.11 to 3.13.

VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-slow lint clean

demo: $(VENV)/runtime
	$(BIN)/python main.py --flagfile=presets/demo.flags

# Whole workflows come first: they take longest, and the short files fill up what is left.
test: lint
	$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile --no-loadscope-reorder -m "not slow" \
		tests/workflows/test_*.py tests/test_*.py tests/*/test_*.py

# Whole programs again: several devices and processes, kills.
test-slow: $(VENV)/test
	$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile -m slow

lint: $(VENV)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The first of python3.11, python3.12, python3.13 and python3 that can, or PYTHON.
$(BIN)/python:
	@PYTHON="$(PYTHON)" tools/make_venv.sh $(VENV)

$(VENV)/runtime: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

$(VENV)/test: requirements-test.txt requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -r requirements-test.txt
	touch $@ $(VENV)/runtime

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis
