"""The plain twin on its own: periods worked out by hand, and nothing lost or made on any path."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import HALVES, exogenous_paths, networks, one_path
from reference import Twin, explicit_levels, sweep_order
from walks import BUYER, NEUTRAL, base_stock, kanban, series, walk

import jitrisk as jr


def test_load__base_stock_is_level_less_the_demand_of_the_lead_time() -> None:
    demand = [3, 0, 4, 1, 5, 0]
    lead_time = {"shop": [2] * 6}
    outcomes, trace, _ = walk({"shop": base_stock(5)}, BUYER, 6, demand={"buyer": demand}, lead_time=lead_time)
    assert series(trace, "started", "shop") == demand
    assert series(trace, "on_hand", "shop") == [2, 2, 1, 0, 0, 0]
    assert series(trace, "backlog", "buyer") == [0, 0, 0, 0, 1, 0]
    assert series(trace, "wip", "shop") == [3, 3, 4, 5, 6, 5]
    assert series(trace, "shipped", "buyer") == [3, 0, 4, 1, 4, 1]
    assert outcomes["filled", "buyer"] == 12
    assert outcomes["stockout", "buyer"] == 1
    assert outcomes["first_stockout", "buyer"] == 4
    assert outcomes["peak_backlog", "buyer"] == 1


def test_load__a_kanban_card_goes_back_when_its_container_is_empty() -> None:
    _, trace, _ = walk({"shop": kanban(2, 3)}, BUYER, 4, demand={"buyer": [2, 2, 0, 2]})
    assert series(trace, "started", "shop") == [0, 3, 0, 3]
    assert series(trace, "on_hand", "shop") == [4, 2, 5, 3]
    assert series(trace, "orders", "shop") == [0, 1, 0, 1]


def test_load__backlog_orders_no_more_than_the_cards() -> None:
    _, trace, _ = walk({"shop": kanban(2)}, BUYER, 3, demand={"buyer": [5, 0, 0]})
    assert series(trace, "ordered", "shop") == [2, 2, 1]
    assert series(trace, "backlog", "buyer") == [3, 1, 0]


def test_load__demand_reaches_the_first_stage_within_the_period() -> None:
    stages = {
        "mine": base_stock(0),
        "mill": {**base_stock(0), "inputs": {"mine": 2}},
        "shop": {**base_stock(1), "inputs": {"mill": 1}},
    }
    _, trace, _ = walk(stages, BUYER, 3, demand={"buyer": [3, 0, 0]})
    assert series(trace, "ordered", "shop") == [3, 0, 0]
    assert series(trace, "ordered", "mill") == [3, 0, 0]
    assert series(trace, "started", "mine") == [6, 0, 0]
    assert series(trace, "started", "mill") == [0, 3, 0]
    assert series(trace, "starved", "mill") == [1, 0, 0]
    assert series(trace, "shortage", "mine") == [1, 0, 0]


def test_load__review_only_in_its_period() -> None:
    policy = {"policy": {"min_max": {"min": 3, "max": 5, "review": 2}}}
    _, trace, _ = walk({"shop": policy}, BUYER, 4, demand={"buyer": [1, 1, 1, 1]})
    assert series(trace, "ordered", "shop") == [0, 0, 3, 0]


def test_load__reorder_point_orders_whole_lots() -> None:
    policy = {"policy": {"reorder_point": {"point": 2, "quantity": 3}}}
    _, trace, _ = walk({"shop": policy}, BUYER, 2, demand={"buyer": [3, 7]})
    assert series(trace, "ordered", "shop") == [3, 6]


def test_load__capacity_and_availability_share_the_blame() -> None:
    stages = {
        "mine": {**base_stock(1), "on_hand": 1},
        "shop": {**base_stock(4), "on_hand": 0, "capacity": 4, "inputs": {"mine": 1}},
    }
    _, trace, _ = walk(stages, BUYER, 1, availability={"mine": [0], "shop": [0.75]})
    assert series(trace, "broken", "shop") == [Fraction(1, 4)]
    assert series(trace, "starved", "shop") == [Fraction(2, 4)]
    assert series(trace, "broken", "mine") == [1]
    assert series(trace, "shortage", "mine") == [1]


ALTERNATES = {"a": {**kanban(2), "on_hand": 1}, "b": {**kanban(8), "on_hand": 5}}


@pytest.mark.parametrize(("failover", "started", "left"), [(True, 4, (0, 2)), (False, 2, (0, 4))])
def test_load__alternates(failover: bool, started: int, left: tuple[int, int]) -> None:
    part = {"quantity": 1, "from": {"a": 0.5, "b": 0.5}, "failover": failover}
    shop = {**base_stock(4), "on_hand": 0, "inputs": {"part": part}}
    stopped = {"a": [0], "b": [0]}
    _, trace, _ = walk({**ALTERNATES, "shop": shop}, BUYER, 1, availability=stopped)
    assert series(trace, "started", "shop") == [started]
    assert (trace[0]["on_hand", "a"], trace[0]["on_hand", "b"]) == left


def test_load__scrap_is_ordered_again() -> None:
    _, trace, _ = walk(
        {"shop": base_stock(4)}, BUYER, 3, demand={"buyer": [4, 0, 0]}, **{"yield": {"shop": [1, 0.5, 1]}}
    )
    assert series(trace, "scrapped", "shop") == [0, 2, 0]
    assert series(trace, "ordered", "shop") == [4, 2, 0]


def test_load__closed_arrivals_join_the_next_period() -> None:
    _, trace, _ = walk(
        {"shop": base_stock(4)}, BUYER, 4, demand={"buyer": [1, 2, 0, 0]}, receiving={"shop": [1, 0, 1, 1]}
    )
    assert series(trace, "received", "shop") == [0, 0, 3, 0]


def test_load__a_transport_that_stands_still_delays_all_on_it_but_not_what_is_started() -> None:
    transit, lead_time = {"shop": [1, 0, 1, 1, 1]}, {"shop": [2, 1, 1, 1, 1]}
    demand = {"buyer": [1, 2, 0, 0, 0]}
    _, trace, _ = walk({"shop": base_stock(4)}, BUYER, 5, demand=demand, transit=transit, lead_time=lead_time)
    assert series(trace, "received", "shop") == [0, 0, 2, 1, 0]


def test_load__expediting_below_the_trigger() -> None:
    shop = {**base_stock(4), "lead_time": 4, "expedite": {"below": 2, "lead_time": 1.5}}
    _, trace, _ = walk({"shop": shop}, BUYER, 4, demand={"buyer": [2, 1, 0, 0]}, lead_time={"shop": [4] * 4})
    assert series(trace, "expedited", "shop") == [0, 1, 0, 0]
    assert series(trace, "received", "shop") == [0, 0, 0, 1]


def test_load__a_share_of_unmet_demand_waits_and_old_backlog_comes_first() -> None:
    buyer = {"buyer": {"stage": "shop", "demand": 1, "unmet": 0.5}}
    _, trace, _ = walk({"shop": base_stock(2)}, buyer, 3, demand={"buyer": [6, 2, 0]})
    assert series(trace, "filled", "buyer") == [2, 2, 0]
    assert series(trace, "lost", "buyer") == [2, 0, 0]
    assert series(trace, "backlog", "buyer") == [2, 0, 0]


def test_load__warm_up_is_left_out_but_periods_are_counted_from_the_start() -> None:
    network = {"name": "n", "period": "1 d", "horizon": 4, "warm_up": 2, "stages": {"shop": base_stock(1)}}
    path = {variable: {"shop": [value] * 4} for variable, value in NEUTRAL.items()}
    path["demand"] = {"buyer": [2, 0, 0, 2]}
    outcomes, _, _ = Twin(jr.load({**network, "customers": BUYER})).run(path)
    assert outcomes["first_stockout", "buyer"] == 3
    assert outcomes["stockout", "buyer"] == 1
    assert outcomes["demand", "buyer"] == 2
    assert outcomes["on_hand", "shop"] == 0.5


def test_load__sweep_takes_the_first_declared_stage_whose_consumers_are_done() -> None:
    stages = {
        "mine": base_stock(1),
        "left": {**base_stock(1), "inputs": {"mine": 1}},
        "shop": {**base_stock(1), "inputs": {"left": 1, "right": 1}},
        "right": {**base_stock(1), "inputs": {"mine": 1}},
    }
    network = jr.load({"name": "n", "period": "1 d", "horizon": 1, "stages": stages, "customers": BUYER})
    assert sweep_order(network.stages) == ["shop", "left", "right", "mine"]


@settings(max_examples=100)
@given(model=networks(HALVES), seed=st.integers(0, 2**32))
def test_list_totals__units_are_conserved_on_every_path(model: dict[str, Any], seed: int) -> None:
    network = jr.load(model | {"warm_up": 0})
    twin = Twin(network, number=Fraction)
    outcomes, trace, last = twin.run(one_path(exogenous_paths(model, seed, paths=1, amounts=HALVES), 0))

    def total(outcome: str, thing: str) -> Any:
        return sum(series(trace, outcome, thing))

    for name, stage in network.stages.items():
        first = explicit_levels(stage.policy).initial if stage.on_hand is None else stage.on_hand
        shipped = sum(total("shipped", buyer) for buyer, terms in network.customers.items() if terms.stage == name)
        store = last.stores[name]
        assert total("started", name) == total("received", name) + store.wip
        assert total("ordered", name) == total("started", name) + store.open_orders
        good = total("received", name) - outcomes["scrapped", name]
        assert Fraction(first) + good == shipped + total("used", name) + store.on_hand
        assert min(store.on_hand, store.wip, store.open_orders) >= 0
    used = sum(total("used", name) for name in network.stages)
    asked = sum(
        total("started", name) * Fraction(given_input.quantity)
        for name, stage in network.stages.items()
        for given_input in stage.inputs.values()
    )
    assert used == asked
    for name in network.customers:
        assert outcomes["demand", name] == outcomes["shipped", name] + outcomes["lost", name] + last.backlog[name]
