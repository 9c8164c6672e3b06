"""What may vary, and the patch that a plan is."""

from __future__ import annotations

from typing import Any

import pytest

import jitrisk as jr
from jitrisk.errors import JitriskError
from jitrisk.model import LevelRange
from jitrisk.studies.search.decisions import build_space
from jitrisk.studies.search.plan import Plan


def plant(policy: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "name": "plant",
        "period": "12 h",
        "horizon": 40,
        "stages": {"a.b": {"lead_time": "2 d", "value": 1, "policy": policy}},
        "customers": {"c": {"stage": "a.b", "demand": {"poisson": {"mean": 3}}}},
        **more,
    }


def space_of(policy: dict[str, Any], ranges: Any = None, strategy: str | None = None, **more: Any) -> Any:
    return build_space(jr.load(plant(policy, **more)), strategy, ranges)


@pytest.mark.parametrize(
    ("policy", "start", "place", "written"),
    [
        ({"kanban": {"cards": "auto", "container": 2, "safety": 0.5}}, None, (7,), {"cards": 7, "container": 2}),
        (
            {"kanban": {"cards": 4, "container": 2, "review": "1 d"}},
            (4,),
            (7,),
            {"cards": 7, "container": 2, "review": "1 d"},
        ),
        ({"base_stock": {"level": 5}}, (5,), (7,), {"level": 7}),
        ({"base_stock": {"cover": "2 d"}}, (12,), (7,), {"level": 7}),
        ({"base_stock": {"service": "90 %", "review": "1 d"}}, None, (7,), {"level": 7, "review": "1 d"}),
        ({"min_max": {"min": 3, "max": 9}}, (3, 9), (2, 7), {"min": 2, "max": 7}),
        ({"min_max": {"min": "12 h", "max": "2 d"}}, (3, 12), (2, 7), {"min": 2, "max": 7}),
        ({"reorder_point": {"point": 3, "quantity": 9}}, (3, 9), (2, 7), {"point": 2, "quantity": 7}),
    ],
)
def test_build_patch__sets_the_levels_and_keeps_the_rest(policy, start, place, written):
    space = space_of(policy)
    assert start is None or space.start.levels == start
    (kind,) = policy
    patch = space.build_patch(Plan(place))
    assert patch == {"stages": {"a.b": {"policy": {kind: written}}}}
    network = space.network.patched({"strategies": {"plan": patch}}).strategies["plan"]
    (fast,) = space.build_networks([Plan(place)]).values()
    assert fast.stages["a.b"].policy == network.stages["a.b"].policy


def test_build_patch__writes_covers_as_days():
    ranges = {("a.b", "base_stock", "cover"): LevelRange(1.0, 20.0, 0.5, is_cover=True)}  # periods of 12 h
    space = space_of({"base_stock": {"level": 5}}, ranges)
    assert space.levels[0].unit == "d"
    assert space.build_patch(Plan((5,)))["stages"]["a.b"]["policy"] == {"base_stock": {"cover": "1.75 d"}}
    assert [space.write_value(0, place) for place in (0, 1)] == ["0.5 d", "0.75 d"]


def test_build_space__a_plan_builds_upon_a_strategy():
    strategies = {
        "lean": {
            "holding_rate": 1,
            "stages": {"a.b": {"lead_time": "1 d", "policy": {"kanban": {"cards": 3, "container": 1}}}},
        }
    }
    space = space_of({"base_stock": {"level": 5}}, None, "lean", strategies=strategies)
    assert [one.key for one in space.levels] == ["stages.a.b.policy.kanban.cards"]
    patch = space.build_patch(Plan((8,)))
    assert patch["holding_rate"] == 1
    assert patch["stages"]["a.b"] == {"lead_time": "1 d", "policy": {"kanban": {"cards": 8, "container": 1}}}


@pytest.mark.parametrize(
    ("own", "base", "taken", "expected"),
    [
        (None, None, (), None),
        ("100 / d", None, (), None),
        (None, "7 / d", (), 7.0),
        ("100 / d", "7 / d", (), 7.0),
        (None, None, (0,), 10.0),
        (None, None, (0, 1), 30.0),
        ("100 / d", None, (0, 1), 130.0),
        ("100 / d", "7 / d", (1,), 27.0),
    ],
)
def test_build_patch__fixed_costs_add_up(own, base, taken, expected):
    """Investments add to the fixed cost of the strategy that the plan builds upon, which is otherwise the model's."""
    investments = {"x": {"fixed_cost": "10 / d"}, "y.z": {"fixed_cost": "7300 / year"}}
    more: dict[str, Any] = {"decisions": {"investments": investments}}
    if own:
        more["fixed_cost"] = own
    more["strategies"] = {"base": {"fixed_cost": base} if base else {}}
    space = space_of({"base_stock": {"level": 5}}, None, "base", **more)
    plan = Plan(space.start.levels, tuple(int(i in taken) for i in range(2)))
    patch = space.build_patch(plan)
    if expected is None:
        assert "fixed_cost" not in patch
        return
    network = space.network.patched({"strategies": {"plan": patch}}).strategies["plan"]
    assert network.fixed_cost * 2 == pytest.approx(expected)  # two periods a day


def test_is_allowed__investments_that_set_the_same_exclude_each_other():
    faster = {name: {"stages": {"a.b": {"lead_time": f"{days} d"}}} for name, days in (("x", 1), ("y", 3))}
    space = space_of({"base_stock": {"level": 5}}, decisions={"investments": faster | {"z": {"holding_rate": 1}}})
    allowed = {
        choices: space.is_allowed(Plan((5,), choices)) for choices in [(1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1)]
    }
    assert allowed == {(1, 1, 0): False, (1, 0, 1): True, (0, 1, 1): True, (1, 1, 1): False}


def test_is_allowed__compares_levels_in_units():
    key = ("a.b", "min_max")
    ranges = {(*key, "min"): LevelRange(0.0, 40.0, 10.0), (*key, "max"): LevelRange(5.0, 60.0, 1.0)}
    space = space_of({"min_max": {"min": 3, "max": 9}}, ranges)
    assert not space.is_allowed(Plan((1, 5)))  # 10 and 10
    assert space.is_allowed(Plan((1, 6)))
    days = {(*key, "min"): LevelRange(1.0, 9.0, 1.0, is_cover=True), (*key, "max"): LevelRange()}
    space = space_of({"min_max": {"min": 3, "max": 9}}, days)
    assert not space.is_allowed(Plan((1, 6)))  # 2 periods are 6 units
    assert space.is_allowed(Plan((1, 7)))


def test_build_space__choices_have_the_levels_of_every_option():
    options = [{"kanban": {"cards": 4, "container": 3}}, {"min_max": {"min": 2, "max": 8}}, {"make_to_order": {}}]
    space = space_of({"base_stock": {"level": 5}}, decisions={"policies": {"a.b": options}})
    assert [(one.kind, one.field, one.choice) for one in space.levels] == [
        ("kanban", "cards", (0, 0)),
        ("min_max", "min", (0, 1)),
        ("min_max", "max", (0, 1)),
    ]
    assert space.choices[0].options == ("kanban", "min_max", "make_to_order")
    assert [space.list_active(Plan((4, 2, 8), (option,))) for option in range(3)] == [[0], [1, 2], []]
    patches = [space.build_patch(Plan((5, 2, 8), (option,)))["stages"]["a.b"]["policy"] for option in range(3)]
    assert patches == [{"kanban": {"cards": 5, "container": 3}}, options[1], options[2]]


@pytest.mark.parametrize(
    ("policy", "ranges", "words"),
    [
        ({"make_to_order": {}}, None, "nothing can vary"),
        ({"base_stock": {"level": 5}}, {}, "nothing can vary"),
        ({"base_stock": {"level": 5}}, {"level": LevelRange(), "cover": LevelRange(is_cover=True)}, "one level"),
        ({"min_max": {"min": 3, "max": 9}}, {"min": LevelRange(9.0, 30.0)}, "below the max of 9 units"),
        ({"min_max": {"min": 3, "max": 9}}, {"max": LevelRange(0.0, 3.0)}, "above the min of 3 units"),
        ({"base_stock": {"level": 5}}, {"level": LevelRange(0.2, 0.8)}, "no value between 0.2 and 0.8"),
    ],
)
def test_build_space__what_cannot_vary_is_an_error(policy, ranges, words):
    (kind,) = policy
    keyed = None if ranges is None else {("a.b", kind, field): one for field, one in ranges.items()}
    with pytest.raises(JitriskError, match=words):
        space_of(policy, keyed)


def test_build_space__steps_are_whole_units_unless_demand_is_continuous():
    assert space_of({"base_stock": {"level": 5}}).levels[0].step == 1.0
    continuous = plant({"base_stock": {"level": 50}})
    continuous["customers"]["c"]["demand"] = {"normal": {"mean": 30, "sd": 2}}
    assert build_space(jr.load(continuous), None, None).levels[0].step == pytest.approx(0.01)


def line_of_cards(**policies: Any) -> dict[str, Any]:
    """A line of which the first stage begins a loop, and the last store follows the season."""
    stages: dict[str, Any] = {
        "cut": {"policy": {"conwip": {"cards": 9, "container": 2, "through": "drill", "review": "1 d"}}},
        "drill": {"inputs": {"cut": 1}, "policy": {"push": {}}},
        "shop": {"inputs": {"drill": 1}, "policy": {"make_to_order": {}}},
    }
    for name, policy in policies.items():
        stages[name]["policy"] = policy
    season = {"every": "10 d", "factors": [1, 2]}
    customers = {"c": {"stage": "shop", "demand": {"poisson": {"mean": 3}}, "season": season}}
    return {"name": "line", "period": "12 h", "horizon": 40, "stages": stages, "customers": customers}


def test_build_patch__sets_the_cards_of_a_loop_and_keeps_the_rest():
    space = build_space(jr.load(line_of_cards()), None, None)
    assert [one.key for one in space.levels] == ["stages.cut.policy.conwip.cards"]
    assert (space.start.levels, space.levels[0].low, space.levels[0].unit) == ((9,), 1, "card")
    patch = space.build_patch(Plan((7,)))
    policy = {"cards": 7, "container": 2, "through": "drill", "review": "1 d"}
    assert patch == {"stages": {"cut": {"policy": {"conwip": policy}}}}
    (fast,) = space.build_networks([Plan((7,))]).values()
    read = space.network.patched({"strategies": {"plan": patch}}).strategies["plan"]
    assert fast.stages["cut"] == read.stages["cut"]


def test_build_patch__a_level_that_follows_varies_as_the_time_that_it_covers():
    follow = {"base_stock": {"cover": "2 d", "follow": "season"}}
    space = build_space(jr.load(line_of_cards(shop=follow)), None, None)
    (cover,) = [i for i, one in enumerate(space.levels) if one.stage == "shop"]
    assert (space.levels[cover].field, space.levels[cover].unit) == ("cover", "d")
    assert space.write_value(cover, space.start.levels[cover]) == "2 d"
    patch = space.build_patch(space.start.replace_level(cover, space.start.levels[cover] * 2))
    assert patch["stages"]["shop"]["policy"] == {"base_stock": {"cover": "4 d", "follow": "season"}}


MIN_MAX = {"min_max": {"min": "2 d", "max": "4 d", "follow": "season", "safety": 7}}


def test_build_space__levels_of_min_max_that_follow_vary_as_times_without_the_safety_stock():
    space = build_space(jr.load(line_of_cards(shop=MIN_MAX)), None, None)
    levels = {one.field: i for i, one in enumerate(space.levels) if one.stage == "shop"}
    assert {field: space.levels[i].unit for field, i in levels.items()} == {"min": "d", "max": "d"}
    assert [space.write_value(i, space.start.levels[i]) for i in levels.values()] == ["2 d", "4 d"]
    alone = build_space(jr.load(line_of_cards(shop=MIN_MAX)), None, {("shop", "min_max", "max"): LevelRange()})
    (decision,) = alone.levels
    assert (decision.low - 1) * decision.step == pytest.approx(4), "just above the min of 2 d, which is 4 periods"


@pytest.mark.parametrize(
    ("policy", "kind", "field", "named"),
    [
        (MIN_MAX, "min_max", "max", "stages.shop.policy.min_max.max=3 d..9 d"),
        ({"base_stock": {"cover": "2 d", "follow": "season"}}, "base_stock", "level", "base_stock.cover=3 d..9 d"),
    ],
)
def test_build_space__levels_in_units_of_a_policy_that_follows_are_refused_before_the_search(
    policy, kind, field, named
):
    with pytest.raises(JitriskError, match="its levels are times") as raised:
        build_space(jr.load(line_of_cards(shop=policy)), None, {("shop", kind, field): LevelRange(10, 90)})
    assert named in str(raised.value)


def test_build_patch__a_number_of_cards_takes_the_place_of_a_formula_that_follows():
    formula = {"kanban": {"cards": "auto", "container": 1, "follow": "season", "safety": 0.1}}
    model = line_of_cards(shop=formula)
    assert "shop" not in [one.stage for one in build_space(jr.load(model), None, None).levels]
    space = build_space(jr.load(model), None, {("shop", "kanban", "cards"): LevelRange(2, 9)})
    patch = space.build_patch(Plan((5,)))
    assert patch["stages"]["shop"]["policy"] == {"kanban": {"cards": 5, "container": 1}}
    (fast,) = space.build_networks([Plan((5,))]).values()
    read = space.network.patched({"strategies": {"plan": patch}}).strategies["plan"]
    assert fast.stages["shop"] == read.stages["shop"]


@pytest.mark.parametrize(
    ("policy", "ranges", "most"),
    [
        ({"base_stock": {"level": 5, "cap": 11}}, None, 11),
        ({"base_stock": {"cover": "12 h", "cap": 12}}, {("a.b", "base_stock", "cover"): LevelRange(step=0.5)}, 8),
        ({"base_stock": {"level": 5, "cap": 11}}, {("a.b", "base_stock", "level"): LevelRange(2, 9)}, 9),
        ({"base_stock": {"level": 5, "cap": 11}}, {("a.b", "base_stock", "level"): LevelRange(2, 90)}, 11),
        ({"min_max": {"min": 3, "max": 9, "cap": 20}}, None, 20),
        ({"min_max": {"min": 3, "max": 9}}, None, None),
    ],
)
def test_build_space__no_level_is_above_the_cap(policy, ranges, most):
    highest = space_of(policy, ranges).levels[-1]
    assert highest.high == most


def loop_or_kanban(**investment: Any) -> dict[str, Any]:
    """A line whose first stage is kanban or begins a loop, and whose second one is pushed or not."""
    kanban = {"kanban": {"cards": 9, "container": 1}}
    loop = {"conwip": {"cards": 12, "container": 1, "through": "g"}}
    stages = {"f": {"policy": kanban}, "g": {"inputs": {"f": 1}, "policy": kanban}}
    decisions = {"policies": {"f": [kanban, loop], "g": [{"push": {}}, kanban]}, "investments": {"more": investment}}
    customers = {"c": {"stage": "g", "demand": {"poisson": {"mean": 3}}}}
    return {"name": "line", "period": "1 d", "horizon": 9, "stages": stages, "customers": customers} | {
        "decisions": decisions
    }


def test_is_allowed__choices_that_do_not_go_together_are_no_plan():
    space = build_space(jr.load(loop_or_kanban(stages={"g": {"shelf_life": "3 d"}})), None, None)
    allowed = {
        choices
        for choices in ((f, g, more) for f in (0, 1) for g in (0, 1) for more in (0, 1))
        if space.is_allowed(Plan(space.start.levels, choices))
    }
    # What is pushed has no shelf life; all else goes together.
    assert allowed == {(f, g, more) for f in (0, 1) for g in (0, 1) for more in (0, 1) if g or not more}


def test_build_space__a_level_that_follows_below_a_cap_does_not_vary():
    season = {"season": {"every": "10 d", "factors": [0.5, 1.5]}}
    policy = {"base_stock": {"cover": "5 d", "follow": "season", "cap": 150}}
    model = plant(policy)
    model["customers"]["c"] |= season
    model["stages"]["shop"] = {"policy": {"base_stock": {"level": 4}}}
    space = build_space(jr.load(model), None, None)
    assert [one.stage for one in space.levels] == ["shop"]
    with pytest.raises(JitriskError, match="leave out `cap` or `follow`"):
        build_space(jr.load(model), None, {("a.b", "base_stock", "cover"): LevelRange()})
