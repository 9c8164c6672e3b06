"""Strategies: how patches merge, what they may name, and where their faults are reported."""

import copy
import json

import pytest
from modelfile import GOOD, faults, line_of, only_fault, spoiled, written

from jitrisk.model import load
from jitrisk.sampling.distributions import build_constant


def patched(patch, base=GOOD):
    """Return the network under one strategy that patches a model."""
    return load({**copy.deepcopy(base), "strategies": {"s": patch}}).strategies["s"]


def test_load__model_without_strategies_is_the_one_strategy_base():
    for strategies in ({}, None):
        model = {key: value for key, value in GOOD.items() if key != "strategies"}
        network = load(model if strategies is None else {**model, "strategies": strategies})
        assert list(network.strategies) == ["base"]
        assert network.strategies["base"].stages == network.stages
        assert network.strategies["base"].strategies == {}


def test_load__strategies_are_complete_networks_in_the_order_of_the_file():
    network = load(GOOD)
    assert list(network.strategies) == ["lean", "buffered"]
    lean, buffered = network.strategies.values()
    assert lean.stages == network.stages
    assert buffered.stages["steel"].policy.level == 500.0
    assert buffered.stages["pump"] is network.stages["pump"]
    assert (buffered.horizon, buffered.customers, buffered.hazards) == (
        network.horizon,
        network.customers,
        network.hazards,
    )
    assert buffered.text != lean.text


def test_load__mappings_merge_down_to_a_member_and_fields_are_replaced_whole():
    patch = {
        "holding_rate": "30 % / year",
        "stages": {"pump": {"value": 7, "policy": {"make_to_order": {}}, "inputs": {"steel": 4}}},
        "customers": {"shop": {"price": 300}},
        "hazards": {"strike": {"duration": "9 d", "hits": {"other": {"transit": 0}}}},
    }
    network, base = patched(patch), load(GOOD)
    pump = network.stages["pump"]
    assert (pump.value, pump.policy.kind, list(pump.inputs)) == (7.0, "make_to_order", ["steel"])
    assert (pump.capacity, pump.yield_) == (300.0, build_constant(0.99))
    assert network.customers["shop"] == base.customers["shop"].model_copy(update={"price": 300.0})
    strike = network.hazards["strike"]
    assert (strike.duration, list(strike.hits), strike.ramp) == (build_constant(27.0), ["other"], 6.0)
    assert network.holding_rate == pytest.approx(0.3 / 1095)
    assert list(network.stages) == list(base.stages)


def test_load__key_that_excludes_another_takes_its_place():
    strike = patched({"hazards": {"strike": {"time_between": "9 d"}}}).hazards["strike"]
    assert strike.time_between_distribution == build_constant(27.0)
    boom = patched({"hazards": {"boom": {"rate": "1 / d"}}}).hazards["boom"]
    assert boom.time_between_distribution.mean() == pytest.approx(3.0)


def test_load__the_text_of_a_strategy_loads_to_the_same_network():
    buffered = load(GOOD).strategies["buffered"]
    again = load(json.loads(buffered.text))
    assert again.strategies["base"] == buffered


@pytest.mark.parametrize("key", ["period", "horizon", "warm_up", "name", "currency", "strategies"])
def test_load__what_must_be_the_same_under_every_strategy_cannot_be_patched(key):
    fault = only_fault(spoiled("strategies.lean", {key: GOOD[key]}))
    assert fault.key == f"strategies.lean.{key}"
    assert "the same under every strategy" in fault.message


@pytest.mark.parametrize(
    ("patch", "key", "words"),
    [
        ({"stages": {"pumps": {"value": 1}}}, "stages.pumps", "unknown stage `pumps`; did you mean `pump`?"),
        ({"customers": {"shops": {}}}, "customers.shops", "adds nothing new"),
        ({"hazards": {"fire": {}}}, "hazards.fire", "unknown hazard `fire`"),
        ({"stags": {}}, "stags", "did you mean `stages`?"),
        ({"stages": 3}, "stages", "expected a mapping of names to changes"),
        ({"stages": {"pump": None}}, "stages.pump", "expected a mapping of fields, found nothing"),
        (
            {"stages": {"pump": {"policy": {"kanban": {"container": 5}}}}},
            "stages.pump.policy.kanban",
            "missing key `cards`",
        ),
        ({"stages": {"pump": {"capacity": None}}}, "stages.pump.capacity", "found nothing"),
        ({"holding_rate": "20 %"}, "holding_rate", "a share per time"),
        ({"hazards": {"strike": {"rate": 1, "time_between": 2}}}, "hazards.strike", "exactly one of"),
        ({"stages": {"steel": {"inputs": {"pump": 1}}}}, "stages.steel.inputs", "steel -> pump -> steel"),
        ({"stages": {"other": {"inputs": {"pump": 1}}}}, "stages.other.inputs", "other -> pump -> other"),
        ({"customers": {"shop": {"stage": "pomp"}}}, "customers.shop.stage", "did you mean `pump`?"),
        (None, "", "`{}` for no change, found nothing"),
        ([1], "", "expected a mapping"),
    ],
)
def test_load__fault_of_a_patch_is_found_in_the_patch(patch, key, words):
    fault = only_fault(spoiled("strategies.lean", patch))
    assert fault.key == ".".join(filter(None, ["strategies.lean", key]))
    assert words in fault.message


def test_load__cycle_closed_elsewhere_is_put_where_the_patch_meets_the_model():
    model = spoiled("strategies.lean", {"stages": {"other": {"inputs": {"pump": 1}}}})
    model["stages"] = {name: model["stages"][name] for name in ("pump", "steel", "other")}
    fault = only_fault(model)
    assert fault.key == "strategies.lean.stages"
    assert "pump -> other -> pump" in fault.message


def test_load__fault_of_a_patch_has_its_line_in_the_strategies(tmp_path):
    path = written(tmp_path, spoiled("strategies.buffered.stages.steel.policy.base_stock.level", -5))
    assert only_fault(path).line == line_of(path.read_text(), "level: -5")


def test_load__faults_of_the_model_are_not_repeated_for_its_strategies():
    model = spoiled("stages.steel.capacity", "fast")
    model["customers"]["shop"]["stage"] = "pomp"
    model["hazards"]["strike"].pop("duration")
    model["strategies"]["lean"] = {"stages": {"steel": {"value": 3}}, "hazards": {"strike": {"ramp": 0}}}
    assert [fault.key for fault in faults(model)] == ["stages.steel.capacity", "hazards.strike", "customers.shop.stage"]


def test_load__faults_of_model_and_patches_are_reported_together():
    model = spoiled("stages.steel.capacity", "fast")
    model["strategies"]["lean"] = {"stages": {"steel": {"capacity": "slow"}, "pump": {"value": -1}}}
    keys = {fault.key for fault in faults(model)}
    assert keys == {"stages.steel.capacity", *(f"strategies.lean.stages.{k}" for k in ("steel.capacity", "pump.value"))}


@pytest.mark.parametrize("section", ["stages", "customers", "hazards"])
@pytest.mark.parametrize("value", [3, None])
def test_load__patch_of_a_section_that_is_no_mapping_brings_no_second_fault(section, value):
    model = spoiled(section, value)
    model["strategies"] = {"lean": {section: {"pump": {"price": 3}}}}
    found = [fault.key for fault in faults(model)]
    assert found[0] == section
    assert not [key for key in found if key.startswith("strategies")]


def test_load__patch_of_a_section_that_is_not_there_names_something_new():
    model = {key: value for key, value in GOOD.items() if key not in ("hazards", "strategies")}
    fault = only_fault({**model, "strategies": {"s": {"hazards": {"fire": {"rate": 1}}}}})
    assert fault.key == "strategies.s.hazards.fire"


def test_load__faulty_period_of_the_model_is_no_fault_of_a_strategy():
    model = spoiled("period", "8 parsecs")
    geometric = {"geometric": {"mean": "10 min"}}
    model["strategies"]["lean"] = {"period": "8 h", "stages": {"pump": {"lead_time": geometric}}}
    found = faults(model)
    assert [fault.key for fault in found] == ["period", "strategies.lean.period"]
    assert "the same under every strategy" in found[1].message


def test_load__many_strategies_share_what_they_do_not_patch():
    model = spoiled("strategies", {f"s{i}": {"stages": {"pump": {"value": i}}} for i in range(30)})
    networks = load(model).strategies
    assert len({id(network.stages["steel"]) for network in networks.values()}) == 1
    assert [network.stages["pump"].value for network in networks.values()] == list(range(30))
