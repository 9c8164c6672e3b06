"""Sizes and wholeness where demand has a season, levels follow, stages push, or cards and orders have limits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import jitrisk as jr
from jitrisk.lower.exogenous import list_effects
from jitrisk.lower.followed_levels import compute_followed_levels
from jitrisk.lower.graph import compute_multiplicities, find_largest_capacity, find_sweep_order
from jitrisk.lower.levels import compute_levels
from jitrisk.lower.rounding import Rounding, round_flows
from jitrisk.lower.sizes import Range, Sizes, compute_sizes, find_factor_range

ERROR = {"empirical": {"values": [0.5, 3.0], "weights": [0.9, 0.1]}}
FOLLOWING = {"policy": {"base_stock": {"cover": "2 d", "follow": "season"}}}


def build_line(customer: dict[str, Any] | None = None, horizon: int = 300, **shop: Any) -> dict[str, Any]:
    stages = {
        "mine": {"capacity": 9, "policy": {"base_stock": {"level": 12}}},
        "shop": {"capacity": 8, "policy": {"kanban": {"cards": 6, "container": 2}}, "inputs": {"mine": 1}} | shop,
    }
    customers = {"buyer": {"stage": "shop", "demand": {"poisson": {"mean": 5}}} | (customer or {})}
    return {"name": "line", "period": "1 d", "horizon": horizon, "stages": stages, "customers": customers}


def build_conwip(cards: int = 10, **packing: Any) -> dict[str, Any]:
    stages = {
        "mold": {"policy": {"conwip": {"cards": cards, "container": 1, "through": "pack"}}},
        "paint": {"policy": {"push": {}}, "inputs": {"mold": 1}},
        "pack": {"policy": {"push": {}}, "inputs": {"paint": 1}} | packing,
    }
    customers = {"shop": {"stage": "pack", "demand": {"poisson": {"mean": 5}}}}
    return {"name": "loop", "period": "1 d", "horizon": 300, "stages": stages, "customers": customers}


def collect(model: dict[str, Any], given: dict[tuple[str, str], Range] | None = None) -> tuple[Any, ...]:
    network = jr.load(model)
    order = find_sweep_order(network)
    behind = compute_multiplicities(network, order)
    followed = compute_followed_levels(network, order, behind)
    return network, order, compute_levels(network, behind), followed, list_effects(network), given or {}


def round_model(model: dict[str, Any], given: dict[tuple[str, str], Range] | None = None) -> Rounding:
    network, order, levels, followed, effects, ranges = collect(model, given)
    return round_flows(network, order, levels, effects, ranges, followed)


def size_model(model: dict[str, Any], given: dict[tuple[str, str], Range] | None = None) -> Sizes:
    return compute_sizes(*collect(model, given))


def is_whole(model: dict[str, Any]) -> bool:
    return not round_model(model).tolerance.any()


WHOLE_SEASON = {"season": {"every": "1 d", "factors": [1, 2, 0.4]}}


@pytest.mark.parametrize(
    "model",
    [
        build_line({"season": {"every": "1 d", "factors": [1, 0.3]}}),
        build_line(WHOLE_SEASON, **FOLLOWING),
        build_line(
            {"season": {"every": "1 d", "factors": [1, 0.3]}},
            policy={"kanban": {"cards": "auto", "container": 4, "follow": "season"}},
        ),
        build_line(overtime={"below": 3, "factor": 1.25}),
        build_line(overtime={"below": 3.7, "factor": 2}),
        build_line(shelf_life="3 d"),
        build_line(policy={"base_stock": {"level": 12, "cap": 14}}),
        build_line(expedite={"up_to": 4, "lead_time": "1 d"}, lead_time="3 d"),
        build_line(policy={"push": {}}),
        build_conwip(),
    ],
    ids=[
        "season",
        "level that follows",
        "cards that follow",
        "overtime of 10",
        "overtime of 16",
        "shelf life",
        "cap",
        "dual index",
        "push",
        "conwip",
    ],
)
def test_round_flows__whole_numbers_leave_units_whole(model):
    assert is_whole(model)


@pytest.mark.parametrize(
    "model",
    [
        build_line({"season": {"every": "1 d", "factors": [1, 0.3]}}, **FOLLOWING),
        build_line(WHOLE_SEASON, policy={"base_stock": {"cover": "2 d", "follow": "season", "safety": 0.5}}),
        build_line(WHOLE_SEASON, policy={"min_max": {"min": "0.5 d", "max": "2 d", "follow": "season"}}),
        build_line(
            WHOLE_SEASON | {"forecast": {"error": ERROR}}, policy={"base_stock": {"cover": "2 d", "follow": "forecast"}}
        ),
        build_line(
            {"season": {"every": "1 d", "factors": [1, 0.3]}},
            policy={"kanban": {"cards": "auto", "container": 4.5, "follow": "season"}},
        ),
        build_line(overtime={"below": 3, "factor": 1.2}),
        build_line(policy={"base_stock": {"level": 12, "cap": 14.5}}),
        build_line(expedite={"up_to": 4.5, "lead_time": "1 d"}, lead_time="3 d"),
        build_conwip(inputs={"paint": 2}),
    ],
    ids=[
        "level that follows",
        "safety",
        "min that follows",
        "forecast",
        "container",
        "overtime of 9.6",
        "cap",
        "dual index",
        "loop with a quantity",
    ],
)
def test_round_flows__other_numbers_are_rounded(model):
    assert not is_whole(model)


def test_round_flows__display_levels_of_stages_that_follow_round_nothing():
    """The mean of the factors is no whole number, the levels of all periods are."""
    model = build_line({"season": {"every": "1 d", "factors": [1, 2, 2]}}, **FOLLOWING)
    levels = collect(model)[2]
    assert levels["shop"].order_up_to != math.floor(levels["shop"].order_up_to)
    assert is_whole(model)


@pytest.mark.parametrize(
    ("customer", "expected"),
    [
        ({}, (1, 1, 1)),
        ({"season": {"every": "1 d", "factors": [3, 0, 0.5]}}, (3, 0.5, 0)),
        ({"trend": "-1 % / d"}, (1, 0.91, 0.91)),
        ({"season": {"every": "2 d", "factors": [1, 2]}, "trend": "10 % / d"}, (3.4, 1, 1)),
    ],
)
def test_find_factor_range__season_and_trend_within_the_horizon(customer, expected):
    """The last of ten periods has the trend of nine; in periods 6 and 7 of the season of 2 d factors are 2."""
    network = jr.load(build_line(customer, horizon=10))
    assert find_factor_range(network.customers["buyer"], 10) == pytest.approx(expected)


def test_compute_sizes__flows_scale_with_the_factors_of_the_season():
    demand = {"demand": {"gamma": {"mean": 5, "cv": 0.5}}}
    plain = size_model(build_line(demand)).flows["shop"]
    scaled = size_model(build_line(demand | {"season": {"every": "1 d", "factors": [7, 0, 0.25]}})).flows["shop"]
    assert (scaled.large, scaled.most) == pytest.approx((7 * plain.large, 7 * plain.most))
    assert scaled.small == pytest.approx(plain.small / 4)


def test_compute_sizes__levels_that_follow_count_at_their_largest():
    model = build_line({"demand": 5, "season": {"every": "1 d", "factors": [1, 9, 0]}}, **FOLLOWING)
    assert size_model(model).level["shop"] == 50
    forecast = {"policy": {"base_stock": {"cover": "2 d", "follow": "forecast", "safety": 8}}}
    model["customers"]["buyer"]["forecast"] = {"error": ERROR}
    model["stages"]["shop"] |= forecast
    sizes = size_model(model)
    assert sizes.level["shop"] == 3 * 50 + 8
    handed = size_model(model, {("forecast", "buyer"): Range(0.5, 20.0, 0.5, False)})
    assert handed.level["shop"] == 20 * 50 + 8


def test_compute_sizes__a_smoothed_forecast_reaches_the_largest_draw_over_the_mean():
    values = {"empirical": {"values": [0, 10], "weights": [0.5, 0.5]}}
    policy = {"base_stock": {"cover": "2 d", "follow": "forecast"}}
    model = build_line({"demand": values, "forecast": {"smoothing": 0.3}}, policy=policy)
    assert size_model(model).level["shop"] == 2 * 10
    model["hazards"] = {
        "surge": {"rate": "1 / year", "duration": "5 d", "hits": {"buyer": {"demand": 3}, "shop": {"capacity": 0.5}}}
    }
    assert size_model(model).level["shop"] == 2 * 30


def test_compute_sizes__stores_of_a_loop_are_bounded_by_its_cards():
    sizes = size_model(build_conwip(cards=40))
    largest = sizes.flows["pack"].large
    assert sizes.loops == {"mold": {"mold": 1, "paint": 1, "pack": 1}}
    assert sizes.level["pack"] == pytest.approx(largest + 40)
    assert sizes.level["mold"] >= 40
    stocked = size_model(build_conwip(cards=40, on_hand=100))
    assert stocked.level["pack"] == pytest.approx(100 + 100)
    assert stocked.level["mold"] >= 100


def test_compute_sizes__a_pushed_store_may_end_up_with_all_that_its_input_or_its_capacity_allows():
    """Outside a loop, the 9 units that the mine makes may be pushed on in each of 300 periods, or the capacity of 8."""
    large = size_model(build_line()).flows["shop"].large
    assert size_model(build_line(policy={"push": {}})).level["shop"] == pytest.approx(large + 300 * 8)
    assert size_model(build_line(policy={"push": {}}, capacity=50)).level["shop"] == pytest.approx(large + 300 * 9)
    overtime = {"overtime": {"below": 1, "factor": 1.25}}
    assert size_model(build_line(policy={"push": {}}, capacity=6, **overtime)).level["shop"] == large + 300 * 7.5


def test_round_flows__a_loop_loses_nothing_to_the_grain_of_its_first_stage():
    model = build_conwip(cards=5000, inputs={"paint": 1, "box": 1})
    model["stages"]["box"] = {"policy": {"base_stock": {"level": 40}}}
    model["customers"]["shop"]["demand"] = {"gamma": {"mean": 5, "cv": 0.5}}
    found = dict(zip(find_sweep_order(jr.load(model)), round_model(model).grain, strict=True))
    assert found["pack"] >= found["mold"]
    assert found["paint"] >= found["mold"]


def test_find_largest_capacity__has_the_factor_of_overtime():
    network = jr.load(build_line(overtime={"below": 3, "factor": 1.5}))
    assert [find_largest_capacity(network.stages[name]) for name in ("mine", "shop")] == [9, 12]


def test_round_flows__expiry_counts_among_what_is_ordered_again():
    """Sums of 128 periods of a store of 30,000 units that expire every period do not fit in float32."""
    model = build_line(policy={"base_stock": {"level": 30_000}}, horizon=20)
    del model["stages"]["shop"]["capacity"]
    assert not round_model(model).double
    model["stages"]["shop"]["shelf_life"] = "1 d"
    model["horizon"] = 200
    kept = round_model(model)
    assert kept.double
    model["stages"]["shop"]["shelf_life"] = "201 d"
    longer = round_model(model)
    del model["stages"]["shop"]["shelf_life"]
    plain = round_model(model)
    assert longer.double == plain.double
    np.testing.assert_array_equal(longer.grain, plain.grain)


@pytest.mark.parametrize(("life", "expired"), [(9, 41), (10, 40), (11, 0)])
def test_simulate__stock_at_the_start_expires_in_the_last_period_at_the_latest(life, expired):
    """50 units from period 0 on, one sold and replaced in each: in period t = life - 1, t of the 49 left are newer."""
    model = build_line({"demand": 1}, horizon=10, policy={"base_stock": {"level": 50}}, shelf_life=f"{life} d")
    del model["stages"]["shop"]["inputs"], model["stages"]["shop"]["capacity"], model["stages"]["mine"]
    assert float(jr.simulate(model, paths=1).expired.sum()) == expired


def measure_drift(model: dict[str, Any]) -> float:
    """Return what is created or destroyed on the path with the most starts in any period, units."""
    outcomes = jr.simulate(model, paths=400)
    replay = jr.replay(outcomes, "base", int(outcomes["started"].to_numpy().ravel().argmax())).squeeze()
    held = (replay["on_hand"] + replay["wip"]).to_numpy()
    drift = np.diff(held) - replay["started"].to_numpy()[1:] + replay["shipped"].to_numpy()[1:]
    return float(np.abs(drift).max())


def test_simulate__a_unit_sold_out_of_season_that_forecasts_many_creates_none():
    stages = {"shop": {"lead_time": "2 d", "policy": {"base_stock": {"cover": "1.3 d", "follow": "forecast"}}}}
    season = {"every": "1 d", "factors": [1, 0.01]}  # one unit in a period of 0.05 forecasts 100 in place of 5
    buyer = {"stage": "shop", "demand": {"poisson": {"mean": 5}}, "season": season, "forecast": {"smoothing": 1}}
    model = {"name": "rare", "period": "1 d", "horizon": 300, "stages": stages, "customers": {"buyer": buyer}}
    assert float(jr.sample(model, paths=400)["forecast"].max()) >= 20
    assert measure_drift(model) == 0.0


@pytest.mark.parametrize("given", [["demand"], ["forecast"], ["demand", "forecast"]])
@pytest.mark.parametrize(
    "forecast", [{"smoothing": 0.3}, {"error": {"lognormal": {"mean": 1, "cv": 1}}, "every": "5 d"}]
)
def test_simulate__forecasts_handed_in_that_could_be_drawn_give_the_run_again_to_the_bit(forecast, given):
    shop = {"lead_time": "2 d", "policy": {"base_stock": {"cover": "1.3 d", "follow": "forecast"}}}
    buyer = {"stage": "shop", "demand": {"poisson": {"mean": 5}}, "forecast": forecast}
    model = {"name": "again", "period": "1 d", "horizon": 60, "stages": {"shop": shop}, "customers": {"buyer": buyer}}
    exogenous = jr.sample(model, paths=300)
    again = jr.simulate(model, exogenous=exogenous[given])
    drawn = jr.simulate(model, paths=300)
    for name in ("started", "on_hand", "wip", "ordered"):
        np.testing.assert_array_equal(again[name], drawn[name], err_msg=name)
