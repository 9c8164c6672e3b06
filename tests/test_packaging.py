"""What is installed: the constraints name a version for everything that pyproject.toml asks for, and make uses them."""

from __future__ import annotations

import re
import tomllib

import pytest
from documents import ROOT
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

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
    assert set(installing) == {".venv/demo", ".venv/test", ".venv/docs"}
    for needs, recipe in installing.values():
        (line,) = [line for line in recipe.splitlines() if "--editable" in line]
        assert line.startswith(
            "\tPIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt .venv/bin/pip install "
        )
        assert "constraints.txt" in needs.split()


def test_no_recipe_but_upgrade__installs_anything_else():
    other = {
        target for target, (_, recipe) in recipes().items() if "pip install" in recipe and "--editable" not in recipe
    }
    assert other == {"upgrade"}


def test_a_source_distribution__holds_the_constraints():
    assert "constraints.txt" in (ROOT / "MANIFEST.in").read_text(encoding="utf-8").split()
