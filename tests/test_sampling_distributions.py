import pickle
import re
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from jitrisk.sampling import FAMILIES, build_constant, build_distribution

SCIPY = [
    (build_distribution("poisson", mean=20), stats.poisson(20)),
    (build_distribution("poisson", mean=0.3), stats.poisson(0.3)),
    (build_distribution("negative_binomial", mean=20, cv=0.5), stats.nbinom(5, 0.2)),
    (build_distribution("negative_binomial", mean=20, sd=10), stats.nbinom(5, 0.2)),
    (build_distribution("negative_binomial", mean=20, size=5), stats.nbinom(5, 0.2)),
    (build_distribution("negative_binomial", n=2.5, p=0.1), stats.nbinom(2.5, 0.1)),
    (build_distribution("binomial", n=50, p=0.3), stats.binom(50, 0.3)),
    (build_distribution("normal", mean=5, sd=2), stats.norm(5, 2)),
    (build_distribution("lognormal", mean=5, cv=3), stats.lognorm(np.sqrt(np.log(10)), scale=5 / np.sqrt(10))),
    (build_distribution("gamma", mean=6, cv=0.5), stats.gamma(4, scale=1.5)),
    (build_distribution("gamma", shape=0.5, scale=3), stats.gamma(0.5, scale=3)),
    (build_distribution("exponential", mean=7), stats.expon(scale=7)),
    (build_distribution("weibull", scale=3, shape=1.4), stats.weibull_min(1.4, scale=3)),
    (build_distribution("weibull", mean=2 * 1.2658235, shape=0.7), stats.weibull_min(0.7, scale=2)),
    (build_distribution("geometric", mean=50), stats.geom(0.02)),
    (build_distribution("uniform", low=2, high=5), stats.uniform(2, 3)),
    (build_distribution("triangular", low=1, mode=2, high=6), stats.triang(0.2, 1, 5)),
    (build_distribution("empirical", values=[3, 1.5, 2, 1.5], weights=[1, 2, 3, 4]), None),
]
IDS = [str(distribution) for distribution, _ in SCIPY]
STANDARD = [(distribution, other) for distribution, other in SCIPY if other is not None]


@pytest.mark.parametrize(("distribution", "other"), STANDARD, ids=IDS[: len(STANDARD)])
def test_build_distribution__moments_and_quantiles_equal_those_of_scipy(distribution, other):
    shares = np.concatenate([10.0 ** -np.arange(1, 10), [0.3, 0.5, 0.7, 0.9]])
    assert distribution.mean() == pytest.approx(other.mean(), rel=1e-6)
    assert distribution.sd() == pytest.approx(other.std(), rel=1e-6)
    np.testing.assert_allclose(distribution.quantile(shares), other.ppf(shares), rtol=1e-6)
    np.testing.assert_allclose(distribution.quantile(shares, upper=True), other.isf(shares), rtol=1e-6)
    assert (distribution.lowest, distribution.highest) == pytest.approx(other.support())


def test_build_distribution__every_family_is_compared_with_scipy():
    assert {distribution.family for distribution, _ in SCIPY} | {"constant"} == set(FAMILIES)


def test_build_distribution__empirical_draws_its_values_with_their_weights():
    distribution = build_distribution("empirical", values=[3, 1.5, 2, 1.5], weights=[1, 2, 3, 4])
    assert distribution.parameters == (("values", (1.5, 2.0, 3.0)), ("weights", (0.6, 0.3, 0.1)))
    assert distribution.mean() == pytest.approx(1.8)
    assert distribution.sd() == pytest.approx(np.sqrt(0.6 * 0.09 + 0.3 * 0.04 + 0.1 * 1.44))
    np.testing.assert_array_equal(distribution.quantile([0, 0.59, 0.61, 0.91, 1]), [1.5, 1.5, 2, 3, 3])
    np.testing.assert_array_equal(distribution.quantile([0.05, 0.2, 0.5], upper=True), [3, 2, 1.5])


def test_build_distribution__quantile_keeps_the_shape_of_its_argument():
    distribution = build_distribution("exponential", mean=2)
    assert distribution.quantile(0.5).shape == ()
    assert distribution.quantile(np.full((2, 3), 0.5)).shape == (2, 3)


def test_build_distribution__only_families_of_whole_numbers_are_integer():
    whole = {distribution.family for distribution, _ in STANDARD if distribution.is_integer}
    assert whole == {"poisson", "negative_binomial", "binomial", "geometric"}
    assert build_constant(3).is_integer
    assert not build_constant(2.5).is_integer
    assert build_distribution("empirical", values=[1, 4]).is_integer
    assert not build_distribution("empirical", values=[1, 4.5]).is_integer


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (build_distribution("lognormal", mean=5, cv=0.6), build_distribution("lognormal", mean=5, sd=3)),
        (build_distribution("gamma", mean=6, cv=0.5), build_distribution("gamma", shape=4, scale=1.5)),
        (build_distribution("negative_binomial", mean=20, cv=0.5), build_distribution("negative_binomial", n=5, p=0.2)),
        (build_distribution("normal", mean=5, cv=0), build_constant(5)),
        (build_distribution("poisson", mean=0), build_constant(0)),
        (build_distribution("uniform", low=2, high=2), build_constant(2)),
        (build_distribution("geometric", mean=1), build_constant(1)),
        (build_distribution("binomial", n=7, p=1), build_constant(7)),
        (build_distribution("empirical", values=[4, 4]), build_constant(4)),
        (build_distribution("empirical", values=[4, 5], weights=[2, 0]), build_constant(4)),
    ],
)
def test_build_distribution__equal_laws_are_equal_values(one, other):
    assert one == other
    assert hash(one) == hash(other)
    assert pickle.loads(pickle.dumps(one)) == one


@pytest.mark.parametrize(
    ("family", "parameters", "said"),
    [
        ("poison", {"mean": 3}, "did you mean poisson"),
        ("poisson", {"mena": 3}, "did you mean mean"),
        ("normal", {"mean": 3}, "{mean, sd} or {mean, cv}"),
        ("poisson", {}, "no parameter was given"),
        ("gamma", {"mean": 0, "cv": 1}, "mean of gamma is 0, but must be a number above 0"),
        ("normal", {"mean": 3, "sd": -1}, "sd of normal is -1, but must be a number of at least 0"),
        ("poisson", {"mean": float("nan")}, "is nan, but must be"),
        ("poisson", {"mean": float("inf")}, "is inf, but must be"),
        ("poisson", {"mean": "3"}, "is '3', but must be"),
        ("poisson", {"mean": True}, "is True, but must be"),
        ("empirical", {"values": [1, -2]}, "values of empirical is -2"),
        ("empirical", {"values": []}, "is empty"),
        ("empirical", {"values": 3}, "must be a list"),
        ("empirical", {"values": [1, 2], "weights": [1]}, "2 values but 1 weights"),
        ("empirical", {"values": [1, 2], "weights": [0, 0]}, "add up to 0"),
        ("binomial", {"n": 1.5, "p": 0.3}, "a whole number"),
        ("binomial", {"n": 3, "p": 1.3}, "a number from 0 to 1"),
        ("negative_binomial", {"mean": 3, "cv": 0.1}, "use poisson"),
        ("geometric", {"mean": 0.5}, "at least 1"),
        ("uniform", {"low": 3, "high": 2}, "must not exceed high"),
        ("triangular", {"low": 3, "mode": 2, "high": 4}, "in rising order"),
        ("weibull", {"mean": 3, "shape": 0.01}, "at least 0.05"),
    ],
)
def test_build_distribution__a_bad_distribution_is_refused_with_what_was_found_and_what_is_allowed(
    family, parameters, said
):
    with pytest.raises(ValueError, match=re.escape(said)):
        build_distribution(family, **parameters)


def test_build_distribution__distributions_come_without_numba_and_without_scipy():
    code = "import sys, jitrisk.sampling; print(sorted({'numba', 'scipy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
