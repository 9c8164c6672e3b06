"""Intervals and ranks against scipy and published answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from jitrisk.risk.precision import deviation, normal, rank, rank_interval, standard_error, student, wilson


@pytest.mark.parametrize(("paths", "level", "ranks"), [(1000, 0.95, (936, 964)), (10_000, 0.99, (9880, 9920))])
def test_rank_interval_covers_the_quantile_with_its_confidence(paths, level, ranks):
    assert rank_interval(paths, level) == ranks
    below = stats.binom(paths, level)
    assert below.cdf(ranks[1] - 1) - below.cdf(ranks[0] - 1) > 0.95


def test_rank_interval_is_unknown_where_a_tail_is_too_short():
    assert rank_interval(72, 0.95) is None
    assert rank_interval(73, 0.95) is not None
    assert rank_interval(72, 0.05) is None


@pytest.mark.parametrize(
    ("paths", "probability", "expected"), [(100, 0.07, 7), (100, 0.071, 8), (3, 1e-9, 1), (1, 0.5, 1)]
)
def test_rank_is_the_least_that_reaches_the_probability(paths, probability, expected):
    assert rank(paths, probability) == expected


@pytest.mark.parametrize(("seen", "paths"), [(0, 10), (3, 10), (10, 10), (1, 10_000), (5000, 10_000)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_wilson_is_that_of_scipy(seen, paths, confidence):
    expected = stats.binomtest(seen, paths).proportion_ci(confidence, method="wilson")
    assert wilson(seen / paths, paths, confidence) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_coverage_is_the_published_one():
    paths, share = 10_000, 0.001
    ends = np.array([wilson(k / paths, paths) for k in range(60)])
    covered = (ends[:, 0] <= share) & (share <= ends[:, 1])
    assert stats.binom(paths, share).pmf(np.arange(60))[covered].sum() == pytest.approx(0.962713901249, abs=1e-9)


def test_student_and_normal_are_those_of_scipy():
    assert student(8) == pytest.approx(stats.t(7).ppf(0.975))
    assert student(8, 0.9) == pytest.approx(stats.t(7).ppf(0.95))
    assert normal(0.99) == pytest.approx(stats.norm.ppf(0.995))


def test_one_path_has_no_spread_and_no_warning():
    assert math.isnan(deviation(np.ones(1)))
    assert math.isnan(standard_error(np.ones(1)))
    assert math.isnan(student(1))


def test_standard_error_is_that_of_scipy():
    sample = np.array([1.0, 2.0, 4.0, 8.0])
    assert standard_error(sample) == pytest.approx(stats.sem(sample))
    assert deviation(sample) == pytest.approx(np.std(sample, ddof=1))
