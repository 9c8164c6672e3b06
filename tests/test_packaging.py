"""What is installed: the constraints name a version for everything that pyproject.toml asks for, and make uses them."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from types import ModuleType

import pytest
import yaml
from documents import ROOT
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PINS = [Requirement(line) for line in CONSTRAINTS if not line.startswith("#")]
ASKED = [
    Requirement(line)
    for part in (
        PROJECT["dependencies"],
        *PROJECT["optional-dependencies"].values(),
        PYPROJECT["build-system"]["requires"],
    )
    for line in part
]
PYTHONS = [line.split(" :: ")[-1] for line in PROJECT["classifiers"] if "Python :: 3." in line]


def pinned(name: str, python: str) -> list[str]:
    """Return the versions of a package that hold on a Python, on Linux."""
    where = {
        "python_version": python,
        "python_full_version": f"{python}.99",
        "sys_platform": "linux",
        "os_name": "posix",
    }
    here = [pin for pin in PINS if canonicalize_name(pin.name) == canonicalize_name(name)]
    return [str(pin.specifier) for pin in here if not pin.marker or pin.marker.evaluate(where)]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_every_dependency__has_one_version_within_its_bounds(asked: Requirement, python: str):
    (version,) = pinned(asked.name, python)
    assert version.startswith("==")
    assert asked.specifier.contains(version.removeprefix("=="))


def test_every_line__is_one_version_and_nothing_of_a_machine():
    assert all(re.fullmatch(r"==[\w.]+", str(pin.specifier)) for pin in PINS)
    assert not [line for line in CONSTRAINTS if "/" in line or line.startswith("-")]


def test_the_first_line__says_when_and_how_the_file_was_made():
    said = re.fullmatch(
        r"# Written on \d{4}-\d\d-\d\d by make upgrade: uv .* --python-version ([\d.]+) .*", CONSTRAINTS[0]
    )
    assert said
    assert PROJECT["requires-python"] == f">={said[1]}"
    assert PYTHONS[0] == said[1]


def test_the_pythons_named__are_those_allowed():
    assert all(SpecifierSet(PROJECT["requires-python"]).contains(python) for python in PYTHONS)


def recipes() -> dict[str, tuple[str, str]]:
    """Return the prerequisites and the recipe of every target of the Makefile, variables written out."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", "")
    variables = dict(re.findall(r"^(\w+) [:?]?= (.*)$", text, re.MULTILINE))
    while (spelled := re.sub(r"\$\((\w+)\)", lambda found: variables.get(found[1], ""), text)) != text:
        text = spelled
    found = re.findall(r"^([\w./-]+):(.*)\n((?:\t.*\n)*)", text, re.MULTILINE)
    return {target: (needs, recipe) for target, needs, recipe in found}


def test_every_recipe_that_installs_the_package__keeps_to_the_constraints():
    installing = {target: rule for target, rule in recipes().items() if "--editable" in rule[1]}
    assert set(installing) == {".venv/demo", ".venv/test", ".venv/docs", ".venv/release"}
    for needs, recipe in installing.values():
        (line,) = [line for line in recipe.splitlines() if "--editable" in line]
        assert line.startswith(
            "\tPIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt .venv/bin/pip install "
        )
        assert "constraints.txt" in needs.split()


def test_recipes_but_upgrade_debug_peers_and_searches__install_nothing_else():
    other = {
        target for target, (_, recipe) in recipes().items() if "pip install" in recipe and "--editable" not in recipe
    }
    assert other == {"upgrade", "debug", ".venv/peers", ".venv/searches"}


@pytest.mark.parametrize(
    ("target", "folder", "measured"), [("peers", "peers", {"simpy", "stockpyl"}), ("searches", "search", {"cma"})]
)
def test_peers_and_searches__add_exact_versions_and_change_no_package_of_the_constraints(
    target: str, folder: str, measured: set[str]
):
    needs, recipe = recipes()[f".venv/{target}"]
    assert needs.split() == [".venv/test", f"bench/{folder}/requirements.txt"]
    assert f"--no-deps --requirement bench/{folder}/requirements.txt" in recipe
    lines = (ROOT / f"bench/{folder}/requirements.txt").read_text(encoding="utf-8").splitlines()
    peers = [Requirement(line) for line in lines if not line.startswith("#")]
    assert measured <= {peer.name for peer in peers}
    assert all(re.fullmatch(r"==[\w.]+", str(peer.specifier)) for peer in peers)
    for peer in peers:
        assert set(pinned(peer.name, PYTHONS[0])) <= {str(peer.specifier)}, peer.name


def test_debug__builds_apart_with_the_constraints_and_no_dependencies():
    (line,) = [line for line in recipes()["debug"][1].splitlines() if "pip install" in line]
    assert "PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt" in line
    assert "--no-deps" in line.split()
    assert "--target build/debug/package" in line
    assert "PYTHONPATH=build/debug/package PYTHONSAFEPATH=1" in recipes()["debug"][1]


def test_citation__has_the_version_and_the_license_of_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert citation["title"].startswith(PROJECT["name"])
    assert citation["authors"] == [{"name": "jitrisk developers"}]
    assert {"message", "type", "abstract", "keywords"} <= citation.keys()


def test_a_source_distribution__holds_what_the_tests_need():
    lines = (ROOT / "MANIFEST.in").read_text(encoding="utf-8").splitlines()
    included = {word for line in lines if line.startswith("include ") for word in line.split()[1:]}
    folders = {line.split()[1] for line in lines if line.startswith("recursive-include ")}
    needed = {
        "constraints.txt",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "CITATION.cff",
        "Makefile",
        ".pre-commit-config.yaml",
    }
    assert needed <= included
    assert {"tests", "bench", "docs", "notebooks", ".ci"} <= folders
    assert "*.c" in lines[-1].split()


def tool(name: str) -> ModuleType:
    """Return a script of the folder .ci as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


VERSIONS = tool("check_versions")
COLUMNS = VERSIONS.columns_of(VERSIONS.TABLE.read_text(encoding="utf-8"))
LOWEST = COLUMNS[f"lowest, {PYTHONS[0]}"]
RUN = [Requirement(line) for line in [*PROJECT["dependencies"], *PYPROJECT["build-system"]["requires"]]]


@pytest.mark.parametrize("asked", RUN, ids=str)
def test_every_lower_bound__is_a_version_that_the_tests_passed_with(asked: Requirement):
    (bound,) = asked.specifier
    assert bound.operator == ">="
    assert Version(LOWEST[canonicalize_name(asked.name)]) == Version(bound.version)


def test_the_pythons_named__are_those_that_the_tests_passed_on():
    newest = [head.removeprefix("newest, ") for head in COLUMNS if head.startswith("newest, ")]
    assert newest == PYTHONS
    assert all(column["python"].startswith(head.split()[1]) for head, column in COLUMNS.items())


def test_every_column_of_the_table__passed_as_many_tests():
    assert len(COLUMNS) >= 2
    assert len({column["tests passed"] for column in COLUMNS.values()}) == 1
    assert all((ROOT / "tests" / f"test_{name}.py").is_file() for name in VERSIONS.TESTS)


def test_the_table__is_read_as_it_is_written():
    text = f"{VERSIONS.BEGIN}\n{VERSIONS.table_of(COLUMNS)}\n{VERSIONS.END}"
    assert text in VERSIONS.TABLE.read_text(encoding="utf-8")
    assert VERSIONS.columns_of(text) == COLUMNS


def test_wheels__are_for_every_python_from_the_oldest_on():
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    major, minor = map(int, PYTHONS[0].split("."))
    assert f'("Py_LIMITED_API", "0x{major:02X}{minor:02X}0000")' in setup
    assert f'"py_limited_api": "cp{major}{minor}"' in setup
