"""What stages refer to: the stage that a standby source stands in for, and the demand that a level follows."""

from __future__ import annotations

from typing import Any

import pytest
from modelfile import faults, only_fault
from test_model_references import plant, stage

from jitrisk.model.references import find_reference_faults

Model = dict[str, Any]


# Levels that follow


def demanding(**customers: Model) -> Model:
    """A store of two sources, of which the second stands in, with a level that follows at every stage."""
    follow = {"policy": {"base_stock": {"cover": 2, "follow": "season"}}}
    return {
        "name": "p",
        "period": "1 d",
        "horizon": 10,
        "stages": {
            "shelf": {"inputs": {"goods": {"quantity": 1, "from": ["main", "second"]}}, **follow},
            "main": follow,
            "second": follow,
            "other": follow,
        },
        "customers": {"one": {"stage": "shelf", "demand": 1}, "two": {"stage": "other", "demand": 1}, **customers},
    }


def test_find_follow_faults__demand_reaches_a_stage_by_shares_from_the_stores_that_customers_take_from() -> None:
    trend = {"trend": "1 % / year"}
    model = demanding(one={"stage": "shelf", "demand": 1, **trend})
    keys = [fault.key for fault in faults(model)]
    assert keys == [f"stages.{name}.policy.base_stock.follow" for name in ("second", "other")]
    model["stages"]["shelf"]["inputs"]["goods"]["from"] = {"main": "60 %", "second": 0.4}
    assert [fault.key for fault in faults(model)] == keys[1:]
    model["stages"]["shelf"]["inputs"]["goods"]["from"] = {"main": 0, "second": 1}
    assert [fault.key for fault in faults(model)] == ["stages.main.policy.base_stock.follow", keys[1]]


def test_find_follow_faults__a_season_of_any_customer_behind_the_stage_is_enough() -> None:
    shares = {"main": 0.6, "second": 0.4}
    model = demanding(
        one={"stage": "shelf", "demand": 1, "season": {"every": 1, "factors": [1, 2]}},
        two={"stage": "other", "demand": 1, "trend": 0},
        three={"stage": "main", "demand": 1},
    )
    model["stages"]["shelf"]["inputs"]["goods"]["from"] = shares
    assert faults(model) == ()


def test_find_follow_faults__a_misspelled_stage_or_key_is_the_only_fault() -> None:
    good = demanding(one={"stage": "shelf", "demand": 1, "trend": 0}, two={"stage": "other", "demand": 1, "trend": 0})
    good["stages"]["shelf"]["inputs"]["goods"]["from"] = {"main": 0.6, "second": 0.4}
    assert faults(good) == ()
    good["customers"]["two"]["stage"] = "othr"
    assert only_fault(good).key == "customers.two.stage"
    good["customers"]["two"] = {"stage": "other", "demand": 1, "seasn": {"every": 1, "factors": [1, 2]}}
    assert only_fault(good).key == "customers.two.seasn"
    good["customers"]["two"] = {"stage": "other", "demand": 1, "seasonality": {}}
    assert "write `season: " in only_fault(good).message


# Standby sources


def test_find_standby_faults__circles_are_printed_once_from_their_first_declared_stage() -> None:
    outages = {"z": "b", "a": "c", "b": "a", "c": "b", "d": "e", "e": "d", "f": "e", "g": "f"}
    stages = {name: {"standby": {"of": of}, "policy": {"base_stock": {"level": 1}}} for name, of in outages.items()}
    model = plant(**stages)
    model["hazards"] = {"h": {"rate": 0.1, "duration": 1, "hits": {name: {"capacity": 0} for name in stages}}}
    found = {fault.key: fault.message for fault in faults(model)}
    assert set(found) == {"stages.a.standby.of", "stages.d.standby.of"}
    assert "in a circle: a -> c -> b -> a; take `standby` from one" in found["stages.a.standby.of"]
    assert "in a circle: d -> e -> d; take" in found["stages.d.standby.of"]


def test_find_standby_faults__a_source_may_stand_in_for_one_that_stands_in() -> None:
    stages = {name: {"standby": {"of": of}} | stage() for name, of in {"a": "b", "b": "c"}.items()} | {"c": stage()}
    model = plant(**stages)
    model["hazards"] = {"h": {"rate": 0.1, "duration": 1, "hits": {name: {"capacity": 0} for name in stages}}}
    assert faults(model) == ()


@pytest.mark.parametrize("hazards", [{}, {"hazards": {}}])
def test_find_standby_faults__without_hazards_a_source_never_opens(hazards: Model) -> None:
    model = plant(a=stage() | {"standby": {"of": "b"}}, b=stage()) | hazards
    assert "no hazard has an effect on the `capacity` of `b`" in only_fault(model).message


@pytest.mark.parametrize("hazards", [{"hazard": {}}, {"hazards": None}, {"hazards": 3}])
def test_find_standby_faults__hazards_that_cannot_be_read_are_the_only_fault(hazards: Model) -> None:
    model = plant(a=stage() | {"standby": {"of": "b"}}, b=stage()) | hazards
    assert only_fault(model).key in ("hazard", "hazards")


# Models of any shape


@pytest.mark.parametrize(
    "part",
    [None, 3, "x", [], {}, {"policy": 3}, {"policy": {"conwip": 3}}, {"policy": {"conwip": {"through": []}}},
     {"policy": {"base_stock": {"follow": []}}}, {"policy": {"kanban": {"follow": {}}}}, {"standby": []},
     {"standby": {"of": {}}}, {"standby": {"of": " "}}, {"inputs": {"a": {"from": {"a": "x"}}}},
     {"season": 3, "stage": []}],
    ids=str,
)  # fmt: skip
def test_find_reference_faults__survives_malformed_neighbors(part: Any) -> None:
    stages = {
        "a": part,
        "b": stage("a") | {"policy": {"conwip": {"cards": 1, "container": 1, "through": "a"}}},
        "c": {"standby": {"of": "a"}},
        "d": {"policy": {"base_stock": {"follow": "season"}}, "inputs": part},
    }
    for hazards in (part, {"h": part}, {"h": {"hits": part}}, {"h": {"hits": {"a": part}}}):
        for customers in (part, {"c": part}, {"c": {"stage": "d", "season": part}}):
            model = {"stages": stages, "hazards": hazards, "customers": customers}
            assert isinstance(find_reference_faults(model), list)
