"""What an outline says of stages and customers with shelf life, seasons, forecasts, pull, levers and takt, by hand."""

import copy
import json
import math

import numpy as np
import pytest

import jitrisk as jr
from jitrisk.report import build_outline_document
from jitrisk.vocabulary import OUTLINE

MODEL = {
    "name": "Line",
    "period": "8 h",
    "horizon": "100 d",
    "stages": {
        "casting": {
            "capacity": "130 / d",
            "policy": {"conwip": {"cards": 20, "container": 10, "through": "packing"}},
        },
        "machining": {"inputs": {"casting": 1}, "capacity": "90 / d", "policy": {"push": {}}},
        "packing": {
            "inputs": {"machining": 1},
            "capacity": "120 / d",
            "overtime": {"below": 100, "factor": 1.25},
            "policy": {"push": {"review": "1 d"}},
        },
        "spare": {
            "standby": {"of": "casting", "after": "3 d", "below": "50 %"},
            "on_hand": 0,
            "policy": {"base_stock": {"level": 100}},
        },
        "resin": {
            "lead_time": "6 d",
            "shelf_life": "20.5 d",
            "expedite": {"up_to": 50, "lead_time": "1 d"},
            "policy": {"base_stock": {"cover": "3 d", "follow": "forecast", "safety": 50}},
        },
        "label": {"policy": {"min_max": {"min": "2 d", "max": "5 d", "follow": "season", "safety": 20}}},
        "mix": {"inputs": {"resin": 1, "label": 2}, "policy": {"base_stock": {"level": 90, "cap": 140}}},
    },
    "customers": {
        "shop": {"stage": "packing", "demand": "100 / d"},
        "market": {
            "stage": "mix",
            "demand": "50 / d",
            "season": {"every": "1 month", "factors": [0.5, 1.0, 1.8]},
            "trend": "5 % / year",
            "forecast": {"error": {"lognormal": {"mean": 1, "cv": 0.3}}, "every": "7 d"},
        },
        "web": {
            "stage": "mix",
            "demand": "30 / d",
            "season": {"every": "7 d", "factors": [0.5, 1.5]},
            "forecast": {"smoothing": 0.2},
        },
    },
    "hazards": {"fire": {"rate": "1 / 90 d", "duration": "10 d", "hits": {"casting": {"capacity": 0}}}},
}


@pytest.fixture(scope="module")
def one():
    return jr.outline(MODEL).isel(strategy=0)


def read(one, name, *stages):
    return one[name].sel(stage=list(stages)).values.tolist()


def test_outline__push_has_no_level_and_a_loop_has_cards_and_an_end(one):
    for name in ("order_up_to", "reorder_point", "cover_days", "cards"):
        assert np.isnan(read(one, name, "machining", "packing")).all()
    assert read(one, "policy_kind", "casting", "machining") == ["conwip", "push"]
    assert read(one, "loop_end", "casting", "machining", "mix") == ["packing", "", ""]
    # 20 cards of 10 units, and 100 units a day: what the loop may hold lasts 2 d.
    assert read(one, "cards", "casting") == [20.0]
    assert read(one, "order_up_to", "casting") == [200.0]
    assert read(one, "cover_days", "casting") == pytest.approx([2.0])
    assert read(one, "initial", "casting", "machining", "packing") == [0.0, 0.0, 0.0]


def test_outline__levels_that_follow_are_those_at_the_mean_factor_with_safety_stock(one):
    # The seasons average to 1.1 and 1: 50 * 1.1 + 30 = 85 a day, and two labels for each.
    assert one["customer_demand"].values == pytest.approx([100.0, 55.0, 30.0])
    assert read(one, "mean_demand", "resin", "label") == pytest.approx([85.0, 170.0])
    assert read(one, "follow", "resin", "label", "mix") == ["forecast", "season", ""]
    assert read(one, "safety_stock", "resin", "label", "mix") == [50.0, 20.0, 0.0]
    assert read(one, "order_up_to", "resin", "label") == pytest.approx([3 * 85 + 50, 5 * 170 + 20])
    assert read(one, "reorder_point", "label") == pytest.approx([2 * 170 + 20])
    assert read(one, "order_cap", "resin", "mix") == [math.inf, 140.0]


def test_outline__shelf_life_and_levers_are_values_and_nan_or_empty_where_there_are_none(one):
    # 20.5 d are 61.5 periods, of which 61 whole ones count.
    assert read(one, "shelf_life", "resin", "mix") == pytest.approx([61 / 3, math.inf])
    assert read(one, "expedite_up_to", "resin", "mix") == pytest.approx([50.0, math.nan], nan_ok=True)
    assert read(one, "expedite_below", "resin") == pytest.approx([math.nan], nan_ok=True)
    assert read(one, "expedite_lead_time", "resin") == pytest.approx([1.0])
    assert read(one, "overtime_below", "packing", "mix") == pytest.approx([100.0, math.nan], nan_ok=True)
    assert read(one, "overtime_factor", "packing", "mix") == pytest.approx([1.25, math.nan], nan_ok=True)
    assert read(one, "standby_of", "spare", "mix") == ["casting", ""]
    assert read(one, "standby_after", "spare", "mix") == pytest.approx([3.0, math.nan], nan_ok=True)
    assert read(one, "standby_below", "spare", "mix") == pytest.approx([0.5, math.nan], nan_ok=True)


def test_outline__seasons_of_different_lengths_share_a_dimension_and_end_with_nan(one):
    assert one["season"].dims == ("customer", "season_factor")
    assert one["season"].sel(customer="market").values.tolist() == [0.5, 1.0, 1.8]
    web = [0.5, 1.5, math.nan]
    assert one["season"].sel(customer="web").values.tolist() == pytest.approx(web, nan_ok=True)
    assert np.isnan(one["season"].sel(customer="shop")).all()
    assert one["season_period"].values == pytest.approx([math.nan, 365 / 12, 7.0], nan_ok=True)
    assert one["trend"].values == pytest.approx([0.0, 0.05, 0.0])
    assert one["season_period"].attrs["units"] == "d"
    assert one["trend"].attrs["units"] == "1/year"


def test_outline__a_model_without_seasons_has_no_factors():
    found = jr.outline("bicycles")
    assert found.sizes["season_factor"] == 0
    assert set(found["forecast_kind"].values.ravel()) == {""}
    assert set(found.data_vars) >= set(OUTLINE)


def test_outline__the_forecast_error_is_one_of_the_draws_even_where_it_is_constant(one):
    assert one["forecast_kind"].values.tolist() == ["", "error", "smoothing"]
    assert one["forecast_period"].values == pytest.approx([math.nan, 7.0, math.nan], nan_ok=True)
    assert one["forecast_smoothing"].values == pytest.approx([math.nan, math.nan, 0.2], nan_ok=True)
    (k,) = np.flatnonzero(one["random_quantity"].values == "forecast")
    draw = one.isel(random=k)
    assert (draw["random_owner"].item(), draw["random_unit"].item()) == ("market", "1")
    assert draw["distribution_family"].item() == "lognormal"
    assert (draw["distribution_mean"].item(), draw["distribution_sd"].item()) == pytest.approx((1.0, 0.3))
    assert draw["draw_period"].item() == pytest.approx(7.0)
    biased = copy.deepcopy(MODEL)
    biased["customers"]["market"]["forecast"] = {"error": 1.2}
    found = jr.outline(biased).isel(strategy=0)
    (k,) = np.flatnonzero(found["random_quantity"].values == "forecast")
    assert json.loads(found["distribution_parameters"].values[k]) == {"value": 1.2}


def test_outline__takt_is_available_time_over_the_units_that_must_be_started(one):
    # 100 units a day; fire takes casting 10 d of every 90 d + 10 d, and 0.9 of a day is left for 100 units.
    assert read(one, "availability", "casting", "machining") == pytest.approx([0.9, 1.0])
    assert read(one, "takt_time", "casting", "machining", "spare") == pytest.approx([0.009, 0.01, math.inf])
    assert read(one, "cycle_time", "casting", "machining", "spare") == pytest.approx([1 / 130, 1 / 90, 0.0])
    assert read(one, "slower_than_takt", "casting", "machining", "spare") == [False, True, False]


def test_build_outline_document__the_features_are_in_the_document(one):
    (strategy,) = build_outline_document(jr.outline(MODEL))["strategies"].values()
    stages, customers = strategy["stages"], strategy["customers"]
    assert customers["web"]["season"] == [0.5, 1.5]
    assert customers["shop"]["season"] == []
    assert customers["market"]["trend"] == pytest.approx(0.05)
    assert stages["machining"]["order_up_to"] is None
    assert stages["spare"]["takt_time"] is None, "no takt without demand"
    assert stages["machining"]["slower_than_takt"] is True
    assert stages["machining"]["takt_time"] == pytest.approx(0.01)
    assert stages["casting"]["loop_end"] == "packing"
