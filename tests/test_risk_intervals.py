"""Intervals and ranks against scipy and published answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from jitrisk.risk.intervals import (
    Spread,
    clopper_pearson,
    compute_skewed_interval,
    find_rank_interval,
    moments,
    normal,
    rank,
    standard_error,
    student,
)


@pytest.mark.parametrize(("paths", "level", "ranks"), [(1000, 0.95, (936, 964)), (10_000, 0.99, (9880, 9920))])
def test_find_rank_interval__rank_interval_covers_the_quantile_with_its_confidence(paths, level, ranks):
    assert find_rank_interval(paths, level) == ranks
    below = stats.binom(paths, level)
    assert below.cdf(ranks[1] - 1) - below.cdf(ranks[0] - 1) > 0.95


@pytest.mark.parametrize("probability", [0.001, 0.05, 0.5, 0.73, 0.95, 0.999])
@pytest.mark.parametrize("paths", [200, 4000, 12_345, 1_000_000])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.999])
def test_find_rank_interval__rank_interval_misses_at_each_end_as_often_as_allowed_and_no_less_than_needed(
    paths, probability, confidence
):
    ranks, below, miss = (
        find_rank_interval(paths, probability, confidence),
        stats.binom(paths, probability),
        (1 - confidence) / 2,
    )
    if ranks is None:
        assert below.cdf(0) > miss or below.sf(paths - 1) > miss
        return
    lower, upper = ranks
    assert below.cdf(lower - 1) <= miss < below.cdf(lower)
    assert below.sf(upper - 1) <= miss < below.sf(upper - 2)


def test_find_rank_interval__rank_interval_is_unknown_where_a_tail_is_too_short():
    # 0.95 ** 72 is the first power below 0.025: the largest of 72 paths is likely enough to lie above the quantile.
    assert find_rank_interval(71, 0.95) is None
    assert find_rank_interval(72, 0.95) is not None
    assert find_rank_interval(71, 0.05) is None


@pytest.mark.parametrize(
    ("paths", "probability", "expected"), [(100, 0.07, 7), (100, 0.071, 8), (3, 1e-9, 1), (1, 0.5, 1)]
)
def test_rank__rank_is_the_least_that_reaches_the_probability(paths, probability, expected):
    assert rank(paths, probability) == expected


@pytest.mark.parametrize(("seen", "paths"), [(0, 10), (3, 10), (10, 10), (1, 10_000), (5000, 10_000)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_clopper_pearson__clopper_pearson_is_that_of_scipy(seen, paths, confidence):
    expected = stats.binomtest(seen, paths).proportion_ci(confidence, method="exact")
    assert clopper_pearson(seen / paths, paths, confidence) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_clopper_pearson__clopper_pearson_coverage_is_the_published_one():
    paths, share = 10_000, 0.001
    ends = np.array([clopper_pearson(k / paths, paths) for k in range(60)])
    covered = (ends[:, 0] <= share) & (share <= ends[:, 1])
    assert stats.binom(paths, share).pmf(np.arange(60))[covered].sum() == pytest.approx(0.975457461854, abs=1e-9)


def test_student__student_and_normal_are_those_of_scipy():
    assert student(7) == pytest.approx(stats.t(7).ppf(0.975))
    assert student(7, 0.9) == pytest.approx(stats.t(7).ppf(0.95))
    assert normal(0.99) == pytest.approx(stats.norm.ppf(0.995))


def test_moments__one_path_has_no_spread_and_no_warning():
    alone = moments(np.ones(1))
    assert math.isnan(alone.deviation)
    assert math.isnan(alone.deviation_error)
    assert math.isnan(standard_error(np.ones(1)))
    assert math.isnan(student(0))


def test_moments__moments_are_those_of_scipy():
    sample = np.random.default_rng(8).lognormal(size=100_000)
    found = moments(sample)
    assert found.mean == pytest.approx(sample.mean(), rel=1e-14)
    assert found.deviation == pytest.approx(np.std(sample, ddof=1), rel=1e-12)
    assert found.standard_error == standard_error(sample) == pytest.approx(stats.sem(sample), rel=1e-12)
    assert found.skewness == pytest.approx(stats.skew(sample), rel=1e-12)
    assert found.fourth / found.second**2 == pytest.approx(stats.kurtosis(sample, fisher=False), rel=1e-12)


def test_moments__moments_of_a_constant_are_exact():
    found = moments(np.full(1_000_003, 0.1))
    assert (found.mean, found.deviation, found.skewness, found.deviation_error) == (0.1, 0, 0, 0)


@pytest.mark.parametrize("scale", [1e-130, 1e-60, 1e60])
def test_moments__tiny_and_huge_values_have_the_skewness_and_errors_of_others(scale):
    sample = np.random.default_rng(8).lognormal(size=1000)
    found, other = moments(sample * scale), moments(sample)
    assert found.deviation == pytest.approx(other.deviation * scale)
    if scale > 1e-100:
        assert found.skewness == pytest.approx(other.skewness)
        assert found.deviation_error == pytest.approx(other.deviation_error * scale)
    # The third power of 1e-130 is 0, and then the interval is the usual one.
    assert 0 <= found.skewness <= other.skewness * (1 + 1e-9)


def test_moments__error_of_the_standard_deviation_is_what_samples_show():
    rng = np.random.default_rng(5)
    samples = rng.gamma(2.0, size=(4000, 1000))
    errors = np.array([moments(row).deviation_error for row in samples])
    assert errors.mean() == pytest.approx(samples.std(axis=1, ddof=1).std(), rel=0.05)
    # Of a normal law it is the deviation over the root of 2 n.
    normal_error = moments(rng.normal(3.0, 2.0, 100_000)).deviation_error
    assert normal_error == pytest.approx(2.0 / math.sqrt(200_000), rel=0.02)


def test_moments__interval_without_skewness_is_that_of_student():
    sample = np.array([1.0, 2.0, 4.0, 5.0, 7.0, 8.0])
    found = moments(sample)
    assert found.skewness == pytest.approx(0, abs=1e-15)
    expected = stats.ttest_1samp(sample, 0).confidence_interval(0.95)
    ends = compute_skewed_interval(found.spread, student(5))
    assert ends == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("skewness", [-30.0, -2.0, 1e-9, 0.4, 6.0, 31.0])
@pytest.mark.parametrize("paths", [20, 1000])
def test_compute_skewed_interval__ends_of_the_interval_solve_the_published_transformation(skewness, paths):
    def transformed(t: float) -> float:
        # Hall (1992), the cubic that is monotone for every skewness.
        a = skewness / math.sqrt(paths)
        return t + a * t**2 / 3 + a**2 * t**3 / 27 + a / 6

    lower, upper = compute_skewed_interval(
        Spread(10.0, 1.0, 0.1, 0.5, skewness / math.sqrt(paths), paths - 1.0, paths), 1.96
    )
    assert transformed((10.0 - lower) / 0.5) == pytest.approx(1.96, rel=1e-9)
    assert transformed((10.0 - upper) / 0.5) == pytest.approx(-1.96, rel=1e-9)


def test_compute_skewed_interval__interval_reaches_further_where_the_tail_is():
    lower, upper = compute_skewed_interval(Spread(1.0, 31.6, 1.0, 1.0, 31.6 / math.sqrt(1000), 999.0, 1.0), 1.96)
    # One event in a thousand paths: the exact Poisson interval of its count is 0.025 to 5.57.
    assert -0.3 < lower < 0.025
    assert 5.57 < upper < 8
