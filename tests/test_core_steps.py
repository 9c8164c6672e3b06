"""Stages that start in steps: what their downtime is, worked out without the twin."""

from __future__ import annotations

from typing import Any

import pytest

import jitrisk as jr

HALF = {
    "half": {"rate": "1 / 10 d", "duration": "30 d", "hits": {"press": {"capacity": 0.5}}},
    "quiet": {"rate": "1 / 20 d", "duration": "40 d", "hits": {"buyer": {"demand": 0}}},
}


@pytest.mark.parametrize(
    "feature",
    [
        {"policy": {"base_stock": {"level": 200, "cap": 200}}},
        {"overtime": {"below": 50, "factor": 1.5}, "capacity": 9},
    ],
    ids=["cap", "overtime"],
)
def test_simulate__a_stage_without_inputs_is_never_starved(feature: dict[str, Any]) -> None:
    """Orders that halve in every period fall below what counts as rounding and are not started: that is no downtime."""
    press = {"lead_time": "2 d", "policy": {"base_stock": {"level": 200}}} | feature
    customer = {"stage": "press", "demand": {"gamma": {"mean": 5, "cv": 0.5}}}
    model = {"name": "press", "period": "1 d", "horizon": "60 d", "stages": {"press": press}, "hazards": HALF}
    result = jr.simulate(model | {"customers": {"buyer": customer}}, paths=300, seed=1)
    assert result.broken.sum() > 0
    assert result.starved.sum() == 0


def test_simulate__a_cap_at_the_level_of_a_store_without_backlog_changes_nothing() -> None:
    policies = {"capped": {"level": 20, "cap": 20}, "free": {"level": 20}}
    stage = {"lead_time": "2 d", "policy": {"base_stock": policies["free"]}}
    strategies = {name: {"stages": {"press": {"policy": {"base_stock": fields}}}} for name, fields in policies.items()}
    customer = {"stage": "press", "demand": {"poisson": {"mean": 5}}, "unmet": "lost"}
    model = {"name": "press", "period": "1 d", "horizon": "90 d", "stages": {"press": stage}, "strategies": strategies}
    result = jr.simulate(model | {"customers": {"buyer": customer}}, paths=100, seed=2)
    assert result.sel(strategy="capped").drop_vars("strategy").equals(result.sel(strategy="free").drop_vars("strategy"))
