"""Prices against the textbook's costs: shortages by the unit, holding of what is owned, a rate of the stage's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import jitrisk as jr

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
