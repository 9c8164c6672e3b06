"""Who draws on a store first in a period, and alone."""

from __future__ import annotations

from typing import Any

import pytest

import jitrisk as jr
from jitrisk.lower import lower

LEVEL = {"policy": {"base_stock": {"level": 4}}}
CYCLES = {"policy": {"min_max": {"min": 2, "max": 4}}}
BUYER = {"stage": "shop", "demand": 1}


def find(stages: dict[str, Any], customers: dict[str, Any]) -> dict[str, list[str]]:
    """Return the names of the stages and customers that have each flag."""
    network = jr.load({"name": "n", "period": "1 d", "horizon": 9, "stages": stages, "customers": customers})
    arrays = lower(network)
    names = {
        dim: [list(members)[i] for i in arrays.places[dim]]
        for dim, members in (("stage", network.stages), ("customer", network.customers))
    }

    def select(field: str, dim: str) -> list[str]:
        return [name for name, chosen in zip(names[dim], getattr(arrays, field), strict=True) if chosen]

    only = {name: k for name, k in zip(names["stage"], arrays.only_customer.tolist(), strict=True) if k >= 0}
    return {
        "received_late": select("received_late", "stage"),
        "draws_first": select("draws_first", "stage"),
        "served_first": select("served_first", "customer"),
        "only_customer": [f"{name}: {names['customer'][k]}" for name, k in only.items()],
    }


def test_find_draw_order__along_a_line_each_store_is_received_by_what_draws_on_it():
    line = {"mine": LEVEL, "mill": LEVEL | {"inputs": {"mine": 2}}, "shop": LEVEL | {"inputs": {"mill": 1}}}
    assert find(line, {"buyer": BUYER}) == {
        "received_late": ["shop", "mill", "mine"],
        "draws_first": ["shop", "mill"],
        "served_first": ["buyer"],
        "only_customer": ["shop: buyer"],
    }


def test_find_draw_order__the_first_customer_receives_for_all_of_them():
    found = find({"shop": LEVEL}, {"one": BUYER, "two": BUYER})
    assert (found["served_first"], found["only_customer"]) == (["one"], [])


@pytest.mark.parametrize(("first", "flag", "name"), [("first", "served_first", "buyer"), (None, "draws_first", "kit")])
def test_find_draw_order__consumers_come_before_customers_unless_customers_are_first(first, flag, name):
    shop = LEVEL | ({"customers": first} if first else {})
    stages = {"shop": shop, "kit": LEVEL | {"inputs": {"shop": 1}}}
    found = find(stages, {"buyer": BUYER, "other": {"stage": "kit", "demand": 1}})
    assert name in found[flag]
    assert {"draws_first": "buyer", "served_first": "kit"}[flag] not in found[flag]
    assert found["received_late"] == ["kit", "shop"]
    assert found["only_customer"] == ["kit: other"]


@pytest.mark.parametrize(
    "inputs",
    [
        {"left": 1, "right": 1},
        {"part": {"quantity": 1, "from": ["left", "right"]}},
        {"part": {"quantity": 1, "from": {"left": 1, "right": 0}}},
    ],
    ids=["two inputs", "alternates", "a fallback"],
)
def test_find_draw_order__stores_are_received_at_the_start_for_a_stage_that_draws_on_several(inputs):
    stages = {"left": LEVEL, "right": LEVEL, "shop": LEVEL | {"inputs": inputs}}
    found = find(stages, {"buyer": BUYER})
    assert (found["received_late"], found["draws_first"]) == (["shop"], [])


def test_find_draw_order__the_first_of_several_consumers_receives():
    stages = {"mine": LEVEL, "one": LEVEL | {"inputs": {"mine": 1}}, "two": LEVEL | {"inputs": {"mine": 1}}}
    customers = {f"buyer of {name}": {"stage": name, "demand": 1} for name in ("one", "two")}
    found = find(stages, customers)
    assert found["draws_first"] == ["one"]
    assert sorted(found["received_late"]) == ["mine", "one", "two"]


@pytest.mark.parametrize(
    "shop",
    [CYCLES, LEVEL | {"lead_time": {"poisson": {"mean": 2}}}, LEVEL | {"yield": 0.5}],
    ids=["cycles", "random lead time", "yield"],
)
def test_find_draw_order__a_store_whose_receipts_are_counted_or_vary_is_received_at_the_start(shop):
    found = find({"shop": shop}, {"buyer": BUYER})
    assert (found["received_late"], found["served_first"]) == ([], [])


def test_find_draw_order__cycles_gather_shortages_apart_from_stockouts():
    assert find({"shop": CYCLES}, {"buyer": BUYER})["only_customer"] == []
