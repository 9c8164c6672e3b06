"""Objectives of strategies and their differences: one statistic as `describe` and `compare` have it, sums by scores."""

from __future__ import annotations

import numpy as np
import pytest
from handmade import of_cost, random_result
from rarely import NOTHING_COSTS, burning, with_fire

import jitrisk as jr
from jitrisk.risk import compare, describe
from jitrisk.risk.metrics import metrics as compute_metrics
from jitrisk.risk.objective import parse_objective
from jitrisk.risk.objective_estimates import compare_objective, estimate_objective

# Demand varies, and so does how long a fire takes, so that paths differ.
UNSTEADY = with_fire(NOTHING_COSTS, rate="1 / 50 years", duration={"exponential": {"mean": "20 d"}}) | {
    "holding_rate": "20 % / year",
    "stages": {"press": {**NOTHING_COSTS["stages"]["press"], "value": 10}},
    "customers": {"shop": {**NOTHING_COSTS["customers"]["shop"], "demand": {"poisson": {"mean": 90}}}},
}
FIELDS = ("value", "standard_error", "lower", "upper")
PAIRS = [("cost.mean", 1.0), ("-fill_rate.mean", -1.0), ("2*cost.cvar90", 2.0), ("-0.5*fill_rate.var90", -0.5)]


@pytest.fixture(scope="module", params=["alike", "weighted"])
def metrics(request):
    if request.param == "alike":
        return compute_metrics(random_result(paths=1200))
    return compute_metrics(jr.simulate(UNSTEADY, paths=1200, rare=True, seed=5))


def columns(found, estimand):
    """Value, error and interval of a statistic in a table of `describe` or `compare`, by name."""
    if estimand.statistic == "mean":
        names = ("mean", "standard_error", "lower", "upper")
    else:
        names = (estimand.statistic, *(f"{estimand.statistic}_{name}" for name in FIELDS[1:]))
    table = found[estimand.metric].transpose("strategy", "statistic")
    return {field: table.sel(statistic=name).values for field, name in zip(FIELDS, names, strict=True)}


def scaled(table, weight):
    """What a table becomes when its statistic is multiplied by a weight."""
    ends = ("lower", "upper") if weight > 0 else ("upper", "lower")
    return {
        "value": weight * table["value"],
        "standard_error": abs(weight) * table["standard_error"],
        "lower": weight * table[ends[0]],
        "upper": weight * table[ends[1]],
    }


@pytest.mark.parametrize(("text", "weight"), PAIRS)
def test_estimate_objective__one_statistic_is_that_of_describe(metrics, text, weight):
    objective = parse_objective(text)
    ((_, estimand),) = objective.terms
    expected = scaled(columns(describe(metrics, estimand.level), estimand), weight)
    found = estimate_objective(metrics, objective)
    for field in FIELDS:
        np.testing.assert_array_equal(getattr(found, field), expected[field])


@pytest.mark.parametrize(("text", "weight"), PAIRS)
def test_compare_objective__is_the_base_less_each_strategy_as_compare_has_it(metrics, text, weight):
    objective = parse_objective(text)
    ((_, estimand),) = objective.terms
    base = str(metrics["strategy"].values[-1])
    expected = scaled(columns(compare(metrics, base, estimand.level), estimand), -weight)
    found = compare_objective(metrics, objective, base)
    for field in FIELDS:
        np.testing.assert_array_equal(getattr(found, field), expected[field])
    own = estimate_objective(metrics, objective).value
    np.testing.assert_allclose(found.value, own[-1] - own, atol=1e-9 * np.abs(own).max())


def test_estimate_objective__a_sum_of_means_is_the_mean_of_the_sum():
    rng = np.random.default_rng(3)
    metrics = compute_metrics(random_result(paths=800, seed=4))
    metrics = metrics.assign(cost=metrics["cost"] + rng.normal(size=800)[np.newaxis] * 3)
    found = estimate_objective(metrics, parse_objective("0.7*cost.mean - 40*fill_rate.mean"))
    paths = (0.7 * metrics["cost"] - 40 * metrics["fill_rate"]).transpose("strategy", "path").values
    np.testing.assert_allclose(found.value, paths.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(found.standard_error, paths.std(axis=1, ddof=1) / np.sqrt(800), rtol=1e-9)
    assert (found.lower < found.value).all()
    assert (found.value < found.upper).all()


def test_compare_objective__differences_of_sums_are_paired():
    rng = np.random.default_rng(6)
    common = rng.gamma(2.0, 100.0, 2000)
    metrics = compute_metrics(of_cost(np.stack([common, common + rng.normal(5.0, 1.0, 2000)]), ["a", "b"]))
    found = compare_objective(metrics, parse_objective("0.5*cost.mean + 0.5*cost.mean"), "b")
    difference = metrics["cost"].sel(strategy="b") - metrics["cost"].sel(strategy="a")
    assert found.value[0] == pytest.approx(float(difference.mean()), rel=1e-9)
    assert found.standard_error[0] == pytest.approx(float(difference.std(ddof=1)) / np.sqrt(2000), rel=1e-9)
    assert [getattr(found, field)[1] for field in FIELDS] == [0.0] * 4


def test_estimates__scale_turns_the_interval_round():
    metrics = compute_metrics(random_result())
    found = estimate_objective(metrics, parse_objective("cost.mean"))
    turned = found.scale(-2.0)
    np.testing.assert_array_equal(turned.value, -2 * found.value)
    np.testing.assert_array_equal(turned.lower, -2 * found.upper)
    np.testing.assert_array_equal(turned.standard_error, 2 * found.standard_error)


def test_estimate_objective__paths_that_cannot_show_a_hazard_give_no_interval():
    metrics = compute_metrics(jr.simulate(burning("1 year"), paths=20, seed=1))
    for text in ("cost.mean", "cost.mean - 3*fill_rate.mean"):
        found = estimate_objective(metrics, parse_objective(text))
        assert np.isfinite(found.value).all()
        assert np.isnan([found.standard_error, found.lower, found.upper]).all()
