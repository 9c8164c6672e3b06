"""Elementary functions and quantiles from correctly rounded operations, against the C library, scipy and theory."""

import math

import numpy as np
import pytest
from scipy import special, stats

from jitrisk.sampling import build_distribution, elementary, gammas, normal
from jitrisk.sampling.families import CONTINUOUS
from jitrisk.sampling.staircases import Binomial, ListedCdf, NegativeBinomial, Poisson, SmoothCdf, build_cdf

RNG = np.random.default_rng(11)
WIDE = 10.0 ** RNG.uniform(-300, 300, 4000)
NEAR_ONE = 1.0 + RNG.normal(0.0, 0.3, 4000)
SHARES = np.concatenate([10.0 ** np.linspace(-14, -0.31, 40), [0.5, 0.6, 0.8, 0.9, 0.99]])


def units(found, expected):
    """Return errors in units in the last place."""
    return np.abs(found - expected) / np.spacing(np.abs(expected))


@pytest.mark.parametrize(
    ("own", "other", "at"),
    [
        (elementary.log, math.log, np.concatenate([WIDE, np.abs(NEAR_ONE), [5e-324, 1e-310]])),
        (
            elementary.log1p,
            math.log1p,
            np.concatenate([WIDE, np.maximum(NEAR_ONE - 1.0, -0.999), -1.0 / WIDE[WIDE > 2]]),
        ),
        (elementary.exp, math.exp, RNG.uniform(-700, 709, 4000)),
        (elementary.exp, math.exp, RNG.uniform(-1, 1, 4000)),
        (elementary.expm1, math.expm1, np.concatenate([RNG.uniform(-60, 709, 2000), RNG.uniform(-1.5, 1.5, 4000)])),
        (elementary.log2, math.log2, WIDE),
    ],
)
def test_elementary__elementary_functions_are_within_two_units_of_the_c_library(own, other, at):
    assert units(own(at), np.array([other(x) for x in at.tolist()])).max() <= 2.0


def test_log__elementary_functions_keep_the_rules_at_the_ends():
    inf, nan = math.inf, math.nan
    np.testing.assert_array_equal(elementary.log([0.0, -1.0, inf, nan, 1.0]), [-inf, nan, inf, nan, 0.0])
    np.testing.assert_array_equal(elementary.log1p([-1.0, -2.0, inf, 0.0, nan]), [-inf, nan, inf, 0.0, nan])
    np.testing.assert_array_equal(elementary.exp([-inf, -800.0, inf, 710.0, 0.0, nan]), [0.0, 0.0, inf, inf, 1.0, nan])
    np.testing.assert_array_equal(elementary.expm1([-inf, inf, 0.0, nan]), [-1.0, inf, 0.0, nan])
    np.testing.assert_array_equal(elementary.power([0.0, 1.0, inf], 0.3), [0.0, 1.0, inf])
    np.testing.assert_array_equal(elementary.log2(2.0 ** np.arange(-60, 60)), np.arange(-60, 60))


def test_power__powers_and_the_gamma_function_are_those_of_the_c_library():
    at = np.abs(NEAR_ONE) * 7.0
    np.testing.assert_allclose(elementary.power(at, 2.7), at**2.7, rtol=2e-15)
    for x in RNG.uniform(1.0, 45.0, 300).tolist():
        assert elementary.gamma(x) == pytest.approx(math.gamma(x), rel=5e-15)


def test_interpolate__lines_between_places_are_those_of_numpy():
    places = np.array([0.0, 1.0, 1.0, 4.0, 9.0])
    values = np.array([2.0, 3.0, 5.0, 4.0, 8.0])
    at = np.concatenate([RNG.uniform(-2, 11, 200), places[[0, 3, 4]]])
    np.testing.assert_allclose(elementary.interpolate(at, places, values), np.interp(at, places, values), rtol=1e-15)


def test_quantile__normal_scores_and_probabilities_equal_those_of_scipy():
    p = np.concatenate([10.0 ** RNG.uniform(-300, -0.31, 2000), RNG.uniform(0, 1, 2000)])
    np.testing.assert_allclose(normal.quantile(p), special.ndtri(p), rtol=3e-15)
    x = RNG.uniform(-12, 8, 4000)
    np.testing.assert_allclose(normal.cdf(x), special.ndtr(x), rtol=3e-14)
    # A last bit of a score z changes its probability by z**2 last bits.
    np.testing.assert_allclose(normal.cdf(normal.quantile(p)), p, rtol=2e-12)
    np.testing.assert_array_equal(normal.quantile([0.0, 0.5, 1.0]), [-np.inf, 0.0, np.inf])


@pytest.mark.parametrize("shape", [1e-3, 0.05, 0.3, 1.0, 1.5, 1.6, 3.0, 29.0, 100.0, 1e4, 1e6])
def test_quantile__gamma_quantiles_of_every_shape_equal_those_of_scipy(shape):
    low, high = special.gammaincinv(shape, SHARES), special.gammainccinv(shape, SHARES)
    # Below 1e-290 all values are as good as 0; scipy's lower tail of 1e6 is wrong by 2e-9, checked by quadrature.
    tolerance = 1e-12 if shape < 1e6 else 5e-9
    np.testing.assert_allclose(gammas.quantile(shape, SHARES, False), low, rtol=tolerance, atol=1e-290)
    np.testing.assert_allclose(gammas.quantile(shape, SHARES, True), high, rtol=1e-12, atol=1e-290)


def test_quantile__exponential_and_erlang_quantiles_have_a_closed_form():
    np.testing.assert_allclose(gammas.quantile(1.0, SHARES, True), -np.log(SHARES), rtol=1e-14)
    x = gammas.quantile(2.0, SHARES, True)
    np.testing.assert_allclose((1.0 + x) * np.exp(-x), SHARES, rtol=1e-13)


LISTED = [
    (Poisson(0.3), stats.poisson(0.3)),
    (Poisson(1e4), stats.poisson(1e4)),
    (NegativeBinomial(0.1, 1e-3), stats.nbinom(1e-3, 1e-3 / (1e-3 + 0.1))),
    (NegativeBinomial(100.0, 3.0), stats.nbinom(3, 3 / 103)),
    (Binomial(50.0, 0.3), stats.binom(50, 0.3)),
    (Binomial(1.0, 0.75), stats.binom(1, 0.75)),
    (Binomial(1e5, 0.5), stats.binom(1e5, 0.5)),
]
SMOOTH = [
    (NegativeBinomial(100.0, 0.01), stats.nbinom(0.01, 0.01 / 100.01)),
    (NegativeBinomial(1e5, 1.0), stats.nbinom(1, 1 / (1 + 1e5))),
    (NegativeBinomial(1e6, 0.3), stats.nbinom(0.3, 0.3 / (0.3 + 1e6))),
    (NegativeBinomial(1e6, 1e3), stats.nbinom(1e3, 1e3 / (1e3 + 1e6))),
    (Binomial(1e12, 0.5), stats.binom(1e12, 0.5)),
]


@pytest.mark.parametrize(("distribution", "other"), LISTED + SMOOTH, ids=str)
def test_build_cdf__tails_of_whole_numbers_equal_those_of_scipy(distribution, other):
    found = build_cdf(distribution)
    assert isinstance(found, ListedCdf if (distribution, other) in LISTED else SmoothCdf)
    k = np.unique(np.concatenate([other.ppf(SHARES), other.isf(SHARES)]))
    # scipy hands 1 - p on to its incomplete beta function, which costs it digits where n is 1e12.
    tolerance = 2e-9 if distribution == Binomial(1e12, 0.5) else 2e-12
    np.testing.assert_allclose(found.tail(k, False), other.cdf(k), rtol=tolerance, atol=1e-16)
    np.testing.assert_allclose(found.tail(k, True), other.sf(k), rtol=tolerance, atol=1e-16)
    np.testing.assert_array_equal(found.quantile(SHARES, False), other.ppf(SHARES))
    np.testing.assert_array_equal(found.quantile(SHARES, True), other.isf(SHARES))


def test_build_cdf__a_list_and_a_smooth_density_of_one_law_agree():
    for distribution in (Poisson(1e7), NegativeBinomial(2e4, 40.0), Binomial(1e8, 0.3)):
        listed, smooth = build_cdf(distribution), SmoothCdf(distribution)
        assert isinstance(listed, ListedCdf)
        k = listed.quantile(SHARES, False)
        np.testing.assert_allclose(smooth.tail(k, False), listed.tail(k, False), rtol=1e-11)
        np.testing.assert_array_equal(smooth.quantile(SHARES, True), listed.quantile(SHARES, True))


def test_build_cdf__far_tails_of_a_wide_poisson_law_follow_the_gamma_law():
    # P(X > k) with mean m is P(a gamma variable of shape k + 1 is below m).
    for mean in (2e7, 1e9):
        k = build_cdf(Poisson(mean)).quantile(np.array([1e-9, 1e-3, 0.3]), True)
        tail = build_cdf(Poisson(mean)).tail(k, True)
        found = [gammas.quantile(each + 1.0, np.array([p]), False)[0] for each, p in zip(k, tail, strict=True)]
        np.testing.assert_allclose(found, mean, rtol=1e-14)


def test_build_distribution__laws_too_narrow_for_doubles_are_normal():
    for distribution in (build_distribution("poisson", mean=1e25), build_distribution("binomial", n=1e26, p=0.1)):
        assert float(distribution.quantile(0.5)) == distribution.mean()
        assert float(distribution.quantile(1e-9, upper=True)) == pytest.approx(
            distribution.mean() + 5.9978 * distribution.sd(), rel=1e-15
        )


def test_build_distribution__quantiles_of_continuous_families_rise():
    p = np.linspace(1e-6, 0.999999, 2001)
    distributions = [build_distribution("gamma", shape=s, scale=1.0) for s in (1e-2, 0.7, 40.0, 1e5)]
    distributions += [build_distribution("lognormal", mean=5, cv=9), build_distribution("weibull", scale=2, shape=0.3)]
    assert {distribution.family for distribution in distributions} <= {family.name for family in CONTINUOUS}
    assert all((np.diff(distribution.quantile(p)) >= 0).all() for distribution in distributions)


@pytest.mark.parametrize(
    ("distribution", "other"),
    [
        (build_distribution("normal", mean=5, sd=2), stats.norm(5, 2)),
        (build_distribution("weibull", scale=3, shape=1.4), stats.weibull_min(1.4, scale=3)),
        (build_distribution("exponential", mean=7), stats.expon(scale=7)),
        (build_distribution("gamma", shape=4, scale=1.5), stats.gamma(4, scale=1.5)),
    ],
    ids=str,
)
def test_build_distribution__distribution_functions_equal_those_of_scipy(distribution, other):
    x = np.array([-1.0, 0.0, 1e-3, 0.5, 3.0, 11.0, 40.0])
    np.testing.assert_allclose(distribution.cdf(x), other.cdf(x), rtol=1e-12)
