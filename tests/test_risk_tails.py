"""Value at risk and conditional value at risk: closed forms, atoms, and standard errors that hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from tail_scores import compute_tail_scores

from jitrisk.risk.tails import compute_tail_risk

SEED = 20_261_121
LAWS = {
    "normal": (stats.norm(), lambda a: stats.norm.pdf(stats.norm.ppf(a)) / (1 - a)),
    "exponential": (stats.expon(), lambda a: 1 - math.log(1 - a)),
    "lognormal": (stats.lognorm(1), lambda a: math.exp(0.5) * stats.norm.cdf(1 - stats.norm.ppf(a)) / (1 - a)),
    "pareto": (stats.pareto(3), lambda a: 1.5 * (1 - a) ** (-1 / 3)),
    "uniform": (stats.uniform(), lambda a: (1 + a) / 2),
}
ATOMS = {0.9: (0, 35), 0.93: (10, 320 / 7), 0.95: (10, 60), 0.99: (50, 100)}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99, 0.999])
def test_compute_tail_risk__closed_forms_lie_within_four_standard_errors(law, level):
    distribution, cvar = LAWS[law]
    sample = np.sort(distribution.rvs(400_000, random_state=np.random.default_rng(SEED)))
    risk = compute_tail_risk(sample, level)
    assert abs(risk.var - distribution.ppf(level)) < 4 * risk.var_standard_error
    assert abs(risk.cvar - cvar(level)) < 4 * risk.cvar_standard_error


@pytest.mark.parametrize("level", ATOMS)
@pytest.mark.parametrize("copies", [1, 37])
def test_compute_tail_risk__atom_at_the_value_at_risk_is_split(level, copies):
    sample = np.repeat([0.0, 10.0, 50.0, 100.0], np.array([90, 5, 4, 1]) * copies)
    risk = compute_tail_risk(sample, level)
    assert risk.var == ATOMS[level][0]
    assert risk.cvar == pytest.approx(ATOMS[level][1])


def test_compute_tail_risk__part_of_a_path_counts_where_the_tail_is_no_whole_number_of_paths():
    # The worst 0.25 of ten paths' mass is two paths and half of the third.
    risk = compute_tail_risk(np.arange(1.0, 11.0), 0.75)
    assert risk.var == 8
    assert risk.cvar == pytest.approx((10 + 9 + 0.5 * 8) / 2.5)


def test_compute_tail_risk__standard_errors_are_those_of_the_exponential():
    level, paths = 0.95, 1_000_000
    risk = compute_tail_risk(np.sort(np.random.default_rng(SEED).exponential(size=paths)), level)
    assert risk.var_standard_error == pytest.approx(math.sqrt(level / (1 - level) / paths), rel=0.05)
    assert risk.cvar_standard_error == pytest.approx(math.sqrt((1 + level) / (1 - level) / paths), rel=0.02)


def test_compute_tail_risk__intervals_from_the_standard_errors_cover_the_truth_about_as_often_as_they_say():
    rng, level, runs = np.random.default_rng(SEED), 0.9, 600
    hits = np.zeros(2)
    for _ in range(runs):
        risk = compute_tail_risk(np.sort(rng.exponential(size=1000)), level)
        hits[0] += abs(risk.var - math.log(10)) < 1.96 * risk.var_standard_error
        hits[1] += abs(risk.cvar - math.log(10) - 1) < 1.96 * risk.cvar_standard_error
    # Four standard errors of a share of 600 around 0.95, and a little for the bias of a small tail.
    assert np.all(hits / runs > 0.95 - 4 * math.sqrt(0.95 * 0.05 / runs) - 0.01)
    assert np.all(hits / runs < 0.99)


@pytest.mark.parametrize("paths", [1, 2, 20, 71])
def test_compute_tail_risk__standard_errors_are_unknown_where_the_tail_holds_too_few_paths(paths):
    risk = compute_tail_risk(np.arange(float(paths)), 0.95)
    assert risk.var == paths - 1 - (paths >= 20) - 2 * (paths == 71)
    for name in ("var", "cvar"):
        assert all(math.isnan(getattr(risk, f"{name}_{part}")) for part in ("standard_error", "lower", "upper"))


def test_compute_tail_risk__scores_average_to_the_conditional_value_at_risk_in_any_order():
    sample = np.random.default_rng(SEED).gamma(2.0, size=999)
    risk = compute_tail_risk(np.sort(sample), 0.95)
    assert compute_tail_scores(sample, 0.95).mean() == pytest.approx(risk.cvar, rel=1e-13)


def test_compute_tail_risk__interval_of_the_value_at_risk_lies_between_its_order_statistics():
    risk = compute_tail_risk(np.arange(1.0, 1001.0), 0.95)
    assert (risk.var_lower, risk.var, risk.var_upper) == (936, 950, 964)
    low = compute_tail_risk(np.arange(1.0, 1001.0), 0.95, low=True)
    assert (low.var_lower, low.var, low.var_upper) == (37, 51, 65)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95])
def test_compute_tail_risk__a_lower_tail_mirrors_an_upper_one(level):
    sample = np.random.default_rng(SEED).lognormal(size=2000)
    upper, low = compute_tail_risk(sample, level), compute_tail_risk(-sample, level, low=True)
    for name in ("var", "cvar"):
        assert getattr(low, name) == pytest.approx(-getattr(upper, name))
        assert getattr(low, f"{name}_standard_error") == pytest.approx(getattr(upper, f"{name}_standard_error"))
        assert getattr(low, f"{name}_lower") == pytest.approx(-getattr(upper, f"{name}_upper"))
        assert getattr(low, f"{name}_upper") == pytest.approx(-getattr(upper, f"{name}_lower"))


def test_compute_tail_risk__interval_holds_the_value_on_the_milder_side_of_a_jump_at_the_level():
    # 51 of 1,000 paths lose 10: were it 49 of 1,000, the mean of the worst 5 % would be 9.8.
    risk = compute_tail_risk(np.repeat([0.0, 10.0], [949, 51]), 0.95)
    assert (risk.var, risk.cvar, risk.cvar_upper) == (10, 10, 10)
    assert risk.cvar_lower < 9.8
    low = compute_tail_risk(np.repeat([0.0, -10.0], [949, 51]), 0.95, low=True)
    assert (low.cvar_upper, low.cvar_lower) == (-risk.cvar_lower, -10)


def test_compute_tail_risk__order_of_the_paths_does_not_matter():
    sample = np.random.default_rng(SEED).lognormal(size=200_000)
    one, other = compute_tail_risk(sample, 0.95), compute_tail_risk(np.sort(sample), 0.95)
    assert vars(one) == pytest.approx(vars(other), rel=1e-12)


def test_compute_tail_scores__errors_of_the_conditional_value_at_risk_are_those_of_its_scores():
    sample = np.random.default_rng(SEED).lognormal(size=5000)
    scores = compute_tail_scores(sample, 0.95)
    assert compute_tail_risk(sample, 0.95).cvar_standard_error == pytest.approx(stats.sem(scores), rel=1e-10)


def test_compute_tail_risk__a_constant_is_known():
    assert set(vars(compute_tail_risk(np.full(500, 3.0), 0.95)).values()) == {3.0, 0.0}
