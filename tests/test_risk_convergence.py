"""Estimates from disjoint sub-samples."""

from __future__ import annotations

import numpy as np
import pytest
from handmade import of_cost, random_result

from jitrisk.errors import ResultError
from jitrisk.risk import convergence

PREFIX = {"mean": "", "var": "var_", "cvar": "cvar_"}


@pytest.mark.parametrize("statistic", PREFIX)
@pytest.mark.parametrize("metric", ["cost", "fill_rate"])
def test_describe__each_sub_sample_is_measured_as_if_it_were_alone(statistic, metric):
    outcomes = random_result(paths=2000)
    steps = outcomes.risk.convergence(metric, statistic, level=0.9)
    sizes = steps["size"].values
    starts = np.cumsum([0, *sizes])
    assert (sizes[1:] == 2 * sizes[:-1]).all()
    assert 2000 - starts[-1] < sizes.size**2 * 4
    for k, size in enumerate(sizes):
        alone = outcomes.isel(path=slice(starts[k], starts[k] + size)).risk.describe(level=0.9)[metric]
        np.testing.assert_allclose(steps["estimate"][:, k], alone.sel(statistic=statistic))
        for name in ("standard_error", "lower", "upper"):
            np.testing.assert_allclose(steps[name][:, k], alone.sel(statistic=PREFIX[statistic] + name))
    whole = outcomes.risk.describe(level=0.9)[metric]
    np.testing.assert_array_equal(steps["all_estimate"], whole.sel(statistic=statistic))
    np.testing.assert_array_equal(steps["all_upper"], whole.sel(statistic=f"{PREFIX[statistic]}upper"))


def test_convergence__error_falls_with_the_root_of_the_size_and_intervals_cover():
    cost = np.random.default_rng(3).exponential(size=(60, 8000))
    steps = convergence(of_cost(cost).risk.metrics())
    errors = steps["standard_error"].mean("strategy").values
    np.testing.assert_allclose(errors[:-1] / errors[1:], np.sqrt(2), rtol=0.05)
    covered = float(((steps["lower"] <= 1) & (steps["upper"] >= 1)).mean())
    runs = steps["lower"].size
    assert abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs) + 0.005


def test_convergence__the_first_sub_sample_is_large_enough_for_its_tail():
    outcomes = random_result(paths=5000)
    for level in (0.9, 0.95, 0.99):
        steps = outcomes.risk.convergence("cost", "cvar", level)
        assert steps["lower"].notnull().all()


@pytest.mark.parametrize("paths", [1, 2, 30, 149])
def test_convergence__few_paths_are_one_sub_sample(paths):
    steps = of_cost([np.arange(paths)]).risk.convergence()
    assert steps["size"].values.tolist() == [paths]
    assert steps["estimate"].values.tolist() == steps["all_estimate"].values[:, np.newaxis].tolist()


def test_convergence__a_million_paths_are_no_more_than_twelve():
    cost = np.zeros((1, 1_000_000))
    assert of_cost(cost).risk.convergence().sizes["sample"] == 12


def test_convergence__unknown_statistics_are_refused():
    with pytest.raises(ResultError, match="unknown statistic 'median': allowed are mean, var, cvar"):
        random_result().risk.convergence("cost", "median")
