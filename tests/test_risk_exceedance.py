"""Exceedance curves: closed forms, counting, and the year that is not the horizon."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from handmade import of_cost, random_result, result

from jitrisk.errors import ResultError
from jitrisk.risk import exceedance

# Ten periods of 12 h are five days: a year has 73 such horizons.
HORIZONS = 73


def test_exceedance__a_curve_is_that_of_the_exponential_law():
    cost = np.random.default_rng(1).exponential(size=(1, 200_000, 1))
    curve = result(("jit",), 200_000, ("press",), periods=365, started=cost, unit_cost=1.0).risk.exceedance()
    curve = curve.isel(strategy=0)
    horizon = 1 - np.sqrt(1 - curve["probability"])
    truth = -np.log(horizon)
    inside = (curve["value_lower"] <= truth) & (truth <= curve["value_upper"])
    assert float(inside.mean()) > 0.85
    assert (np.diff(curve["value"]) > 0).all()
    assert curve["value"].attrs["units"] == "EUR"


@pytest.mark.parametrize("paths", [10, 73, 1000, 12_345])
def test_exceedance__so_many_paths_lie_beyond_each_point_and_five_beyond_the_last(paths):
    cost = np.random.default_rng(2).permutation(np.arange(1.0, paths + 1))
    curve = of_cost(cost).risk.exceedance().isel(strategy=0)
    beyond = paths - curve["value"].values
    np.testing.assert_allclose(beyond, np.round(beyond), rtol=1e-9)
    np.testing.assert_allclose(curve["probability"], 1 - (1 - beyond / paths) ** HORIZONS)
    assert beyond[-1] == pytest.approx(5)
    assert beyond[0] > 0.7 * paths
    assert (np.diff(curve["probability"]) <= 0).all()
    np.testing.assert_allclose(curve["return_period"], 1 / curve["probability"])


def test_exceedance__what_half_of_the_horizons_exceed_comes_nearly_every_year():
    # A horizon of half a year: exceeded in a year unless neither half exceeds it.
    outcomes = result(paths=1000, periods=365, started=np.arange(1000.0)[:, np.newaxis], unit_cost=1.0)
    curve = outcomes.risk.exceedance().isel(strategy=0)
    share = np.array([np.mean(outcomes.risk.metrics()["cost"][0] > value) for value in curve["value"]])
    np.testing.assert_allclose(curve["probability"], 1 - (1 - share) ** 2)
    at_half = curve.isel(point=int(np.abs(share - 0.5).argmin()))
    assert float(at_half["probability"]) == pytest.approx(0.75, abs=0.05)


def test_exceedance__profit_and_fill_rate_are_exceeded_toward_their_low_end():
    outcomes = random_result(paths=300)
    for metric in ("profit", "fill_rate"):
        curve = outcomes.risk.exceedance(metric)
        assert (np.diff(curve["value"], axis=1) <= 0).all()
        assert (curve["value_lower"] <= curve["value_upper"]).sum() > 20
    assert outcomes.risk.exceedance("fill_rate")["value"].attrs["units"] == "1"
    worst = exceedance(outcomes.risk.metrics(), "fill_rate")["value"][:, -1]
    ordered = np.sort(outcomes.risk.metrics()["fill_rate"], axis=1)
    np.testing.assert_array_equal(worst, ordered[:, 5])


@pytest.mark.parametrize("paths", [1, 2, 3, 4])
def test_exceedance__few_paths_have_points_without_intervals(paths):
    curve = of_cost([np.arange(paths)]).risk.exceedance()
    assert curve.sizes["point"] >= 1
    assert np.isfinite(curve["value"]).all()
    assert np.isfinite(curve["return_period"]).all()
    assert curve["value_upper"].isnull().all()


def test_exceedance__atoms_stand_as_flat_steps():
    cost = np.repeat([0.0, 10.0], [900, 100])
    curve = of_cost(cost).risk.exceedance().isel(strategy=0)
    assert set(curve["value"].values) == {0.0, 10.0}


def test_exceedance__unknown_metrics_are_refused_with_the_known_ones():
    with pytest.raises(ResultError, match=r"unknown metric 'cots': there are cost, .*; did you mean 'cost'\?"):
        random_result().risk.exceedance("cots")
    with pytest.raises(ResultError, match="unknown metric"):
        exceedance(xr.Dataset({"cost": ("path", [1.0])}))


def test_exceedance__values_of_given_return_periods_are_those_of_the_closed_form():
    cost = np.random.default_rng(1).exponential(size=(1, 100_000, 1))
    outcomes = result(("jit",), 100_000, ("press",), periods=365, started=cost, unit_cost=1.0)
    found = exceedance(outcomes.risk.metrics(), years=[2, 10, 1000, 1_000_000]).isel(strategy=0)
    # A million years are not in 100,000 half-years.
    np.testing.assert_allclose(found["return_period"], [2, 10, 1000])
    truth = -np.log(1 - (1 - 1 / np.array([2, 10, 1000])) ** 0.5)
    assert ((found["value_lower"] <= truth) & (truth <= found["value_upper"])).all()
    np.testing.assert_allclose(found["value"], truth, rtol=0.1)


def test_exceedance__a_return_period_of_a_year_is_refused():
    values = random_result().risk.metrics()
    assert exceedance(values, years=[1e9, 2e9])["value_upper"].isnull().all()
    assert exceedance(values, years=[1e9, 2e9]).sizes["point"] == 1
    for wrong in (1, np.inf, np.nan):
        with pytest.raises(ResultError, match=f"a return period is {wrong}: allowed are those longer than 1 year"):
            exceedance(values, years=[10, wrong])


@pytest.mark.parametrize("years", [[], [1000, 10], [10, 10]])
def test_exceedance__return_periods_that_do_not_rise_are_refused(years):
    with pytest.raises(ResultError, match="allowed is a list that rises, such as"):
        exceedance(random_result().risk.metrics(), years=years)
