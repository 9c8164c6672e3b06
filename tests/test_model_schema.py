"""The parts of a network: units converted, bounds held, faults in words, and the JSON Schema for editors."""

import json
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from modelfile import GOOD, MISSING, faults, only_fault, spoiled
from networks import networks
from pydantic import ValidationError
from test_model_extensions import EVERYTHING

from jitrisk.model import Level, build_model_schema, describe, list_examples, load
from jitrisk.model.text import read_yaml
from jitrisk.sampling.distributions import FAMILIES, build_constant, build_distribution

YEAR = 365 * 3
"""Periods of 8 hours in a year."""


# What loads


def test_load__header_is_in_periods():
    network = load(GOOD)
    assert (network.period, network.horizon, network.warm_up) == (8.0, YEAR, 84)
    assert network.holding_rate == pytest.approx(0.2 / YEAR)
    assert (network.name, network.currency) == ("Pump plant", "EUR")
    assert (network.days_receivable, network.days_payable) == (45.0, 28.0)


def test_load__stage_is_in_periods():
    stages = load(GOOD).stages
    assert stages["steel"].lead_time == build_distribution("lognormal", mean=6.0, cv=0.5)
    assert stages["other"].lead_time == build_constant(9.0)
    pump = stages["pump"]
    assert pump.lead_time == build_constant(1.0)
    assert (pump.capacity, pump.yield_, pump.value, pump.downtime_cost) == (300.0, build_constant(0.99), 100.0, 800.0)
    assert (pump.on_hand, pump.expedite, stages["steel"].capacity) == (None, None, None)
    metal = pump.inputs["metal"]
    assert (metal.quantity, metal.sources, metal.failover) == (2.0, (("steel", 0.75), ("other", 0.25)), False)


def test_load__customer_is_in_periods():
    shop, export = load(GOOD).customers.values()
    assert (shop.demand, shop.every, shop.unmet) == (build_distribution("poisson", mean=60.0), 3, 0.0)
    assert (export.demand, export.every, export.unmet) == (build_constant(30.0), 1, 0.3)
    assert load(spoiled("customers.shop.unmet", MISSING)).customers["shop"].unmet == 1.0


def test_load__hazard_is_in_periods():
    strike, boom = load(GOOD).hazards.values()
    assert strike.time_between_distribution == build_distribution("exponential", mean=2.0 * YEAR)
    assert (strike.duration, strike.ramp, strike.chance) == (build_constant(15.0), 6.0, 1.0)
    assert boom.time_between_distribution == build_distribution("exponential", mean=float(YEAR))
    assert strike.hits["steel"].arrivals == 0
    hit = boom.hits["pump"]
    assert (hit.capacity, hit.chance, hit.arrivals, hit.transit, hit.yield_, hit.lead_time) == (0.8, 0.2, *[None] * 4)
    assert boom.hits["shop"].demand == 1.5


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"kanban": {"container": 5, "cards": 3}}, {"container": 5.0, "cards": 3, "safety": 0.0, "review_period": 1}),
        ({"kanban": {"container": 5, "cards": "auto", "safety": 0.2}}, {"cards": None, "safety": 0.2}),
        ({"base_stock": {"level": 9}}, {"level": 9.0, "cover": None, "service": None}),
        ({"base_stock": {"cover": "2 d", "review": "1 week"}}, {"level": None, "cover": 6.0, "review_period": 21}),
        ({"base_stock": {"service": "98 %"}}, {"service": 0.98}),
        ({"min_max": {"min": 3, "max": "2 d"}}, {"min": Level(units=3.0), "max": Level(cover=6.0)}),
        ({"reorder_point": {"point": "8 h", "quantity": 4}}, {"point": Level(cover=1.0), "quantity": Level(units=4.0)}),
        ({"make_to_order": {"review": 2}}, {"review_period": 2}),
    ],
)
def test_load__policies_are_known_by_their_kind(policy, expected):
    read = load(spoiled("stages.steel.policy", policy)).stages["steel"].policy
    assert {read.kind} == set(policy)
    assert {name: getattr(read, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("demand", "draw", "every"),
    [
        (20, build_constant(20.0), 1),
        ("900 / d", build_constant(300.0), 1),
        ({"poisson": {"mean": 20}}, build_distribution("poisson", mean=20), 1),
        ({"poisson": {"mean": "900 / d"}}, build_distribution("poisson", mean=300), 1),
        ({"every": "1 d", "poisson": {"mean": 14000}}, build_distribution("poisson", mean=14000), 3),
        ({"every": "1 d", "poisson": {"mean": "900 / d"}}, build_distribution("poisson", mean=900), 3),
        ({"every": 2, "constant": {"value": "900 / d"}}, build_constant(600.0), 2),
        ({"every": 2, "constant": 7}, build_constant(7.0), 2),
        ({"normal": {"mean": 5, "cv": "50 %"}}, build_distribution("normal", mean=5, sd=2.5), 1),
        ({"binomial": {"n": 5, "p": "20 %"}}, build_distribution("binomial", n=5, p=0.2), 1),
        ({"empirical": {"values": [0, "3 / d"]}}, build_distribution("empirical", values=[0, 1]), 1),
    ],
)
def test_build_distribution__demand_is_per_draw_and_rates_count_the_time_between_draws(demand, draw, every):
    shop = load(spoiled("customers.shop.demand", demand)).customers["shop"]
    assert (shop.demand, shop.every) == (draw, every)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"uniform": {"low": "8 h", "high": "1 d"}}, build_distribution("uniform", low=1, high=3)),
        (
            {"triangular": {"low": 1, "mode": "16 h", "high": "1 d"}},
            build_distribution("triangular", low=1, mode=2, high=3),
        ),
        ({"geometric": {"mean": "5 d"}}, build_distribution("geometric", mean=15)),
        ({"weibull": {"scale": "1 d", "shape": 2}}, build_distribution("weibull", scale=3, shape=2)),
        ({"gamma": {"shape": 2, "scale": "1 d"}}, build_distribution("gamma", shape=2, scale=3)),
        ({"negative_binomial": {"mean": "1 d", "size": 2}}, build_distribution("negative_binomial", mean=3, size=2)),
        ({"empirical": {"values": ["1 d", 1]}}, build_distribution("empirical", values=[3, 1])),
        ({"empirical": {"values": [1, "8 h"], "unit": "d"}}, build_distribution("empirical", values=[3, 1])),
        (
            {"empirical": {"values": [1, 2], "weights": ["25 %", 3]}},
            build_distribution("empirical", values=[1, 2], weights=[0.25, 3]),
        ),
    ],
)
def test_build_distribution__parameters_with_the_dimension_of_what_is_drawn_carry_units(source, expected):
    assert load(spoiled("stages.steel.lead_time", source)).stages["steel"].lead_time == expected


@pytest.mark.parametrize("number", [1, 7, 97, 333, 15500])
def test_load__rates_that_are_whole_in_periods_stay_exactly_whole(number):
    assert load(spoiled("stages.pump.capacity", f"{3 * number} / d")).stages["pump"].capacity == number
    assert load(spoiled("stages.pump.capacity", f"{number * YEAR} / year")).stages["pump"].capacity == number


def test_load__times_of_the_header_round_down_to_whole_periods():
    model = spoiled("horizon", "100.9 d")
    model["warm_up"] = "1 d 7 h"
    assert (load(model).horizon, load(model).warm_up) == (302, 3)


def test_load__rounding_of_the_text_costs_no_period():
    model = {**GOOD, "period": "0.1 d", "horizon": "0.3 d", "warm_up": 0}
    assert load(model).horizon == 3
    assert load(spoiled("stages.pump.policy.kanban.review", "0.9999999999 d")).stages["pump"].policy.review_period == 3


def test_load__safety_and_a_fixed_number_of_cards_exclude_each_other():
    fault = only_fault(spoiled("stages.pump.policy.kanban.cards", 5))
    assert fault.key == "stages.pump.policy.kanban.safety"
    assert "only counts with `cards: auto`" in fault.message


def test_load__inputs_have_a_short_form_and_default_to_the_stage_of_their_name():
    model = spoiled("stages.pump.inputs", {"steel": 2, "other": {"quantity": 3}})
    inputs = load(model).stages["pump"].inputs
    assert inputs["steel"].sources == (("steel", 1.0),)
    assert (inputs["steel"].quantity, inputs["other"].quantity) == (2.0, 3.0)
    assert inputs["other"].sources == (("other", 1.0),)
    assert inputs["other"].failover is True


def test_load__the_first_of_a_list_of_sources_has_the_whole_share():
    model = spoiled("stages.pump.inputs.metal.from", ["other", "steel"])
    assert load(model).stages["pump"].inputs["metal"].sources == (("other", 1.0), ("steel", 0.0))


def test_load__open_arrivals_are_no_effect():
    hits = load(spoiled("hazards.strike.hits.steel", {"arrivals": 1, "transit": 0})).hazards["strike"].hits
    assert (hits["steel"].arrivals, hits["steel"].transit) == (None, 0)


def test_load__expediting_is_read():
    expedite = load(spoiled("stages.pump.expedite", {"below": 40, "lead_time": "8 h"})).stages["pump"].expedite
    assert (expedite.below, expedite.lead_time) == (40.0, 1.0)


def test_load__parts_cannot_be_changed():
    pump = load(GOOD).stages["pump"]
    with pytest.raises(ValidationError):
        pump.value = 3
    assert pump.value == 100


# What is refused


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("name", 7, "write it between quotes"),
        ("name", "", "an empty text"),
        ("name", "a\nb", "one line"),
        ("currency", False, "`false`"),
        ("period", 8, "a duration with its unit"),
        ("period", "0 h", "above 0"),
        ("period", "900 / d", "found a rate `900 / d`"),
        ("horizon", "4 h", "which is 0.5 periods"),
        ("horizon", 0, "from 1 to"),
        ("horizon", 10_000_001, "from 1 to 10,000,000"),
        ("horizon", "900 / d", "expected a duration such as `8 h` or a number of periods, found a rate `900 / d`"),
        ("warm_up", "1 year", "must be shorter than the horizon"),
        ("warm_up", -1, "at least 0"),
        ("holding_rate", "20 %", "a share per time"),
        ("holding_rate", "-0.2 / year", "at least 0"),
        ("fixed_cost", -1, "at least 0"),
        ("fixed_cost", "2000000 EUR / year", "write `2000000 / year`"),
        ("fixed_cost", "2 years", "a duration `2 years`"),
        ("fixed_cost", "5 % / year", "money per time such as `3000 / d`"),
        ("strategies.lean.fixed_cost", "-5 / d", "at least 0"),
        ("stages.pump.capacity", "3 d", "a duration `3 d`"),
        ("stages.pump.capacity", "5 %", "a percentage"),
        ("stages.pump.capacity", "-1", "at least 0"),
        ("stages.pump.capacity", float("inf"), "finite"),
        ("stages.pump.capacity", 1e13, "at most 1e+12"),
        ("stages.pump.capacity", "unlimited", "found the text `unlimited`"),
        ("stages.pump.capacity", None, "found nothing"),
        ("stages.pump.value", "5 / d", "a rate"),
        ("stages.pump.value", True, "`true`"),
        ("stages.pump.value", [1], "a list"),
        ("stages.pump.downtime_cost", "8 h", "a duration `8 h`"),
        ("stages.pump.on_hand", "3 d", "a duration `3 d`"),
        ("stages.pump.yield", 0, "above 0"),
        ("stages.pump.yield", 1.01, "at most 1"),
        ("stages.pump.yield", {"normal": {"mean": 98, "sd": 1}}, "the mean must be above 0 and at most 1"),
        ("stages.pump.yield", "8 h", "a share of good units"),
        ("stages.pump.lead_time", "900 / d", "found a rate `900 / d`"),
        ("stages.pump.lead_time", "99 %", "found a percentage `99 %`"),
        ("stages.pump.lead_time", -1, "at least 0"),
        ("stages.pump.lead_time", {}, "an empty mapping"),
        ("stages.pump.lead_time", {"normal": {"mean": 1, "sd": 1}, "gamma": {}}, "expected one distribution"),
        ("stages.pump.lead_time", {"lognorml": {"mean": 1}}, "did you mean `lognormal`?"),
        ("stages.pump.lead_time", {"lognormal": 3}, "expected a mapping of the parameters"),
        ("stages.pump.lead_time", {"lognormal": {"mean": 3}}, "lognormal takes"),
        ("stages.pump.lead_time", {"uniform": {"low": 3, "high": 1}}, "must not exceed high"),
        ("stages.pump.lead_time", {"empirical": {"values": [1, 2], "weights": [1]}}, "weights"),
        ("stages.pump.lead_time", {"empirical": {"values": [1, 2], "weights": [0, 0]}}, "weights"),
        ("stages.pump.lead_time", {"empirical": {"values": 3}}, "expected a list of numbers"),
        ("stages.pump.lead_time", {"geometric": {"mean": "1 h"}}, "mean of geometric"),
        ("stages.pump.inputs", [1], "expected a mapping such as `{steel: 2}`, found a list"),
        ("stages.pump.inputs.metal.quantity", MISSING, "missing key `quantity`"),
        ("stages.pump.inputs.metal.quantity", 0, "above 0"),
        ("stages.pump.inputs.metal.failover", "no", "`true` or `false`"),
        ("stages.pump.inputs.metal.from", "steel", "expected a list of stages"),
        ("stages.pump.inputs.metal.from", [], "an empty list"),
        ("stages.pump.inputs.metal.from", ["steel", "steel"], "named twice"),
        ("stages.pump.inputs.metal.from", {"steel": 0.5, "other": 0.4}, "add up to 1, found 0.9"),
        ("stages.pump.inputs.metal.from", {"steel": 2}, "at most 1"),
        ("stages.pump.policy", MISSING, "missing key `policy`"),
        ("stages.pump.policy", "kanban", "found the text `kanban`"),
        ("stages.pump.policy", {"make_to_order": None}, "write `{}`"),
        ("stages.pump.policy.kanban.cards", 0, "from 1 on"),
        ("stages.pump.policy.kanban.cards", 2.5, "from 1 on"),
        ("stages.pump.policy.kanban.cards", "many", "`auto`"),
        ("stages.pump.policy.kanban.cards", True, "`auto`"),
        ("stages.pump.policy.kanban.cards", MISSING, "missing key `cards`"),
        ("stages.pump.policy.kanban.container", 0, "above 0"),
        ("stages.pump.policy.kanban.review", "12 h", "whole number of periods (a period is 8 h)"),
        ("stages.pump.policy.kanban.review", 0, "from 1 to"),
        ("stages.steel.policy", {"base_stock": {"level": 1, "cover": 2}}, "exactly one of"),
        ("stages.steel.policy", {"base_stock": {}}, "found none of them"),
        ("stages.steel.policy", {"base_stock": {"level": "3 d"}}, "a duration `3 d`"),
        ("stages.steel.policy", {"base_stock": {"service": 1}}, "below 1"),
        ("stages.steel.policy", {"min_max": {"min": 5, "max": 5}}, "`max` must be above `min`"),
        ("stages.steel.policy", {"min_max": {"min": "5 d", "max": "3 d"}}, "`max` must be above `min`"),
        ("stages.steel.policy", {"min_max": {"min": "5 %", "max": 9}}, "units such as `500` or a cover time"),
        ("stages.steel.policy", {"reorder_point": {"point": 1, "quantity": 0}}, "above 0"),
        ("stages.steel.policy", {"make_to_order": {"level": 3}}, "unknown key `level`"),
        ("customers.shop.stage", 5, "expected a text"),
        ("customers.shop.demand", -1, "at least 0"),
        ("customers.shop.demand", "8 h", "found a duration `8 h`"),
        ("customers.shop.demand", {"every": "1 d"}, "an empty mapping"),
        ("customers.shop.demand.every", "12 h", "which is 1.5 periods"),
        ("customers.shop.unmet", "waits", "`backorder` or `lost`"),
        ("customers.shop.unmet", 1.5, "at most 1"),
        ("customers.shop.price", -3, "at least 0"),
        ("hazards.strike.rate", 0, "`chance: 0` switches a hazard off"),
        ("hazards.strike.rate", 1e-13, "`chance: 0` switches a hazard off"),
        ("hazards.strike.rate", MISSING, "exactly one of `rate`, `time_between`, found none"),
        ("hazards.strike.time_between", 9, "found `rate`, `time_between`"),
        ("hazards.strike.duration", 0, "above 0"),
        ("hazards.strike.duration", MISSING, "missing key `duration`"),
        ("hazards.strike.hits", {}, "at least one stage or customer"),
        ("hazards.strike.hits.steel", {"chance": 1}, "expected at least one of"),
        ("hazards.strike.hits.steel.arrivals", 0.5, "0 (closed) or 1 (open)"),
        ("hazards.strike.hits.steel.capacity", 1.5, "at most 1"),
        ("hazards.strike.hits.steel.lead_time", 0, "above 0"),
        ("hazards.boom.chance", "120 %", "at most 1"),
        ("stages", [], "expected a mapping, found an empty list"),
        ("hazards", 3, "expected a mapping, found the number `3`"),
        ("strategies", [1], "expected a mapping of names to patches, found a list"),
    ],
)
def test_load__fault_says_what_was_found_and_what_is_allowed(path, value, words):
    found = faults(spoiled(path, value))
    assert [fault for fault in found if words in fault.message], [str(fault) for fault in found]
    assert all(path.startswith(fault.key) or fault.key.startswith(path) for fault in found[:1])


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (
            "holding_rate",
            2,
            "expected at most 100,000 % per year, found 219,000 % per year; give it per year, as `20 % / year`",
        ),
        ("strategies.lean.holding_rate", "100001 % / year", "found 100,001 % per year"),
        ("stages.pump.holding_rate", 2, "at most 100,000 % per year, found 219,000 % per year; give it per year"),
        ("strategies.lean.stages", {"pump": {"holding_rate": "100001 % / year"}}, "found 100,001 % per year"),
        ("stages.pump.owned_in_process", "no", "expected `true` or `false`, found"),
        ("customers.shop.shortage_cost", "9 EUR", "units and money are bare numbers, write `9`"),
        ("stages.pump.lead_time", {"uniform": {"low": "5 d", "high": "2 d"}}, "low `5 d` is 15, high `2 d` is 6"),
        ("stages.pump.lead_time", {"uniform": {"low": 5, "high": 2}}, "high, 2; counted in periods of 8 h"),
        ("stages.pump.lead_time", {"geometric": {"mean": "1 h"}}, "periods of 8 h: mean `1 h` is 0.125"),
        ("customers.shop.demand", {"uniform": {"low": "9 / d", "high": 2}}, "units per draw: low `9 / d` is 3"),
        ("hazards.strike.duration", {"normal": {"mean": 0, "sd": "1 d"}}, "found 0; counted in periods of 8 h"),
        ("customers.shop.unmet", "Lost", "did you mean `lost`?"),
        ("stages.pump.policy.kanban.cards", "atuo", "did you mean `auto`?"),
        ("customers.shop.demand", {"evry": "1 d", "poisson": {"mean": 3}}, "did you mean `every`?"),
        ("stages.pump.policy", "make_to_order", "write `{make_to_order: {}}`"),
        ("stages.pump.policy", "Kanban", "write `{kanban: {container: 500, cards: auto}}`"),
        ("stages.pump.inputs", ["a"], "expected a mapping such as `{steel: 2}`, found a list"),
        ("hazards.strike.hits", ["a"], "expected a mapping such as `{press: {capacity: 0}}`, found a list"),
        ("customers.shop.price", "30 EUR", "units and money are bare numbers, write `30`"),
        ("customers.shop.price", "€30", "units and money are bare numbers, write `30`"),
        ("stages.pump.inputs", {"steel": "1 kg"}, "units and money are bare numbers, write `1`"),
        ("stages.pump.capacity", "900 kg / d", "units and money are bare numbers, write `900 / d`"),
        ("stages.pump.downtime_cost", "3000 EUR / d", "write `3000 / d`"),
        ("stages.pump.yield", "98 pct", "write a number or a percentage"),
        ("stages.pump.lead_time", "3 dayz", "did you mean `day`?"),
        ("period", None, "expected a value, found nothing: length of one period"),
        ("stages.steel.policy", {"kanbn": {"container": 5}}, "did you mean `kanban`?"),
        ("stages.steel.policy", {"fixed": {"lots": 5}}, "unknown key `fixed`"),
        ("stages.steel.policy", {"base_stock": {"levl": 5}}, "did you mean `level`?"),
        ("hazards.strike.hits.steel", {"capcity": 0}, "did you mean `capacity`?"),
        ("stages.pump.policy.kanban", {"container": 5, "card": 3}, "did you mean `cards`?"),
    ],
)
def test_load__one_mistake_is_one_fault_with_the_next_step(path, value, words):
    fault = only_fault(spoiled(path, value))
    assert words in fault.message
    assert fault.key.startswith(path)


def test_load__distribution_that_lacks_a_parameter_is_not_shown_in_periods():
    assert "counted" not in only_fault(spoiled("stages.pump.lead_time", {"normal": {"mean": "1 d"}})).message


def test_load__high_holding_rates_of_long_periods_are_taken():
    assert load(spoiled("holding_rate", "100000 % / year")).holding_rate == pytest.approx(1000 / YEAR)
    weekly = spoiled("customers.shop.demand", 5) | {"period": "1 week", "holding_rate": 0.19}
    assert load(weekly).holding_rate == 0.19


def test_load__hazard_that_comes_and_goes_too_often_is_refused():
    model = spoiled("hazards.strike.rate", "2000 / h")
    model["hazards"]["strike"]["duration"] = "1 s"
    assert "occurrences per period" in only_fault(model).message


@pytest.mark.parametrize(
    "path",
    [
        "",
        "stages.pump",
        "stages.pump.policy.kanban",
        "stages.pump.inputs.metal",
        "customers.shop",
        "hazards.strike",
        "hazards.boom.hits.pump",
        "strategies.lean",
        "strategies.buffered.stages.steel",
    ],
)
def test_load__unknown_keys_are_found_at_any_depth(path):
    key = ".".join(filter(None, [path, "lead_tme"]))
    fault = only_fault(spoiled(key, 1))
    assert fault.key == key
    assert "unknown key `lead_tme`" in fault.message
    with_lead_time = ("stages.pump", "hazards.boom.hits.pump", "strategies.buffered.stages.steel")
    assert ("did you mean `lead_time`?" in fault.message) == (path in with_lead_time)


def test_load__two_faults_in_one_distribution_are_both_named():
    model = spoiled("stages.pump.lead_time", {"lognormal": {"mean": "5 dayz", "cv": float("nan"), "skew": 1}})
    assert {fault.key.rsplit(".", 1)[1] for fault in faults(model)} == {"mean", "cv", "skew"}


def test_load__of_many_faulty_values_ten_are_named():
    model = spoiled("stages.pump.lead_time", {"empirical": {"values": ["x"] * 1000}})
    found = faults(model)
    assert len(found) == 10
    assert found[0].key == "stages.pump.lead_time.empirical.values[0]"


# JSON Schema


@cache
def validator():
    return pytest.importorskip("jsonschema").Draft202012Validator(build_model_schema())


def errors(model):
    return [error.json_path for error in validator().iter_errors(model)]


def test_build_model_schema__json_schema_is_one():
    validator().check_schema(build_model_schema())
    assert json.loads(json.dumps(build_model_schema())) == build_model_schema()


def test_build_model_schema__json_schema_takes_the_examples_and_the_good_model():
    assert errors(GOOD) == []
    for path in list_examples().values():
        assert errors(read_yaml(path.read_text(encoding="utf-8")).data) == [], describe(path)


@given(networks())
def test_build_model_schema__json_schema_takes_what_loads(model):
    load(model)
    assert errors(model) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("period", 8),
        ("horizon", "1:30"),
        ("holding_rate", "20 %"),
        ("stages.pump.holding_rate", "20 %"),
        ("stages.pump.owned_in_process", 1),
        ("customers.shop.shortage_cost", -1),
        ("stages.pump.capacty", 3),
        ("stages.pump.capacity", "3 d"),
        ("stages.pump.value", None),
        ("stages.pump.yield", 2),
        ("stages.pump.policy", MISSING),
        ("stages.pump.policy.kanban.cards", "many"),
        ("stages.pump.policy.base_stock", {"level": 3}),
        ("stages.steel.policy.base_stock.level", 3),
        ("stages.steel.lead_time.lognormal.skew", 3),
        ("stages.steel.lead_time", {"lognormal": {"mean": 3}}),
        ("customers.shop.demand", "8 h"),
        ("customers.shop.unmet", "waits"),
        ("hazards.strike.time_between", 9),
        ("hazards.strike.hits.steel", {"chance": 1}),
        ("strategies.lean.period", "1 d"),
        ("strategies.buffered.stages.steel.valu", 3),
    ],
)
def test_build_model_schema__json_schema_refuses_what_an_editor_should_mark(path, value):
    assert errors(spoiled(path, value))


EVERYTHING_READ = read_yaml(EVERYTHING).data


def test_build_model_schema__json_schema_takes_a_model_with_every_key_of_a_stage_and_a_customer():
    load(EVERYTHING_READ)
    assert errors(EVERYTHING_READ) == []
    parts = build_model_schema()["$defs"]
    for section, part in (("stages", "Stage"), ("customers", "Customer")):
        given = {key for member in EVERYTHING_READ[section].values() for key in member}
        new = {"shelf_life", "overtime", "standby", "overtime_cost", "expire_cost", "season", "trend", "forecast"}
        assert set(parts[part]["properties"]) & new <= given


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("stages.pack.shelf_life", "20"),
        ("stages.pack.shelf_life", 20),
        ("stages.pack.overtime.factor", 1),
        ("stages.pack.expedite", {"below": 9, "lead_time": 1}),
        ("stages.spare.standby", {"of": "cast"}),
        ("stages.plan.policy.base_stock.follow", "season"),
        ("stages.cards.policy.kanban.cards", "formula"),
        ("customers.shop.season.factors", ["80 %", 0, 1.5]),
        ("customers.shop.trend", "-3 % / year"),
        ("customers.shop.trend", 0.001),
        ("customers.bar.forecast", {"error": {"uniform": {"low": 0.5, "high": 1.5}}, "every": 5}),
        ("customers.bar.forecast", {"error": "90 %"}),
    ],
)
def test_build_model_schema__json_schema_and_loader_take_other_values_of_the_keys(path, value):
    model = spoiled(path, value, EVERYTHING_READ)
    assert faults(model) == ()
    assert errors(model) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("stages.pack.shelf_life", "20 units"),
        ("stages.pack.shelf_life", -1),
        ("stages.pack.overtime", {"below": 9}),
        ("stages.pack.overtime.factor", 0.9),
        ("stages.pack.overtime.above", 9),
        ("stages.pack.overtime_cost", "3 EUR"),
        ("stages.pack.expire_cost", -1),
        ("stages.pack.expedite", {"below": 9, "up_to": 9, "lead_time": 1}),
        ("stages.pack.expedite", {"lead_time": 1}),
        ("stages.spare.standby", {"after": "3 d"}),
        ("stages.spare.standby.below", 0),
        ("stages.spare.standby.after", "soon"),
        ("stages.plan.policy.base_stock.follow", "plan"),
        ("stages.plan.policy.base_stock.cap", 0),
        ("stages.plan.policy.base_stock.safety", "3 d"),
        ("stages.cards.policy.kanban.follow", "forecast"),
        ("stages.oven.policy.conwip.cards", "auto"),
        ("stages.oven.policy.conwip.through", MISSING),
        ("stages.oven.policy.conwip.follow", "season"),
        ("stages.cool.policy.push.level", 3),
        ("customers.shop.season", {"every": "1 month"}),
        ("customers.shop.season.factors", []),
        ("customers.shop.season.factors", [-1]),
        ("customers.shop.season.factors", 1),
        ("customers.shop.trend", "5 %"),
        ("customers.bar.forecast", {}),
        ("customers.bar.forecast.error", 1),
        ("customers.bar.forecast.smoothing", 0),
    ],
)
def test_build_model_schema__json_schema_and_loader_refuse_wrong_values_of_the_keys(path, value):
    model = spoiled(path, value, EVERYTHING_READ)
    assert faults(model)
    assert errors(model)


def test_build_model_schema__json_schema_shows_quantities_as_number_or_text():
    schema = build_model_schema()
    for reference in ("Duration", "Capacity", "Share", "Interest"):
        assert {choice["type"] for choice in schema["$defs"][reference]["anyOf"]} == {"number", "string"}
        assert "such as" in schema["$defs"][reference]["description"]
    assert set(schema["properties"]) == set(GOOD)
    assert all("description" in field for field in schema["$defs"]["Stage"]["properties"].values())


def test_build_model_schema__json_schema_says_nothing_of_the_program():
    schema = build_model_schema()
    texts = [schema["description"], *(kind.get("description", "") for kind in schema["$defs"].values())]
    assert not [text for text in texts if "\n" in text or "Attributes" in text]
    assert schema["description"] == "A production network with its strategies."


@pytest.mark.parametrize("path", ["stages", "customers", "hazards.strike.hits"])
def test_build_model_schema__json_schema_and_loader_refuse_what_must_not_be_empty(path):
    model = spoiled(path, {})
    assert faults(model)
    assert errors(model)


def test_build_model_schema__json_schema_knows_every_distribution():
    choices = build_model_schema()["$defs"]["DrawnDuration"]["anyOf"]
    assert {name for choice in choices for name in choice.get("properties", {})} == set(FAMILIES)


QUANTITIES = {
    "holding_rate": "Interest",
    "stages.pump.holding_rate": "Interest",
    "stages.pump.capacity": "Capacity",
    "stages.pump.lead_time": "DrawnDuration",
    "customers.export.unmet": "Unmet",
    "hazards.strike.rate": "Frequency",
}


@given(
    st.sampled_from(sorted(QUANTITIES)),
    st.tuples(
        st.sampled_from(["", "-", "+"]),
        st.sampled_from(["5", "0.5", ".5", "1e-3", "1e13", "5.", "x", ""]),
        st.sampled_from(["", " ", "%", " %"]),
        st.sampled_from(["", "/ d", " / 20 years", "h", " 6 h", "/h", "min", " m"]),
    ).map("".join),
)
def test_build_model_schema__json_schema_and_loader_agree_on_the_form_of_quantities(path, text):
    model = spoiled(path, text)
    if not faults(model):
        assert errors(model) == []
