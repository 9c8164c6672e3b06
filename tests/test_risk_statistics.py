"""Statistics over the paths of whole Datasets."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from handmade import of_cost, random_result, result

from jitrisk.risk import describe
from jitrisk.vocabulary import METRICS, STATISTICS


def statistics(measures: xr.Dataset, metric: str, strategy: int = 0) -> dict[str, float]:
    column = measures[metric].isel(strategy=strategy)
    return dict(zip(column["statistic"].values, column.values, strict=True))


def test_measures_are_a_table_of_strategies_and_statistics_for_every_metric():
    measures = random_result().risk.measure()
    assert set(measures) == {*METRICS, *(f"{name}_quantile" for name in METRICS)}
    assert measures["cost"].dims == ("strategy", "statistic")
    assert measures["statistic"].values.tolist() == list(STATISTICS)
    assert measures["cost_quantile"].dims == ("strategy", "quantile")
    assert measures["cost"].attrs["units"] == "EUR"
    assert measures.attrs["level"] == 0.95
    assert measures.attrs["paths"] == 200
    assert all(np.isfinite(array).all() for array in measures.values())


def test_statistics_of_a_known_sample():
    measures = of_cost(np.random.default_rng(3).permutation(np.arange(1.0, 1001.0))).risk.measure(quantiles=[0.25, 0.5])
    found = statistics(measures, "cost")
    assert found["mean"] == 500.5
    assert found["standard_deviation"] == pytest.approx(np.std(np.arange(1000), ddof=1))
    assert found["standard_error"] == pytest.approx(found["standard_deviation"] / np.sqrt(1000))
    assert found["var"] == 950
    assert found["cvar"] == pytest.approx(np.mean(np.arange(951, 1001)))
    assert found["var_standard_error"] == pytest.approx(np.sqrt(1000 * 0.95 * 0.05))
    assert measures["cost_quantile"].values.tolist() == [[250, 500]]
    assert measures["quantile"].values.tolist() == [0.25, 0.5]


def test_the_bad_tail_of_fill_rate_is_the_lower_one():
    filled = np.arange(1.0, 101.0)[np.newaxis, :, np.newaxis]
    outcomes = result(paths=100, filled=filled, demand=100.0)
    found = statistics(outcomes.risk.measure(level=0.9), "fill_rate")
    # The mirror of an upper tail: 0.11 is the largest share that at least 0.9 of the paths reach.
    assert found["var"] == pytest.approx(0.11)
    assert found["cvar"] == pytest.approx(np.mean(np.arange(1, 11)) / 100)
    assert found["mean"] == pytest.approx(0.505)


def test_profit_and_cost_mirror_each_other_where_revenue_is_the_same():
    outcomes = random_result()
    fixed = outcomes.assign(shipped=0 * outcomes["shipped"] + 5.0)
    measures = fixed.risk.measure()
    revenue = fixed.risk.costs()["revenue"].isel(path=0, drop=True)
    for statistic in ("mean", "var", "cvar"):
        cost, profit = (measures[name].sel(statistic=statistic, drop=True) for name in ("cost", "profit"))
        np.testing.assert_allclose(profit, revenue - cost)
    for statistic in ("standard_error", "var_standard_error", "cvar_standard_error"):
        cost, profit = (measures[name].sel(statistic=statistic, drop=True) for name in ("cost", "profit"))
        np.testing.assert_allclose(profit, cost)


def test_order_of_the_paths_does_not_matter_to_the_last_bit():
    outcomes = random_result()
    shuffled = outcomes.isel(path=np.random.default_rng(5).permutation(200))
    xr.testing.assert_identical(shuffled.risk.measure(), outcomes.risk.measure())


def test_a_million_paths_are_averaged_in_64_bits():
    cost = np.full((1, 1_000_000), 0.1, dtype=np.float32)
    assert statistics(of_cost(cost).risk.measure(), "cost")["mean"] == pytest.approx(np.float32(0.1), rel=1e-12)


def test_one_path_has_values_and_no_standard_errors():
    found = statistics(of_cost([[5.0]]).risk.measure(), "cost")
    assert {name for name, value in found.items() if np.isnan(value)} == {
        "standard_deviation",
        "standard_error",
        "var_standard_error",
        "cvar_standard_error",
    }
    assert found["mean"] == found["var"] == found["cvar"] == 5


def test_components_of_cost_can_be_described_too():
    spent = random_result().risk.costs()
    described = describe(spent)
    np.testing.assert_allclose(described["holding"].sel(statistic="mean"), spent["holding"].mean("path"))


def test_interval_of_the_mean_covers_the_truth_about_as_often_as_it_says():
    rng, runs = np.random.default_rng(11), 500
    cost = rng.exponential(size=(runs, 400))
    measures = of_cost(cost).risk.measure()["cost"]
    mean, error = (measures.sel(statistic=name).values for name in ("mean", "standard_error"))
    covered = np.mean(np.abs(mean - 1) < 1.96 * error)
    assert abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs)
