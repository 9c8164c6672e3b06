# make demo and make test work on a fresh clone: they make .venv, build the package and run.

PYTHON ?= python3
BIN := .venv/bin
BENCH := --benchmark-enable --benchmark-timer=time.process_time --benchmark-columns=median,iqr,rounds \
	--benchmark-autosave --benchmark-storage=.benchmarks
SOURCES := pyproject.toml setup.py jitrisk/_core.pyx jitrisk/_acts.pxi

SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: demo test lint browser docs bench bench-compare clean

demo: .venv/demo
	$(BIN)/jitrisk compare brake-valves --paths 200000

test: .venv/test
	$(BIN)/python -m pytest

lint: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Chromium from the system's packages, for tests/test_browser.py.
browser:
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || { \
		$(SUDO) apt-get update --quiet && $(SUDO) apt-get install --quiet --yes --no-install-recommends \
		chromium chromium-driver fonts-dejavu-core; }

docs: .venv/docs
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going --nitpicky docs docs/_build/html
	@echo 'open docs/_build/html/index.html'

bench: .venv/test
	$(BIN)/python -m pytest bench -s $(BENCH)

bench-compare: .venv/test
	$(BIN)/python -m pytest bench -s $(BENCH) --benchmark-compare

.venv/demo: $(SOURCES)
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable .
	touch $@

.venv/test: $(SOURCES)
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[test]'
	touch .venv/demo $@

.venv/docs: $(SOURCES)
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[docs]'
	touch .venv/demo $@

clean:
	rm -rf .venv build *.egg-info jitrisk/_core.c jitrisk/*.so .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		docs/_build docs/notebooks test-artifacts
