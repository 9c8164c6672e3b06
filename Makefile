# make demo and make test work on a fresh clone: they make .venv, build the package and run.

PYTHON ?= python3
BIN := .venv/bin
BENCH := --benchmark-enable --benchmark-timer=time.process_time --benchmark-columns=median,iqr,rounds \
	--benchmark-autosave --benchmark-storage=.benchmarks
SOURCES := constraints.txt pyproject.toml setup.py jitrisk/core_tables.py $(wildcard jitrisk/*.pyx) \
	$(filter-out jitrisk/_rows.pxi,$(wildcard jitrisk/*.pxi))

# The versions of what is installed and of what builds the extension: pip before 25.3 hands PIP_CONSTRAINT on to the
# build; later ones take PIP_BUILD_CONSTRAINT for it, which the earlier ones ignore.
PINNED := PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt
INSTALL := $(PINNED) $(BIN)/pip install --quiet --editable
# What was built for one Python would be imported before what is built for all.
OUTDATED := rm -f jitrisk/_core.cpython-*.so jitrisk/_core_double.cpython-*.so

# From the oldest Python in pyproject.toml on, one file for all: lines that differ carry a marker.
RESOLVE := uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-annotate --no-header
BUILD := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")

# Versions of Python that `make check-versions` and `make wheel` use; with pyenv, PYENV_VERSION=3.11.7:3.13.0 says which.
PYTHONS ?= 3.11 3.12 3.13 3.14
WHEEL_PYTHONS ?= 3.11 3.13

SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: demo test lint browser docs bench bench-compare check-versions wheel upgrade clean

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

# The lowest stated versions on the oldest Python and the newest versions on each; writes docs/tested-versions.md.
check-versions: .venv/release
	$(BIN)/python .ci/check_versions.py $(PYTHONS)

# dist/: a wheel for every Python from 3.11 on and the source, both installed and run in clean environments.
wheel: .venv/release
	$(BIN)/python .ci/check_wheel.py $(WHEEL_PYTHONS)

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
	$(OUTDATED)
	$(INSTALL) .
	touch $@

.venv/test: $(SOURCES)
	$(PYTHON) -m venv .venv
	$(OUTDATED)
	$(INSTALL) '.[test]'
	touch .venv/demo $@

.venv/docs: $(SOURCES)
	$(PYTHON) -m venv .venv
	$(OUTDATED)
	$(INSTALL) '.[docs]'
	touch .venv/demo $@

.venv/release: $(SOURCES)
	$(PYTHON) -m venv .venv
	$(OUTDATED)
	$(INSTALL) '.[release]'
	touch .venv/demo $@

clean:
	rm -rf .venv build dist *.egg-info jitrisk/_core.c jitrisk/_core_double.c jitrisk/*.so .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		docs/_build docs/notebooks test-artifacts
