"""Histograms on shared bins: nothing is counted twice or lost."""

from __future__ import annotations

import numpy as np
import pytest
from handmade import of_cost, random_result, result

from jitrisk.errors import ResultError

LAWS = {
    "normal": lambda rng: rng.normal(100, 5, 5000),
    "heavy": lambda rng: rng.pareto(0.7, 5000),
    "atom": lambda rng: np.where(rng.random(5000) < 0.95, 0.0, rng.lognormal(size=5000)),
    "rare": lambda rng: np.where(rng.random(5000) < 0.999, 0.0, rng.lognormal(size=5000)),
    "whole": lambda rng: rng.poisson(7, 5000).astype(float),
    "two": lambda rng: rng.integers(0, 2, 5000).astype(float),
    "constant": lambda rng: np.full(5000, 3.0),
    "nothing": lambda rng: np.zeros(5000),
    "nearly constant": lambda rng: 1e6 + rng.integers(0, 2, 5000) * 1e-7,
}


def edges(bins) -> np.ndarray:
    np.testing.assert_array_equal(bins["left"].values[1:], bins["right"].values[:-1])
    return np.append(bins["left"].values, bins["right"].values[-1])


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("count", [1, 7, 40])
def test_histogram__shares_are_those_of_numpy_and_add_up_to_one(law, count):
    rng = np.random.default_rng(6)
    cost = np.stack([LAWS[law](rng), LAWS[law](rng)])
    outcomes = of_cost(cost)
    bins = outcomes.risk.histogram(bins=count)
    assert 1 <= bins.sizes["bin"] <= count
    cuts = edges(bins)
    assert (np.diff(cuts) > 0).all()
    values = outcomes.risk.metrics()["cost"].values
    for s in range(2):
        expected = np.histogram(values[s], cuts)[0] / 5000
        np.testing.assert_allclose(bins["share"][s], expected, atol=1e-12)
    total = bins["share"].sum("bin") + bins["below"] + bins["above"]
    np.testing.assert_allclose(total, 1)
    np.testing.assert_allclose((bins["density"] * np.diff(cuts)).sum("bin"), bins["share"].sum("bin"))


def test_histogram__a_heavy_tail_does_not_squeeze_the_rest_into_one_bin():
    cost = np.random.default_rng(1).pareto(0.7, 100_000)
    bins = of_cost(cost).risk.histogram().isel(strategy=0)
    assert float(bins["above"]) == pytest.approx(0.005, abs=1e-4)
    assert float(bins["below"]) == 0
    assert bins["right"].values[-1] < 0.01 * cost.max()


def test_histogram__what_is_bad_when_low_is_cut_off_at_its_low_end():
    filled = 1 - np.random.default_rng(1).pareto(0.7, 20_000).clip(0, 1e6)[np.newaxis, :, np.newaxis] * 1e-6
    outcomes = result(paths=20_000, filled=filled, demand=1.0)
    bins = outcomes.risk.histogram("fill_rate").isel(strategy=0)
    assert float(bins["below"]) == pytest.approx(0.005, abs=1e-4)
    assert float(bins["above"]) <= 0.0005
    assert bins["left"].attrs["units"] == "1"


def test_histogram__whole_steps_have_bins_of_whole_steps():
    rng = np.random.default_rng(4)
    short = rng.integers(0, 30, 5000).astype(float)
    bins = result(paths=5000, stockout=short[:, np.newaxis]).risk.histogram("stockout", bins=40).isel(strategy=0)
    # Half a day short a period: every bin lies around one value.
    step = 0.5
    np.testing.assert_allclose(edges(bins), (np.arange(31) - 0.5) * step)
    np.testing.assert_allclose(bins["share"], np.bincount(short.astype(int)) / 5000)
    coarse = result(paths=5000, stockout=short[:, np.newaxis]).risk.histogram("stockout", bins=10).isel(strategy=0)
    np.testing.assert_allclose(np.diff(edges(coarse)), 3 * step)


def test_histogram__rare_values_of_a_nearly_constant_variable_are_shown():
    cost = np.append(np.zeros(9999), 100.0)
    bins = of_cost(cost).risk.histogram()
    assert float(bins["above"].sum() + bins["below"].sum()) == 0
    assert bins["share"].values[0, -1] == pytest.approx(1e-4)


def test_histogram__bins_and_metric_must_be_there():
    with pytest.raises(ResultError, match="bins is 0: allowed is a whole number of at least 1"):
        random_result().risk.histogram(bins=0)
    with pytest.raises(ResultError, match="unknown metric 'x'"):
        random_result().risk.histogram("x")
