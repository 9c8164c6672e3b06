"""Which networks are whole: nothing in them is rounded, and the result is that of fractions rounded to grains."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

import jitrisk as jr
from jitrisk.lower import lower
from jitrisk.lower.rounding import Range
from jitrisk.vocabulary import OUTCOMES

WHOLE = {"time_between": {"geometric": {"mean": 30}}, "duration": {"geometric": {"mean": 3}}}


def build_line(hazard: dict[str, Any], factor: float = 0, horizon: int = 300, **shop: Any) -> dict[str, Any]:
    stages = {
        "mine": {"capacity": 9, "policy": {"base_stock": {"level": 12}}},
        "shop": {"capacity": 8, "policy": {"kanban": {"cards": 6, "container": 2}}, "inputs": {"mine": 1}} | shop,
    }
    return {
        "name": "line",
        "period": "1 d",
        "horizon": horizon,
        "stages": stages,
        "customers": {"buyer": {"stage": "shop", "demand": {"poisson": {"mean": 5}}}},
        "hazards": {"stop": hazard | {"hits": {"shop": {"capacity": factor}}}},
    }


def is_whole(model: dict[str, Any]) -> bool:
    return not lower(jr.load(model)).tolerance.any()


def test_round_flows__stops_of_whole_periods_leave_units_whole():
    assert is_whole(build_line(WHOLE))
    assert is_whole(build_line(WHOLE | {"chance": 0.5}))


@pytest.mark.parametrize(
    ("hazard", "factor"),
    [
        (WHOLE, 0.5),
        (WHOLE | {"ramp": "2 d"}, 0),
        (WHOLE | {"duration": {"exponential": {"mean": 3}}}, 0),
        ({"rate": "1 / 30 d", "duration": "3 d"}, 0),
    ],
    ids=["a part of the capacity", "ramp", "part of a period", "begins within a period"],
)
def test_round_flows__stops_of_parts_of_periods_or_of_the_capacity_are_rounded(hazard, factor):
    assert not is_whole(build_line(hazard, factor))


def test_round_flows__hazards_on_a_yield_are_rounded():
    model = build_line(WHOLE)
    model["hazards"]["stop"]["hits"] = {"shop": {"yield": 0}}
    assert not is_whole(model)


def build_busy_line() -> dict[str, Any]:
    """A line of whole units, but for more of them than float32 counts."""
    model = build_line(WHOLE, horizon=10_000)
    for stage, capacity in zip(model["stages"].values(), (900, 800), strict=True):
        stage |= {"capacity": capacity, "policy": {"base_stock": {"level": 1200}}}
    model["customers"]["buyer"]["demand"] = {"poisson": {"mean": 500}}
    return model


def test_round_flows__a_hazard_whose_series_is_handed_in_changes_no_type_of_state():
    model, one = jr.load(build_busy_line()), Range(0.0, 1.0, 1.0, True)
    assert lower(model, {("availability", "shop"): one}).double


@pytest.mark.parametrize("level", [100_001, 300_001, 1_000_001])
def test_simulate__what_is_scrapped_again_and_again_is_counted_exactly(level):
    model = {
        "name": "scrap",
        "period": "1 d",
        "horizon": 300,
        "stages": {"shop": {"on_hand": 0, "policy": {"base_stock": {"level": level}}}},
        "customers": {"buyer": {"stage": "shop", "demand": {"poisson": {"mean": 5}}}},
    }
    exogenous = jr.sample(model, 3, seed=1)
    exogenous["yield"] = xr.zeros_like(exogenous["demand"]).rename({"customer": "stage"}).assign_coords(stage=["shop"])
    exogenous["yield"][:, ::100] = 1
    found, flows = (run(model, exogenous=exogenous) for run in (jr.simulate, jr.trace))
    for name in ("started", "scrapped"):
        expected = flows[name].astype(float).sum("time").transpose(*found[name].dims)
        np.testing.assert_array_equal(found[name], expected, err_msg=name)


def test_round_flows__stops_never_take_a_network_to_float64():
    model = build_busy_line()
    stopped, running = lower(jr.load(model)), lower(jr.load(model | {"hazards": {}}))
    assert running.double  # whole, but for more units than float32 counts
    assert not stopped.double


@pytest.mark.parametrize("policy", [{"base_stock": {"level": 12}}, {"kanban": {"cards": 4, "container": 3}}])
def test_simulate__a_whole_network_has_the_outcomes_of_the_same_one_in_grains(policy):
    """A capacity that is never reached makes no difference, but where it is not whole, flows are rounded to grains."""
    whole, in_grains = build_line(WHOLE, policy=policy, capacity=900), build_line(WHOLE, policy=policy, capacity=900.5)
    assert is_whole(whole)
    assert not is_whole(in_grains)
    found, expected = (jr.simulate(model, 200, seed=3) for model in (whole, in_grains))
    assert (found["stockout"] > 0).any()
    for name in OUTCOMES:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)
