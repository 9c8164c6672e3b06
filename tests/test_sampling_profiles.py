"""Profiles: factors of every period, demand that is multiplied by them, and whole units that stay whole."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sampled import draw, outage, sample, word

from jitrisk.sampling import ExogenousSeries, build_constant, build_distribution
from jitrisk.sampling.profiles import Profile, count_steps

POISSON = build_distribution("poisson", mean=20)
GAMMA = build_distribution("gamma", mean=20, cv=0.7)
MONTH = 365.0 / 12
SEASON = Profile(2.5, (0.8, 1.3, 0.0, 1.1), 0.004)
FIRE = outage(build_distribution("exponential", mean=9), build_constant(2.5), factor=0.6)


def demand(base=POISSON, profile=None, every=1, effects=(), name="shop"):
    return ExogenousSeries("demand", name, base, every, effects, profile)


@given(
    every=st.fractions(1, 400, max_denominator=24),
    factors=st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.7]), min_size=1, max_size=5),
    trend=st.sampled_from([0.0, 0.01, -0.0001]),
    start=st.integers(0, 3000),
)
def test_compute_factors__they_are_those_of_exact_fractions(every, factors, trend, start):
    found = Profile(float(every), tuple(factors), trend).compute_factors(start, start + 40)
    season = [factors[math.floor(Fraction(t) / every) % len(factors)] for t in range(start, start + 40)]
    np.testing.assert_allclose(found, [one * (1 + trend * (start + k)) for k, one in enumerate(season)], rtol=1e-14)


def test_compute_factors__a_profile_without_a_season_is_its_trend():
    np.testing.assert_allclose(Profile(trend=0.5).compute_factors(2, 5), [2.0, 2.5, 3.0])


def test_count_steps__a_month_is_a_twelfth_of_a_year():
    months = count_steps(MONTH, 0, 730)
    assert np.bincount(months).tolist() == np.bincount([12 * t // 365 for t in range(730)]).tolist()


@pytest.mark.parametrize("every", [1, 3])
def test_sampler__continuous_demand_is_the_draw_times_the_factor_of_its_period(every):
    plain = sample([demand(GAMMA, every=every)], 100, 30)[:, 0]
    found = sample([demand(GAMMA, SEASON, every)], 100, 30)[:, 0]
    np.testing.assert_allclose(found, plain * SEASON.compute_factors(0, 100)[:, None], rtol=1e-6)


def test_sampler__whole_demand_is_rounded_at_random_once_after_factor_and_hazards():
    """Each value is the product of draw, factor and hazards, rounded by draw n of the stream `round`."""
    periods, paths = 60, 40
    plain = sample([demand()], periods, paths, seed=4)[:, 0].astype(float)
    shares = sample([ExogenousSeries("yield", "x", build_constant(1.0), 1, (FIRE,))], periods, paths, seed=4)[:, 0]
    found = sample([demand(profile=SEASON, effects=(FIRE,))], periods, paths, seed=4)[:, 0]
    product = plain * SEASON.compute_factors(0, periods)[:, None] * shares
    assert (shares < 1).any()
    assert (found == np.floor(found)).all()
    lucky = np.array([[word(4, "round:shop", path, t) for path in range(paths)] for t in range(periods)]) / 2**32
    expected = np.floor(product) + (lucky < product - np.floor(product))
    unclear = np.abs(lucky - (product - np.floor(product))) < 1e-5
    assert unclear.mean() < 1e-2
    np.testing.assert_array_equal(found[~unclear], expected[~unclear])


def test_sampler__rounding_keeps_the_mean_of_whole_demand():
    profile = Profile(2, (0.83, 1.37), 0.001)
    found = sample([demand(profile=profile)], 200, 2000, seed=8)[:, 0].astype(float)
    expected = 20 * profile.compute_factors(0, 200)
    scores = (found.mean(axis=1) - expected) / (found.std(axis=1, ddof=1) / math.sqrt(2000))
    assert np.abs(scores).max() < 4.5  # of 200 periods
    assert abs(scores.sum()) < 4 * math.sqrt(200)
    assert (found == np.floor(found)).all()


def test_sampler__whole_products_of_decimal_factors_are_not_rounded_at_random():
    found = sample([demand(build_constant(50.0), Profile(1, (0.8, 1.1, 0.7, 2.3)))], 400, 50)[:, 0]
    np.testing.assert_array_equal(found, np.tile([40.0, 55.0, 35.0, 115.0], 100)[:, None].repeat(50, axis=1))


def test_sampler__a_profile_of_ones_changes_no_bit():
    ones = Profile(7, (1.0, 1.0))
    for base in (POISSON, GAMMA):
        for effects in ((), (FIRE,)):
            one, other = demand(base, None, 2, effects), demand(base, ones, 2, effects)
            np.testing.assert_array_equal(sample([one], 100, 40), sample([other], 100, 40))


@pytest.mark.parametrize("tile", [4, 12, 64])
def test_sampler__tiles_and_blocks_change_no_bit_of_demand_with_a_profile(tile):
    series = [demand(profile=SEASON, every=3, effects=(FIRE,)), demand(GAMMA, SEASON, name="other")]
    whole = sample(series, 100, 60, tile=100)
    np.testing.assert_array_equal(sample(series, 100, 60, tile=tile), whole)
    np.testing.assert_array_equal(sample(series, 100, 13, first=29, tile=tile), whole[:, :, 29:42])


def test_sampler__series_that_differ_in_their_profile_share_their_uniform_numbers():
    other = Profile(1, (2.0,))
    together = [demand(), demand(profile=SEASON), demand(profile=other), demand(name="neighbor")]
    found = sample(together, 80, 30)
    np.testing.assert_array_equal(found[:, 2], 2 * found[:, 0])
    for k, one in enumerate(together):
        np.testing.assert_array_equal(found[:, k], sample([one], 80, 30)[:, 0])


ERROR = build_distribution("lognormal", mean=1.1, cv=0.3)


@pytest.mark.parametrize("every", [1, 1.5, 7, MONTH])
def test_sampler__a_draw_of_a_forecast_holds_until_the_next(every):
    periods, paths, first = 130, 5, 2**33 + 1
    found = sample([ExogenousSeries("forecast", "shop", ERROR, every)], periods, paths, seed=6, first=first)[:, 0]
    drawn = {}
    for t in range(periods):
        number = math.floor(Fraction(t) / Fraction(every).limit_denominator(1000))
        for lane in range(paths):
            key = (number, lane)
            if key not in drawn:
                drawn[key] = draw(ERROR, 6, "forecast:shop", first + lane, number)
            assert found[t, lane] == pytest.approx(drawn[key], rel=5e-4)
    assert len(drawn) == paths * (math.floor((periods - 1) / every) + 1)


@pytest.mark.parametrize("tile", [4, 12, 64])
def test_sampler__tiles_and_blocks_change_no_bit_of_a_forecast(tile):
    series = [ExogenousSeries("forecast", "shop", ERROR, 10.25), ExogenousSeries("forecast", "kiosk", POISSON, 1)]
    whole = sample(series, 100, 60, tile=100)
    np.testing.assert_array_equal(sample(series, 100, 60, tile=tile), whole)
    np.testing.assert_array_equal(sample(series, 100, 13, first=29, tile=tile), whole[:, :, 29:42])


def test_sampler__a_forecast_is_at_least_zero_and_may_exceed_one():
    wild = build_distribution("normal", mean=1, sd=3)
    found = sample([ExogenousSeries("forecast", "shop", wild, 2.0)], 100, 100)
    assert found.min() == 0
    assert found.max() > 5
    assert (sample([ExogenousSeries("forecast", "shop", build_constant(1.3), 5)], 40, 3) == np.float32(1.3)).all()


def test_sampler__forecasts_of_equal_errors_and_other_lengths_share_their_draws():
    both = [ExogenousSeries("forecast", "shop", ERROR, 2), ExogenousSeries("forecast", "shop", ERROR, 3)]
    found = sample(both, 60, 20)
    np.testing.assert_array_equal(found[::2, 0][:20], found[::3, 1])
