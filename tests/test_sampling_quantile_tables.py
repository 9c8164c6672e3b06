import numba
import numpy as np
import pytest
from scipy import stats

from jitrisk.sampling import FAMILIES, build_distribution, draw_kernels, quantile_tables

WORDS = 2.0**32
CONTINUOUS = [
    (build_distribution("normal", mean=20, sd=4), stats.norm(20, 4)),
    (build_distribution("lognormal", mean=5, cv=3), stats.lognorm(np.sqrt(np.log(10)), scale=5 / np.sqrt(10))),
    (build_distribution("lognormal", mean=5, cv=0.4), stats.lognorm(np.sqrt(np.log(1.16)), scale=5 / np.sqrt(1.16))),
    (build_distribution("gamma", mean=6, cv=0.5), stats.gamma(4, scale=1.5)),
    (build_distribution("gamma", mean=6, cv=2), stats.gamma(0.25, scale=24)),
    (build_distribution("exponential", mean=7), stats.expon(scale=7)),
    (build_distribution("weibull", scale=3, shape=1.4), stats.weibull_min(1.4, scale=3)),
    (build_distribution("weibull", scale=3, shape=0.5), stats.weibull_min(0.5, scale=3)),
    (build_distribution("uniform", low=2, high=5), stats.uniform(2, 3)),
    (build_distribution("triangular", low=1, mode=2, high=6), stats.triang(0.2, 1, 5)),
]
EXACT = [
    (build_distribution("poisson", mean=0.3), stats.poisson(0.3)),
    (build_distribution("poisson", mean=20), stats.poisson(20)),
    (build_distribution("poisson", mean=14000), stats.poisson(14000)),
    (build_distribution("negative_binomial", mean=20, cv=1), stats.nbinom(20 / 19, 1 / 20)),
    (build_distribution("binomial", n=50, p=0.3), stats.binom(50, 0.3)),
    (build_distribution("geometric", mean=1.5), stats.geom(1 / 1.5)),
    (build_distribution("geometric", mean=50), stats.geom(0.02)),
]
# Steps finer than the finest cells, and so many values that none is listed.
FINE = [
    (build_distribution("geometric", mean=5000), stats.geom(1 / 5000)),
    (build_distribution("poisson", mean=1e6), stats.poisson(1e6)),
    (build_distribution("poisson", mean=1e10), stats.poisson(1e10)),
    (build_distribution("negative_binomial", mean=1e5, cv=1), stats.nbinom(1 / (1 - 1e-5), 1 / (1 + 1e5 - 1))),
]


@numba.njit
def _look_up(packed, words, cells, row):
    draw_kernels.look_up(packed, 0, words, cells, row)


def values_of(distribution, words):
    words = np.asarray(words, np.uint32)
    row = np.empty(len(words), np.float32)
    _look_up(
        quantile_tables.pack([quantile_tables.compile_table(distribution)]), words, np.empty(len(words), np.int64), row
    )
    return row.astype(np.float64)


def both_tails(least, count=400):
    tails = np.floor(np.geomspace(least, 0.5, count) * WORDS)
    return np.unique(np.concatenate([tails, WORDS - 1 - tails]))


@pytest.mark.parametrize(
    ("distribution", "other"), CONTINUOUS, ids=[str(distribution) for distribution, _ in CONTINUOUS]
)
@pytest.mark.parametrize(("least", "tolerance"), [(1e-5, 1e-3), (1e-9, 2e-3)])
def test_pack__continuous_quantiles_are_right_in_both_tails(distribution, other, least, tolerance):
    words = both_tails(least)
    lower = words < WORDS / 2
    expected = np.where(lower, other.ppf((words + 0.5) / WORDS), other.isf((WORDS - words - 0.5) / WORDS))
    found = values_of(distribution, words)
    if distribution.lowest < 0:
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=5e-5 * distribution.sd())
    else:
        np.testing.assert_allclose(found, expected, rtol=tolerance)


@pytest.mark.parametrize(("distribution", "other"), EXACT, ids=[str(distribution) for distribution, _ in EXACT])
def test_pack__whole_numbers_are_inverted_exactly(distribution, other):
    words = np.concatenate([both_tails(1e-9), np.random.default_rng(1).integers(0, 1 << 32, 20_000)])
    lower = words < WORDS / 2
    expected = np.where(lower, other.ppf((words + 0.5) / WORDS), other.isf((WORDS - words - 0.5) / WORDS))
    np.testing.assert_array_equal(values_of(distribution, words), expected)


@pytest.mark.parametrize(("distribution", "other"), EXACT[:3], ids=[str(distribution) for distribution, _ in EXACT[:3]])
def test_compile_table__the_step_falls_between_two_neighboring_words(distribution, other):
    steps = quantile_tables.compile_table(distribution).steps.astype(np.int64)
    steps = steps[(steps > 0) & (np.diff(steps, prepend=-1) > 0) & (np.diff(steps, append=1 << 32) > 0)]
    np.testing.assert_array_equal(values_of(distribution, steps) - values_of(distribution, steps - 1), 1)


@pytest.mark.parametrize(("distribution", "other"), FINE, ids=[str(distribution) for distribution, _ in FINE])
def test_pack__wide_distributions_are_whole_and_close(distribution, other):
    words = both_tails(1e-5, count=20)
    found = values_of(distribution, words)
    lower = words < WORDS / 2
    expected = np.where(lower, other.ppf((words + 0.5) / WORDS), other.isf((WORDS - words - 0.5) / WORDS))
    assert (found == np.floor(found)).all()
    np.testing.assert_allclose(found, expected, rtol=5e-4, atol=1)


@pytest.mark.parametrize(("count", "missed"), [(3, 0), (300, 0), (6000, 10)])
def test_pack__empirical_values_have_their_weights(count, missed):
    rng = np.random.default_rng(count)
    values, weights = np.sort(rng.uniform(0, 100, count)), rng.uniform(0.1, 1, count)
    distribution = build_distribution("empirical", values=list(values), weights=list(weights))
    words = np.linspace(0, WORDS - 1, 1_000_001).astype(np.uint32)
    found = values_of(distribution, words)
    assert np.isin(found, values.astype(np.float32)).all()
    assert len(np.unique(found)) >= count - missed
    shares = np.searchsorted(np.sort(found), values.astype(np.float32), side="right") / len(found)
    np.testing.assert_allclose(shares, np.cumsum(weights) / weights.sum(), atol=3e-4)


def test_compile_table__unlikely_values_between_likely_ones_are_found():
    distribution = build_distribution("empirical", values=[1, 2, 3, 4, 5], weights=[1, 1e-7, 1e-7, 1e-7, 1])
    table = quantile_tables.compile_table(distribution)
    assert table.has_gaps
    around = table.steps.astype(np.int64)[:, None] + [-1, 0]
    np.testing.assert_array_equal(values_of(distribution, around.ravel()), [1, 2, 2, 3, 3, 4, 4, 5])


@pytest.mark.parametrize("distribution", [distribution for distribution, _ in CONTINUOUS + EXACT + FINE], ids=str)
def test_pack__the_mean_of_a_table_is_the_mean_of_its_distribution(distribution):
    total = 0.0
    for octave in range(31):
        words = (1 << octave) + np.unique(np.floor((np.arange(4096) + 0.5) / 4096 * (1 << octave)))
        total += (1 << octave) * (
            values_of(distribution, words).mean() + values_of(distribution, (1 << 32) - 1 - words).mean()
        )
    assert total / WORDS == pytest.approx(distribution.mean(), rel=1e-4)


def test_list_intervals__cells_and_words_agree():
    rng = np.random.default_rng(2)
    words = np.concatenate([rng.integers(0, 1 << 32, 5000), [0, 1, 2, (1 << 31) - 1, 1 << 31, (1 << 32) - 1]])
    for bits in (5, 8):
        first, stop, order = quantile_tables.list_intervals(bits)
        cell = np.empty(len(order), np.int64)
        cell[order] = np.arange(len(order))
        found = cell[quantile_tables.locate(words, bits)]
        assert (first[found] <= words).all()
        assert (words < stop[found]).all()


def test_compile_table__a_law_without_spread_needs_no_cells():
    assert quantile_tables.compile_table(build_distribution("constant", value=3)).shape == draw_kernels.CONSTANT
    assert quantile_tables.compile_table(build_distribution("poisson", mean=1e-12)).shape == draw_kernels.CONSTANT


def test_compile_table__every_family_has_a_table():
    seen = {distribution.family for distribution, _ in CONTINUOUS + EXACT + FINE}
    assert seen | {"constant", "empirical"} == set(FAMILIES)
