# make demo and make test work on a fresh clone: they make .venv, build the package and run.

PYTHON ?= python3
BIN := .venv/bin
BENCH := --benchmark-enable --benchmark-timer=time.process_time --benchmark-columns=median,iqr,rounds \
	--benchmark-autosave --benchmark-storage=.benchmarks
SOURCES := constraints.txt pyproject.toml setup.py jitrisk/_core.pyx jitrisk/_core_double.pyx jitrisk/_acts.pxi

# The versions of what is installed and of what builds the extension: pip before 25.3 hands PIP_CONSTRAINT on to the
# build; later ones take PIP_BUILD_CONSTRAINT for it, which the earlier ones ignore.
PINNED := PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt
INSTALL := $(PINNED) $(BIN)/pip install --quiet --editable

# From the oldest Python in pyproject.toml on, one file for all: lines that differ carry a marker.
RESOLVE := uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-annotate --no-header
BUILD := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")

SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: demo test lint browser docs bench bench-compare upgrade clean

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

# The newest releases that fit together, and the tests with them.
upgrade:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade uv
	$(BIN)/python -c '$(BUILD)' >.venv/build.in
	echo "# Written on $$(date +%F) by make upgrade: $(RESOLVE) pyproject.toml build.in" >.venv/constraints.txt
	$(BIN)/$(RESOLVE) pyproject.toml .venv/build.in >>.venv/constraints.txt
	mv .venv/constraints.txt constraints.txt
	$(MAKE) test

.venv/demo: $(SOURCES)
	$(PYTHON) -m venv .venv
	$(INSTALL) .
	touch $@

.venv/test: $(SOURCES)
	$(PYTHON) -m venv .venv
	$(INSTALL) '.[test]'
	touch .venv/demo $@

.venv/docs: $(SOURCES)
	$(PYTHON) -m venv .venv
	$(INSTALL) '.[docs]'
	touch .venv/demo $@

clean:
	rm -rf .venv build *.egg-info jitrisk/_core.c jitrisk/*.so .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		docs/_build docs/notebooks test-artifacts
