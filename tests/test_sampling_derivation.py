"""Derived series: forecasts smoothed from demand, and openings of standby sources from availability."""

import math

import numpy as np
import pytest
from sampled import ALWAYS, outage

from jitrisk.sampling import ExogenousSeries, Sampler, build_constant, build_distribution
from jitrisk.sampling.derivation import Derivation
from jitrisk.sampling.derived import SmoothedForecast, StandbyOpening
from jitrisk.sampling.profiles import Profile

POISSON = build_distribution("poisson", mean=12)
SURGE = outage(build_distribution("exponential", mean=20), build_constant(3), factor=1.8, name="surge")
SEASON = Profile(2, (0.5, 0.0, 1.5), 0.001)
DEMAND = ExogenousSeries("demand", "shop", POISSON, 3, (SURGE,), SEASON)
PLAIN = ExogenousSeries("demand", "kiosk", build_distribution("gamma", mean=7, cv=1))
CHAIN = (build_distribution("geometric", mean=10), build_distribution("geometric", mean=1 / 0.3))
BROKEN = ExogenousSeries("availability", "plant", ALWAYS, 1, (outage(*CHAIN, factor=0.2),))

SHOP = SmoothedForecast("shop", DEMAND, 12.0, 0.3, 3, SEASON)
KIOSK = SmoothedForecast("kiosk", PLAIN, 7.0, 0.1)
SPARE = StandbyOpening("spare", BROKEN, "plant", 2, 0.5)
NEVER = StandbyOpening("idle", None, "plant", 0, 1.0)
DRAWN, DERIVED = [DEMAND, PLAIN, BROKEN], [SPARE, SHOP, NEVER, KIOSK]


def derive(periods, paths, first=0, tile=64, drawn=DRAWN, derived=DERIVED, seed=2):
    """Return [period, series, path], the drawn ones first, filled tile by tile."""
    sampler, series = Sampler(drawn, seed), [*drawn, *derived]
    derivation = Derivation(derived, {one: k for k, one in enumerate(series)})
    state, carried = sampler.begin(first, paths), derivation.begin(paths)
    out = np.full((periods, len(series), paths), np.nan, np.float32)
    for start in range(0, periods, tile):
        sampler.fill(state, start, out[start : start + tile])
        derivation.fill(carried, start, out[start : start + tile])
    return out


def smooth(demand, one):
    """E(t) / mean by the recursion, [period, path]."""
    level, found = np.full(demand.shape[1], one.mean), []
    factors = np.ones(len(demand)) if one.profile is None else one.profile.compute_factors(0, len(demand))
    for t, (units, factor) in enumerate(zip(demand.astype(float), factors, strict=True)):
        if t % one.every == 0 and factor > 0:
            level = level + one.smoothing * (units / factor - level)
        found.append(level / one.mean)
    return np.array(found)


def count_runs(failed):
    """Return how many periods up to each have failed in a row, [period, path]."""
    found, run = [], np.zeros(failed.shape[1], int)
    for row in failed:
        run = (run + 1) * row
        found.append(run)
    return np.array(found)


@pytest.mark.parametrize(("source", "one"), [(0, SHOP), (1, KIOSK)])
def test_derivation__a_smoothed_forecast_follows_the_demand_by_its_recursion(source, one):
    found = derive(200, 30)
    row = len(DRAWN) + DERIVED.index(one)
    np.testing.assert_allclose(found[:, row], smooth(found[:, source], one), rtol=2e-7)


def test_derivation__a_smoothed_forecast_is_an_exponentially_weighted_sum():
    """The recursion solved: E(t) = (1 - a)^(t + 1) mean + a sum over k of (1 - a)^k D(t - k)."""
    found = derive(60, 20)
    demand, t = found[:, 1].astype(float), 59
    weights = 0.1 * 0.9 ** (t - np.arange(60))
    expected = (0.9**60 * 7 + weights @ demand) / 7
    np.testing.assert_allclose(found[t, -1], expected, rtol=1e-6)


def test_derivation__the_forecast_includes_the_demand_of_its_period_and_holds_between_draws():
    found = derive(9, 5)
    demand, forecast = found[:, 0], found[:, len(DRAWN) + 1]
    np.testing.assert_allclose(forecast[0], (12 + 0.3 * (demand[0] / 0.5 - 12)) / 12, rtol=1e-6)
    np.testing.assert_array_equal(forecast[1], forecast[0])
    np.testing.assert_array_equal(forecast[2], forecast[0])
    # Period 3 is one of a draw, but the factor there is 0.
    assert (demand[3] == 0).all()
    np.testing.assert_array_equal(forecast[5], forecast[0])
    assert (forecast[6] != forecast[5]).any()


def test_derivation__the_forecast_of_a_customer_without_demand_is_one():
    never = ExogenousSeries("demand", "shop", build_constant(0))
    found = derive(10, 4, drawn=[never], derived=[SmoothedForecast("shop", never, 0.0, 0.5)])
    assert (found[:, 1] == 1).all()


def test_derivation__a_source_opens_after_so_many_periods_of_an_outage():
    found = derive(400, 50)
    availability, opened = found[:, 2], found[:, 3]
    assert set(np.unique(opened)) == {0.0, 1.0}
    np.testing.assert_array_equal(opened, count_runs(availability < 0.5) > 2)
    assert not opened[:2].any()
    assert not found[:, 5].any()


def test_derivation__a_source_that_waits_for_nothing_can_open_in_period_0():
    at_once = ExogenousSeries("availability", "plant", ALWAYS, 1, (outage(build_constant(0), build_constant(4)),))
    waits = [StandbyOpening("spare", at_once, "plant", after, 1.0) for after in (0, 3, 4)]
    found = derive(6, 3, drawn=[at_once], derived=waits)
    assert found[:, 1, 0].tolist() == [1, 1, 1, 1, 1, 1]
    assert [int(np.argmax(found[:, k, 0])) for k in (1, 2, 3)] == [0, 3, 4]


@pytest.mark.parametrize(("factor", "below", "is_open"), [(0.9, 0.9, False), (0.9, 0.91, True), (0.0, 0.0, False)])
def test_derivation__an_availability_at_the_limit_is_no_failure(factor, below, is_open):
    always = ExogenousSeries(
        "availability", "plant", ALWAYS, 1, (outage(build_constant(0), build_constant(50), factor=factor),)
    )
    found = derive(4, 3, drawn=[always], derived=[StandbyOpening("spare", always, "plant", 0, below)])
    assert (found[:, 1] == is_open).all()


@pytest.mark.verification
@pytest.mark.parametrize(("failing", "repair", "after", "share"), [(0.1, 0.3, 2, 0.1225), (0.2, 0.4, 0, 1 / 3)])
def test_derivation__the_share_of_time_open_is_that_of_the_stationary_chain(failing, repair, after, share):
    """P(failed, and for more than n periods) = a / (a + b) (1 - b)^n of a chain that fails with a, is repaired with b.

    One repair after the other in a run, so the share of each path is one independent observation.
    """
    assert share == pytest.approx(failing / (failing + repair) * (1 - repair) ** after)
    hit = outage(build_distribution("geometric", mean=1 / failing), build_distribution("geometric", mean=1 / repair))
    plant = ExogenousSeries("availability", "plant", ALWAYS, 1, (hit,))
    found = derive(2100, 1000, drawn=[plant], derived=[StandbyOpening("spare", plant, "plant", after, 1.0)])
    shares = found[100:, 1].mean(axis=0, dtype=float)
    assert abs(shares.mean() - share) < 4 * shares.std(ddof=1) / math.sqrt(len(shares))
    assert shares.std(ddof=1) / math.sqrt(len(shares)) < 0.005 * share


@pytest.mark.parametrize("tile", [1, 4, 13, 64])
def test_derivation__tiles_and_blocks_change_no_bit(tile):
    whole = derive(150, 60, tile=150)
    np.testing.assert_array_equal(derive(150, 60, tile=tile), whole)
    np.testing.assert_array_equal(derive(150, 11, first=40, tile=tile), whole[:, :, 40:51])
    np.testing.assert_array_equal(derive(150, 60, derived=DERIVED[:2]), whole[:, :5])


def test_replace_source__a_source_that_is_handed_in_takes_the_place_of_one_that_is_drawn():
    key = ("availability", "plant")
    assert SPARE.replace_source(set(), set()) is SPARE
    assert SPARE.replace_source({key}, {key}).source == key
    assert SPARE.replace_source({key}, set()) == StandbyOpening("spare", None, "plant", 2, 0.5)
    assert NEVER.replace_source({key}, {key}).source == key
    assert SHOP.replace_source({("demand", "shop")}, {("demand", "shop")}).key == ("forecast", "shop")
