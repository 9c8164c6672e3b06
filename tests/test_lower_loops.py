"""The stages of a loop of cards, and how much of its first item is in one unit of each."""

from __future__ import annotations

from typing import Any

import pytest

import jitrisk as jr
from jitrisk.lower import loops
from jitrisk.lower.loops import find_loops

LEVEL = {"policy": {"base_stock": {"level": 40}}}


def build_line(through: str = "pack") -> dict[str, Any]:
    cards = {"conwip": {"cards": 4, "container": 1, "through": through}}
    stages = {
        "box": LEVEL,
        "mold": {"policy": cards},
        "paint": {"inputs": {"mold": 2}, "policy": {"push": {}}},
        "pack": {"inputs": {"paint": 3, "box": 5}, "policy": {"push": {}}},
    }
    customers = {"shop": {"stage": "pack", "demand": 1}}
    return {"name": "line", "period": "1 d", "horizon": 5, "stages": stages, "customers": customers}


@pytest.mark.parametrize(("through", "others"), [("pack", [("paint", 2), ("pack", 6)]), ("paint", [("paint", 2)])])
def test_find_loops__multiplies_quantities_along_the_path(through, others):
    assert find_loops(jr.load(build_line(through))) == {"mold": [("mold", 1), *others]}


def test_find_loops__a_network_without_cards_of_loops_has_none():
    model = build_line()
    model["stages"]["mold"] = LEVEL
    assert find_loops(jr.load(model)) == {}


def test_find_loops__refuses_loops_of_too_many_stages_at_their_key(monkeypatch):
    monkeypatch.setattr(loops, "MOST_MEMBERS", 2)
    with pytest.raises(jr.ModelError, match="more than 2 stages together") as caught:
        find_loops(jr.load(build_line()))
    assert caught.value.faults[0].key == "stages.mold.policy.conwip.through"
