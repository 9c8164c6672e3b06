"""Scores of statistics: their mean is the statistic, and their spread its error."""

from __future__ import annotations

import numpy as np
import pytest
from handmade import of_cost, random_result
from rarely import NOTHING_COSTS, with_fire

import jitrisk as jr
from jitrisk.errors import ResultError
from jitrisk.risk import compare, describe
from jitrisk.risk.design import read_design
from jitrisk.risk.estimand import Estimand, parse_estimand
from jitrisk.risk.metrics import metrics as compute_metrics

# Demand varies, and so does how long a fire takes, so that paths differ.
UNSTEADY = with_fire(NOTHING_COSTS, rate="1 / 50 years", duration={"exponential": {"mean": "20 d"}}) | {
    "holding_rate": "20 % / year",
    "stages": {"press": {**NOTHING_COSTS["stages"]["press"], "value": 10}},
    "customers": {"shop": {**NOTHING_COSTS["customers"]["shop"], "demand": {"poisson": {"mean": 90}}}},
}
EXAMPLE = "write it like cost.mean"
TEXTS = ["cost.mean", "cost.var90", "cost.cvar95", "fill_rate.mean", "fill_rate.var90", "fill_rate.cvar95"]


def scores_of(metrics, estimand):
    """The scores of every strategy and the design of the paths."""
    design = read_design(metrics)
    rows = metrics[estimand.metric].transpose("strategy", "path").values
    return [estimand.compute_scores(np.ascontiguousarray(row), design) for row in rows], design


def column(estimand, name=""):
    """The name of an estimate among those of `describe` and `compare`."""
    if estimand.statistic == "mean":
        return name or "mean"
    return f"{estimand.statistic}_{name}" if name else estimand.statistic


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("drawn", ["alike", "weighted"])
def test_compute_scores__their_mean_is_the_statistic(text, drawn):
    estimand = parse_estimand(text, EXAMPLE)
    if drawn == "alike":
        metrics = compute_metrics(random_result(paths=701))
    else:
        metrics = compute_metrics(jr.simulate(UNSTEADY, paths=700, rare=True, seed=3))
    rows, design = scores_of(metrics, estimand)
    expected = describe(metrics, estimand.level)[estimand.metric].sel(statistic=column(estimand)).values
    np.testing.assert_allclose([design.mean(row) for row in rows], expected, rtol=1e-12)


@pytest.mark.parametrize("text", TEXTS)
def test_compute_scores__differences_of_scores_have_intervals_as_wide_as_those_of_compare(text):
    estimand = parse_estimand(text, EXAMPLE)
    metrics = compute_metrics(random_result(strategies=2, paths=6000, seed=5))
    rows, design = scores_of(metrics, estimand)
    spread = design.spread(rows[1] - rows[0])
    found = compare(metrics, "plan 0", estimand.level)[estimand.metric].isel(strategy=1)
    assert spread.mean == pytest.approx(float(found.sel(statistic=column(estimand))), rel=1e-9)
    ends = [float(found.sel(statistic=column(estimand, name))) for name in ("lower", "upper")]
    # Intervals of tails are not symmetric; their widths are.
    width = (ends[1] - ends[0]) / (2 * 1.96)
    loose = {"mean": 0.02, "cvar": 0.15, "var": 0.4}[estimand.statistic]
    assert spread.standard_error == pytest.approx(width, rel=loose)


@pytest.mark.parametrize(("text", "loose"), [("cost.mean", 0.1), ("cost.cvar90", 0.1), ("cost.var90", 0.2)])
def test_compute_scores__paired_differences_have_the_error_of_the_bootstrap(text, loose):
    rng = np.random.default_rng(2)
    common = rng.gamma(2.0, 1.0, 3000)
    pair = np.stack([common + rng.gamma(1.0, 0.3, 3000), 0.8 * common + rng.gamma(1.0, 0.5, 3000)])
    estimand = parse_estimand(text, EXAMPLE)
    rows, design = scores_of(compute_metrics(of_cost(pair)), estimand)

    def statistic(values):
        if estimand.statistic == "mean":
            return values.mean(axis=-1)
        ordered = np.sort(values, axis=-1)
        return ordered[..., 2700] if estimand.statistic == "var" else ordered[..., 2700:].mean(axis=-1)

    picks = rng.integers(0, 3000, (600, 3000))
    differences = statistic(pair[1][picks]) - statistic(pair[0][picks])
    assert design.spread(rows[1] - rows[0]).standard_error == pytest.approx(differences.std(), rel=loose)


def test_compute_scores__error_of_a_tail_mean_is_that_of_its_closed_form():
    """For exponential losses CVaR is 1 - ln(1 - p), and the variance of the score (1 + p) / (1 - p)."""
    level, paths = 0.9, 200_000
    values = np.random.default_rng(4).exponential(size=paths)
    design = read_design(of_cost(values))
    spread = design.spread(Estimand("cost", "cvar", level).compute_scores(values, design))
    assert abs(spread.mean - (1 - np.log(1 - level))) < 4 * spread.standard_error
    assert spread.standard_error**2 * paths == pytest.approx((1 + level) / (1 - level), rel=0.03)


def test_compute_scores__ties_and_equal_paths_leave_no_error():
    values = np.full(500, 3.0)
    design = read_design(of_cost(values))
    for text in TEXTS[:3]:
        spread = design.spread(parse_estimand(text, EXAMPLE).compute_scores(values, design))
        assert (spread.mean, spread.standard_error) == (3.0, 0.0)


@pytest.mark.parametrize("text", [*TEXTS, "downtime.var99.5"])
def test_parse_estimand__reads_what_name_writes(text):
    assert parse_estimand(text, EXAMPLE).name == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cost", "no METRIC.STATISTIC"),
        ("cost mean", "no METRIC.STATISTIC"),
        ("costs.mean", "did you mean 'cost'"),
        ("cost.median", "unknown statistic 'median'"),
        ("cost.mean95", "unknown statistic 'mean95'"),
        ("cost.cvar", "unknown statistic 'cvar'"),
        ("cost.cvar0", "level '0' of cvar is not allowed"),
        ("cost.cvar100", "level '100' of cvar is not allowed"),
        ("cost.var9.9.9", "level '9.9.9' of var is not allowed"),
    ],
)
def test_parse_estimand__what_is_none_is_refused(text, words):
    with pytest.raises(ResultError) as caught:
        parse_estimand(text, EXAMPLE)
    assert words in str(caught.value)
