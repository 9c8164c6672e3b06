"""Shelf life, seasons, forecasts, pull, levers and takt in words: sections of a summary, differences, and the page."""

import copy
import math

import pytest
import test_datasets_outline_members as members

import jitrisk as jr
from jitrisk.report import summarize_model
from jitrisk.report.member_words import (
    list_profile,
    list_supply_rules,
    render_season,
    render_slower_stages,
    render_takt,
    render_trend,
)
from jitrisk.report.page.sections import build_assumption_tables

LEVERS = {"expedite_lead_time": None, "overtime_factor": math.nan, "standby_of": "", "shelf_life": math.inf}


def change(section, name, **changes):
    """What a strategy changes that sets some fields of one stage or customer, and the outline of both."""
    model = copy.deepcopy(members.MODEL)
    model["currency"] = "EUR"
    model["strategies"] = {"base": {}, "other": {section: {name: changes}}}
    outline = jr.outline(model)
    return summarize_model(outline).sections["What other changes"], outline


@pytest.fixture(scope="module")
def summary():
    return summarize_model(jr.outline(members.MODEL))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("casting", "conwip: 20 cards of 10 through packing; at most 200 in the loop = 2 d of demand; takes"),
        ("machining", "push: whatever lies before it; takes 8 h, at most 90 per day; takt 14.4 min, too slow: 16 min"),
        ("packing", "push: whatever lies before it, reviewed every 1 d; takes 8 h, at most 120 per day; takt 14.4 min"),
        ("packing", "; overtime × 1.25 below 100"),
        ("spare", "base stock: up to 100; 0 at the start;"),
        ("spare", "; standby for casting, after 3 d below 50 % of its capacity"),
        ("resin", "base stock: 3 d of demand plus 50, follows the forecast; order-up-to level 305 at mean demand;"),
        ("resin", "; expires after 20.33 d; expedited up to 50, takes 1 d then"),
        ("label", "min max: at 2 d up to 5 d of demand plus 20, follows the season; order-up-to level 870 at mean"),
        ("mix", ", capped at 140;"),
    ],
)
def test_summarize_model__a_stage_says_its_features(summary, name, words):
    assert words in summary.sections["Stages"][name]


def test_summarize_model__nothing_is_said_of_features_that_are_off(summary):
    text = summary.sections["Stages"]["mix"] + summary.sections["Customers"]["shop"]
    for word in ("expire", "expedite", "overtime", "standby", "open", "takt", "season", "trend", "forecast"):
        assert word not in text


def test_summarize_model__a_customer_says_season_trend_and_forecast(summary):
    assert summary.sections["Customers"]["market"] == (
        "55 per day from mix; season: 0.5, 1 and 1.8, a month each; grows 5 % per year; "
        "forecast with an error, drawn every 7 d; unmet demand is backordered"
    )
    assert "; forecast by exponential smoothing, weight 0.2; " in summary.sections["Customers"]["web"]
    drawn = summary.sections["What is drawn"]
    assert drawn["forecast error of market"] == "lognormal, mean 1, cv 0.3; drawn every 7 d"


def test_summarize_model__one_sentence_names_the_stages_that_are_slower_than_takt(summary):
    told = "machining is slower than its takt: in the long run less can be started there than is demanded."
    assert summary.takt == told
    assert summarize_model(jr.outline("brake-valves")).takt == "No stage is slower than its takt."
    assert summarize_model(jr.outline("clinic-supplies")).takt == "", "no stage has a capacity"


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("resin", {"shelf_life": "9 d"}, "expires after 9 d"),
        ("resin", {"expire_cost": 2}, "expire cost 2 EUR/unit"),
        ("packing", {"overtime_cost": 4}, "overtime cost 4 EUR/unit"),
        ("packing", {"overtime": {"below": 100, "factor": 1.5}}, "overtime × 1.5 below 100"),
        ("machining", {"overtime": {"below": 9, "factor": 2}}, "overtime × 2 below 9"),
        ("spare", {"standby": {"of": "casting"}}, "standby for casting, at once"),
        (
            "casting",
            {"policy": {"conwip": {"cards": 19, "container": 10, "through": "packing"}}},
            "conwip: 19 cards of",
        ),
        ("machining", {"policy": {"base_stock": {"level": 60}}}, "base stock: up to 60 = 14.4 h of demand"),
        (
            "mix",
            {"policy": {"base_stock": {"level": 90, "cap": 150}}},
            "base stock: up to 90 = 1.06 d of demand, capped",
        ),
        ("machining", {"capacity": "110 / d"}, "takes 8 h, at most 110 per day; takt 14.4 min"),
    ],
)
def test_summarize_model__a_strategy_says_which_feature_of_a_stage_it_changes(name, changes, words):
    found, _ = change("stages", name, **changes)
    assert list(found) == [name]
    assert found[name].startswith(words)


def test_summarize_model__a_loop_of_as_many_units_as_a_store_is_another_level():
    found, _ = change("stages", "casting", policy={"kanban": {"cards": 20, "container": 10}})
    assert found["casting"].startswith("kanban: 20 cards of 10; order-up-to level 200 = 2 d of demand")


def test_summarize_model__policies_that_follow_are_compared_by_what_they_cover():
    found, _ = change("customers", "market", demand="60 / d")
    assert found["resin"] == "order-up-to level 338 at mean demand"
    assert found["market"].startswith("66 per day from mix")
    found, _ = change("stages", "resin", policy={"base_stock": {"cover": "4 d", "follow": "season", "safety": 50}})
    assert found["resin"] == (
        "base stock: 4 d of demand plus 50, follows the season; order-up-to level 390 at mean demand"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trend": "-10 % / year"}, "shrinks 10 % per year"),
        ({"trend": 0}, "no trend"),
        ({"forecast": {"error": 1.1, "every": "1 month"}}, "forecast with an error, drawn every month"),
    ],
)
def test_summarize_model__a_strategy_says_what_it_changes_of_a_profile(changes, words):
    found, _ = change("customers", "market", **changes)
    assert words in found["market"]
    assert "season" not in found["market"]


def test_render_season__many_factors_are_a_range_and_a_trend_has_a_sign():
    assert render_season([0.8, *[1.0] * 10, 1.2], 365 / 12) == "season: 12 factors from 0.8 to 1.2, a month each"
    assert render_season([0.25], 0.5) == "season: 0.25, 12 h each"
    assert [render_trend(value) for value in (0.05, -0.125)] == ["grows 5 % per year", "shrinks 12.5 % per year"]


def test_render_takt__the_unit_suits_it_and_nothing_is_said_without_capacity_or_demand():
    assert render_takt(1 / 24 / 2, 1 / 24 / 4, False) == "takt 30 min"
    assert render_takt(3.1 / 86400, 4.0 / 86400, True) == "takt 3.1 s, too slow: 4 s per unit"
    assert render_takt(3.0, 2.0, False) == "takt 3 d"
    assert render_takt(math.inf, 2.0, False) == render_takt(2.0, 0.0, False) == ""


def test_render_slower_stages__stages_without_takt_are_left_out():
    stage = {"stage": "a", "takt_time": 1.0, "cycle_time": 2.0, "slower_than_takt": True, "overtime_factor": math.nan}
    idle = stage | {"stage": "idle", "takt_time": math.inf, "slower_than_takt": False}
    assert render_slower_stages([idle]) == ""
    told = render_slower_stages([stage, idle, stage | {"stage": "b"}])
    assert told == "a and b are slower than their takt: in the long run less can be started there than is demanded."
    late = render_slower_stages([stage | {"overtime_factor": 1.5}])
    assert late.endswith("in the long run, and without overtime, less can be started there than is demanded.")


def test_list_supply_rules__a_stage_without_any_has_none():
    assert list_supply_rules(LEVERS) == ()
    assert list_supply_rules(LEVERS | {"shelf_life": 3.0}) == ("expires after 3 d",)
    assert list_profile({"season": [], "trend": 0.0, "forecast_kind": "", "season_period": None}) == ()


def test_build_assumption_tables__the_page_says_profiles_supply_rules_and_takt():
    _, outline = change("stages", "machining", capacity="110 / d")
    tables = {table.caption.split(":")[0]: table for table in build_assumption_tables(outline)}
    profiles = dict(tables["What is known and expected of the demand"].rows)
    assert list(profiles) == ["market", "web"]
    assert profiles["web"] == "season: 0.5 and 1.5, 7 d each · forecast by exponential smoothing, weight 0.2"
    rules = dict(tables["What limits the age of stock, and what adds supply"].rows)
    assert rules["resin"] == "expires after 20.33 d · expedited up to 50, takes 1 d then"
    assert set(rules) == {"packing", "spare", "resin"}
    takt = tables["Takt"]
    assert [row[0] for row in takt.rows] == ["casting", "machining", "packing"]
    assert takt.rows[1][1:] == (
        "takt 14.4 min, at full capacity 16 min, too slow",
        "takt 14.4 min, at full capacity 13.1 min",
    )
    assert takt.notes[0].startswith("base: machining is slower than its takt")
    assert takt.notes[1] == "other: No stage is slower than its takt."


def test_build_assumption_tables__a_page_without_features_has_only_the_table_of_takt_more():
    captions = [table.caption.split(":")[0] for table in build_assumption_tables(jr.outline("bicycles"))]
    assert captions == [
        "What is random, and from which distribution it is drawn",
        "What can go wrong",
        "How each store is refilled",
        "Takt",
    ]
