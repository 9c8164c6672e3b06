"""The outline of a model against hand calculations."""

import copy
import json
import math

import numpy as np
import pytest

import jitrisk as jr
from jitrisk.errors import ResultError
from jitrisk.lower import list_series
from jitrisk.report import build_outline_document, summarize_model
from jitrisk.report.page.sections import build_assumption_tables
from jitrisk.report.words import (
    read_factors,
    render_distribution,
    render_draw_name,
    render_effect,
    render_policy,
    render_share,
    render_units,
    render_unmet_demand,
)
from jitrisk.sampling.distributions import FAMILIES, build_distribution
from jitrisk.units import format_duration
from jitrisk.vocabulary import OUTLINE, PRICES

MODEL = {
    "name": "Outlined",
    "period": "12 h",
    "horizon": "100 d",
    "warm_up": "10 d",
    "currency": "EUR",
    "stages": {
        "steel": {
            "lead_time": {"gamma": {"mean": "6 d", "cv": 0.5}},
            "policy": {"reorder_point": {"point": "3 d", "quantity": 500}},
        },
        "scrap": {"lead_time": "1 d", "policy": {"min_max": {"min": 10, "max": 100}}},
        "gear": {
            "inputs": {"metal": {"quantity": 2, "from": {"steel": 0.75, "scrap": 0.25}}},
            "lead_time": "12 h",
            "capacity": "60 / d",
            "yield": 0.8,
            "on_hand": 7,
            "policy": {"kanban": {"container": 10, "cards": 4}},
        },
        "box": {"inputs": {"gear": {"quantity": 1, "from": ["gear"]}}, "policy": {"make_to_order": {}}},
        "unused": {"policy": {"base_stock": {"level": 5, "review": "2 d"}}},
    },
    "customers": {
        "shop": {"stage": "box", "demand": {"poisson": {"mean": "30 / d"}}, "unmet": "25 %"},
        "export": {"stage": "gear", "demand": {"every": "7 d", "constant": {"value": 70}}},
    },
    "hazards": {
        "fire": {
            "rate": "1 / 4 years",
            "duration": "40 d",
            "ramp": "20 d",
            "chance": 0.5,
            "hits": {"gear": {"capacity": 0, "yield": 0.9}, "shop": {"demand": 1.5, "chance": 1}},
        },
    },
    "strategies": {
        "base": {},
        "other": {
            "stages": {
                "gear": {
                    "inputs": {
                        "metal": {"quantity": 2.5, "from": ["steel"]},
                        "oil": {"quantity": 1, "from": ["scrap"]},
                    }
                }
            },
            "customers": {"export": {"stage": "box"}},
            "hazards": {"fire": {"hits": {"steel": {"arrivals": 0}}}},
        },
    },
}


def read_values(one):
    """The variables of an outline that are left without a dimension."""
    return {name: array.item() for name, array in one.data_vars.items() if not array.dims}


@pytest.fixture(scope="module")
def outline():
    return jr.outline(MODEL)


def test_outline__every_variable_is_the_vocabulary_s(outline):
    known = OUTLINE | PRICES
    assert set(outline.data_vars) == set(known)
    for name, array in outline.data_vars.items():
        assert array.dims == known[name].dims
        assert array.attrs["long_name"] == known[name].sentence
        assert "units" in array.attrs
    assert outline.attrs["name"] == "Outlined"
    assert outline.attrs["period_hours"] == 12.0
    assert (outline.attrs["horizon"], outline.attrs["warm_up"]) == (200, 20)


def test_outline__demand_is_exploded_by_hand(outline):
    base = outline.sel(strategy="base")
    # 30 boxes a day and 10 gears a day for export; a gear takes 2 of metal, and 1 / 0.8 are started for a good one.
    assert base["mean_demand"].sel(stage="box").item() == pytest.approx(30.0)
    assert base["mean_demand"].sel(stage="gear").item() == pytest.approx(40.0)
    assert base["mean_demand"].sel(stage="steel").item() == pytest.approx(40.0 / 0.8 * 2 * 0.75)
    assert base["mean_demand"].sel(stage="scrap").item() == pytest.approx(40.0 / 0.8 * 2 * 0.25)
    assert base["customer_demand"].values == pytest.approx([30.0, 10.0])
    assert outline["mean_demand"].sel(strategy="other", stage="scrap").item() == pytest.approx(40.0 / 0.8)


def test_outline__stores_by_hand(outline):
    base = outline.sel(strategy="base")
    # Steel: 3 d of 75 a day is the point, and a lot of 500 above it.
    assert base["order_up_to"].sel(stage="steel").item() == pytest.approx(225 + 500)
    assert base["cover_days"].sel(stage="steel").item() == pytest.approx(725 / 75)
    assert base["order_up_to"].sel(stage="gear").item() == 40.0
    assert base["cover_days"].sel(stage="gear").item() == pytest.approx(1.0)
    assert base["initial"].sel(stage=["gear", "scrap"]).values.tolist() == [7.0, 100.0]
    assert base["cover_days"].sel(stage="unused").item() == math.inf
    assert base["order_up_to"].sel(stage="box").item() == 0.0
    assert base["lead_time"].values == pytest.approx([6.0, 1.0, 0.5, 0.5, 0.5])
    assert base["capacity"].values.tolist() == pytest.approx([math.inf, math.inf, 60.0, math.inf, math.inf])
    assert base["yield"].sel(stage="gear").item() == 0.8


def test_outline__the_order_of_deliveries_and_of_serving_is_outlined_and_told():
    model = copy.deepcopy(MODEL)
    model["stages"]["steel"]["deliveries"] = "in_order"
    model["strategies"]["other"]["stages"]["gear"]["customers"] = "first"
    found = jr.outline(model)
    assert found["deliveries"].sel(strategy="base").values.tolist() == ["in_order", *["crossing"] * 4]
    assert found["customers_served"].sel(stage="gear").values.tolist() == ["last", "first"]
    sections = summarize_model(found).sections
    assert "; takes 6 d, deliveries in order; " in sections["Stages"]["steel"]
    assert "customers served first" not in sections["Stages"]["gear"]
    assert "; customers served first" in sections["What other changes"]["gear"]


def test_render_policy__policies_are_values_and_words_are_made_of_them(outline):
    base = outline.sel(strategy="base")
    words = {name: render_policy(read_values(base.sel(stage=name)), 0.5) for name in base["stage"].values.tolist()}
    assert words == {
        "steel": "reorder point: at 225 order 500",
        "scrap": "min max: at 10 up to 100",
        "gear": "kanban: 4 cards of 10",
        "box": "make to order: nothing in stock",
        "unused": "base stock: up to 5, reviewed every 2 d",
    }
    kinds = ["reorder_point", "min_max", "kanban", "make_to_order", "base_stock"]
    assert base["policy_kind"].values.tolist() == kinds
    assert base["reorder_point"].values == pytest.approx([225, 10, 30, 0, 5])
    assert base["lot_size"].values == pytest.approx([500, 0, 10, 0, 0])
    assert base["cards"].sel(stage="gear").item() == 4
    assert base["cards"].drop_sel(stage="gear").isnull().all()
    assert base["review_period"].values.tolist() == [0.5, 0.5, 0.5, 0.5, 2.0]


def test_outline__links_are_those_of_any_strategy(outline):
    links = list(zip(outline["source"].values, outline["input"].values, outline["target"].values, strict=True))
    assert links == [
        ("steel", "metal", "gear"),
        ("scrap", "metal", "gear"),
        ("gear", "gear", "box"),
        ("scrap", "oil", "gear"),
    ]
    assert outline["quantity"].sel(strategy="base").values.tolist()[:3] == [2.0, 2.0, 1.0]
    assert np.isnan(outline["quantity"].sel(strategy="base").values[3])
    assert outline["share"].sel(strategy="base").values.tolist() == [0.75, 0.25, 1.0, 0.0]
    assert outline["share"].sel(strategy="other").values.tolist() == [1.0, 0.0, 1.0, 1.0]
    assert np.isnan(outline["quantity"].sel(strategy="other").values[1])
    assert outline["customer_stage"].values.tolist() == [["box", "gear"], ["box", "box"]]
    assert outline["backorder_share"].sel(strategy="base").values.tolist() == [0.25, 1.0]


def test_read_factors__hazards_by_hand(outline):
    one = outline.sel(strategy="base", hazard="fire")
    # A cycle: 4 years of quiet, 40 d on, 20 d of recovery.
    assert one["occurrences_per_year"].item() == pytest.approx(365 / (4 * 365 + 60))
    assert one["duration"].item() == pytest.approx(40.0)
    assert one["ramp"].item() == pytest.approx(20.0)
    hits = list(zip(outline["hit_hazard"].values, outline["hit_stage_or_customer"].values, strict=True))
    assert hits == [("fire", "gear"), ("fire", "shop"), ("fire", "steel")]
    factors = [[read_factors(hit) for hit in one] for one in outline["effect"]]
    assert factors == [
        [{"capacity": 0.0, "yield": 0.9}, {"demand": 1.5}, {}],
        [{}, {}, {"arrivals": 0.0}],
    ]
    assert [render_effect(one) for one in factors[0]] == ["no capacity, yield × 0.9", "demand × 1.5", ""]
    assert outline["chance"].sel(strategy="base").values.tolist()[:2] == [0.5, 1.0]
    assert np.isnan(outline["chance"].sel(strategy="base").values[2])


def test_render_draw_name__distributions_are_values_and_words_are_made_of_them(outline):
    base = outline.sel(strategy="base")
    draws = [read_values(base.isel(random=k)) for k in range(base.sizes["random"])]
    words = {
        render_draw_name(draw["random_quantity"], draw["random_owner"]): render_distribution(draw) for draw in draws
    }
    assert words == {
        "lead time of steel": "gamma, mean 6 d, cv 0.5",
        "demand of shop": "poisson, mean 15, cv 0.2582; drawn every 12 h",
        "time before fire": "exponential, mean 4 years, cv 1",
        "duration of fire": "always 40 d",
    }
    assert [draw["random_unit"] for draw in draws] == ["d", "unit", "d", "d"]
    steel, shop, *fire = draws
    assert (steel["distribution_mean"], steel["distribution_sd"]) == pytest.approx((6.0, 3.0))
    assert (shop["distribution_mean"], shop["distribution_sd"]) == pytest.approx((15.0, math.sqrt(15)))
    assert (shop["distribution_low"], shop["distribution_high"], shop["draw_period"]) == (0.0, math.inf, 0.5)
    assert (fire[1]["distribution_low"], fire[1]["distribution_high"]) == (40.0, 40.0)
    assert math.isnan(fire[0]["draw_period"])


def test_outline__everything_drawn_has_its_distribution():
    for name in ("brake-valves", "clinic-supplies"):
        outline, network = jr.outline(name), jr.load(name)
        for strategy, one in network.strategies.items():
            found = [family for family in outline["distribution_family"].sel(strategy=strategy).values if family]
            drawn = [each for each in list_series(one) if each.base.family != "constant"]
            assert len(found) == len(drawn) + 2 * len(one.hazards)


def describe(one, unit):
    """A distribution as an outline holds it."""
    return {
        "random_quantity": "duration",
        "random_unit": unit,
        "distribution_family": one.family,
        "distribution_mean": one.mean(),
        "distribution_sd": one.sd(),
        "distribution_low": one.lowest,
        "distribution_high": one.highest,
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_render_units__the_words_of_any_distribution_hold_its_mean(family):
    given = {
        "empirical": {"values": [10.0, 30.0]},
        "binomial": {"n": 40, "p": 0.5},
        "geometric": {"mean": 20.0},
        "triangular": {"low": 10.0, "mode": 20.0, "high": 30.0},
        "uniform": {"low": 10.0, "high": 30.0},
        "exponential": {"mean": 20.0},
        "poisson": {"mean": 20.0},
        "weibull": {"mean": 20.0, "shape": 1.5},
        "constant": {"value": 20.0},
    }.get(family, {"mean": 20.0, "cv": 0.5})
    one = build_distribution(family, **given)
    words = render_distribution(describe(one, "d"))
    assert f"{render_units(one.mean())} d" in words
    if family == "constant":
        assert words == "always 20 d"
    else:
        assert words.startswith(family.replace("_", " "))
        assert f"cv {render_units(one.sd() / one.mean())}" in words
    assert ("from 10 d to 30 d" in words) == (family in ("empirical", "triangular", "uniform"))


def test_render_distribution__the_words_of_a_distribution_of_mean_0_hold_its_standard_deviation():
    normal, never = build_distribution("normal", mean=0.0, sd=3.0), build_distribution("constant", value=0.0)
    assert render_distribution(describe(normal, "unit")) == "normal, mean 0, sd 3"
    assert render_distribution(describe(never, "d")) == "always 0 h"


def test_summarize_model__strategies_are_compared_by_values_not_by_words():
    model = copy.deepcopy(MODEL)
    # The same words, 225 rounded to four digits, and another value.
    model["strategies"]["other"]["stages"]["steel"] = {"policy": {"reorder_point": {"point": 225.004, "quantity": 500}}}
    del model["strategies"]["other"]["stages"]["gear"], model["strategies"]["other"]["customers"]
    model["strategies"]["same"] = {}
    sections = summarize_model(jr.outline(model)).sections
    assert "reorder point: at 225 order 500" in sections["Stages"]["steel"]
    assert sections["What other changes"]["steel"].startswith("reorder point: at 225 order 500")
    assert sections["What same changes"] == {"nothing": ""}


def test_summarize_model__a_hazard_that_no_longer_hits_is_a_change():
    model = copy.deepcopy(MODEL)
    model["strategies"] = {"base": {}, "safe": {"hazards": {"fire": {"hits": {"shop": {"demand": 2}}}}}}
    assert summarize_model(jr.outline(model)).sections["What safe changes"] == {
        "gear": "hit by no hazard",
        "fire": "shop: demand × 2 (with probability 0.5); "
        "without gear: no capacity, yield × 0.9 (with probability 0.5)",
    }


def test_summarize_model__a_stage_and_a_hazard_of_one_name_have_both_their_changes():
    model = copy.deepcopy(MODEL)
    model["hazards"]["gear"] = model["hazards"].pop("fire")
    other = {"stages": {"gear": {"capacity": "90 / d"}}, "hazards": {"gear": {"duration": "20 d"}}}
    model["strategies"] = {"base": {}, "other": other}
    changes = summarize_model(jr.outline(model)).sections["What other changes"]
    assert "at most 90 per day" in changes["gear"]
    assert "20 d on average" in changes["gear"]


@pytest.mark.parametrize(
    ("hours", "words"),
    [(8, "8 h"), (36, "1.5 d"), (0.5, "30 min"), (17520, "2 years"), (8760, "365 d"), (100 / 3, "1.389 d")],
)
def test_format_duration__durations_have_the_unit_that_suits_them(hours, words):
    assert format_duration(hours, 4) == words


def test_render_units__numbers_are_written_out():
    assert [render_units(value) for value in (0, 1234567.8, 3.14159, 0.00012345, 99999.4, -5)] == [
        "0",
        "1,234,568",
        "3.142",
        "0.0001234",
        "99,999",
        "-5",
    ]


def test_outline__a_result_is_outlined_by_its_model():
    result = jr.simulate("bicycles", 20, strategies=["jic"])
    assert jr.outline(result).identical(jr.outline("bicycles"))
    with pytest.raises(ResultError, match="does not carry its model"):
        jr.outline(result.drop_attrs())


def test_outline__a_store_without_a_limit_has_none_in_the_outline():
    stages = {
        "free": {"capacity": "9 / d", "policy": {"kanban": {"container": 5, "cards": "unlimited"}}},
        "fair": {"customers": "first", "deliveries": "in_order", "policy": {"base_stock": {"level": 3}}},
    }
    customers = {"one": {"stage": "free", "demand": 4}, "other": {"stage": "fair", "demand": 1}}
    model = {"name": "rules", "period": "1 d", "horizon": "9 d", "stages": stages, "customers": customers}
    outline = jr.outline(model).isel(strategy=0)
    assert [render_policy(read_values(outline.isel(stage=k)), 1.0) for k in (0, 1)] == [
        "kanban: always as much on order as its capacity",
        "base stock: up to 3",
    ]
    assert outline["cards"].values[0] == np.inf
    assert outline["order_up_to"].values.tolist() == [np.inf, 3]
    assert outline["initial"].values.tolist() == [0, 3]


def pair(before, after):
    """Two strategies of one stage, or one customer, with two settings of it; what the second changes, and both."""
    model = {
        "name": "pair",
        "period": "12 h",
        "horizon": "100 d",
        "currency": "EUR",
        "stages": {
            "raw": {"lead_time": "1 d", "policy": {"base_stock": {"level": 90}}},
            "spare": {"lead_time": "1 d", "policy": {"base_stock": {"level": 90}}},
            "gear": {"inputs": {"raw": {"quantity": 1, "from": ["raw", "spare"]}}, "policy": {"make_to_order": {}}},
        },
        "customers": {"shop": {"stage": "gear", "demand": "10 / d"}},
        "strategies": {"one": before, "two": after},
    }
    outline = jr.outline(model)
    return summarize_model(outline).sections["What two changes"], outline


def set_stage(name, **changes):
    return {"stages": {name: changes}}


def set_customer(**changes):
    return {"customers": {"shop": changes}}


EXPEDITE = {"below": 20, "lead_time": "12 h"}
FIXED = {"raw": {"quantity": 1, "from": ["raw", "spare"], "failover": False}}


@pytest.mark.parametrize(
    ("before", "after", "name", "words"),
    [
        ({}, set_stage("raw", expedite=EXPEDITE), "raw", "expedited below 20, takes 12 h then"),
        (set_stage("raw", expedite=EXPEDITE), {}, "raw", "never expedited"),
        ({}, set_stage("gear", inputs=FIXED), "gear", "no failover for raw"),
        (set_stage("gear", inputs=FIXED), {}, "gear", "failover for every input"),
        ({}, set_stage("raw", unit_cost=25.5), "raw", "unit cost 25.5 EUR/unit"),
        ({}, set_stage("raw", downtime_cost="24 / d"), "raw", "downtime cost 24 EUR/d"),
        ({}, set_stage("raw", holding_rate="20 % / year"), "raw", "holding rate 20 % per year"),
        ({}, set_stage("raw", owned_in_process=False), "raw", "units in process are not the network's own"),
        ({}, set_customer(price=21), "shop", "price 21 EUR/unit"),
        ({}, set_customer(backorder_cost="3 / d"), "shop", "backorder cost 3 EUR/unit/d"),
        ({}, {"days_receivable": "30 d"}, "payment", "days receivable 30 d"),
        ({}, {"fixed_cost": "2000000 / year"}, "plan as a whole", "fixed cost 2,000,000 EUR per year"),
        ({"fixed_cost": "1000 / d"}, {}, "plan as a whole", "fixed cost 0 EUR per year"),
    ],
)
def test_summarize_model__another_strategy_changes_what_it_replaces_and_nothing_else(before, after, name, words):
    assert pair(before, after)[0] == {name: words}


def test_summarize_model__a_holding_rate_of_the_network_is_one_of_each_stage():
    changes, _ = pair({}, {"holding_rate": "10 % / year"})
    assert changes == dict.fromkeys(("raw", "spare", "gear"), "holding rate 10 % per year")


def test_summarize_model__a_constant_in_place_of_a_distribution_is_named():
    drawn = set_stage("raw", lead_time={"lognormal": {"mean": "3 d", "cv": 0.5}})
    constant = set_stage("raw", lead_time="3 d")
    assert pair(drawn, constant)[0] == {"lead time of raw": "always 3 d"}
    assert pair(constant, drawn)[0] == {"lead time of raw": "lognormal, mean 3 d, cv 0.5"}


def test_summarize_model__a_constant_demand_at_other_times_is_a_change():
    weekly = set_customer(demand={"every": "7 d", "constant": {"value": 70}})
    assert pair({}, weekly)[0] == {"demand of shop": "always 70"}


@pytest.mark.parametrize("variable", ["distribution_mean", "distribution_sd", "distribution_low", "distribution_high"])
def test_outline__distributions_of_equal_moments_and_range_have_other_parameters(variable):
    # Both have the mean 3, the variance 2 and the range from 1 to 5.
    first = {"empirical": {"values": ["1 d", "2 d", "3 d", "4 d", "5 d"]}}
    other = {"empirical": {"values": ["1 d", "3 d", "5 d"], "weights": [1, 2, 1]}}
    changes, outline = pair(set_stage("raw", lead_time=first), set_stage("raw", lead_time=other))
    draw = outline.isel(random=0)
    assert draw[variable].values[0] == pytest.approx(draw[variable].values[1], rel=1e-12)
    found = [json.loads(text) for text in draw["distribution_parameters"].values]
    assert found[0]["values"] == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert found[1]["values"] == [1.0, 3.0, 5.0]
    assert changes["lead time of raw"].startswith(
        "empirical, mean 3 d, cv 0.4714, from 1 d to 5 d (in days: values 1 3 5"
    )


def test_build_outline_document__a_document_holds_parameters_expediting_failover_and_prices():
    _, outline = pair(set_stage("raw", expedite=EXPEDITE, unit_cost=4), set_customer(demand={"poisson": {"mean": 9}}))
    document = build_outline_document(outline)["strategies"]
    raw = document["one"]["stages"]["raw"]
    assert (raw["expedite_below"], raw["expedite_lead_time"], raw["unit_cost"]) == (20.0, 0.5, 4.0)
    assert document["two"]["stages"]["raw"]["expedite_below"] is None
    assert [link["failover"] for link in document["one"]["links"]] == [True, True]
    assert document["one"]["days_payable"] == document["one"]["fixed_cost"] == 0.0
    assert [each["random"][0]["distribution_parameters"] for each in document.values()] == [
        {"value": 5.0},
        {"mean": 9.0},
    ]


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ({"base_stock": {"level": 100}}, "base stock: up to 100 = 10 d of demand; takes"),
        (
            {"base_stock": {"level": 100, "review": "2 d"}},
            "base stock: up to 100 = 10 d of demand, reviewed every 2 d; takes",
        ),
        ({"make_to_order": {}}, "make to order: nothing in stock; takes"),
        ({"min_max": {"min": 5, "max": 20}}, "min max: at 5 up to 20; order-up-to level 20 = 2 d of demand; takes"),
    ],
)
def test_summarize_model__a_level_is_said_once(policy, words):
    outline = pair(set_stage("gear", policy=policy), {})[1]
    assert summarize_model(outline).sections["Stages"]["gear"].startswith(words)


def test_summarize_model__stock_at_the_start_is_a_change_and_a_level_alone_does_not_repeat_it():
    assert pair(set_stage("raw", on_hand=7), {})[0] == {"raw": "full at the start"}
    assert pair({}, set_stage("raw", on_hand=7))[0] == {"raw": "7 at the start"}
    assert pair({}, set_stage("raw", policy={"base_stock": {"level": 80}}))[0] == {
        "raw": "base stock: up to 80 = 8 d of demand"
    }


def test_build_assumption_tables__the_page_compares_values_not_words():
    outline = pair(
        *(set_stage("raw", lead_time={"weibull": {"mean": "3 d", "shape": shape}}) for shape in (2, 2.00001))
    )[1]
    rows = {row[0]: row[1] for row in build_assumption_tables(outline)[0].rows}
    one, two = rows["lead time of raw"].split("; ")
    assert one.startswith("one: weibull, mean 3 d, cv 0.5227 (in days: scale 3.38514, shape 2)")
    assert two.startswith("two: weibull, mean 3 d, cv 0.5227 (in days: scale 3.38514, shape 2.00001)")
    same = pair(*2 * (set_stage("raw", lead_time={"weibull": {"mean": "3 d", "shape": 2}}),))[1]
    assert build_assumption_tables(same)[0].rows == (("lead time of raw", "weibull, mean 3 d, cv 0.5227"),)


def test_render_share__a_share_below_1_is_never_100_percent():
    shares = (1.0, 0.5, 0.9999, 0.99999, 0.9999999, 1 - 1e-15, 0.00012345, 0.0)
    words = ["100 %", "50 %", "99.99 %", "99.999 %", "99.99999 %", "> 99.99 %", "0.01234 %", "0 %"]
    assert [render_share(share) for share in shares] == words
    assert render_unmet_demand(0.99999) == "99.999 % of unmet demand is backordered, the rest lost"


def test_render_effect__a_factor_has_four_digits():
    assert render_effect({"capacity": 1 / 3, "demand": 12345678.0}) == "capacity × 0.3333, demand × 12,345,678"
