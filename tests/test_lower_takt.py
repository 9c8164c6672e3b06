"""Takt and cycle times: by hand, and against the starts and backlogs of long simulations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import jitrisk as jr
from jitrisk.lower.takt import Takt, compute_takt


def build_line(hazards: dict[str, Any] | None = None, **press: Any) -> dict[str, Any]:
    """A press of 12 units in a shift of 8 h, of which 80 % are good, and a frame that takes two of them."""
    stages = {
        "press": {"capacity": 12, "yield": 0.8, "policy": {"base_stock": {"level": 40}}} | press,
        "frame": {"inputs": {"press": 2}, "policy": {"base_stock": {"level": 10}}},
    }
    return {
        "name": "line",
        "period": "8 h",
        "horizon": 100,
        "stages": stages,
        "customers": {"shop": {"stage": "frame", "demand": 4}},
        "hazards": hazards or {},
    }


def takt(model: dict[str, Any], stage: str = "press") -> Takt:
    return compute_takt(jr.load(model))[stage]


def test_compute_takt__available_time_over_units_to_be_started():
    """4 frames need 8 good units of the press, so 10 starts in 8 h; 12 can be started."""
    assert takt(build_line()) == Takt(8 / 10, 8 / 12, 1.0)
    assert takt(build_line(), "frame") == Takt(2.0, 0.0, 1.0)
    assert not takt(build_line()).is_slower
    assert takt(build_line(capacity=9)).is_slower
    assert not takt(build_line(capacity=10)).is_slower
    assert takt(build_line(capacity=0)).cycle_time == math.inf


def test_compute_takt__hazards_take_available_time():
    """A stop of 6 of 8 h with a ramp of 4 h, every 30 + 6 + 4 h; half of the strikes take a third of the capacity."""
    hazards = {
        "stop": {"time_between": "30 h", "duration": "6 h", "ramp": "4 h", "hits": {"press": {"capacity": 0}}},
        "strike": {
            "time_between": {"exponential": {"mean": "90 h"}},
            "duration": {"exponential": {"mean": "10 h"}},
            "chance": 0.5,
            "hits": {"press": {"capacity": 2 / 3}, "frame": {"lead_time": 2}},
        },
    }
    found = takt(build_line(hazards))
    assert found.availability == pytest.approx((1 - 8 / 40) * (1 - 0.5 / 3 * 0.1), rel=1e-12)
    assert found.takt_time == pytest.approx(0.8 * found.availability, rel=1e-12)
    assert found.is_slower
    assert takt(build_line(hazards), "frame").availability == 1.0


def test_compute_takt__season_counts_at_its_mean_and_no_demand_has_no_takt():
    model = build_line()
    model["customers"]["shop"] |= {"season": {"every": "1 d", "factors": [0.5, 2, 0.8]}, "trend": "10 % / d"}
    assert takt(model).takt_time == pytest.approx(0.8 / 1.1)
    model["customers"]["shop"]["demand"] = 0
    assert takt(model) == Takt(math.inf, 8 / 12, 1.0)
    assert not takt(model).is_slower


@pytest.mark.parametrize(("demand", "slower"), [(9.5, True), (8, False)])
def test_simulate__a_stage_slower_than_takt_builds_backlog(demand, slower):
    """A press of 12 a period that a hazard stops: in the long run it starts what hazards leave, and no more."""
    hazard = {
        "time_between": {"exponential": {"mean": "20 d"}},
        "duration": {"exponential": {"mean": "4 d"}},
        "ramp": "6 d",
        "hits": {"press": {"capacity": 0.1}},
    }
    model = {
        "name": "press",
        "period": "1 d",
        "horizon": 3000,
        "warm_up": 1000,
        "stages": {"press": {"capacity": 12, "yield": 0.9, "policy": {"base_stock": {"level": 60}}}},
        "customers": {"shop": {"stage": "press", "demand": demand}},
        "hazards": {"stop": hazard},
    }
    paths, counted = 200, 2000
    found, run = takt(model), jr.simulate(model, paths=paths, seed=5)
    assert found.availability == pytest.approx(1 - 0.9 * 7 / 30)
    assert found.is_slower == slower
    can_start = 24 / found.cycle_time * found.availability
    started = run.started.values.ravel() / counted
    error = started.std(ddof=1) / np.sqrt(paths)
    expected = min(demand / 0.9, can_start)
    assert started.mean() == pytest.approx(expected, abs=4 * error + 1e-3)
    growth = (demand - 0.9 * expected) * (1000 + counted / 2)  # mean backlog in the periods counted
    backlog = float(run.backlog.mean())
    assert backlog == pytest.approx(growth, rel=0.1) if slower else backlog < 0.01 * 2000 * demand
