"""Loops of CONWIP: one path, nothing that leaves it, and faults that are found in time linear in the model."""

from __future__ import annotations

import time
from typing import Any

from modelfile import faults, only_fault
from test_model_references import plant, stage

from jitrisk.model import load
from jitrisk.model.references import find_reference_faults

Model = dict[str, Any]


def loop(through: str) -> Model:
    return {"conwip": {"cards": 3, "container": 1, "through": through}}


def test_find_loop_faults__loops_lie_within_each_other_or_overlap() -> None:
    line = {"d": stage("c"), "c": stage("b"), "b": stage("a"), "a": stage()}
    for loops in (
        {"a": "d", "b": "d"},
        {"a": "d", "b": "c"},
        {"a": "c", "b": "d"},  # each counts what is in its own stages
        {"a": "b", "c": "d"},
        {"a": "d"},
    ):
        model = plant(
            **{name: one | ({"policy": loop(loops[name])} if name in loops else {}) for name, one in line.items()}
        )
        assert {name: one.policy.last_stage for name, one in load(model).stages.items() if name in loops} == loops


def test_find_loop_faults__several_loops_may_end_at_one_stage_and_customers_may_take_from_any_store() -> None:
    stages = {
        "kit": stage("left", "right"),
        "left": {"policy": loop("kit")},
        "right": stage("rough"),
        "rough": {"policy": loop("kit")},
    }
    model = plant(**stages)
    model["customers"]["spares_shop"] = {"stage": "right", "demand": 1}
    assert faults(model) == ()
    # What is beyond the end of the loop may branch.
    stages |= {"box": stage("kit"), "export": stage("kit")}
    assert faults(plant(**stages)) == ()


def test_find_loop_faults__a_path_that_only_stands_in_counts() -> None:
    stages = {
        "pack": {"inputs": {"x": {"quantity": 1, "from": ["cool", "oven"]}}, "policy": {"push": {}}},
        "cool": stage("oven"),
        "oven": {"policy": loop("pack")},
    }
    assert "found two: `oven` supplies `pack` and `cool`" in only_fault(plant(**stages)).message


def test_find_loop_faults__a_cycle_is_the_only_fault_of_a_loop_within_it() -> None:
    stages = {"a": stage("c"), "b": stage("a"), "c": stage("b") | {"policy": loop("b")}}
    assert "form a cycle" in only_fault(plant(**stages)).message


def test_find_loop_faults__an_unknown_source_is_the_only_fault_of_a_line_that_it_breaks() -> None:
    stages = {"b": stage("x9"), "a": {"policy": loop("b")}}
    assert only_fault(plant(**stages)).key == "stages.b.inputs.x9"
    stages["a"]["policy"] = loop("x8")
    assert {fault.key for fault in faults(plant(**stages))} == {"stages.b.inputs.x9", "stages.a.policy.conwip.through"}


def test_find_reference_faults__time_is_linear_in_stages_that_loop_follow_and_stand_in() -> None:
    """A line of 5,000 stages, each of which begins a loop to the end, follows, and stands in for the next."""
    count = 5000
    names = [f"s{i}" for i in range(count)]
    follow = {"policy": {"base_stock": {"cover": 1, "follow": "season"}}}
    line: Model = {name: stage(*names[i + 1 : i + 2]) | {"policy": loop("s0")} for i, name in enumerate(names)}
    line["s0"] |= follow | {"standby": {"of": names[-1]}}
    line |= {f"t{i}": follow | {"standby": {"of": f"t{(i + 1) % count}"}} for i in range(count)}
    hits = {name: {"capacity": 0} for name in line}
    model = {"stages": line, "customers": {"c": {"stage": "s0", "trend": 0}}, "hazards": {"h": {"hits": hits}}}
    start = time.process_time()
    found = find_reference_faults(model)
    assert time.process_time() - start < 5.0
    assert len(found) == count + 1  # the levels of t follow nothing, and these stages form one circle
    # Where every loop is wrong, only the first ones are explained.
    for name in names[1:]:
        line[name]["policy"] = loop("t0")
    start = time.process_time()
    found = find_reference_faults(model)
    assert time.process_time() - start < 5.0
    messages = [finding.message for finding in found if finding.key_path[-1] == "through"]
    assert len(messages) == count - 1
    assert messages[0] == "`t0` is not downstream of `s1`: expected a stage that this one supplies"
    assert messages[-1] == "expected a stage to which one path without alternates leads, found `t0`"
