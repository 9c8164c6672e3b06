"""Prices against the textbook's costs: shortages, holding of what is owned, a stage's own rate, a fixed cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import jitrisk as jr
from jitrisk.errors import ModelError
from jitrisk.risk.pricing import COMPONENTS

HOLDING, SHORTAGE = 1.0, 9.0  # money per unit and period, money per unit
VALUE = 1000.0  # at a holding rate of 0.001 a period, a unit costs 1 a period


def loss(level: float, mean: float) -> float:
    """Return E[(X - level)^+] of a Poisson X (Zipkin 2000, section C.2.3)."""
    law = stats.poisson(mean)
    return float((mean - level) * law.sf(level - 1) + level * law.pmf(level)) if mean else 0.0


def store(level: float, lead_time: int, demand: Any, unmet: str, **more: Any) -> dict[str, Any]:
    """One base stock whose stock on hand costs HOLDING a period, and whose unmet demand costs SHORTAGE a unit."""
    stage = {
        "lead_time": lead_time,
        "value": VALUE,
        "holding_rate": HOLDING / VALUE,
        "owned_in_process": False,
        "policy": {"base_stock": {"level": level}},
    }
    customer = {"stage": "store", "demand": demand, "unmet": unmet, "shortage_cost": SHORTAGE}
    network = {"name": "store", "period": "1 d", "horizon": 600, "warm_up": 100}
    return network | {"stages": {"store": stage}, "customers": {"buyer": customer}} | more


def assert_mean(values: xr.DataArray, answer: float) -> None:
    """The mean over the paths lies within four standard errors of the answer."""
    error = float(values.std(ddof=1)) / np.sqrt(values.size)
    assert abs(float(values.mean()) - answer) <= 4 * error, (float(values.mean()), answer, error)


@pytest.mark.parametrize("level", [6, 8, 10])
def test_costs__lost_sales_at_one_period_cost_a_newsvendor_in_every_period(level):
    """A lead time of one period fills the store before each demand, so every period is h E(S-D)+ + p E(D-S)+."""
    outcomes = jr.simulate(store(level, 1, {"poisson": {"mean": 6}}, "lost"), paths=400, seed=1)
    short = loss(level, 6)
    answer = HOLDING * (level - 6 + short) + SHORTAGE * short
    spent = outcomes.risk.costs()
    assert_mean(spent["total"] / 500, answer)
    assert_mean(spent["unmet_demand"] / 500, SHORTAGE * short)


@pytest.mark.parametrize(("level", "lead_time"), [(15, 3), (6, 1), (10, 3)])
def test_costs__shortage_cost_of_backorders_is_paid_once_for_each_unit_short(level, lead_time):
    """Units short in a period are the growth of the loss from L - 1 to L periods of demand (Zipkin 2000, chapter 6)."""
    outcomes = jr.simulate(store(level, lead_time, {"poisson": {"mean": 4}}, "backorder"), paths=400, seed=2)
    waiting = loss(level, 4 * lead_time)
    short = waiting - loss(level, 4 * (lead_time - 1))
    spent = outcomes.risk.costs()
    assert_mean(spent["unmet_demand"] / 500, SHORTAGE * short)
    assert_mean(spent["total"] / 500, HOLDING * (level - 4 * lead_time + waiting) + SHORTAGE * short)
    assert not spent["process_inventory"].any()


@pytest.mark.parametrize(("lot", "owned"), [(10, False), (10, True), (40, False), (40, True)])
def test_costs__lots_of_steady_demand_cost_what_the_lot_size_formula_says(lot, owned):
    """One unit a period in lots of Q: K / Q + h (Q - 1) / 2, and h L for the L units under way if they are owned."""
    network = store(0, 5, 1, "backorder", horizon=440, warm_up=40)
    network["stages"]["store"] |= {
        "order_cost": 30,
        "owned_in_process": owned,
        # Ordered so that the lot arrives when the store is empty.
        "policy": {"reorder_point": {"point": 4, "quantity": lot}},
    }
    outcomes = jr.simulate(network, paths=1)
    values, spent = outcomes.risk.metrics(), outcomes.risk.costs()
    on_hand, under_way = (lot - 1) / 2, 5.0 if owned else 0.0
    assert spent["total"].item() / 400 == pytest.approx(30 / lot + HOLDING * (on_hand + under_way))
    assert values["working_capital"].item() == pytest.approx(VALUE * (on_hand + under_way))
    assert values["turns"].item() == pytest.approx(365 / (on_hand + under_way))
    assert values["days_of_inventory"].item() == pytest.approx(on_hand + under_way)


def test_costs__units_under_way_on_order_are_the_difference_that_ownership_makes():
    """With Poisson demand of 4 and 3 periods under way, 12 units are on order on average (Little 1961)."""
    strategies = {"later": {}, "now": {"stages": {"store": {"owned_in_process": True}}}}
    outcomes = jr.simulate(store(15, 3, {"poisson": {"mean": 4}}, "backorder", strategies=strategies), 400, seed=3)
    values, spent = outcomes.risk.metrics(), outcomes.risk.costs()
    capital = values["working_capital"].sel(strategy="now") - values["working_capital"].sel(strategy="later")
    assert_mean(capital, VALUE * 12)
    assert_mean((spent["total"].sel(strategy="now") - spent["total"].sel(strategy="later")) / 500, HOLDING * 12)
    for name in ("turns", "days_of_inventory"):
        both = values[name].sel(strategy="now"), values[name].sel(strategy="later")
        assert ((both[0] < both[1]) if name == "turns" else (both[0] > both[1])).all()


def two(**stages: Any) -> dict[str, Any]:
    """A part and the box made of it; each holds what its level says, and more is never asked."""
    part = {"lead_time": 2, "value": 5, "policy": {"base_stock": {"level": 30}}}
    box = {"inputs": {"part": 1}, "lead_time": 1, "value": 8, "policy": {"base_stock": {"level": 20}}}
    return {
        "name": "two",
        "period": "1 d",
        "horizon": "60 d",
        "holding_rate": "36.5 % / year",
        "stages": {"part": part | stages.get("part", {}), "box": box | stages.get("box", {})},
        "customers": {"shop": {"stage": "box", "demand": {"poisson": {"mean": 4}}, "price": 9}},
        "strategies": stages.get("strategies", {}),
    }


def test_costs__a_stage_s_holding_rate_stands_in_for_that_of_the_network():
    outcomes = jr.simulate(two(part={"holding_rate": "1 % / week"}), paths=5)
    assert outcomes["holding_rate"].dims == ("strategy", "stage")
    np.testing.assert_allclose(outcomes["holding_rate"].sel(stage=["part", "box"]), [[0.01 / 7, 0.001]])
    spent = outcomes.risk.costs(resolved=True)
    for stage, cost in (("part", 5 * 0.01 / 7), ("box", 8 * 0.001)):
        at = {"stage": stage}
        np.testing.assert_allclose(spent["holding"].sel(at), 60 * cost * outcomes["on_hand"].sel(at))
        np.testing.assert_allclose(spent["process_inventory"].sel(at), 60 * cost * outcomes["wip"].sel(at))


def test_simulate__a_holding_rate_of_0_is_one_of_the_stage_s_own():
    rates = jr.simulate(two(part={"holding_rate": 0}), paths=1)["holding_rate"]
    assert rates.sel(stage="part").item() == 0.0
    assert rates.sel(stage="box").item() == pytest.approx(0.001)


def test_simulate__strategies_patch_each_of_the_three_and_a_rate_of_the_network_leaves_a_stage_s_own():
    strategies = {
        "plain": {},
        "dear": {"holding_rate": "73 % / year", "customers": {"shop": {"shortage_cost": 6}}},
        "eroding": {"stages": {"box": {"holding_rate": 0.003, "owned_in_process": False}}},
    }
    outcomes = jr.simulate(two(part={"holding_rate": "1 % / week"}, strategies=strategies), paths=1)
    week = 0.01 / 7
    np.testing.assert_allclose(outcomes["holding_rate"], [[week, 0.001], [week, 0.002], [week, 0.003]])
    assert outcomes["owned_in_process"].values.tolist() == [[1, 1], [1, 1], [1, 0]]
    assert outcomes["shortage_cost"].values.tolist() == [[0], [6], [0]]


def test_simulate__the_three_change_nothing_that_happens():
    plain = jr.simulate(two(), paths=20, seed=5)
    priced = two(part={"holding_rate": "1 % / week"}, box={"owned_in_process": False})
    priced["customers"]["shop"]["shortage_cost"] = 6
    other = jr.simulate(priced, paths=20, seed=5)
    same = [name for name in plain if plain[name].dims[:2] == ("strategy", "path")]
    assert {"on_hand", "wip", "filled"} <= set(same)
    xr.testing.assert_identical(other[same].drop_attrs(deep=False), plain[same].drop_attrs(deep=False))


# Units short: a difference of two sums of numbers that are rounded


@settings(max_examples=20, deadline=None)
@given(
    mean=st.floats(0.01, 1e4),
    level=st.one_of(st.just(0.0), st.floats(1e-6, 3)),
    unmet=st.sampled_from(["lost", "backorder", 0.3]),
    seed=st.integers(0, 9),
)
def test_costs__units_short_of_demand_that_is_not_whole_are_never_below_0(mean, level, unmet, seed):
    network = store(level * mean, 2, {"gamma": {"mean": mean, "cv": 1}}, unmet, horizon=300, warm_up=7)
    outcomes = jr.simulate(network, paths=4, seed=seed)
    short = outcomes.risk.costs()["unmet_demand"] / SHORTAGE
    assert (short >= 0).all()
    xr.testing.assert_allclose(short, (outcomes["demand"] - outcomes["filled"]).sum("customer"))
    if unmet == "lost":
        np.testing.assert_allclose(short, outcomes["lost"].sum("customer"), atol=1e-6 * 300 * mean)


def test_costs__a_store_that_always_fills_demand_has_no_units_short_not_even_of_rounding():
    outcomes = jr.simulate(store(1e4, 2, {"gamma": {"mean": 0.1, "cv": 1}}, "backorder"), paths=20)
    assert (outcomes["demand"] > 0).all()
    assert not outcomes.risk.costs()["unmet_demand"].any()


def test_costs__a_stage_that_owns_nothing_and_holds_nothing_has_no_turns():
    network = store(0, 2, 1, "backorder")
    network["stages"]["store"]["policy"] = {"make_to_order": {}}
    outcomes = jr.simulate(network, 1)
    assert outcomes["wip"].all()
    assert not outcomes.risk.costs()["working_capital"].any()
    assert "turns" not in outcomes.risk.metrics()


# The fixed cost of the plan as a whole


def shop(**more: Any) -> dict[str, Any]:
    """Prices and units are whole, so that no sum of them is rounded; 30 of 40 days are measured, in 60 periods."""
    stage = {"lead_time": "3 d", "unit_cost": 2, "policy": {"base_stock": {"level": 20}}}
    customer = {"stage": "store", "demand": {"poisson": {"mean": 4}}, "unmet": "lost", "lost_cost": 5, "price": 9}
    head = {"name": "shop", "period": "12 h", "horizon": "40 d", "warm_up": "10 d"}
    return {**head, "stages": {"store": stage}, "customers": {"shop": customer}, **more}


def test_costs__plans_that_differ_in_fixed_cost_alone_differ_by_it_times_the_measured_time_on_every_path():
    outcomes = jr.simulate(shop(strategies={"free": {}, "paid": {"fixed_cost": "7 / d"}}), paths=300)
    spent, values = outcomes.risk.costs(), outcomes.risk.metrics()
    assert spent["total"].sel(strategy="free").std() > 0
    for difference, expected in (
        (spent["total"].sel(strategy="paid") - spent["total"].sel(strategy="free"), 7 * 30),
        (values["cost"].sel(strategy="paid") - values["cost"].sel(strategy="free"), 7 * 30),
        (values["profit"].sel(strategy="paid") - values["profit"].sel(strategy="free"), -7 * 30),
        (spent["fixed"].sel(strategy="paid"), 7 * 30),
        (outcomes.risk.ownership()["plan_cost"].sel(strategy="paid"), 7 * 30),
    ):
        np.testing.assert_array_equal(difference, expected)
    np.testing.assert_array_equal(sum(spent[name] for name in COMPONENTS), spent["total"])
    changed = outcomes.risk.compare()["cost"].sel(strategy="paid")
    assert changed.sel(statistic="mean").item() == 210
    assert changed.sel(statistic="standard_error").item() == 0


@pytest.mark.parametrize(("period", "horizon", "warm_up"), [("1 h", "9 d", 0), ("8 h", "2 years", "3 weeks")])
@pytest.mark.parametrize("rare", [False, True])
def test_costs__the_fixed_cost_of_a_year_is_the_key(period, horizon, warm_up, rare):
    fire = {"rate": "1 / 300 years", "duration": "2 d", "hits": {"store": {"arrivals": 0}}}
    clock = {"period": period, "horizon": horizon, "warm_up": warm_up}
    network = shop(hazards={"fire": fire} if rare else {}, fixed_cost="2000000 / year") | clock
    outcomes = jr.simulate(network, paths=40, rare=rare)
    fixed = outcomes.risk.describe("fixed")["fixed"].isel(strategy=0) * outcomes.risk.costs().attrs["per_year"]
    assert fixed.sel(statistic="mean").item() == pytest.approx(2e6, rel=1e-12)
    assert fixed.sel(statistic="standard_error").item() == 0


def test_measure_last_year__a_year_of_a_long_run_costs_the_fixed_cost_once():
    run = jr.simulate(shop(fixed_cost="365 / year") | {"horizon": "3 years"}, paths=3)
    np.testing.assert_allclose(run.risk.costs()["fixed"], 3 * 365 - 10)
    np.testing.assert_allclose(jr.measure_last_year(run).risk.costs()["fixed"], 365)


def test_simulate__a_fixed_cost_of_a_strategy_stands_in_for_that_of_the_model():
    plans = {"as_it_is": {}, "none": {"fixed_cost": 0}, "own": {"fixed_cost": 3}}
    outcomes = jr.simulate(shop(fixed_cost="4 / d", strategies=plans), paths=2)
    assert outcomes["fixed_cost"].values.tolist() == [2, 0, 3]
    changed = jr.load(shop(fixed_cost="4 / d", strategies=plans)).patched({"strategies.none.fixed_cost": "8 / d"})
    assert [one.fixed_cost for one in changed.strategies.values()] == [2, 4, 3]


def test_simulate__a_fixed_cost_changes_nothing_that_happens():
    plain, paid = (jr.simulate(shop(fixed_cost=cost), paths=20, seed=5) for cost in (0, 6))
    same = [name for name in plain if name != "fixed_cost"]
    xr.testing.assert_identical(paid[same].drop_attrs(deep=False), plain[same].drop_attrs(deep=False))


def test_load__a_wrong_fixed_cost_is_a_fault_with_file_line_and_key(tmp_path):
    path = tmp_path / "shop.yaml"
    path.write_text(
        """name: shop
period: 1 d
horizon: 9 d
fixed_cost: -3 / d
stages:
  store: {fixed_cost: 3 / d, policy: {base_stock: {level: 5}}}
customers: {shop: {stage: store, demand: 1}}
strategies:
  jic: {fixed_cost: 2 years}
""",
        encoding="utf-8",
    )
    with pytest.raises(ModelError) as caught:
        jr.load(path)
    top, stage, strategy = str(caught.value).splitlines()
    assert "shop.yaml:4: fixed_cost: expected money per time such as `3000 / d`" in top
    assert "at least 0 and at most 1e+12, found a rate `-3 / d`" in top
    assert "shop.yaml:6: stages.store.fixed_cost: unknown key `fixed_cost`" in stage
    assert "at the top of the model or of a strategy" in stage
    assert "shop.yaml:9: strategies.jic.fixed_cost: expected money per time" in strategy
