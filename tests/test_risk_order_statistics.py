"""Order statistics without sorting, against sorting."""

from __future__ import annotations

import numpy as np
import pytest

from jitrisk.risk.intervals import find_rank_interval, rank
from jitrisk.risk.order_statistics import find_quantile_ranks, quantiles, select_order_statistics

PATHS = 300_000
RANKS = [1, 2, 17, 1500, 15_000, 75_001, 150_000, 150_000, 225_000, 285_000, 299_700, 299_999, 300_000]


def laws() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(12)
    heavy = rng.pareto(0.3, PATHS)
    return {
        "normal": rng.normal(1e9, 1.0, PATHS),
        "lognormal": -rng.lognormal(size=PATHS),
        "beyond every scale": heavy,
        "whole numbers": np.floor(rng.normal(0, 20, PATHS)),
        "one atom": np.where(rng.random(PATHS) < 0.97, 0.0, heavy),
        "an atom inside": np.where(rng.random(PATHS) < 0.3, 0.5, rng.random(PATHS)),
        "two atoms": np.where(rng.random(PATHS) < 0.5, -1.0, 1.0),
        "nearly constant": np.append(np.zeros(PATHS - 1), 1.0),
        "constant": np.full(PATHS, 0.1),
        "sorted": np.arange(PATHS, dtype=np.float64),
        "tiny": rng.random(PATHS) * 5e-324,
        "every scale": np.where(rng.random(PATHS) < 0.5, -1.0, 1.0) * 10.0 ** rng.uniform(-308, 308, PATHS),
        "wider than the largest number": rng.choice([-1.7e308, -1.0, 0.0, 1.7e308], PATHS),
        "far beyond the buckets": np.where(
            rng.random(PATHS) < 0.999, 1e-9 * rng.random(PATHS), np.minimum(heavy, 1e8) * 1e300
        ),
    }


@pytest.mark.parametrize("law", laws())
def test_select_order_statistics__order_statistics_are_those_of_the_sorted_sample(law):
    sample = laws()[law]
    before = sample.copy()
    assert select_order_statistics(sample, RANKS).tolist() == np.sort(sample)[np.array(RANKS) - 1].tolist()
    assert (sample == before).all()


def test_select_order_statistics__small_samples_are_simply_sorted():
    assert select_order_statistics(np.array([3.0, 1.0, 2.0]), [3, 1, 1]).tolist() == [3, 1, 1]


def test_quantiles__quantiles_stand_between_the_ends_of_their_intervals():
    sample = np.random.default_rng(1).permutation(np.arange(1.0, 1001.0))
    (median, high) = quantiles(sample, [find_quantile_ranks(1000, 0.5), find_quantile_ranks(1000, 0.999)])
    assert median == (500, *find_rank_interval(1000, 0.5))
    assert high.value == 999
    assert np.isnan(high.lower)
    assert np.isnan(high.upper)
    assert quantiles(sample, []) == []


def test_find_quantile_ranks__ranks_counted_from_the_top_mirror_those_from_the_bottom():
    lower, upper = find_rank_interval(1000, 0.95)
    assert find_quantile_ranks(1000, 0.95, low=True) == (1001 - rank(1000, 0.95), 1001 - upper, 1001 - lower)
    assert find_quantile_ranks(20, 0.95, low=True) == (2, 0, 0)
