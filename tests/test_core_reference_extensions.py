"""The plain twin's extensions on their own: periods worked out by hand, and nothing lost or made on any path."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from extended_networks import extended_networks
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import HALVES, exogenous_paths, one_path
from planned_levels import Plan, derive_forecast, derive_missing, derive_open, profile
from reference import Twin
from walks import BUYER, base_stock, kanban, series, walk

import jitrisk as jr


def plan(stages: dict[str, Any], **customer: Any) -> Plan:
    """The plan of a network with one customer, on the last of the stages."""
    buyer = {"stage": list(stages)[-1], "demand": 1, **customer}
    network = {"name": "by hand", "period": "1 d", "horizon": 9, "stages": stages, "customers": {"buyer": buyer}}
    return Plan(jr.load(network))


def seasonal(*factors: float, **customer: Any) -> dict[str, Any]:
    """One customer of the shop with a season of one period a factor."""
    return {"buyer": BUYER["buyer"] | {"season": {"every": "1 d", "factors": list(factors)}} | customer}


def test_load__goods_expire_after_the_last_period_of_their_shelf_life_oldest_first() -> None:
    shop = {**base_stock(3), "shelf_life": "2 d"}
    _, trace, _ = walk({"shop": shop}, BUYER, 4, demand={"buyer": [1, 0, 0, 0]})
    assert series(trace, "expired", "shop") == [0, 2, 1, 2]
    assert series(trace, "ordered", "shop") == [1, 2, 1, 2]
    _, trace, _ = walk({"shop": shop}, BUYER, 3, demand={"buyer": [1, 1, 1]})
    assert series(trace, "expired", "shop") == [0, 1, 0]


def test_load__a_shelf_life_of_one_period_is_the_newsvendors() -> None:
    _, trace, _ = walk({"shop": {**kanban(4), "shelf_life": "1 d"}}, BUYER, 3, demand={"buyer": [1, 3, 6]})
    assert series(trace, "expired", "shop") == [3, 1, 0]
    assert series(trace, "ordered", "shop") == [4, 4, 4]
    assert series(trace, "on_hand", "shop") == [0, 0, 0]


def test_load__the_clock_of_goods_starts_when_they_come_in() -> None:
    shop = {**base_stock(2), "on_hand": 0, "shelf_life": "1 d"}
    _, trace, _ = walk({"shop": shop}, BUYER, 3, receiving={"shop": [1, 0, 1]})
    assert series(trace, "expired", "shop") == [0, 0, 2]


def test_load__a_level_that_follows_the_season_covers_the_periods_to_come() -> None:
    shop = {"policy": {"base_stock": {"cover": "2 d", "follow": "season"}}}
    _, trace, _ = walk({"shop": shop}, seasonal(1, 2, 1, 0), 4, demand={"buyer": [1, 2, 1, 0]})
    assert series(trace, "ordered", "shop") == [1, 0, 1, 2]  # the levels are 3, 1, 1, 3
    assert series(trace, "on_hand", "shop") == [2, 1, 0, 1]


def test_load__a_season_need_not_change_in_whole_periods() -> None:
    season = {"every": "1.5 d", "factors": [1, 2, 4]}
    one = plan({"shop": base_stock(1)}, season=season, trend="50 % / d").customers["buyer"]
    assert [profile(one, t) for t in range(6)] == [1, 1.5, 4, 10, 12, 3.5]


def test_load__the_change_of_a_level_passes_up() -> None:
    stages = {
        "mill": {"policy": {"base_stock": {"cover": "1 d", "follow": "season", "safety": 2}}},
        "shop": {"inputs": {"mill": 2}, "policy": {"base_stock": {"cover": "2 d", "follow": "season"}}},
    }
    made = plan(stages, season={"every": "1 d", "factors": [1, 3, 2]})
    assert [made.levels("shop", t, {}).order_up_to for t in range(3)] == [5, 3, 4]
    # What the shop orders in a period is the demand of the second one after it.
    assert [made.demand("mill", t)["buyer"] for t in (1, 2, 3)] == [2 * 1, 2 * 3, 2 * 2]
    assert [made.levels("mill", t, {}).order_up_to for t in range(3)] == [2 + 2, 2 + 6, 2 + 4]


def test_load__a_level_that_does_not_follow_passes_on_no_change() -> None:
    stages = {
        "mill": {"policy": {"base_stock": {"cover": "1 d", "follow": "season"}}},
        "shop": {"inputs": {"mill": 1}, "policy": {"base_stock": {"cover": "3 d"}}},
    }
    made = plan(stages, season={"every": "1 d", "factors": [0, 2]}, trend="10 % / d")
    assert made.constant_levels("shop").order_up_to == 3
    assert [made.demand("mill", t)["buyer"] for t in (1, 2, 3)] == pytest.approx([2.2, 0, 2.6])


def test_load__a_forecast_moves_the_level_and_neither_safety_nor_other_customers() -> None:
    policy = {"base_stock": {"cover": "1 d", "follow": "forecast", "safety": 1}}
    seen = {"seen": {"stage": "shop", "demand": 2, "forecast": {"smoothing": 0.5}}}
    other = {"other": {"stage": "shop", "demand": 4}}
    phi = {"seen": [1.5, 0.5, 2], "other": [3, 3, 3]}
    _, trace, _ = walk({"shop": {"policy": policy}}, seen | other, 3, forecast=phi)
    assert series(trace, "on_hand", "shop") == [1 + 2 + 4, 8, 8]
    assert series(trace, "ordered", "shop") == [1, 0, 1]  # a fall of the level cancels nothing


def test_load__both_levels_of_min_max_follow() -> None:
    policy = {"min_max": {"min": "1 d", "max": "2 d", "follow": "season", "safety": 1}}
    made = plan({"shop": {"policy": policy}}, season={"every": "1 d", "factors": [1, 3, 0]})
    found = [made.levels("shop", t, {}) for t in range(3)]
    assert [(levels.reorder_point, levels.order_up_to) for levels in found] == [(4, 4), (1, 2), (2, 5)]


FORMULA = {"policy": {"kanban": {"cards": "formula", "container": 2, "follow": "season"}}, "lead_time": "2 d"}


def test_load__cards_that_follow_are_withdrawn_as_they_come_back() -> None:
    lead_time = {"shop": [2] * 4}
    _, trace, _ = walk({"shop": FORMULA}, seasonal(1, 3, 0, 1), 4, demand={"buyer": [2, 2, 0, 0]}, lead_time=lead_time)
    assert series(trace, "ordered", "shop") == [2, 0, 0, 2]  # there are 2, 1, 1, 2 cards


@pytest.mark.parametrize(("cards", "numbers"), [("formula", [2, 1, 1, 2]), ("auto", [2, 1, 2, 3])])
def test_load__the_card_formula_takes_the_demand_of_the_lead_time(cards: str, numbers: list[int]) -> None:
    shop = {"policy": {"kanban": FORMULA["policy"]["kanban"] | {"cards": cards}}, "lead_time": "2 d"}
    made = plan({"shop": shop}, season={"every": "1 d", "factors": [1, 3, 0, 1]})
    assert [made.cards("shop", t) for t in range(4)] == numbers


def test_load__the_change_of_the_cards_passes_up_in_containers() -> None:
    stages = {"mill": base_stock(1), "shop": {**FORMULA, "inputs": {"mill": 1}}}
    made = plan(stages, season={"every": "1 d", "factors": [1, 3, 0, 1]})
    assert [made.demand("mill", t)["buyer"] for t in (1, 2, 3, 4)] == [3 - 2, 0, 1 + 2, 1]


def test_load__smoothing_follows_the_demand_without_its_season() -> None:
    made = plan({"shop": base_stock(1)}, demand=2, forecast={"smoothing": 0.5})
    assert derive_forecast(made.customers["buyer"], [4, 0, 3]) == [1.5, 0.75, 1.125]
    season = {"every": "1 d", "factors": [2, 0]}
    made = plan({"shop": base_stock(1)}, demand=2, forecast={"smoothing": 0.5}, season=season)
    assert derive_forecast(made.customers["buyer"], [4, 9, 8]) == [1, 1, 1.5]
    slow = {"every": "2 d", "constant": {"value": 2}}
    made = plan({"shop": base_stock(1)}, demand=slow, forecast={"smoothing": 0.5})
    assert derive_forecast(made.customers["buyer"], [4, 0, 2]) == [1.5, 1.5, 1.25]


PUSHED = {"mine": {**kanban(5), "on_hand": 5}, "mill": {"inputs": {"mine": 1}, "policy": {"push": {}}}}


def test_load__push_starts_what_lies_before_it() -> None:
    stages = PUSHED | {"mill": {**PUSHED["mill"], "capacity": 2}}
    _, trace, _ = walk(stages, {"buyer": BUYER["buyer"] | {"stage": "mill"}}, 3, availability={"mill": [1, 0.5, 0]})
    assert series(trace, "started", "mill") == [2, 1, 0]
    assert series(trace, "ordered", "mill") == [2, 1, 0]
    assert series(trace, "orders", "mill") == [1, 1, 0]
    assert series(trace, "open_orders", "mill") == [0, 0, 0]
    assert series(trace, "broken", "mill") == [0, Fraction(1, 2), 1]
    assert series(trace, "starved", "mill") == [0, 0, 0]
    assert series(trace, "on_hand", "mill") == [0, 2, 3]


def test_load__push_with_a_review_starts_only_then() -> None:
    stages = PUSHED | {"mill": {**PUSHED["mill"], "policy": {"push": {"review": 2}}}}
    _, trace, _ = walk(stages, {"buyer": BUYER["buyer"] | {"stage": "mill"}}, 3)
    assert series(trace, "started", "mill") == [5, 0, 5]


@pytest.mark.parametrize(("quantity", "cards", "ordered"), [(1, 3, [3, 0, 1, 0]), (2, 4, [4, 0, 2, 0])])
def test_load__a_card_of_conwip_comes_back_from_the_last_store(quantity: int, cards: int, ordered: list[int]) -> None:
    stages = {
        "press": {"policy": {"conwip": {"cards": cards, "container": 1, "through": "shop"}}},
        "shop": {"inputs": {"press": quantity}, "policy": {"push": {}}},
    }
    _, trace, _ = walk(stages, BUYER, 4, demand={"buyer": [0, 0, 1, 0]})
    assert series(trace, "ordered", "press") == ordered
    assert series(trace, "started", "shop") == [0, cards // quantity, 0, ordered[2] // quantity]
    _, trace, _ = walk(stages, BUYER, 4, **{"yield": {"shop": [1, 1, 0, 1]}})
    assert series(trace, "ordered", "press") == [cards, 0, cards, 0]  # those of scrapped units, too


def test_load__a_cap_limits_what_a_backlog_orders() -> None:
    shop = {"policy": {"base_stock": {"level": 2, "cap": 3}}}
    lead_time = {"shop": [2] * 3}
    _, trace, _ = walk({"shop": shop}, BUYER, 3, demand={"buyer": [3, 1, 0]}, lead_time=lead_time)
    assert series(trace, "ordered", "shop") == [3, 0, 1]
    assert series(trace, "orders", "shop") == [1, 0, 1]


def test_load__overtime_below_the_trigger() -> None:
    shop = {**base_stock(4), "capacity": 1, "overtime": {"below": 2, "factor": 2}}
    _, trace, _ = walk({"shop": shop}, BUYER, 3, demand={"buyer": [3, 1, 0]}, availability={"shop": [1, 1, 0.5]})
    assert series(trace, "started", "shop") == [2, 1, Fraction(1, 2)]
    assert series(trace, "overtime", "shop") == [1, 0, 0]  # two on hand are not below two
    _, trace, _ = walk({"shop": shop}, BUYER, 1, demand={"buyer": [4]}, availability={"shop": [0.5]})
    assert series(trace, "overtime", "shop") == [Fraction(1, 2)]
    assert series(trace, "broken", "shop") == [Fraction(1, 2)]


def test_load__open_orders_without_limit_are_enough_for_overtime() -> None:
    policy = {"kanban": {"cards": "unlimited", "container": 1}}
    shop = {"policy": policy, "capacity": 2, "overtime": {"below": 1, "factor": 2}}
    _, trace, _ = walk({"shop": shop}, BUYER, 2)
    assert series(trace, "started", "shop") == [4, 2]
    assert series(trace, "open_orders", "shop") == [0, 2]


def test_load__a_closed_standby_keeps_its_cards_on_the_board() -> None:
    hazard = {"rate": "1 / year", "duration": "1 d", "hits": {"main": {"capacity": 0}}}
    stages = {"main": kanban(1), "shop": {**kanban(2), "on_hand": 0, "standby": {"of": "main"}}}
    _, trace, _ = walk(stages, BUYER, 3, open={"shop": [0, 0, 1]}, hazards={"stop": hazard})
    assert series(trace, "ordered", "shop") == [2, 0, 0]
    assert series(trace, "open_orders", "shop") == [2, 2, 0]
    assert series(trace, "started", "shop") == [0, 0, 2]
    assert series(trace, "broken", "shop") == [0, 0, 0]


@pytest.mark.parametrize(("after", "opened"), [(0, [1, 0, 1, 1, 1]), (1, [0, 0, 0, 1, 1]), (1.5, [0, 0, 0, 0, 1])])
def test_load__a_standby_opens_when_the_other_has_failed_for_long_enough(after: float, opened: list[int]) -> None:
    hazard = {"rate": "1 / year", "duration": "1 d", "hits": {"main": {"capacity": 0}}}
    stages = {"main": kanban(1), "shop": {**kanban(2), "standby": {"of": "main", "after": after, "below": "50 %"}}}
    network = {"name": "n", "period": "1 d", "horizon": 5, "stages": stages, "customers": BUYER}
    standby = jr.load(network | {"hazards": {"stop": hazard}}).stages["shop"].standby
    assert derive_open(standby, [0, 0.5, 0.25, 0, 0]) == opened


def test_load__what_follows_from_a_path_is_derived_where_it_is_not_handed_in() -> None:
    hazard = {"rate": "1 / year", "duration": "1 d", "hits": {"main": {"capacity": 0}}}
    stages = {"main": kanban(1), "shop": {**kanban(2), "standby": {"of": "main"}}}
    buyer = {"buyer": {"stage": "shop", "demand": 2, "forecast": {"smoothing": 0.5}}}
    model = {"name": "n", "period": "1 d", "horizon": 2, "stages": stages, "customers": buyer}
    network = jr.load(model | {"hazards": {"stop": hazard}})
    path = {"demand": {"buyer": [4, 0]}, "availability": {"main": [1, 0], "shop": [1, 1]}}
    found = derive_missing(network, path)
    assert found == path | {"open": {"shop": [0, 1]}, "forecast": {"buyer": [1.5, 0.75]}}
    handed_in = path | {"open": {"shop": [1, 1]}}
    assert derive_missing(network, handed_in)["open"] == {"shop": [1, 1]}


def test_load__dual_index_expedites_what_the_near_future_lacks() -> None:
    shop = {**base_stock(5), "lead_time": "3 d", "expedite": {"up_to": 2, "lead_time": "1 d"}}
    lead_time = {"shop": [3] * 4}
    _, trace, _ = walk({"shop": shop}, BUYER, 4, demand={"buyer": [4, 3, 0, 0]}, lead_time=lead_time)
    assert series(trace, "started", "shop") == [4, 3, 0, 0]
    # In period 1 nothing is on hand or due tomorrow, and one unit is owed.
    assert series(trace, "expedited", "shop") == [1, 3, 0, 0]
    assert series(trace, "received", "shop") == [0, 1, 3, 3]


def total(trace: list[Any], outcome: str, thing: str) -> Any:
    return sum(series(trace, outcome, thing))


@settings(max_examples=60)
@given(model=extended_networks(HALVES, horizon=12), seed=st.integers(0, 2**32))
def test_list_totals__units_are_conserved_with_any_mix_of_extensions(model: dict[str, Any], seed: int) -> None:
    network = jr.load(model | {"warm_up": 0})
    twin = Twin(network, number=Fraction)
    outcomes, trace, last = twin.run(one_path(exogenous_paths(model, seed, paths=1, amounts=HALVES), 0))
    for name, store in last.stores.items():
        first = twin.start().stores[name].on_hand
        shipped = sum(total(trace, "shipped", one) for one, terms in network.customers.items() if terms.stage == name)
        good = total(trace, "received", name) - outcomes["scrapped", name]
        assert first + good == shipped + total(trace, "used", name) + outcomes["expired", name] + store.on_hand
        assert total(trace, "started", name) == total(trace, "received", name) + store.wip
        assert total(trace, "ordered", name) == total(trace, "started", name) + store.open_orders
        assert min(store.on_hand, store.wip, store.open_orders, outcomes["expired", name]) >= 0
        assert outcomes["expedited", name] <= outcomes["started", name]
        assert outcomes["overtime", name] <= outcomes["started", name]
        life = network.stages[name].shelf_life
        if life is not None:
            newest = series(trace, "received", name)[1 - life :] if life > 1 else []
            assert store.on_hand <= sum(newest) + (first if life > len(trace) else 0)
    for name in network.customers:
        assert outcomes["demand", name] == outcomes["shipped", name] + outcomes["lost", name] + last.backlog[name]
    assert_limits(twin, trace)


def assert_limits(twin: Twin, trace: list[Mapping[tuple[str, str], Any]]) -> None:
    """No order brings a loop above its cards, or a stage above its cap."""
    start = twin.start()
    for name, stage in twin.stages.items():
        policy = stage.policy
        if policy.kind == "conwip":
            most: Any = Fraction(policy.cards * policy.container)
        elif stage.policy.order_cap < float("inf"):
            most = Fraction(policy.order_cap)
        else:
            continue
        loop = twin.loops[name].items()
        before = sum(Fraction(units) * start.stores[one].on_hand for one, units in loop)
        for flows in trace:
            inside = sum(Fraction(units) * (flows["on_hand", one] + flows["wip", one]) for one, units in loop)
            content = flows["open_orders", name] + inside
            assert content <= max(most, before)
            before = content
