"""Statistics over the paths of whole Datasets."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from handmade import of_cost, random_result, result

from jitrisk.errors import ResultError
from jitrisk.risk import describe
from jitrisk.vocabulary import METRICS, OUTCOMES, STATISTICS


def statistics(described: xr.Dataset, metric: str, strategy: int = 0) -> dict[str, float]:
    column = described[metric].isel(strategy=strategy)
    return dict(zip(column["statistic"].values, column.values, strict=True))


def test_describe__measures_are_a_table_of_strategies_and_statistics_for_every_metric():
    described = random_result().risk.describe()
    beside = ("", "_quantile", "_quantile_lower", "_quantile_upper")
    assert set(described) == {f"{name}{end}" for name in METRICS for end in beside}
    assert described["cost"].dims == ("strategy", "statistic")
    assert described["statistic"].values.tolist() == list(STATISTICS)
    assert described["cost_quantile"].dims == ("strategy", "quantile")
    assert described["cost"].attrs["units"] == "EUR"
    assert described.attrs["level"] == 0.95
    assert described.attrs["paths"] == 200
    assert all(np.isfinite(array).all() for array in described.values())


def test_describe__statistics_of_a_known_sample():
    costs = of_cost(np.random.default_rng(3).permutation(np.arange(1.0, 1001.0)))
    described = costs.risk.describe(quantiles=[0.25, 0.5])
    found = statistics(described, "cost")
    assert found["mean"] == 500.5
    assert found["standard_deviation"] == pytest.approx(np.std(np.arange(1000), ddof=1))
    assert found["standard_error"] == pytest.approx(found["standard_deviation"] / np.sqrt(1000))
    assert found["var"] == 950
    assert found["cvar"] == pytest.approx(np.mean(np.arange(951, 1001)))
    assert found["var_standard_error"] == pytest.approx(np.sqrt(1000 * 0.95 * 0.05))
    assert described["cost_quantile"].values.tolist() == [[250, 500]]
    assert described["quantile"].values.tolist() == [0.25, 0.5]


def test_describe__the_bad_tail_of_fill_rate_is_the_lower_one():
    filled = np.arange(1.0, 101.0)[np.newaxis, :, np.newaxis]
    outcomes = result(paths=100, filled=filled, demand=100.0)
    found = statistics(outcomes.risk.describe(level=0.9), "fill_rate")
    # The mirror of an upper tail: 0.11 is the largest share that at least 0.9 of the paths reach.
    assert found["var"] == pytest.approx(0.11)
    assert found["cvar"] == pytest.approx(np.mean(np.arange(1, 11)) / 100)
    assert found["mean"] == pytest.approx(0.505)


def test_describe__profit_and_cost_mirror_each_other_where_revenue_is_the_same():
    outcomes = random_result()
    fixed = outcomes.assign(shipped=0 * outcomes["shipped"] + 5.0)
    described = fixed.risk.describe()
    revenue = fixed.risk.costs()["revenue"].isel(path=0, drop=True)
    for statistic in ("mean", "var", "cvar"):
        cost, profit = (described[name].sel(statistic=statistic, drop=True) for name in ("cost", "profit"))
        np.testing.assert_allclose(profit, revenue - cost)
    for statistic in ("standard_error", "var_standard_error", "cvar_standard_error"):
        cost, profit = (described[name].sel(statistic=statistic, drop=True) for name in ("cost", "profit"))
        np.testing.assert_allclose(profit, cost)


def test_compute_tail_risk__order_of_the_paths_does_not_matter():
    outcomes = random_result()
    shuffled = outcomes.isel(path=np.random.default_rng(5).permutation(200))
    xr.testing.assert_allclose(shuffled.risk.describe(), outcomes.risk.describe(), rtol=1e-12)


def test_describe__intervals_of_quantiles_lie_between_order_statistics():
    costs = of_cost(np.random.default_rng(3).permutation(np.arange(1.0, 1001.0)))
    described = costs.risk.describe(quantiles=[0.5, 0.95])
    assert described["cost_quantile_lower"].values.tolist() == [[469, 936]]
    assert described["cost_quantile_upper"].values.tolist() == [[532, 964]]


def test_describe__confidence_widens_every_interval():
    values = random_result(paths=500).risk.metrics()
    narrow, wide = describe(values, confidence=0.8), describe(values, confidence=0.99)
    for name in ("mean", "var", "cvar"):
        ends = ["lower", "upper"] if name == "mean" else [f"{name}_lower", f"{name}_upper"]
        inner, outer = (table["cost"].sel(statistic=ends).values for table in (narrow, wide))
        assert (outer[:, 0] < inner[:, 0]).all()
        assert (outer[:, 1] > inner[:, 1]).all()


@pytest.mark.parametrize("name", ["starved", "on_hand", "stockout", "filled"])
def test_describe__outcomes_are_described_by_stage_or_customer(name):
    outcomes = random_result()
    thing = outcomes[name].dims[-1]
    described = outcomes.risk.describe(name, quantiles=[0.5])
    assert described[name].dims == ("strategy", thing, "statistic")
    assert described[f"{name}_quantile_lower"].dims == ("strategy", thing, "quantile")
    np.testing.assert_allclose(described[name].sel(statistic="mean", drop=True), outcomes[name].mean("path"))
    alone = describe(outcomes[[name]].isel({thing: [1]}))
    np.testing.assert_array_equal(alone[name], outcomes.risk.describe(name)[name].isel({thing: [1]}))


def test_describe__outcomes_know_their_bad_tail_and_their_year():
    outcomes = random_result()
    described = outcomes.risk.describe(*OUTCOMES, quantiles=())
    beside = ("", "_quantile", "_quantile_lower", "_quantile_upper")
    assert set(described) == {f"{name}{end}" for name in OUTCOMES for end in beside}
    low = {name for name in OUTCOMES if described[name].attrs["bad_tail"] == "lower"}
    assert low == {"filled", "shipped", "first_stockout"}
    averages = {name for name in OUTCOMES if described[name].attrs["per_year"] == 1}
    assert averages == {"on_hand", "wip", "backlog", "peak_backlog", "first_stockout"}
    assert described["starved"].attrs["per_year"] == pytest.approx(73)
    # The lower tail of what is filled: the mean of the worst paths lies below the mean.
    filled = described["filled"].sel(statistic=["mean", "cvar"]).values
    assert (filled[..., 1] < filled[..., 0]).all()


def test_describe__a_first_stockout_that_never_came_counts_as_the_end_of_the_horizon():
    first = np.array([-1, -1, 2, 7])[np.newaxis, :, np.newaxis]
    described = result(first_stockout=first).risk.describe("first_stockout", quantiles=[0.25, 0.5])
    found = statistics(described.isel(customer=0), "first_stockout")
    assert found["mean"] == (10 + 10 + 2 + 7) / 4
    assert described["first_stockout_quantile"].isel(customer=0).values.tolist() == [[2, 7], [2, 7]]
    assert "10 (the end) if none" in described["first_stockout"].attrs["long_name"]


def test_describe__names_are_looked_for_in_the_dataset_first():
    outcomes = random_result()
    described = outcomes.risk.describe("stockout", "fill_rate", "holding")
    assert described["stockout"].dims == ("strategy", "customer", "statistic")
    np.testing.assert_allclose(described["fill_rate"], outcomes.risk.describe()["fill_rate"])
    np.testing.assert_allclose(described["holding"], describe(outcomes.risk.costs())["holding"])


def test_describe__variables_of_a_users_own_are_taken_to_be_bad_when_high():
    outcomes = random_result()
    own = outcomes.assign(idle=outcomes["starved"] + outcomes["broken"])
    described = own.risk.describe("idle")["idle"]
    assert described.attrs["bad_tail"] == "upper"
    np.testing.assert_allclose(described.sel(statistic="mean"), own["idle"].mean("path"))


def test_describe__unknown_variables_and_wrong_dimensions_are_refused():
    outcomes = random_result()
    with pytest.raises(ResultError, match=r"unknown variable 'starvd': .*; did you mean 'starved'\?"):
        outcomes.risk.describe("starvd")
    with pytest.raises(ResultError, match=r"value has the dimensions \(strategy, stage\), it needs strategy, path"):
        describe(outcomes[["value"]])
    with pytest.raises(ResultError, match=r"confidence is 1\.5, it must lie between 0 and 1"):
        describe(outcomes.risk.metrics(), confidence=1.5)
    outcomes["starved"].values[1, 7, 2] = np.nan
    with pytest.raises(ResultError, match="starved is nan in 1 of 1,800 values, first on path 7 of strategy plan 1"):
        outcomes.risk.describe("starved")


def test_describe__large_samples_are_described_like_their_parts_in_order():
    # Large samples go another way than small ones, to the same answers.
    cost = np.random.default_rng(9).lognormal(size=200_000)
    cost[:80_000] = 1.0
    ordered = np.sort(cost)
    described = of_cost(cost).risk.describe()
    found = statistics(described, "cost")
    assert found["var"] == ordered[189_999]
    assert found["cvar"] == pytest.approx(ordered[190_000:].mean(), rel=1e-12)
    assert described["cost_quantile"].values[0].tolist() == [
        ordered[k] for k in (9999, 49_999, 99_999, 149_999, 189_999)
    ]


def test_describe__a_million_paths_are_averaged_in_64_bits():
    cost = np.full((1, 1_000_000), 0.1, dtype=np.float32)
    assert statistics(of_cost(cost).risk.describe(), "cost")["mean"] == pytest.approx(np.float32(0.1), rel=1e-12)


def test_describe__one_path_has_values_and_no_standard_errors():
    found = statistics(of_cost([[5.0]]).risk.describe(), "cost")
    assert {name for name, value in found.items() if np.isnan(value)} == {
        "standard_deviation",
        "standard_deviation_standard_error",
        *(name for name in STATISTICS if name.endswith(("standard_error", "lower", "upper"))),
    }
    assert found["mean"] == found["var"] == found["cvar"] == 5


def test_costs__components_of_cost_can_be_described_too():
    spent = random_result().risk.costs()
    described = describe(spent)
    np.testing.assert_allclose(described["holding"].sel(statistic="mean"), spent["holding"].mean("path"))


def test_describe__interval_of_the_mean_covers_the_truth_about_as_often_as_it_says():
    rng, runs = np.random.default_rng(11), 500
    cost = rng.exponential(size=(runs, 400))
    described = of_cost(cost).risk.describe()["cost"]
    mean, error = (described.sel(statistic=name).values for name in ("mean", "standard_error"))
    covered = np.mean(np.abs(mean - 1) < 1.96 * error)
    assert abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs)
