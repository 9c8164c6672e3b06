# Every target works on a fresh clone: it makes .venv and builds the package first. `make` alone lists the targets.

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

# The build with bounds checks stands beside the fast one, and holds the whole package.
DEBUG_BUILD := build/debug/package
DEBUG_TESTS := tests/test_core_dynamics.py tests/test_core_reference.py tests/test_core_cycles.py tests/test_core_sizes.py \
	tests/test_run_tracing.py

.DEFAULT_GOAL := help
# All targets share one .venv.
.NOTPARALLEL:

.PHONY: help demo test lint browser docs check debug pictures documents bench bench-compare peers searches \
	instructions check-versions wheel upgrade clean

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile | expand --tabs=18

demo: .venv/demo ## Compare the strategies of an example
	$(BIN)/jitrisk compare brake-valves --paths 200000

test: .venv/test ## Run all tests
	$(BIN)/python -m pytest

lint: .venv/test ## Check style, formatting and types: ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Chromium from the system's packages, for tests/test_report_browser.py.
browser: ## Install Chromium, which the tests of the report page need
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || { \
		$(SUDO) apt-get update --quiet && $(SUDO) apt-get install --quiet --yes --no-install-recommends \
		chromium chromium-driver fonts-dejavu-core; }

docs: .venv/docs ## Build the documentation into docs/_build/html
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going --nitpicky docs docs/_build/html
	@echo 'open docs/_build/html/index.html'

check: lint browser test docs ## Run everything that has to pass before a change lands

# setup.py keeps what it builds with JITRISK_DEBUG=1 in build/debug; jitrisk/ and its fast build stay as they are.
debug: .venv/test ## Build the core with bounds checks, beside the fast build, and test the dynamics with it
	JITRISK_DEBUG=1 $(PINNED) $(BIN)/pip install --quiet --no-deps --upgrade --target $(DEBUG_BUILD) .
	PYTHONPATH=$(DEBUG_BUILD) PYTHONSAFEPATH=1 JITRISK_DEBUG=1 $(BIN)/python -m pytest tests/test_debug.py $(DEBUG_TESTS)

pictures: .venv/docs ## Draw the pictures of the documents into docs/images
	$(BIN)/python docs/pictures.py

documents: .venv/test ## Write the generated tables and the printed output of code blocks into the documents
	$(BIN)/python docs/tables.py
	$(BIN)/python tests/documents.py

bench: .venv/test ## Measure the speed and store the result in .benchmarks
	$(BIN)/python -m pytest bench -s $(BENCH)

bench-compare: .venv/test ## Measure the speed and compare it with the stored results
	$(BIN)/python -m pytest bench -s $(BENCH) --benchmark-compare

peers: .venv/peers ## Measure the same line in jitrisk, NumPy, Numba, SimPy and stockpyl, in time and instructions
	$(BIN)/python -m pytest bench/peers
	PYTHONPATH=bench $(BIN)/python -m peers

searches: .venv/searches ## Measure the search for plans beside random search, a coordinate search and pycma
	$(BIN)/python -m pytest bench/search
	PYTHONPATH=bench $(BIN)/python -m search

instructions: .venv/test ## Count the instructions of jitrisk by function, with valgrind
	PYTHONPATH=bench $(BIN)/python -m peers.instructions

# The lowest stated versions on the oldest Python and the newest versions on each; writes docs/tested-versions.md.
check-versions: .venv/release ## Test the lowest and the newest versions of Python and of the dependencies
	$(BIN)/python .ci/check_versions.py $(PYTHONS)

# dist/: a wheel for every Python from 3.11 on and the source, both installed and run in clean environments.
wheel: .venv/release ## Build the wheel and the source distribution into dist/, and test both
	$(BIN)/python .ci/check_wheel.py $(WHEEL_PYTHONS)

# The newest releases that fit together, and the tests with them.
upgrade: ## Write the newest versions that fit together to constraints.txt, and test them
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

# Beside what the tests need, without their own dependencies: bench/peers/requirements.txt says why.
.venv/peers: .venv/test bench/peers/requirements.txt
	$(BIN)/pip install --quiet --no-deps --requirement bench/peers/requirements.txt
	touch $@

# As the peers: without what pycma asks for, which the tests need already.
.venv/searches: .venv/test bench/search/requirements.txt
	$(BIN)/pip install --quiet --no-deps --requirement bench/search/requirements.txt
	touch $@

clean: ## Remove everything that was built or installed here
	rm -rf .venv build dist *.egg-info jitrisk/_core.c jitrisk/_core_double.c jitrisk/_rows.pxi jitrisk/*.so .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		docs/_build docs/notebooks test-artifacts
