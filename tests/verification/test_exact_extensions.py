"""Tiny networks that use one extension of the model each, whose expected outcomes are known exactly."""

from __future__ import annotations

import copy
import json

import pytest
from enumerated import Case, assert_sampled_means, assert_twin
from oracle import DATA

import jitrisk as jr

pytestmark = pytest.mark.verification

WAITING = {
    "push line with a buffer of 3 and a slow second stage": "`space`, a limit of what a store and its process may hold",
}
"""Cases that need a rule which is not built, and which rule."""


def without_promise(case: Case) -> Case:
    """A case without its promise, which is not built: it counts what is late and changes nothing that happens."""
    case = copy.deepcopy(case)
    for name, stage in case["model"]["stages"].items():
        if stage.pop("promise", None):
            case["expected"].pop(f"{name}.due")
            case["expected"].pop(f"{name}.on_time")
    return case


ALL = {case["name"]: without_promise(case) for case in json.loads((DATA / "exact_extensions.json").read_text())}
CASES = {name: case for name, case in ALL.items() if name not in WAITING}


@pytest.mark.parametrize("name", CASES)
def test_simulate__sampled_means_are_those_enumerated(name: str) -> None:
    assert_sampled_means(CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_simulate__the_plain_twin_is_exact(name: str) -> None:
    assert_twin(CASES[name])


@pytest.mark.parametrize("name", WAITING)
def test_load__a_case_that_waits_needs_a_key_that_is_not_built(name: str) -> None:
    with pytest.raises(jr.ModelError, match="unknown key `space`"):
        jr.load(ALL[name]["model"])
