"""Where a search begins: the levels of the card formula, and of the newsvendor ratio."""

from __future__ import annotations

from typing import Any

import pytest
from scipy import stats

import jitrisk as jr
from jitrisk.lower import compute_policy_levels
from jitrisk.model.examples import list_examples
from jitrisk.studies.search.decisions import build_space
from jitrisk.studies.search.starts import compute_newsvendor_ratios, list_starts


def shop(policy: dict[str, Any], stage: dict[str, Any] | None = None, customer: dict[str, Any] | None = None) -> Any:
    buyer = {"stage": "store", "demand": {"poisson": {"mean": 4}}, "backorder_cost": 9}
    store = {"lead_time": "3 d", "value": 1, "policy": policy}
    model = {"name": "shop", "period": "1 d", "horizon": 50, "holding_rate": 1}
    return jr.load(
        model | {"stages": {"store": store | (stage or {})}, "customers": {"buyer": buyer | (customer or {})}}
    )


def test_list_starts__holds_the_cards_of_the_formula():
    given = shop({"kanban": {"cards": 99, "container": 2}})
    auto = shop({"kanban": {"cards": "auto", "container": 2}})
    expected = compute_policy_levels(auto)["store"].order_up_to / 2
    starts = list_starts(build_space(given, None, None), ())
    assert (99,) in [plan.levels for plan in starts]
    assert (expected,) in [plan.levels for plan in starts]


def test_list_starts__holds_the_newsvendor_level():
    """The best level of Poisson demand of mean 12 is the quantile 0.9, and it has the model's own number as well."""
    starts = list_starts(build_space(shop({"base_stock": {"level": 3}}), None, None), ())
    levels = [plan.levels[0] for plan in starts]
    assert {3, int(stats.poisson(12).ppf(0.9))} <= set(levels)
    assert len(set(levels)) == len(levels)


def test_list_starts__distance_of_min_and_max_is_the_economic_order_quantity():
    """With 50 an order, 4 a day and 1 to hold, it is sqrt(2 * 50 * 4) = 20."""
    space = build_space(shop({"min_max": {"min": 3, "max": 9}}, {"order_cost": 50}), None, None)
    gaps = {high - low for low, high in (plan.levels for plan in list_starts(space, ()))}
    assert 20 in gaps


@pytest.mark.parametrize(
    ("stage", "customer", "ratio"),
    [
        ({}, {}, 0.9),  # 9 / (9 + 1)
        ({"value": 3}, {}, 0.75),
        ({"holding_rate": 2}, {}, round(9 / 11, 4)),
        ({}, {"backorder_cost": 0, "shortage_cost": 6}, round(2 / 3, 4)),  # 6 over a lead time of 3 is 2 a period
        ({}, {"unmet": "lost", "backorder_cost": 0, "lost_cost": 27}, 0.9),
        ({}, {"unmet": "50 %", "backorder_cost": 4, "lost_cost": 12}, 0.8),  # 2 + 6 / 3
        ({"value": 0}, {}, 0.95),
        ({}, {"backorder_cost": 0}, 0.95),
        ({}, {"backorder_cost": 1e9}, 0.9995),
        ({"value": 900}, {}, 0.5),
    ],
)
def test_compute_newsvendor_ratios__by_hand(stage, customer, ratio):
    network = shop({"base_stock": {"level": 3}}, stage, customer)
    assert compute_newsvendor_ratios(network) == {"store": ratio}


@pytest.mark.parametrize("example", list_examples())
def test_list_starts__are_allowed_and_hold_the_levels_of_every_strategy(example):
    network = jr.load(example)
    space = build_space(network, None, None)
    starts = list_starts(space, space.start.choices)
    assert space.start in starts
    assert all(space.is_allowed(plan) for plan in starts)
    for plan in starts:
        for decision, place in zip(space.levels, plan.levels, strict=True):
            assert decision.clip(place) == place
    for strategy in network.strategies.values():
        levels = compute_policy_levels(strategy)
        for i, decision in enumerate(space.levels):
            if decision.field == "level" and levels[decision.stage].order_up_to < float("inf"):
                wanted = levels[decision.stage].order_up_to
                near = min(abs(decision.compute_value(plan.levels[i]) - wanted) for plan in starts)
                assert near <= max(decision.step, 0.01 * wanted)
