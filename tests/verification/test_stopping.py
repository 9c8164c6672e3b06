"""Stopping when an interval is narrow enough leaves its coverage as it is, nearly."""

import math

import numpy as np
import pytest
import xarray as xr
from scipy.stats import norm

from jitrisk.risk import assess_precision, parse_precision_target
from jitrisk.studies import until

pytestmark = pytest.mark.verification
REPEATS = 300
SIGMA = 1.0


def values_of(cost: np.ndarray) -> xr.Dataset:
    attrs = {"per_year": 1.0, "bad_tail": "upper", "units": "EUR", "long_name": "cost"}
    return xr.Dataset({"cost": (("strategy", "path"), cost[np.newaxis], attrs)}, {"strategy": ["a"]}, {"per_year": 1.0})


def stopped(rng: np.random.Generator, target: str) -> xr.Dataset:
    """What is found when a sample has grown until the target is reached."""
    cost = rng.lognormal(0, SIGMA, until.FIRST)
    while True:
        found = until.plan_paths(assess_precision(values_of(cost), parse_precision_target(target)), 10**7, 10**9)
        if "stopped" in found.attrs:
            return found
        cost = np.append(cost, rng.lognormal(0, SIGMA, found.attrs["planned"] - cost.size))


@pytest.mark.parametrize(
    ("target", "truth"),
    [
        ("cost.mean:4%", math.exp(SIGMA**2 / 2)),
        ("cost.cvar95:6%", math.exp(SIGMA**2 / 2) * norm.cdf(SIGMA - norm.ppf(0.95)) / 0.05),
    ],
)
def test_plan_paths__an_interval_that_ended_a_run_covers_nearly_as_often_as_it_says(monkeypatch, target, truth):
    monkeypatch.setattr(until, "FIRST", 1000)
    rng = np.random.default_rng(11)
    found = [stopped(rng, target) for _ in range(REPEATS)]
    assert all(one.attrs["stopped"] == "met" for one in found)
    assert min(one.attrs["paths"] for one in found) > 1000
    covered = np.mean([one["lower"].item() <= truth <= one["upper"].item() for one in found])
    # Four standard errors of a coverage of 95 % over so many repeats, and one hundredth for stopping.
    assert 0.95 - 0.01 - 4 * math.sqrt(0.95 * 0.05 / REPEATS) < covered
