"""Nine tiny networks whose expected outcomes over a short horizon are known exactly."""

from __future__ import annotations

import json

import pytest
from enumerated import assert_sampled_means, assert_twin
from oracle import DATA

pytestmark = pytest.mark.verification

CASES = {case["name"]: case for case in json.loads((DATA / "exact_networks.json").read_text())}


@pytest.mark.parametrize("name", CASES)
def test_simulate__sampled_means(name: str) -> None:
    assert_sampled_means(CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_simulate__the_plain_twin_is_exact(name: str) -> None:
    assert_twin(CASES[name])
