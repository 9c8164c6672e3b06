"""The register of warnings: what each row finds and just does not find, where it is, strategies, silence."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
from modelfile import GOOD, only_fault, spoiled
from scipy import integrate, stats

import jitrisk as jr
from jitrisk.lower import compute_clipped_mean
from jitrisk.model import Customer, Hazard, Network, Stage, list_examples, load
from jitrisk.model.bare_rates import find_bare_rates
from jitrisk.model.schema import build_model_schema
from jitrisk.model_warnings import CHECKS, find_warnings
from jitrisk.sampling.distributions import build_distribution
from jitrisk.warning_register import WARNINGS

QUIET = {
    "name": "quiet",
    "period": "1 d",
    "horizon": "60 d",
    "stages": {
        "steel": {"lead_time": "2 d", "policy": {"base_stock": {"cover": "9 d"}}, "unit_cost": 6, "value": 6},
        "pump": {
            "inputs": {"metal": {"quantity": 1, "from": ["steel"]}},
            "lead_time": "3 d",
            "capacity": "20 / d",
            "value": 10,
            "unit_cost": 4,
            "policy": {"base_stock": {"level": 90}},
        },
    },
    "customers": {"shop": {"stage": "pump", "demand": {"poisson": {"mean": "10 / d"}}, "price": 20}},
    "hazards": {
        "fire": {"rate": "1 / year", "duration": "5 d", "hits": {"pump": {"capacity": 0.5}}},
        "strike": {"rate": "1 / year", "duration": "5 d", "hits": {"pump": {"capacity": 0}}},
    },
}
"""A model without a warning."""


def changed(changes):
    """Return the quiet model with values at paths of keys joined by dots."""
    model = copy.deepcopy(QUIET)
    for path, value in changes.items():
        *above, last = path.split(".")
        node = model
        for step in above:
            node = node.setdefault(step, {})
        node[last] = value
    return model


def warned(changes):
    return jr.check(changed(changes))


def fallback(**policy):
    stage = {"lead_time": "7 d", "policy": policy}
    return {"stages.spare": stage, "stages.pump.inputs.metal.from": ["steel", "spare"]}


# A forecast, and a policy that follows it.
FORECAST = {"customers.shop.forecast": {"error": {"lognormal": {"mean": 1, "cv": 0.2}}, "every": "1 week"}}
FOLLOWED = {"base_stock": {"cover": "9 d", "follow": "forecast"}}


def followed_error(error):
    return {"customers.shop.forecast": {"error": error, "every": 7}, "stages.steel.policy": FOLLOWED}


def partial(factor, **others):
    hazard = {"rate": "1 / year", "duration": "1 d", "hits": {"pump": {"capacity": factor, **others}}}
    return {"hazards.crack": hazard}


def test_check__the_quiet_model_has_no_warning():
    assert warned({}) == ()


CASES = [
    # name, key, what triggers it, what just does not
    (
        "clipped-mean",
        "customers.shop.demand",
        {"customers.shop.demand": {"normal": {"mean": 10, "sd": 5.9}}},
        {"customers.shop.demand": {"normal": {"mean": 10, "sd": 5.8}}},
    ),
    (
        "clipped-mean",
        "stages.pump.yield",
        {"stages.pump.yield": {"uniform": {"low": 0.5, "high": 1.2}}},
        {"stages.pump.yield": {"uniform": {"low": 0.5, "high": 1.09}}},
    ),
    (
        "clipped-mean",
        "hazards.fire.duration",
        {"hazards.fire.duration": {"normal": {"mean": "2 d", "sd": "2 d"}}},
        {"hazards.fire.duration": {"normal": {"mean": "2 d", "sd": "1 d"}}},
    ),
    (
        "rounded-lead-time",
        "stages.pump.lead_time",
        {"stages.pump.lead_time": "1.8 d"},
        {"stages.pump.lead_time": "1.82 d"},
    ),
    ("rounded-lead-time", "stages.pump.lead_time", {"stages.pump.lead_time": 0}, {"stages.pump.lead_time": 1}),
    ("rounded-lead-time", "stages.pump.lead_time", {"stages.pump.lead_time": "1 h"}, {"stages.pump.lead_time": "1 d"}),
    (
        "rounded-lead-time",
        "stages.pump.lead_time",
        {"stages.pump.lead_time": {"gamma": {"mean": "4 d", "cv": 0.3}}},
        {"stages.pump.lead_time": {"gamma": {"mean": "6 d", "cv": 0.3}}},
    ),
    (
        "rounded-lead-time",
        "stages.pump.expedite.lead_time",
        {"stages.pump.expedite": {"below": 3, "lead_time": "12 h"}},
        {"stages.pump.expedite": {"below": 3, "lead_time": "1 d"}},
    ),
    ("partial-hazards", "hazards.crack.hits.pump.capacity", partial(0.75), partial(0)),
    ("partial-hazards", "hazards.crack.hits.pump.capacity", partial(0.75, chance=0.1), partial(0.75, chance=0)),
    (
        "empty-fallback",
        "stages.spare.policy.base_stock.cover",
        fallback(base_stock={"cover": "10 d"}),
        fallback(base_stock={"level": 100}),
    ),
    (
        "empty-fallback",
        "stages.spare.policy.base_stock.service",
        fallback(base_stock={"service": 0.9}),
        fallback(base_stock={"cover": "10 d"}) | {"stages.pump.inputs.metal.from": {"steel": 0.99, "spare": 0.01}},
    ),
    (
        "empty-fallback",
        "stages.spare.policy.kanban.cards",
        fallback(kanban={"container": 5, "cards": "auto"}),
        fallback(kanban={"container": 5, "cards": 4}),
    ),
    (
        "empty-fallback",
        "stages.spare.policy.reorder_point.quantity",
        fallback(reorder_point={"point": 5, "quantity": "9 d"}),
        fallback(base_stock={"cover": "10 d"}) | {"stages.pump.inputs.metal.failover": False},
    ),
    (
        "capacity-below-demand",
        "stages.pump.capacity",
        {"stages.pump.capacity": "9.99 / d"},
        {"stages.pump.capacity": "10 / d"},
    ),
    (
        "capacity-below-demand",
        "stages.pump.capacity",
        {"stages.pump.capacity": "12.4 / d", "stages.pump.yield": 0.8},
        {"stages.pump.capacity": "12.6 / d", "stages.pump.yield": 0.8},
    ),
    ("high-holding-rate", "holding_rate", {"holding_rate": 0.2}, {"holding_rate": "73 / year"}),
    ("high-holding-rate", "holding_rate", {"holding_rate": 0.0275}, {"holding_rate": 0.027}),
    (
        "high-holding-rate",
        "stages.pump.holding_rate",
        {"stages.pump.holding_rate": 0.2},
        {"stages.pump.holding_rate": "73 / year"},
    ),
    ("value-above-cost", "stages.pump.value", {"stages.pump.value": 12.6}, {"stages.pump.value": 12.4}),
    (
        "value-above-cost",
        "stages.pump.value",
        {"stages.steel.unit_cost": 0},
        {"stages.steel.unit_cost": 0, "customers.shop.price": 0},
    ),
    (
        "number-per-period",
        "stages.pump.capacity",
        {"period": "8 h", "stages.pump.capacity": 850},
        {"period": "8 h", "stages.pump.capacity": "850 / 8 h"},
    ),
    (
        "number-per-period",
        "customers.shop.demand.poisson.mean",
        {"period": "8 h", "customers.shop.demand": {"poisson": {"mean": 3}}},
        {"period": "8 h", "customers.shop.demand": {"every": "1 d", "poisson": {"mean": 10}}},
    ),
    (
        "number-per-period",
        "customers.shop.demand",
        {"customers.shop.demand": {"every": 7, "constant": 70}},
        {"customers.shop.demand": {"every": 1, "constant": 10}},
    ),
    (
        "capacity-below-demand",
        "stages.pump.capacity",
        {"stages.pump.capacity": "7.99 / d", "stages.pump.overtime": {"below": 90, "factor": 1.25}},
        {"stages.pump.capacity": "8 / d", "stages.pump.overtime": {"below": 90, "factor": 1.25}},
    ),
    (
        "number-per-period",
        "customers.shop.trend",
        {"period": "8 h", "customers.shop.trend": 0.001},
        {"period": "8 h", "customers.shop.trend": "0.3 % / d"},
    ),
    ("unfollowed-forecast", "customers.shop.forecast", FORECAST, FORECAST | {"stages.steel.policy": FOLLOWED}),
    (
        "unfollowed-forecast",
        "customers.shop.forecast",
        FORECAST
        | {"customers.other": {"stage": "spare", "demand": 1, "forecast": {"smoothing": 0.1}}}
        | fallback(base_stock={"cover": 3, "follow": "forecast"}),
        FORECAST | {"strategies": {"kanban": {}, "mrp": {"stages": {"steel": {"policy": FOLLOWED}}}}},
    ),
    (
        "biased-forecast",
        "customers.shop.forecast.error",
        followed_error("10 %"),
        followed_error({"lognormal": {"mean": 0.5, "cv": 0.1}}),
    ),
    (
        "biased-forecast",
        "customers.shop.forecast.error",
        followed_error({"gamma": {"mean": 2.01, "cv": 0.1}}),
        followed_error(2),
    ),
    (
        "number-per-period",
        "hazards.fire.rate",
        {"period": "12 h", "hazards.fire.rate": 0.01},
        {"hazards.fire.rate": 0.01},
    ),
]


@pytest.mark.parametrize(("name", "key", "changes", "_quiet"), CASES)
def test_check__a_row_finds_what_it_is_about_and_names_the_key(name, key, changes, _quiet):
    (warning,) = warned(changes)
    assert warning.name == name
    assert warning.key.startswith(key)
    assert (warning.file, warning.line) == ("", None)
    assert (warning.effect, warning.remedy) == (WARNINGS[name].effect, WARNINGS[name].remedy)


@pytest.mark.parametrize(("_name", "_key", "_changes", "quiet"), CASES)
def test_check__a_row_does_not_find_what_just_is_not_it(_name, _key, _changes, quiet):
    assert warned(quiet) == ()


def test_check__every_row_of_the_register_has_a_check_and_a_case():
    assert list(CHECKS) == list(WARNINGS)
    assert {name for name, *_ in CASES} == set(WARNINGS)


# The numbers in a warning


def test_check__the_mean_of_a_clipped_normal_is_said_and_is_the_one_drawn():
    model = {"customers.shop.demand": {"normal": {"mean": 10, "sd": 30}}, "stages.pump.capacity": "40 / d"}
    (warning,) = warned(model)
    assert "has mean 10; clipped at 0, 17.63" in warning.found
    drawn = jr.sample(changed(model), paths=2000, seed=3).demand.values
    error = drawn.std() / np.sqrt(drawn.size)
    assert abs(drawn.mean() - 17.63) < 4 * error + 0.005


@pytest.mark.parametrize("highest", [1.0, 12.0, np.inf])
@pytest.mark.parametrize(("mean", "sd"), [(10, 30), (0.5, 3), (9, 1), (0, 2)])
def test_compute_clipped_mean__a_clipped_normal_has_the_mean_of_its_integral(mean, sd, highest):
    distribution = stats.norm(mean, sd)
    inside, _ = integrate.quad(lambda x: x * distribution.pdf(x), 0, min(highest, mean + 12 * sd), limit=200)
    expected = inside + (highest * distribution.sf(highest) if np.isfinite(highest) else 0)
    assert compute_clipped_mean(build_distribution("normal", mean=mean, sd=sd), highest) == pytest.approx(
        expected, rel=1e-6
    )


def test_compute_clipped_mean__the_mean_of_a_clipped_yield_is_the_one_of_its_integral():
    # Half of the values are above 1: mean = 0.5 * 0.75 + 0.5 * 1.
    assert compute_clipped_mean(build_distribution("uniform", low=0.5, high=1.5), 1.0) == pytest.approx(0.875, rel=1e-6)


def test_check__a_rounded_lead_time_says_what_it_becomes():
    (warning,) = warned({"period": "8 h", "stages.pump.lead_time": "9 h"})
    assert warning.found == "9 h is rounded up to 16 h: 2 periods of 8 h"


def test_check__random_lead_times_are_raised_by_what_whole_periods_add():
    # Of an exponential of mean 1, ceil is geometric with mean 1 / (1 - exp(-1)).
    (warning,) = warned({"stages.pump.lead_time": {"exponential": {"mean": "1 d"}}})
    assert f"rounded up to {24 / (1 - np.exp(-1)):.4g} h" in warning.found


def test_check__the_capacity_needed_counts_scrap_and_the_bill_of_materials():
    changes = {"stages.pump.inputs.metal.quantity": 3, "stages.pump.yield": 0.5, "stages.steel.capacity": "59 / d"}
    found = {warning.key: warning.found for warning in warned(changes | {"stages.pump.capacity": "20 / d"})}
    assert found["stages.steel.capacity"] == "a capacity of 59 / d for a mean demand of 60 / d"


def test_check__capacity_and_costs_count_the_yield_that_is_drawn():
    # Half of the draws are above 1 and count as 1, so that 0.875 are good: 10 / 0.875 a day, and 10 / 0.875 a unit.
    changes = {"stages.pump.yield": {"uniform": {"low": 0.5, "high": 1.5}}, "silence": ["clipped-mean"]}
    (warning,) = warned(changes | {"stages.pump.capacity": "11.4 / d"})
    assert warning.found == "a capacity of 11.4 / d for a mean demand of 11.43 / d"
    assert warned(changes | {"stages.pump.capacity": "11.43 / d", "stages.pump.value": 14}) == ()
    (warning,) = warned(changes | {"stages.pump.value": 14.3})
    assert warning.found == "a value of 14.3, and 11.43 of `unit_cost` for it and its inputs"


def test_check__what_is_paid_for_a_unit_counts_inputs_and_scrap():
    # (4 + 2 * 6) / 0.8 = 20
    changes = {"stages.pump.inputs.metal.quantity": 2, "stages.pump.yield": 0.8, "stages.pump.value": 26}
    (warning,) = warned(changes)
    assert warning.found == "a value of 26, and 20 of `unit_cost` for it and its inputs"


def test_costs__profit_exceeds_gross_profit_where_the_value_is_above_the_cost():
    # A unit costs 4 + 6 = 10. Per unit shipped, profit is above gross profit by the value less that, but for what
    # is in process at the end.
    for value in (10, 40):
        result = jr.simulate(changed({"stages.pump.value": value, "hazards": {}}), paths=20)
        costs, shipped = result.risk.costs(), result.filled.sum("customer")
        gap = ((costs.profit - costs.gross_profit) / shipped).mean().item()
        assert gap == pytest.approx(value - 10, abs=0.05)


def test_check__factors_of_partial_hazards_multiply_as_the_warning_says():
    always = {"time_between": "1 h", "duration": "10000 d"}
    hazards = {f"m{i}": {**always, "hits": {"pump": {"capacity": 0.5}}} for i in range(2)}
    model = changed({"hazards": hazards})
    assert [warning.name for warning in jr.check(model)] == ["partial-hazards"]
    availability = jr.sample(model, paths=1).availability.sel(stage="pump")
    assert availability[..., -1].item() == pytest.approx(0.25)


def test_simulate__the_store_of_an_empty_fallback_is_empty_and_one_in_units_is_not():
    for policy, stock in (({"cover": "10 d"}, 0), ({"level": 100}, 100)):
        result = jr.simulate(changed(fallback(base_stock=policy) | {"hazards": {}}), paths=1)
        assert result.on_hand.sel(stage="spare").item() == stock


def test_check__a_supplier_of_an_empty_fallback_is_found_and_a_source_that_never_stands_in_is_not():
    ore = {"stages.ore": {"policy": {"base_stock": {"cover": "5 d"}}}, "stages.spare.inputs": {"ore": 1}}
    changes = fallback(base_stock={"level": 100}) | ore
    assert [warning.key for warning in warned(changes)] == ["stages.ore.policy.base_stock.cover"]
    assert warned(changes | {"stages.pump.inputs.metal.failover": False}) == ()


# Bare numbers: every key that may have a time below it


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("holding_rate", 0.0001),
        ("stages.pump.capacity", 300),
        ("stages.pump.capacity", "1e3"),
        ("stages.pump.downtime_cost", 800),
        ("customers.export.backorder_cost", 5),
        ("customers.export.demand", 30),
        ("customers.export.demand", {"constant": 30}),
        ("customers.export.demand", {"normal": {"mean": 30, "sd": "9 / d"}}),
        ("customers.export.demand", {"normal": {"mean": "90 / d", "sd": 3}}),
        ("customers.export.demand", {"empirical": {"values": ["90 / d", 20], "weights": [1, 2]}}),
        ("hazards.strike", {"rate": 0.001, "duration": "1 d", "hits": {"pump": {"capacity": 0}}}),
        ("hazards.strike", {"rate": "0.1 %", "duration": "1 d", "hits": {"pump": {"capacity": 0}}}),
    ],
)
def test_find_bare_rates__every_bare_number_per_time_is_found(path, value):
    before = {rate.key_path for rate in find_bare_rates(GOOD)}
    found = [rate for rate in find_bare_rates(spoiled(path, value)) if rate.key_path not in before]
    assert len(found) == 1
    assert ".".join(found[0].key_path).startswith(path)
    assert found[0].seconds == 8 * 3600


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("stages.pump.capacity", 0),
        ("stages.pump.downtime_cost", 0),
        ("customers.export.demand", "0"),
        ("customers.export.demand", {"normal": {"mean": "90 / d", "cv": 3}}),
        ("customers.export.demand", {"binomial": {"n": 9, "p": 0.5}}),
        ("customers.export.demand", {"empirical": {"values": ["90 / d"], "weights": [2]}}),
    ],
)
def test_find_bare_rates__zero_and_numbers_without_a_time_are_not_bare_rates(path, value):
    assert list(find_bare_rates(spoiled(path, value))) == list(find_bare_rates(GOOD))


def test_build_model_schema__every_key_whose_schema_shows_a_rate_is_looked_at():
    schema = build_model_schema()["$defs"]
    rates = {"Capacity", "Interest", "MoneyPerTime", "Frequency"}
    for part in (Network, Stage, Customer, Hazard):
        properties = build_model_schema()["properties"] if part is Network else schema[part.__name__]["properties"]
        fields = {key: field for key, field in properties.items() if field.get("type") != "object"}
        keys = [key for key, field in fields.items() if rates & {r.rpartition("/")[2] for r in _references(field)}]
        head = {"period": "8 h"}
        for key in keys:
            section = {Stage: "stages", Customer: "customers", Hazard: "hazards"}.get(part)
            model = head | ({key: 1} if section is None else {section: {"x": {key: 1}}})
            assert len(list(find_bare_rates(model))) == 1, key
        assert keys


def _references(node):
    if isinstance(node, dict):
        yield from ([node["$ref"]] if "$ref" in node else [])
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from _references(item)


# Files, strategies, silence


MODEL = """\
name: two rows
period: 8 h
horizon: 60 d
stages:
  pump:
    lead_time: 0
    capacity: 850
    policy: {base_stock: {level: 900}}
customers:
  shop: {stage: pump, demand: 900 / d}
strategies:
  lean: {}
  slow:
    stages:
      pump:
        capacity: 100
  late: {stages: {pump: {lead_time: 3 d}}}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "two.yaml"
    path.write_text(MODEL)
    return path


def test_check__a_warning_has_the_file_and_the_line_of_its_key(file):
    found = [(w.name, w.file, w.line, w.key, w.strategies) for w in jr.check(file)]
    slow = "strategies.slow.stages.pump.capacity"
    assert found == [
        ("rounded-lead-time", str(file), 6, "stages.pump.lead_time", ("lean", "slow")),
        ("number-per-period", str(file), 7, "stages.pump.capacity", ("lean", "late")),
        ("number-per-period", str(file), 16, slow, ()),
        ("capacity-below-demand", str(file), 16, slow, ()),
    ]


def test_check__a_warning_of_every_strategy_is_reported_once_and_names_none():
    model = changed({"stages.pump.lead_time": 0, "strategies": {"a": {}, "b": {}}})
    (warning,) = jr.check(model)
    assert warning.strategies == ()
    assert "under" not in warning.found_under


def test_check__a_warning_of_a_patch_elsewhere_names_the_strategy_and_the_key_of_the_model():
    busy = {"customers": {"shop": {"demand": "30 / d"}}}
    (warning,) = jr.check(changed({"strategies": {"calm": {}, "busy": busy}}))
    assert (warning.key, warning.strategies) == ("stages.pump.capacity", ("busy",))
    assert "(under busy)" in str(warning)


def test_check__the_network_of_one_strategy_has_its_own_warnings(file):
    slow = load(file).strategies["slow"]
    assert [w.name for w in jr.check(slow)] == ["rounded-lead-time", "number-per-period", "capacity-below-demand"]
    assert {w.strategies for w in jr.check(slow)} == {()}


def test_find_warnings__only_the_strategies_asked_for_are_looked_at(file):
    assert [w.line for w in find_warnings(load(file), ["late"])] == [7]


def test_check__a_forecast_that_only_a_strategy_has_is_warned_of_at_its_key():
    patch = {"customers": {"shop": {"forecast": {"smoothing": 0.1}}}}
    (warning,) = jr.check(changed({"strategies": {"plain": {}, "planned": patch}}))
    assert (warning.name, warning.key) == ("unfollowed-forecast", "strategies.planned.customers.shop.forecast")


def test_check__a_biased_forecast_is_found_with_its_mean_and_one_by_smoothing_is_not():
    (warning,) = jr.check(changed(followed_error(0.1)))
    assert warning.found == "planners expect 0.1 times the demand of shop on average"
    smoothed = {"customers.shop.forecast": {"smoothing": 0.1}, "stages.steel.policy": FOLLOWED}
    assert jr.check(changed(smoothed)) == ()


def test_check__a_low_capacity_includes_overtime_and_says_so():
    changes = {"stages.pump.capacity": "7 / d", "stages.pump.overtime": {"below": 90, "factor": 1.25}}
    (warning,) = jr.check(changed(changes))
    assert warning.found == "a capacity of 8.75 / d, overtime included, for a mean demand of 10 / d"


def test_find_warnings__a_forecast_that_a_strategy_not_asked_for_follows_is_followed():
    model = changed(FORECAST | {"strategies": {"kanban": {}, "mrp": {"stages": {"steel": {"policy": FOLLOWED}}}}})
    assert find_warnings(load(model), ["kanban"]) == ()


def test_check__a_silenced_warning_is_not_reported(file):
    file.write_text(MODEL + "silence: [rounded-lead-time, number-per-period]\n")
    assert {w.name for w in jr.check(file)} == {"capacity-below-demand"}
    file.write_text(MODEL + f"silence: [{', '.join(WARNINGS)}]\n")
    assert jr.check(file) == ()


@pytest.mark.parametrize(
    ("silence", "words"),
    [
        (["rounded-leadtime"], "unknown warning `rounded-leadtime`; did you mean `rounded-lead-time`?"),
        ("clipped-mean", "expected a list of names of warnings such as `[clipped-mean]`"),
        ([3], "expected a text, found the number `3`"),
    ],
)
def test_check__an_unknown_name_to_silence_is_a_fault(silence, words):
    fault = only_fault(spoiled("silence", silence))
    assert fault.key.startswith("silence")
    assert words in fault.message


def test_check__silence_is_the_same_under_every_strategy():
    assert "must be the same" in only_fault(spoiled("strategies.lean.silence", ["clipped-mean"])).message


def test_check__where_a_model_was_read_from_makes_no_difference_to_what_it_is(file):
    network = load(file)
    assert network == load(json.loads(network.text))
    assert [w.name for w in jr.check(network)] == [w.name for w in jr.check(json.loads(network.text))]


def test_check__a_result_has_the_warnings_of_its_model_without_lines(file):
    result = jr.simulate(file, paths=2)
    assert [(w.name, w.file, w.line) for w in jr.check(result)] == [(w.name, "", None) for w in jr.check(file)]


def test_check__a_key_below_an_alias_has_the_line_of_the_alias(tmp_path):
    path = tmp_path / "alias.yaml"
    stage = "{lead_time: 0, policy: {base_stock: {level: 90}}}"
    path.write_text(
        f"name: a\nperiod: 1 d\nhorizon: 9 d\nstages:\n  one: &s {stage}\n  two: *s\n"
        "customers: {c: {stage: one, demand: 1}, d: {stage: two, demand: 1}}\n"
    )
    assert [(w.line, w.key) for w in jr.check(path)] == [(5, "stages.one.lead_time"), (6, "stages.two")]


@pytest.mark.parametrize("name", list_examples())
def test_check__the_examples_have_no_warning_but_those_they_silence(name):
    assert jr.check(name) == ()
    network = load(name)
    loud = load({key: value for key, value in json.loads(network.text).items() if key != "silence"})
    assert {warning.name for warning in jr.check(loud)} == set(network.silence)


def test_check__the_page_of_warnings_is_the_register():
    page = (Path(__file__).parents[1] / "docs" / "warnings.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert rows == [f"| `{n}` | {row.condition} | {row.effect} | {row.remedy} |" for n, row in WARNINGS.items()]


def test_build_model_schema__the_schema_completes_the_names_of_warnings():
    assert build_model_schema()["$defs"]["Silence"]["items"]["enum"] == list(WARNINGS)
