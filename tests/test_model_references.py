"""What holds between the parts of a model: names, references and cycles."""

import time

import pytest
from modelfile import GOOD, faults, only_fault, spoiled

from jitrisk.model import load
from jitrisk.model.references import find_reference_faults


def stage(*sources):
    return {"inputs": dict.fromkeys(sources, 1), "policy": {"make_to_order": {}}}


def plant(**stages):
    customers = {"shop": {"stage": next(iter(stages)), "demand": 1}}
    return {"name": "p", "period": "1 d", "horizon": 10, "stages": stages, "customers": customers}


def test_find_reference_faults__a_stage_may_feed_several_and_the_order_of_declaration_is_free():
    assert not faults(plant(a=stage("b", "c"), b=stage("d"), c=stage("d"), d=stage()))


@pytest.mark.parametrize(
    ("path", "value", "key", "words"),
    [
        ("customers.shop.stage", "pumps", "customers.shop.stage", "did you mean `pump`?"),
        ("stages.pump.inputs", {"stel": 1}, "stages.pump.inputs.stel", "did you mean `steel`?"),
        (
            "stages.pump.inputs.metal.from",
            ["steel", "othr"],
            "stages.pump.inputs.metal.from[1]",
            "did you mean `other`?",
        ),
        (
            "stages.pump.inputs.metal.from",
            {"steel": 1, "x9": 0},
            "stages.pump.inputs.metal.from.x9",
            "`steel`, `other`, `pump`",
        ),
        ("hazards.strike.hits", {"shp": {"demand": 2}}, "hazards.strike.hits.shp", "did you mean `shop`?"),
        (
            "hazards.strike.hits",
            {"shop": {"capacity": 0}},
            "hazards.strike.hits.shop.capacity",
            "not act on a customer",
        ),
        ("hazards.strike.hits", {"pump": {"demand": 2}}, "hazards.strike.hits.pump.demand", "not act on a stage"),
        ("customers.pump", {"stage": "pump", "demand": 1}, "customers.pump", "unique across stages and customers"),
        (
            "stages.pump.inputs",
            {"a": {"quantity": 1, "from": ["steel"]}, "steel": 1},
            "stages.pump.inputs.steel",
            "source of the input `a` too",
        ),
        ("stages", {}, "stages", "at least one of the stages"),
        ("customers", {}, "customers", "at least one of the customers"),
        ("hazards.", GOOD["hazards"]["strike"], "hazards", "expected a name of letters"),
        ("hazards.a:b", GOOD["hazards"]["strike"], "hazards.a:b", "expected a name of letters"),
        ("hazards. a", GOOD["hazards"]["strike"], "hazards. a", "expected a name of letters"),
        ("strategies.a\nb", {}, "strategies.a\\nb", "expected a name of letters"),
    ],
)
def test_find_reference_faults__fault_between_parts_is_found_where_it_stands(path, value, key, words):
    found = faults(spoiled(path, value))
    assert [fault for fault in found if fault.key.rstrip(".") == key and words in fault.message], list(map(str, found))


def test_find_reference_faults__names_may_be_of_any_script():
    assert not faults(plant(**{"Räder 2": stage("鋳物"), "鋳物": stage()}))


def test_find_reference_faults__cycle_is_printed_from_its_first_declared_stage():
    fault = only_fault(plant(a=stage("c"), b=stage("a"), c=stage("b"), d=stage("a")))
    assert fault.key == "stages.a.inputs"
    assert "a -> b -> c -> a" in fault.message


def test_find_reference_faults__every_separate_cycle_is_printed():
    found = faults(plant(a=stage("b"), b=stage("a"), c=stage("c"), d=stage("e"), e=stage("f"), f=stage("d")))
    assert [fault.message.split(": ")[1] for fault in found] == ["a -> b -> a", "c -> c", "d -> f -> e -> d"]


def test_find_reference_faults__long_cycle_is_shortened():
    fault = only_fault(plant(**{f"s{i}": stage(f"s{(i - 1) % 11}") for i in range(11)}))
    assert fault.message.endswith(": s0 -> s1 -> s2 -> s3 -> s4 -> s5 -> s6 -> s7 -> s8 -> s9 -> ... -> s0")
    fault = only_fault(plant(**{f"s{i}": stage(f"s{(i - 1) % 10}") for i in range(10)}))
    assert "..." not in fault.message


@pytest.mark.parametrize(("section", "typo"), [("stages", "Stages"), ("customers", "custmers"), ("hazards", "hazard")])
def test_find_reference_faults__misspelled_section_is_the_only_fault(section, typo):
    model = {typo if key == section else key: value for key, value in GOOD.items()}
    model["strategies"] = {"s": {name: {key: {} for key in GOOD[name]} for name in ("stages", "customers", "hazards")}}
    assert only_fault(model).key == typo


def test_find_reference_faults__cycle_through_a_source_without_share_counts():
    model = plant(a=stage("b"), b=stage())
    model["stages"]["b"]["inputs"] = {"x": {"quantity": 1, "from": ["c", "a"]}}
    model["stages"]["c"] = stage()
    assert "cycle" in only_fault(model).message


def test_find_reference_faults__faults_between_parts_are_found_beside_faults_within_them():
    model = spoiled("stages.pump.capacity", "fast")
    model["stages"]["pump"]["inputs"] = {"stel": -1}
    assert {fault.key for fault in faults(model)} == {"stages.pump.capacity", "stages.pump.inputs.stel"}
    assert len(faults(model)) == 3


def test_find_reference_faults__checks_survive_parts_of_any_shape():
    for part in (None, 3, "x", [], {}, {"inputs": [1]}, {"inputs": {"a": {"from": {"b": []}}}}, {"hits": 4}):
        model = {"stages": {"a": part}, "customers": {"c": part}, "hazards": {"h": part}, "strategies": part}
        assert isinstance(find_reference_faults(model), list)


def test_find_reference_faults__time_is_linear_in_the_number_of_unknown_names_and_cycles():
    names = [f"s{i}" for i in range(3000)]
    stages = {name: stage(f"x{name}", names[i ^ 1]) for i, name in enumerate(names)}
    start = time.process_time()
    found = find_reference_faults({"stages": stages})
    assert time.process_time() - start < 5.0
    assert sum("unknown stage" in finding.message for finding in found) == 3000
    assert sum("cycle" in finding.message for finding in found) == 20


def test_find_reference_faults__deep_chains_need_no_recursion():
    names = [f"s{i}" for i in range(5000)]
    stages = {name: stage(*names[i + 1 : i + 2]) for i, name in enumerate(names)}
    assert len(load(plant(**stages)).stages) == 5000
