"""Decisions: what an optimization may vary, how it is read, and where its faults are reported."""

import copy
import json

import pytest
from modelfile import GOOD, faults, line_of, only_fault, spoiled, written

from jitrisk.errors import JitriskError
from jitrisk.model import (
    Kanban,
    LevelKey,
    LevelRange,
    list_investment_patches,
    list_level_keys,
    list_policy_sources,
    load,
    parse_level_key,
    parse_level_range,
)
from jitrisk.model.fields.readers import Clock
from jitrisk.model.parts.decisions import MOST_CONSTRAINTS, MOST_INVESTMENTS, MOST_LEVELS
from jitrisk.model.policies import POLICIES

SHIFT = Clock(8 * 3600.0)
CARDS = "stages.pump.policy.kanban.cards"
COVER = "stages.steel.policy.base_stock.cover"
POINT_CHOICE = [{"min_max": {"min": 10, "max": "4 d"}}, {"reorder_point": {"point": 3, "quantity": "1 d"}}]


def decided(**decisions):
    """Return the good model with other decisions."""
    return {**copy.deepcopy(GOOD), "decisions": decisions}


# What is read


def test_load__decisions_are_read_once_and_the_same_under_every_strategy():
    network = load(GOOD)
    decisions = network.decisions
    assert decisions.vary == GOOD["decisions"]["vary"]
    assert [choice.policy.kind for choice in decisions.policies["other"]] == ["min_max", "base_stock"]
    assert decisions.policies["other"][1].policy.cover == 9.0
    assert (decisions.minimize, decisions.subject) == ("cost.mean", ("fill_rate.mean >= 98%",))
    assert all(one.decisions is decisions for one in network.strategies.values())
    assert load(json.loads(network.text)) == network


def test_load__decisions_and_each_key_of_them_can_be_left_out():
    assert load({key: value for key, value in GOOD.items() if key != "decisions"}).decisions is None
    empty = load(decided()).decisions
    assert (empty.vary, empty.policies, empty.investments, empty.minimize, empty.subject) == ({}, {}, {}, None, ())
    assert load(decided(subject="cost.mean <= 5")).decisions.subject == ("cost.mean <= 5",)


def test_load__decisions_do_not_change_the_network_itself():
    bare = load({key: value for key, value in GOOD.items() if key != "decisions"})
    network = load(GOOD)
    kept = [name for name in type(network).model_fields if name not in ("decisions", "strategies")]
    assert [getattr(network, name) for name in kept] == [getattr(bare, name) for name in kept]


def test_list_policy_sources__are_the_policies_as_the_model_gives_them():
    for network in (load(GOOD), load(GOOD).strategies["lean"]):
        assert list_policy_sources(network) == GOOD["decisions"]["policies"]
        assert list_investment_patches(network) == GOOD["decisions"]["investments"]
    bare = load({key: value for key, value in GOOD.items() if key != "decisions"})
    assert (list_policy_sources(bare), list_investment_patches(bare)) == ({}, {})


def test_patched__changes_decisions_by_their_keys():
    network = load(GOOD).patched(
        {
            "decisions.minimize": "cost.cvar95",
            COVER.join(["decisions.vary.", ""]): "1 d..2 d",
            "decisions.investments.second_press.stages.pump.capacity": "1500 / d",
        }
    )
    assert network.decisions.minimize == "cost.cvar95"
    assert network.decisions.vary == {**GOOD["decisions"]["vary"], COVER: "1 d..2 d"}
    assert list_investment_patches(network) == {"second_press": {"stages": {"pump": {"capacity": "1500 / d"}}}}
    assert all(one.decisions == network.decisions for one in network.strategies.values())


# Keys of levels


def test_list_level_keys__are_those_of_the_policies_a_stage_has_or_may_have():
    assert list_level_keys(load(GOOD)) == [
        "stages.steel.policy.base_stock.level",
        "stages.steel.policy.base_stock.cover",
        "stages.other.policy.base_stock.level",
        "stages.other.policy.base_stock.cover",
        "stages.other.policy.min_max.min",
        "stages.other.policy.min_max.max",
        CARDS,
    ]


def test_list_level_keys__every_one_can_be_parsed_and_set():
    """The fields of every policy that hold a level are known: each is set, and the network has the value there."""
    network = load(decided(policies={"other": POINT_CHOICE}))
    for key in list_level_keys(network):
        stage, kind, field = parse_level_key(network, key)
        fields = {"kanban": {"container": 5}, "min_max": {"min": 1, "max": 99}, "reorder_point": {"point": 1}}
        fields = {"quantity": 9, **fields[kind]} if kind == "reorder_point" else fields.get(kind, {})
        changed = network.patched({f"stages.{stage}.policy": {kind: {**fields, field: 7}}})
        value = getattr(changed.stages[stage].policy, field)
        assert getattr(value, "units", value) == 7
    assert {field for policy in POLICIES.values() for field in policy.level_keys} == {
        *("cards", "level", "cover", "min", "max", "point", "quantity")
    }


def test_parse_level_key__names_with_dots_are_names():
    model = decided()
    for name in ("steel.v2", "a.policy.kanban.cards"):
        model["stages"][name] = copy.deepcopy(GOOD["stages"]["steel"])
    network = load(model)
    assert parse_level_key(network, "stages.steel.v2.policy.base_stock.cover") == ("steel.v2", "base_stock", "cover")
    odd = "stages.a.policy.kanban.cards.policy.base_stock.level"
    assert parse_level_key(network, odd) == LevelKey("a.policy.kanban.cards", "base_stock", "level")
    assert all(parse_level_key(network, key) for key in list_level_keys(network))


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("stages.pmp.policy.kanban.cards", "did you mean `stages.pump.policy.kanban.cards`?"),
        ("stages.pump.policy.kanban.container", f"allowed: `{CARDS}`)"),
        ("stages.pump.policy.base_stock.level", f"allowed: `{CARDS}`)"),
        ("stages.pump.capacity", f"allowed: `{CARDS}`"),
        ("cards", "allowed: `stages.steel.policy.base_stock.level`, `stages.steel"),
        ("", "unknown level ``"),
    ],
)
def test_parse_level_key__error_suggests_the_nearest_and_lists_what_is_allowed(key, words):
    with pytest.raises(JitriskError, match="unknown level") as caught:
        parse_level_key(load(GOOD), key)
    assert words in str(caught.value)


# Ranges


@pytest.mark.parametrize(
    ("text", "kind", "field", "expected"),
    [
        ("2..40", "kanban", "cards", LevelRange(2, 40)),
        (" 2 .. 40 : 2 ", "kanban", "cards", LevelRange(2, 40, 2)),
        ("3..3", "kanban", "cards", LevelRange(3, 3)),
        ("0..2.5:0.5", "base_stock", "level", LevelRange(0, 2.5, 0.5)),
        ("1 d..10 d:6 h", "base_stock", "cover", LevelRange(3, 30, 0.75, is_cover=True)),
        ("1..5", "base_stock", "cover", LevelRange(1, 5, is_cover=True)),
        ("PT8H..P1DT8H", "base_stock", "cover", LevelRange(1, 4, is_cover=True)),
        ("10..50", "min_max", "max", LevelRange(10, 50)),
        ("8 h..2 d", "min_max", "min", LevelRange(1, 6, is_cover=True)),
        ("0 h..2 d", "reorder_point", "point", LevelRange(0, 6, is_cover=True)),
        ("1e2..1e3", "reorder_point", "quantity", LevelRange(100, 1000)),
        ("all", "kanban", "cards", LevelRange()),
        ("", "base_stock", "cover", LevelRange(is_cover=True)),
    ],
)
def test_parse_level_range__is_in_cards_units_or_periods(text, kind, field, expected):
    assert parse_level_range(text, kind, field, SHIFT) == expected


@pytest.mark.parametrize(
    ("text", "kind", "field", "words"),
    [
        ("5", "kanban", "cards", "expected a range `FROM..TO`, `FROM..TO:STEP` or `all` such as `2..40`"),
        ("2..", "kanban", "cards", "expected a range"),
        ("..9", "kanban", "cards", "expected a range"),
        ("2..9:", "kanban", "cards", "expected a range"),
        ("any", "base_stock", "cover", "such as `1 d..10 d:6 h`"),
        ("9..2", "kanban", "cards", "begins at `9`, above its end `2`"),
        ("3 d..8 h", "base_stock", "cover", "begins at `3 d`, above its end `8 h`"),
        ("0..9", "kanban", "cards", "a whole number of cards from 1 on, found the number `0`"),
        ("2..9.5", "kanban", "cards", "the bound `9.5`"),
        ("2..auto", "kanban", "cards", "the bound `auto`"),
        ("2..nan", "kanban", "cards", "the bound `nan`"),
        ("2..9:0", "kanban", "cards", "the step `0`"),
        ("2..9:0.5", "kanban", "cards", "the step `0.5`"),
        ("1..9:0", "base_stock", "level", "the step `0` of the range: expected a number of units, above 0"),
        ("1..9:-1", "base_stock", "level", "the step `-1`"),
        ("-1..9", "base_stock", "level", "the bound `-1`"),
        ("1..3 d", "base_stock", "level", "expected a number of units, found a duration `3 d`"),
        ("1 d..3 EUR", "base_stock", "cover", "the bound `3 EUR`"),
        ("1 d..3 d:0 h", "base_stock", "cover", "the step `0 h`"),
        ("1..3 d", "min_max", "min", "both bounds and the step are units, or all are durations"),
        ("0..3", "reorder_point", "quantity", "above 0"),
        ("1..unlimited", "base_stock", "level", "the bound `unlimited`"),
    ],
)
def test_parse_level_range__what_is_no_range_is_refused_with_what_is_allowed(text, kind, field, words):
    with pytest.raises(JitriskError) as caught:
        parse_level_range(text, kind, field, SHIFT)
    assert words in str(caught.value)


# What is refused


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("decisions", 3, "expected a mapping with the keys `vary`"),
        ("decisions.minimise", "cost.mean", "did you mean `minimize`?"),
        ("decisions.vary", ["x"], "expected a mapping of keys to ranges"),
        ("decisions.vary.stages.pmp.policy.kanban.cards", "2..40", f"did you mean `{CARDS}`?"),
        ("decisions.vary.stages.pump.policy.kanban.cards", 12, "expected `FROM..TO`, `FROM..TO:STEP` or `all`"),
        ("decisions.vary.stages.pump.policy.kanban.cards", "40..2", "begins at `40`, above its end `2`"),
        ("decisions.vary.stages.pump.policy.min_max.min", "4..20", "unknown level"),
        ("decisions.policies", [], "expected a mapping of stages to lists of policies"),
        ("decisions.policies.steel", {"kanban": {}}, "expected a list of policies such as"),
        ("decisions.policies.steel", [{"base_stock": {"level": 3}}], "expected 2 to 7 policies"),
        ("decisions.policies.steel", [{"base_stock": {"level": 3}}] * 2, "the kind `base_stock` is listed twice"),
        ("decisions.policies.stel", POINT_CHOICE, "unknown stage `stel`; did you mean `steel`?"),
        ("decisions.policies.steel[1].base_stock.levl", 3, "did you mean `level`?"),
        ("decisions.policies.steel[0]", {"kanban": {"container": 5, "cards": "unlimited"}}, "needs a `capacity`"),
        ("decisions.policies.steel[0]", {"push": {}}, "starts whatever its `inputs` allow, and this one has none"),
        ("decisions.investments", ["x"], "expected a mapping of names to patches"),
        ("decisions.investments.a#b", {}, "expected a name of letters"),
        ("decisions.investments.press", 3, "expected a mapping with the keys `holding_rate`"),
        ("decisions.investments.press.period", "1 d", "`period` must be the same under every strategy"),
        ("decisions.investments.press.stages.pmp", {"value": 3}, "unknown stage `pmp`; did you mean `pump`?"),
        ("decisions.investments.press.stages.pump.capacity", "x", "expected units per time"),
        ("decisions.investments.press.hazards.strike.chance", 2, "found the number `2`"),
        ("decisions.minimize", 3, "expected a text, found the number `3`"),
        ("decisions.minimize", "c" * 1001, "at most 1000 characters"),
        ("decisions.subject", 3, "expected a list of constraints"),
        ("decisions.subject[1]", 3, "expected a text, found the number `3`"),
    ],
)
def test_load__one_mistake_in_the_decisions_is_one_fault_at_its_key(key, value, words):
    fault = (
        only_fault(decided(**build_decisions(key, value))) if key != "decisions" else only_fault(spoiled(key, value))
    )
    assert (fault.key, words in fault.message) == (key, True), fault


def build_decisions(key, value):
    """Return decisions that have a value at a key, and nothing else that is wrong."""
    section, _, rest = key.removeprefix("decisions.").partition(".")
    if "[" in key:
        section = section.partition("[")[0]
    if section == "vary" and rest:
        return {"vary": {rest: value}}
    if key.endswith("steel[1].base_stock.levl"):
        return {"policies": {"steel": [POINT_CHOICE[0], {"base_stock": {"level": 1, "levl": value}}]}}
    if key.endswith("steel[0]"):
        return {"policies": {"steel": [value, POINT_CHOICE[0]]}}
    if key.endswith("subject[1]"):
        return {"subject": ["cost.mean <= 3", value]}
    for step in reversed(rest.split(".") if rest else []):
        value = {step: value}
    return {section: value}


def test_load__faults_of_decisions_have_the_line_of_their_key(tmp_path):
    text = json.dumps(GOOD, indent=1).replace("1 d..6 d:8 h", "6 d..1 d").replace("1200 / d", "1200 d")
    found = faults(written(tmp_path, text))
    assert [(fault.key, fault.line) for fault in found] == [
        ("decisions.vary.stages.other.policy.base_stock.cover", line_of(text, "6 d..1 d")),
        ("decisions.investments.second_press.stages.pump.capacity", line_of(text, "1200 d")),
    ]


def test_load__a_strategy_cannot_change_the_decisions():
    fault = only_fault(spoiled("strategies.lean.decisions", {"minimize": "profit.mean"}))
    assert "`decisions` must be the same under every strategy" in fault.message


def test_load__a_level_may_vary_that_only_a_strategy_has():
    model = decided(vary={"stages.pump.policy.base_stock.cover": "1 d..9 d"})
    assert "unknown level" in only_fault(model).message
    model["strategies"]["lean"] = {"stages": {"pump": {"policy": {"base_stock": {"cover": "1 d"}}}}}
    network = load(model)
    key = next(iter(network.decisions.vary))
    assert parse_level_key(network.strategies["lean"], key) == ("pump", "base_stock", "cover")
    with pytest.raises(JitriskError, match="unknown level"):
        parse_level_key(network, key)


@pytest.mark.parametrize(
    ("decisions", "words"),
    [
        ({"investments": {f"i{n}": {} for n in range(MOST_INVESTMENTS + 1)}}, "at most 100 investments, found 101"),
        ({"subject": ["cost.mean <= 1"] * (MOST_CONSTRAINTS + 1)}, "at most 100 constraints, found 101"),
        ({"vary": {f"k{n}": "all" for n in range(MOST_LEVELS + 1)}}, "at most 10,000 levels, found 10,001"),
    ],
)
def test_load__sizes_of_decisions_are_limited(decisions, words):
    assert words in "\n".join(fault.message for fault in faults(decided(**decisions)))


def test_load__policies_of_the_decisions_are_read_as_those_of_stages():
    source = {"kanban": {"container": 4, "cards": "auto", "safety": "20 %", "review": "1 d"}}
    network = load(decided(policies={"steel": [source, {"make_to_order": {}}]}))
    own = load(spoiled("stages.steel.policy", source)).stages["steel"].policy
    assert network.decisions.policies["steel"][0].policy == own
    assert isinstance(own, Kanban)


# Loops, pushed stages and levels that follow


def following(**vary):
    """A line with a loop and a stage that pushes, whose first and last stores follow the season."""
    follow = {"policy": {"base_stock": {"cover": "3 d", "follow": "season"}}}
    return {
        "name": "line",
        "period": "8 h",
        "horizon": 30,
        "stages": {
            "raw": {"policy": {"min_max": {"min": "1 d", "max": "3 d", "follow": "season"}}},
            "cut": {"inputs": {"raw": 1}, "policy": {"conwip": {"cards": 9, "container": 2, "through": "drill"}}},
            "drill": {"inputs": {"cut": 1}, "policy": {"push": {}}},
            "shop": {"inputs": {"drill": 1}, **follow},
            "spares": {"policy": {"kanban": {"cards": "auto", "container": 5, "follow": "season"}}},
        },
        "customers": {
            f"buyer of {name}": {"stage": name, "demand": 20, "season": {"every": "10 d", "factors": [1, 2]}}
            for name in ("shop", "spares")
        },
        "decisions": {"vary": vary},
    }


def test_list_level_keys__a_loop_has_cards_and_a_stage_that_pushes_has_no_level():
    network = load(following())
    keys = list_level_keys(network)
    assert "stages.cut.policy.conwip.cards" in keys
    assert not [key for key in keys if key.startswith("stages.drill.")]
    assert parse_level_key(network, "stages.cut.policy.conwip.cards") == LevelKey("cut", "conwip", "cards")
    assert parse_level_range("2..40:2", "conwip", "cards", SHIFT) == LevelRange(2, 40, 2)


def test_load__cards_of_a_loop_may_vary():
    key = "stages.cut.policy.conwip.cards"
    assert load(following(**{key: "2..40"})).decisions.vary == {key: "2..40"}
    assert "a whole number of cards from 1 on" in only_fault(following(**{key: "0..40"})).message
    assert "unknown level" in only_fault(following(**{"stages.cut.policy.conwip.level": "0..40"})).message


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("stages.shop.policy.base_stock.level", "3..40"),
        ("stages.shop.policy.base_stock.level", "all"),
        ("stages.raw.policy.min_max.min", "3..40"),
        ("stages.raw.policy.min_max.max", "all"),
    ],
)
def test_load__a_level_that_follows_cannot_vary_in_units(key, text):
    fault = only_fault(following(**{key: text}))
    assert fault.key == f"decisions.vary.{key}"
    assert "give the range in durations, as `1 d..10 d`" in fault.message


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("stages.shop.policy.base_stock.cover", "1 d..9 d"),
        ("stages.shop.policy.base_stock.cover", "all"),
        ("stages.raw.policy.min_max.min", "0 d..2 d"),
        ("stages.spares.policy.kanban.cards", "2..9"),
    ],
)
def test_load__a_level_that_follows_may_vary_as_a_time_and_cards_as_a_number(key, text):
    assert load(following(**{key: text})).decisions.vary == {key: text}


def test_load__a_policy_that_pushes_is_no_choice_for_a_stage_with_a_shelf_life():
    model = following()
    model["stages"]["drill"] |= {"shelf_life": "3 d", "policy": {"make_to_order": {}}}
    model["decisions"] = {"policies": {"drill": [{"push": {}}, {"make_to_order": {}}]}}
    fault = only_fault(model)
    assert (fault.key, "`push` has no shelf life" in fault.message) == ("decisions.policies.drill[0]", True)


@pytest.mark.parametrize(
    ("policy", "below", "words"),
    [
        ({"conwip": {"cards": 4, "container": 1, "through": "nowhere"}}, "conwip.through", "unknown stage `nowhere`"),
        ({"base_stock": {"cover": "3 d", "follow": "season"}}, "base_stock.follow", "`season`"),
    ],
)
def test_load__a_policy_that_has_no_meaning_in_the_model_is_a_fault_of_its_own(tmp_path, policy, below, words):
    stage = next(iter(GOOD["stages"]))
    content = decided(policies={stage: [{"make_to_order": {}}, policy]})
    file = written(tmp_path, content)
    (fault,) = faults(file)
    assert fault.key == f"decisions.policies.{stage}[1].{below}"
    assert words in fault.message
    assert fault.line is not None
