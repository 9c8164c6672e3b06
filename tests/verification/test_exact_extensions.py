"""Tiny networks with customers served first, or deliveries in order, whose expected outcomes are known exactly."""

from __future__ import annotations

import copy
import json

import pytest
from enumerated import Case, assert_sampled_means, assert_twin
from oracle import DATA

pytestmark = pytest.mark.verification


def without_promise(case: Case) -> Case:
    """A case without its promise, which is not built: it counts what is late and changes nothing that happens."""
    case = copy.deepcopy(case)
    for name, stage in case["model"]["stages"].items():
        if stage.pop("promise", None):
            case["expected"].pop(f"{name}.due")
            case["expected"].pop(f"{name}.on_time")
    return case


CASES = {case["name"]: without_promise(case) for case in json.loads((DATA / "exact_extensions.json").read_text())}


@pytest.mark.parametrize("name", CASES)
def test_simulate__sampled_means_are_those_enumerated(name: str) -> None:
    assert_sampled_means(CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_simulate__the_plain_twin_is_exact(name: str) -> None:
    assert_twin(CASES[name])
