"""Patches merged into one, and pairs of patches that set one field to different values."""

import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st
from modelfile import GOOD

from jitrisk.model import find_conflicts, load, merge_patches

FIELDS = {
    "stages": {
        "steel": {
            "policy": [{"base_stock": {"level": 3}}, {"kanban": {"container": 5, "cards": 2}}],
            "value": [0, 7],
            "lead_time": ["1 d", {"lognormal": {"mean": "1 d", "cv": 0.5}}],
        },
        "pump": {"capacity": ["100 / d", 50], "inputs": [{"steel": 1}, {"other": 2}], "value": [0, 7]},
    },
    "customers": {"shop": {"price": [1, 2], "unmet": ["lost", "30 %"]}},
    "hazards": {
        "strike": {
            "rate": ["1 / year", "2 / year"],
            "time_between": [{"exponential": {"mean": "3 years"}}, {"exponential": {"mean": "4 years"}}],
            "ramp": ["1 d", "2 d"],
        },
        "boom": {"rate": ["1 / year"], "chance": [0.1, 0.2]},
    },
}
TOP = {"holding_rate": ["10 % / year", 0], "days_payable": ["3 d", "4 d"]}
RIVALS = {"rate", "time_between"}


@st.composite
def patches(draw):
    """A patch of the good model, of which no two fields exclude each other."""
    patch = {key: draw(st.sampled_from(values)) for key, values in TOP.items() if draw(st.integers(0, 3)) == 0}
    for section, members in FIELDS.items():
        for name, fields in members.items():
            drawn = {
                key: draw(st.sampled_from(values)) for key, values in fields.items() if draw(st.integers(0, 2)) == 0
            }
            if set(drawn) >= RIVALS:
                del drawn[draw(st.sampled_from(sorted(RIVALS)))]
            if drawn or draw(st.integers(0, 4)) == 0:
                patch.setdefault(section, {})[name] = drawn
    return patch


def applied(model, patch):
    """Return a model whose one strategy is a patch, as a model without strategies."""
    plain = {key: value for key, value in model.items() if key not in ("strategies", "decisions")}
    return json.loads(load({**copy.deepcopy(plain), "strategies": {"s": patch}}).strategies["s"].text)


@given(st.lists(patches(), max_size=3))
@settings(max_examples=60, deadline=None)
def test_merge_patches__is_the_network_of_the_patches_one_after_another(drawn):
    before = copy.deepcopy(drawn)
    model = applied(GOOD, {})
    for patch in drawn:
        model = applied(model, patch)
    merged = merge_patches(drawn)
    assert applied(GOOD, merged) == model
    assert drawn == before
    assert merge_patches([merged]) == merged


@given(st.dictionaries(st.sampled_from("abc"), patches(), min_size=2))
@settings(max_examples=60, deadline=None)
def test_find_conflicts__are_the_pairs_whose_order_matters(drawn):
    """Two patches that conflict, and no others, give different networks in the two orders."""
    found = find_conflicts(drawn)
    names = list(drawn)
    pairs = {(a, b) for i, a in enumerate(names) for b in names[i + 1 :]}
    networks = {(a, b): applied(GOOD, merge_patches([drawn[a], drawn[b]])) for a, b in pairs}
    ordered = {(a, b) for a, b in pairs if networks[a, b] != applied(GOOD, merge_patches([drawn[b], drawn[a]]))}
    assert found == ordered


def test_find_conflicts__fixed_costs_and_equal_values_are_none():
    strike = {"hazards": {"strike": {"rate": "1 / year"}}}
    between = {"hazards": {"strike": {"time_between": {"exponential": {"mean": "1 year"}}}}}
    named = {"a": {"fixed_cost": 3, **strike}, "b": {"fixed_cost": 4, **copy.deepcopy(strike)}, "c": between}
    assert find_conflicts(named) == {("a", "c"), ("b", "c")}
    assert find_conflicts({"a": {"holding_rate": 0}, "b": {"holding_rate": 0.1}, "c": {}}) == {("a", "b")}


def test_merge_patches__fields_that_exclude_each_other_take_each_others_place():
    rate = {"hazards": {"strike": {"rate": "1 / year", "ramp": "1 d"}}}
    between = {"hazards": {"strike": {"time_between": {"exponential": {"mean": "1 year"}}}}}
    assert merge_patches([rate, between]) == {"hazards": {"strike": {"ramp": "1 d", **between["hazards"]["strike"]}}}
    assert merge_patches([between, rate]) == rate
    assert merge_patches([]) == {}
