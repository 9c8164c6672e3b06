"""Strategies compared on the same paths."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from handmade import of_cost, random_result
from scipy import stats

from jitrisk.errors import ResultError
from jitrisk.risk import compare
from jitrisk.vocabulary import COMPARISON_STATISTICS, METRICS


def test_compare__difference_is_that_of_a_paired_t_test():
    rng = np.random.default_rng(2)
    luck, gap = rng.lognormal(size=50), rng.normal(0.0, 0.2, 25)
    # Without skewness the interval is that of Student.
    cost = np.stack([luck, luck + 0.1 + np.concatenate([gap, -gap])])
    column = of_cost(cost).risk.compare()["cost"].isel(strategy=1)
    test = stats.ttest_rel(cost[1], cost[0])
    expected = test.confidence_interval(0.95)
    assert float(column.sel(statistic="mean")) == pytest.approx(np.mean(cost[1] - cost[0]))
    assert float(column.sel(statistic="standard_error")) == pytest.approx(stats.sem(cost[1] - cost[0]))
    assert column.sel(statistic=["lower", "upper"]).values == pytest.approx([expected.low, expected.high])


def test_compare__interval_of_a_skewed_difference_is_that_of_its_mean():
    rng = np.random.default_rng(2)
    luck, gap = rng.normal(10, 1, 300), rng.lognormal(0, 1.5, 300)
    column = of_cost(np.stack([luck, luck + gap])).risk.compare()["cost"].isel(strategy=1)
    alone = of_cost(gap).risk.describe()["cost"].isel(strategy=0)
    for end in ("lower", "upper"):
        assert float(column.sel(statistic=end)) == pytest.approx(float(alone.sel(statistic=end)), rel=1e-9)


def test_compare__base_differs_from_itself_by_nothing_and_can_be_any_strategy():
    outcomes = random_result()
    for base in (None, "plan 2"):
        compared = outcomes.risk.compare(base)
        own = compared.sel(strategy=base or "plan 0")
        assert compared.attrs["base"] == (base or "plan 0")
        assert not own[list(METRICS)].to_array().any()
        assert own["cheaper"] == 0
    first, last = outcomes.risk.compare(), outcomes.risk.compare("plan 2")
    forth = first["cost"].sel(strategy="plan 2", statistic=["mean", "cvar"])
    back = last["cost"].sel(strategy="plan 0", statistic=["mean", "cvar"])
    np.testing.assert_allclose(forth, -back)


@pytest.mark.parametrize("metric", ["cost", "fill_rate"])
def test_describe__difference_of_the_tails_is_that_of_the_measures(metric):
    outcomes = random_result()
    for statistic in ("var", "cvar"):
        measured = outcomes.risk.describe()[metric].sel(statistic=statistic)
        found = outcomes.risk.compare()[metric].sel(statistic=statistic)
        np.testing.assert_allclose(found, measured - measured[0], rtol=1e-12, atol=1e-12)


def test_compare__interval_of_the_tails_covers_the_truth_about_as_often_as_it_says():
    rng, runs, level = np.random.default_rng(4), 400, 0.9
    hits = 0
    for _ in range(runs):
        luck = rng.exponential(size=5000)
        # Twice the luck has twice the tail: the true difference is that of the luck itself.
        cost = xr.DataArray(np.stack([luck, 2 * luck]), dims=("strategy", "path"), attrs={"bad_tail": "upper"})
        column = compare(xr.Dataset({"cost": cost}), level=level)["cost"].isel(strategy=1)
        lower, upper = column.sel(statistic=["cvar_lower", "cvar_upper"]).values
        hits += lower < 1 + np.log(10) < upper
    assert abs(hits / runs - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs) + 0.01


def test_compare__strategies_share_their_luck_so_their_difference_is_sharper_than_they_are():
    luck = np.random.default_rng(6).lognormal(2.0, 1.0, 500)
    outcomes = of_cost(np.stack([luck, luck + 1.0]))
    alone = outcomes.risk.describe()["cost"].sel(statistic="standard_error").values
    column = outcomes.risk.compare()["cost"].isel(strategy=1)
    assert float(column.sel(statistic="mean")) == pytest.approx(1)
    assert float(column.sel(statistic="standard_error")) < 1e-9 < alone.min()


def test_compare__ties_count_for_neither_in_cheaper_and_are_shared_in_cheapest():
    cost = [[1.0, 2.0, 3.0, 3.0], [1.0, 1.0, 4.0, 3.0], [1.0, 5.0, 5.0, 5.0]]
    compared = of_cost(cost).risk.compare()
    assert compared["cheaper"].values.tolist() == [0, 0.25, 0]
    assert compared["cheapest"].values == pytest.approx([(1 / 3 + 1 + 0.5) / 4, (1 / 3 + 1 + 0.5) / 4, 1 / 12])
    assert float(compared["cheapest"].sum()) == pytest.approx(1)


def test_compare__shares_lie_in_their_exact_intervals():
    compared = random_result(paths=150).risk.compare()
    for name in ("cheaper", "cheapest"):
        assert (compared[f"{name}_lower"] <= compared[name]).all()
        assert (compared[name] <= compared[f"{name}_upper"]).all()
    expected = stats.binomtest(round(float(compared["cheaper"][1]) * 150), 150).proportion_ci(0.95, method="exact")
    assert float(compared["cheaper_lower"][1]) == pytest.approx(expected.low)
    assert float(compared["cheaper_upper"][1]) == pytest.approx(expected.high)


def test_compare__confidence_widens_the_intervals():
    outcomes = random_result(paths=5000)
    narrow, wide = (outcomes.risk.compare(confidence=c)["cost"].isel(strategy=1) for c in (0.9, 0.99))
    assert wide.sel(statistic="lower") < narrow.sel(statistic="lower")
    for name in ("var", "cvar"):
        assert wide.sel(statistic=f"{name}_upper") > narrow.sel(statistic=f"{name}_upper")


def test_compare__tails_have_differences_from_5000_paths_on_and_a_reason_below():
    for paths, known in ((4999, False), (5000, True)):
        found = random_result(2, paths).risk.compare()
        column = found["cost"].isel(strategy=1)
        assert np.isfinite(column.sel(statistic=["mean", "lower", "upper", "var", "cvar"])).all()
        errors = [name for name in COMPARISON_STATISTICS if name.startswith(("var_", "cvar_"))]
        assert np.isfinite(column.sel(statistic=errors)).values.tolist() == [known] * 6
        reasons = found["missing_interval"].sel(metric="cost").isel(strategy=1)
        assert reasons.values.tolist() == ["", *["" if known else "fewer than 5,000 paths"] * 2]


def test_compare__a_tail_too_short_for_the_confidence_has_no_interval_in_differences_either():
    # Five paths lie in the tail.
    outcomes = random_result(2, 5000)
    for confidence, known in ((0.95, True), (0.999, False)):
        found = outcomes.risk.compare(level=0.999, confidence=confidence)
        column = found["cost"].isel(strategy=1).sel(statistic=["var_lower", "var_upper"])
        assert np.isfinite(column).all() == known
        reason = found["missing_interval"].sel(metric="cost", estimate="var").isel(strategy=1).item()
        assert reason == ("" if known else "too few paths in the tail")


def test_compute_tail_risk__order_of_the_paths_does_not_matter():
    outcomes = random_result()
    shuffled = outcomes.isel(path=np.random.default_rng(5).permutation(200))
    xr.testing.assert_allclose(shuffled.risk.compare(), outcomes.risk.compare(), rtol=1e-10)


def test_compare__one_path_has_differences_and_no_intervals():
    column = of_cost([[5.0], [7.0]]).risk.compare()["cost"].isel(strategy=1)
    found = dict(zip(COMPARISON_STATISTICS, column.values, strict=True))
    assert found.pop("mean") == found.pop("var") == found.pop("cvar") == 2
    assert np.isnan(list(found.values())).all()


def test_compare__unknown_base_is_refused_with_the_known_ones():
    with pytest.raises(ResultError, match=r"no strategy 'jiit' to compare with; .* plan 0, plan 1, plan 2"):
        random_result().risk.compare("jiit")


def test_cheaper__each_strategy_is_better_than_each_other_as_often_as_counted():
    cost = [[1.0, 2.0, 3.0, 3.0], [1.0, 1.0, 4.0, 3.0], [1.0, 5.0, 5.0, 5.0]]
    found = of_cost(cost).risk.cheaper()
    assert found["share"].values.tolist() == [[0, 0.25, 0.75], [0.25, 0, 0.75], [0, 0, 0]]
    assert found["tie"].values.tolist() == [[1, 0.5, 0.25], [0.5, 1, 0.25], [0.25, 0.25, 1]]
    assert found["share"].dims == ("strategy", "other")
    low = of_cost(cost).risk.cheaper("fill_rate")
    assert (low["tie"] == 1).all()


def test_cheaper__the_matrix_of_wins_holds_the_wins_over_the_base():
    outcomes = random_result(paths=150)
    found, compared = outcomes.risk.cheaper(), outcomes.risk.compare("plan 1")
    column = found.sel(other="plan 1")
    np.testing.assert_array_equal(column["share"], compared["cheaper"])
    np.testing.assert_allclose(column["upper"][[0, 2]], compared["cheaper_upper"][[0, 2]])
    assert float(column["upper"][1]) == 0
    expected = stats.binomtest(round(float(column["share"][0]) * 150), 150).proportion_ci(0.95, method="exact")
    assert float(column["lower"][0]) == pytest.approx(expected.low)


def test_cheaper__more_profit_is_better():
    outcomes = random_result(paths=150)
    profit = outcomes.risk.metrics()["profit"].values
    assert float(outcomes.risk.cheaper("profit")["share"][0, 1]) == np.mean(profit[0] > profit[1])


def test_compare__the_richest_is_the_one_that_earns_most_and_ties_are_shared():
    profit = xr.DataArray([[3.0, 1.0, 2.0, 5.0], [1.0, 4.0, 2.0, 4.0]], dims=("strategy", "path"))
    values = xr.Dataset({"profit": profit.assign_attrs(bad_tail="lower")}, {"strategy": ["jit", "jic"]})
    found = compare(values)
    assert found["richest"].values.tolist() == [0.625, 0.375]
    assert found["richer"].values.tolist() == [0.0, 0.25]
    assert "cheapest" not in found
