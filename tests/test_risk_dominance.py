"""Stochastic dominance: laws whose order is known, scipy's largest difference, and how often verdicts err."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from handmade import of_cost, random_result
from scipy import stats

from jitrisk.risk import dominance

PATHS = 4000


def verdicts(cost: list[np.ndarray], metric: str = "cost") -> tuple[list[str], list[str]]:
    """First and second order of the first over the second strategy, then the other way round."""
    found = of_cost(np.stack(cost)).risk.dominance(metric)
    pairs = ((0, 1), (1, 0))
    return [str(found["first"].values[p]) for p in pairs], [str(found["second"].values[p]) for p in pairs]


def test_dominance__what_costs_less_on_every_path_dominates():
    luck = np.random.default_rng(1).lognormal(size=PATHS)
    assert verdicts([luck, luck + 0.5]) == (["dominates", "violated"], ["dominates", "violated"])


def test_dominance__less_spread_dominates_in_the_second_order_alone():
    rng = np.random.default_rng(2)
    first, second = verdicts([rng.normal(10, 1, PATHS), rng.normal(10.2, 3, PATHS)])
    assert first == ["violated", "violated"]
    assert second == ["dominates", "violated"]


def test_dominance__a_rare_disaster_is_seen_where_means_speak_for_it():
    rng = np.random.default_rng(3)
    luck = rng.normal(10, 1, PATHS)
    lean = np.where(rng.random(PATHS) < 0.01, 60.0, luck - 2)
    first, second = verdicts([lean, luck])
    assert first == ["violated", "violated"]
    assert second[0] == "violated"


def test_dominance__strategies_that_are_the_same_show_nothing():
    luck = np.random.default_rng(4).lognormal(size=PATHS)
    found = of_cost(np.stack([luck, luck])).risk.dominance()
    assert verdicts([luck, luck]) == (["not shown"] * 2, ["not shown"] * 2)
    # No path of 4,000 is worse: the exact bound of a share never seen, at the confidence left to it.
    assert float(found["first_upper"][0, 1]) == pytest.approx(1 - 0.0125 ** (1 / PATHS))
    assert float(found["second_upper"][0, 1]) == 0
    assert str(found["first"].values[0, 0]) == "same"


@pytest.mark.parametrize("metric", ["cost", "profit"])
def test_dominance__largest_violation_is_that_of_scipy(metric):
    values = random_result(paths=300).risk.metrics()
    found = dominance(values, metric)
    sign = -1 if metric == "profit" else 1
    for a in range(3):
        for b in range(3):
            one, other = sign * values[metric].values[a], sign * values[metric].values[b]
            # F of the other above F of the one is a violation of the one's dominance.
            expected = stats.ks_2samp(other, one, alternative="greater", method="asymp").statistic
            assert float(found["first_violation"][a, b]) == pytest.approx(expected if a != b else 0)


def test_dominance__expected_excess_is_compared_where_it_is_largest():
    rng = np.random.default_rng(7)
    a, b = rng.lognormal(size=PATHS), rng.lognormal(0.1, 0.8, size=PATHS)
    found = of_cost(np.stack([a, b])).risk.dominance()
    thresholds = np.sort(np.concatenate([a, b]))
    excess = np.array([np.maximum(a - t, 0).mean() - np.maximum(b - t, 0).mean() for t in thresholds[::8]])
    violation = found["second_violation"].values
    assert violation[0, 1] == pytest.approx(max(excess.max(), 0), rel=0.03)
    assert violation[1, 0] == pytest.approx(max(-excess.min(), 0), rel=0.03)
    assert found["second_violation"].attrs["units"] == "EUR"


def test_dominance__what_is_bad_when_low_is_turned_over():
    outcomes = random_result(paths=500)
    fixed = outcomes.assign(shipped=0 * outcomes["shipped"] + 5.0, price=0 * outcomes["price"] + 2.0)
    cost, profit = fixed.risk.dominance("cost"), fixed.risk.dominance("profit")
    for name in ("first", "second"):
        np.testing.assert_array_equal(profit[name], cost[name])
    np.testing.assert_allclose(profit["first_violation"], cost["first_violation"])


def test_dominance__verdicts_and_bounds_err_as_seldom_as_they_say():
    rng, runs, paths, shift = np.random.default_rng(8), 200, 400, 0.3
    truth = 2 * stats.norm.cdf(shift / 2) - 1
    wrong = {"violated": 0, "dominates": 0, "bound": 0}
    for _ in range(runs):
        cost = rng.normal(size=(3, paths))
        cost[2] += shift
        found = dominance(values_of(cost))
        # The first two have the same law: neither verdict is true, and both stand at the edge of being so.
        for name in ("violated", "dominates"):
            wrong[name] += str(found["first"].values[0, 1]) == name or str(found["second"].values[0, 1]) == name
        wrong["bound"] += not found["first_lower"].values[2, 0] <= truth <= found["first_upper"].values[2, 0]
    allowed = 0.05 * runs + 4 * np.sqrt(0.05 * 0.95 * runs)
    assert all(count <= allowed for count in wrong.values()), wrong


def values_of(cost: np.ndarray) -> xr.Dataset:
    array = xr.DataArray(cost, dims=("strategy", "path"), attrs={"bad_tail": "upper", "units": "EUR", "per_year": 1.0})
    return xr.Dataset({"cost": array.assign_coords(strategy=np.arange(len(cost)))})


@pytest.mark.parametrize("paths", [1, 2, 5])
def test_dominance__few_paths_show_nothing(paths):
    found = of_cost([np.arange(paths), np.arange(paths) + 1.0]).risk.dominance()
    assert {str(found[order].values[pair]) for order in ("first", "second") for pair in ((0, 1), (1, 0))} == {
        "not shown"
    }
    assert float(found["first_upper"][0, 1]) > 0.3


def test_dominance__one_strategy_has_nobody_beside_it():
    found = of_cost([[1.0, 2.0]]).risk.dominance()
    assert found["first"].values.tolist() == [["same"]]
