"""Changes to a model by its keys: the network of the file edited by hand, or a fault with its key."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import numpy as np
import pytest
from modelfile import GOOD, line_of, spoiled, written

from jitrisk.errors import ModelError
from jitrisk.model import Network, list_examples, load
from jitrisk.model.text.tree import DEEPEST, MOST_BYTES
from jitrisk.model_warnings import find_warnings


def edited(changes: dict[tuple[str, ...], Any], model: dict[str, Any] = GOOD) -> Network:
    """Return the network of a model edited by hand."""
    model = copy.deepcopy(model)
    for path, value in changes.items():
        node = model
        for step in path[:-1]:
            node = node.setdefault(step, {})
        node[path[-1]] = value
    return load(model)


def refusal(changes: dict[Any, Any], network: Network | None = None) -> str:
    with pytest.raises(ModelError) as caught:
        (network or load(GOOD)).patched(changes)
    return str(caught.value)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("name", "Pumps", "Pumps"),
        ("name", "'2024'", "2024"),
        ("horizon", "2 years", "2 years"),
        ("holding_rate", "15 % / year", "15 % / year"),
        ("silence", "[clipped-mean, number-per-period]", ["clipped-mean", "number-per-period"]),
        ("stages.pump.capacity", "800 / d", "800 / d"),
        ("stages.steel.on_hand", "12.5", 12.5),
        ("stages.steel.capacity", "1e6", 1_000_000.0),
        ("stages.steel.lead_time", "2 d # as quoted", "2 d"),
        ("stages.steel.lead_time", "{gamma: {mean: 3 d, cv: 0.5}}", {"gamma": {"mean": "3 d", "cv": 0.5}}),
        ("stages.steel.lead_time.lognormal.cv", "0.7", 0.7),
        ("stages.steel.expedite", "{below: 5, lead_time: 1 d}", {"below": 5, "lead_time": "1 d"}),
        ("stages.pump.owned_in_process", "false", False),
        ("stages.pump.inputs", "{steel: 3}", {"steel": 3}),
        ("stages.pump.inputs.metal.quantity", "4", 4),
        ("stages.pump.inputs.metal.failover", "true", True),
        ("stages.pump.policy.kanban.container", "7", 7),
        ("stages.pump.policy.kanban.review", "1 d", "1 d"),
        ("stages.other.policy", "{make_to_order: {}}", {"make_to_order": {}}),
        ("customers.shop.demand.poisson.mean", "70", 70),
        ("customers.shop.unmet", "backorder", "backorder"),
        ("customers.export.demand", "{poisson: {mean: 3}}", {"poisson": {"mean": 3}}),
        ("hazards.strike.rate", "1 / 5 years", "1 / 5 years"),
        ("hazards.strike.hits.pump.capacity", "0.5", 0.5),
        ("hazards.boom.time_between.exponential.mean", "2 years", "2 years"),
        ("strategies.buffered.stages.steel.policy.base_stock.level", "600", 600),
        ("strategies.lean.stages.other.value", "3", 3),
        ("strategies.lean.days_payable", "10 d", "10 d"),
        ("strategies.lean", "{hazards: {strike: {ramp: 1 d}}}", {"hazards": {"strike": {"ramp": "1 d"}}}),
        ("hazards", "{}", {}),
    ],
)
def test_load__a_changed_network_is_that_of_the_file_edited_by_hand(key, text, value):
    by_hand = edited({tuple(key.split(".")): value})
    for given in (text, value if not isinstance(value, str) else text):
        network = load(GOOD).patched({key: given})
        assert network == by_hand
        assert network.text == by_hand.text
        assert list(network.strategies) == list(by_hand.strategies)


def leaves(node: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Return the values of a model that hold no keys, by their paths."""
    if not isinstance(node, dict) or not node:
        return {path: node}
    return {below: value for key, one in node.items() for below, value in leaves(one, (*path, key)).items()}


@pytest.mark.parametrize("name", sorted(list_examples()))
def test_load__every_value_of_an_example_is_reached_by_its_key(name):
    network = load(name)
    found = leaves(json.loads(network.text))
    # What a table was read into is set as a whole.
    values = {".".join(path): json.dumps(value) for path, value in found.items() if "empirical" not in path}
    assert len(values) > 20
    again = network.patched(values)
    assert again == network
    assert again.text == network.text


def test_load__every_strategy_follows_but_those_that_replace_the_key():
    network = load(GOOD).patched({"stages.steel.policy.base_stock.cover": "9 d", "stages.pump.value": "7"})
    lean, buffered = network.strategies.values()
    assert lean.stages["steel"].policy.cover == 27.0
    assert buffered.stages["steel"].policy.level == 500.0
    assert {one.stages["pump"].value for one in (network, lean, buffered)} == {7.0}


def test_load__a_key_in_a_field_that_a_strategy_does_not_replace_starts_from_the_field_of_the_model():
    network = load(GOOD).patched({"strategies.lean.stages.pump.policy.kanban.container": "9"})
    policy = network.strategies["lean"].stages["pump"].policy
    assert (policy.container, policy.cards, policy.safety) == (9.0, None, 0.1)
    assert network.strategies["buffered"].stages["pump"].policy.container == 5.0


def test_load__a_key_takes_the_place_of_those_it_excludes():
    strike = load(GOOD).patched({"hazards.strike.time_between": "9 d"}).hazards["strike"]
    assert (strike.rate, strike.time_between.mean()) == (None, 27.0)
    steel = load(GOOD).patched({"stages.steel.policy.base_stock.level": "40"}).stages["steel"]
    assert (steel.policy.level, steel.policy.cover) == (40.0, None)
    steel = load(GOOD).patched({"stages.steel.policy.make_to_order": "{}"}).stages["steel"]
    assert steel.policy.kind == "make_to_order"
    lean = load(GOOD).patched({"strategies.lean.hazards.strike.time_between": "9 d"}).strategies["lean"]
    assert lean.hazards["strike"].rate is None


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        (
            {"lognormal": {"mean": "2 d", "cv": 0.5}},
            {"lognormal.sd": "1 d"},
            {"lognormal": {"mean": "2 d", "sd": "1 d"}},
        ),
        (
            {"gamma": {"mean": "2 d", "cv": 0.5}},
            {"gamma.shape": "2", "gamma.scale": "1 d"},
            {"gamma": {"shape": 2, "scale": "1 d"}},
        ),
        ({"weibull": {"scale": "2 d", "shape": 2}}, {"weibull.mean": "2 d"}, {"weibull": {"shape": 2, "mean": "2 d"}}),
        ({"normal": {"mean": "9 d", "sd": "1 d"}}, {"exponential.mean": "2 d"}, {"exponential": {"mean": "2 d"}}),
        ({"exponential": {"mean": "9 d"}}, {"constant": "2 d"}, {"constant": "2 d"}),
        (
            {"empirical": {"values": ["1 d", "3 d"]}},
            {"empirical.weights": "[1, 3]"},
            {"empirical": {"values": ["1 d", "3 d"], "weights": [1, 3]}},
        ),
    ],
)
@pytest.mark.parametrize("field", ["stages.steel.lead_time", "hazards.boom.time_between", "hazards.boom.duration"])
def test_patched__a_family_or_parameter_takes_the_place_of_those_it_excludes(field, before, changes, after):
    network = load(spoiled(field, before)).patched({f"{field}.{key}": value for key, value in changes.items()})
    assert network == load(spoiled(field, after))
    assert network.text == load(spoiled(field, after)).text
    under = load(spoiled(field, before)).patched({f"strategies.lean.{field}.{k}": v for k, v in changes.items()})
    section, name, key = field.split(".")
    patch = {section: {name: {key: after}}}
    assert under.strategies["lean"] == load(spoiled(field, before) | {"strategies": {"lean": patch}}).strategies["lean"]


def test_patched__a_family_leaves_the_time_between_draws():
    shop = load(GOOD).patched({"customers.shop.demand.normal": "{mean: 9, sd: 1}"}).customers["shop"]
    demand = {"every": "1 d", "normal": {"mean": 9, "sd": 1}}
    assert shop == load(spoiled("customers.shop.demand", demand)).customers["shop"]


def test_patched__parameters_that_exclude_each_other_are_not_set_together():
    both = {"stages.steel.lead_time.lognormal.sd": "1 d", "stages.steel.lead_time.lognormal.cv": "0.3"}
    assert refusal(both) == "stages.steel.lead_time.lognormal.cv: `cv` and `sd` exclude each other; set one of the two"
    two = {"stages.steel.lead_time.normal.sd": "1 d", "stages.steel.lead_time.gamma.cv": "0.3"}
    assert "`gamma` and `normal` exclude each other" in refusal(two)


def test_load__names_with_dots_and_hyphens_are_found():
    model = {key: value for key, value in GOOD.items() if key != "strategies"}
    model["stages"] = {**GOOD["stages"], "no. 7.5": GOOD["stages"]["other"], "no-8": GOOD["stages"]["other"]}
    changes = {
        "stages.no. 7.5.value": "3",
        "strategies.base.stages.no. 7.5.value": "4",
        "stages.no-8.policy.min_max.min": "20",
        "hazards.strike.hits.no. 7.5.yield": "0.5",
    }
    network = load(model).patched(changes)
    assert network.stages["no. 7.5"].value == 3
    assert network.strategies["base"].stages["no. 7.5"].value == 4
    assert network.stages["no-8"].policy.min.units == 20
    assert network.hazards["strike"].hits["no. 7.5"].yield_ == 0.5


def test_patched__a_member_whose_name_begins_like_a_key_hides_no_other_key():
    model = {key: value for key, value in GOOD.items() if key != "strategies"}
    named = dict.fromkeys(("stages.pump", "stages.pump.value", "policy.min_max", "value"), GOOD["stages"]["other"])
    model["stages"] = {**GOOD["stages"], **named}
    changes = {
        "stages.pump.value": "7",
        "stages.stages.pump.capacity": "8",
        "stages.stages.pump.value.value": "9",
        "stages.other.policy.min_max.min": "20",
        "hazards.strike.hits.policy.min_max.yield": "0.5",
    }
    network = load(model).patched(changes)
    assert network.stages["pump"].value == 7
    assert network.stages["stages.pump"].capacity == 8
    assert network.stages["stages.pump.value"].value == 9
    assert network.stages["other"].policy.min.units == 20
    assert network.hazards["strike"].hits["policy.min_max"].yield_ == 0.5


def test_patched__a_strategy_reaches_an_input_of_the_model_whose_name_has_dots():
    model = copy.deepcopy(GOOD)
    model["stages"]["pump"]["inputs"] = {"steel no. 7": {"quantity": 2, "from": {"steel": 1}}}
    changed = load(model).patched({"strategies.lean.stages.pump.inputs.steel no. 7.quantity": "3"})
    pump = {"inputs": {"steel no. 7": {"quantity": 3, "from": {"steel": 1}}}}
    model["strategies"]["lean"].setdefault("stages", {}).setdefault("pump", {}).update(pump)
    assert changed == load(model)


def test_load__changes_follow_each_other_and_leave_the_network_they_start_from():
    network = load(GOOD)
    before = network.text
    twice = network.patched({"stages.pump.value": "7"}).patched({"horizon": "2 years"})
    assert twice == network.patched({"stages.pump.value": "7", "horizon": "2 years"})
    assert network.text == before
    assert network.patched({}) is network
    assert pickle.loads(pickle.dumps(network)).patched({"horizon": "2 years"}).horizon == twice.horizon
    assert network.strategies["buffered"].patched({"stages.pump.value": 7}).stages["pump"].value == 7


def test_load__numbers_of_numpy_are_numbers():
    plain = load(GOOD).patched({"stages.pump.value": 80})
    assert load(GOOD).patched({"stages.pump.value": np.int64(80)}).text == plain.text


def test_load__a_table_beside_the_model_file_can_be_set(tmp_path):
    (tmp_path / "delays.csv").write_text("days\n1\n3\n")
    network = load(written(tmp_path, GOOD)).patched(
        {"stages.other.lead_time": "{empirical: {file: delays.csv, column: days, unit: d}}"}
    )
    assert network.stages["other"].lead_time.mean() == 6.0
    assert "delays.csv" in refusal({"stages.other.lead_time": "{empirical: {file: delays.csv, column: days}}"})


TABLE = {"empirical": {"file": "sold.csv", "column": "units", "weights": "days"}}


@pytest.mark.parametrize("prefix", ["", "strategies.lean."])
@pytest.mark.parametrize("below", ["file", "column", "weights", "values"])
def test_patched__a_key_below_a_table_that_was_read_is_refused(tmp_path, monkeypatch, prefix, below):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sold.csv").write_text("units,days\n5,1\n7,3\n")
    whole = f"{prefix}customers.shop.demand.empirical"
    words = f"{whole}.{below}: a table was read here; set `{whole}` as a whole"
    for source in (spoiled("customers.shop.demand", TABLE), written(tmp_path, spoiled("customers.shop.demand", TABLE))):
        network = load(source)
        assert refusal({f"{whole}.{below}": "[1, 2]"}, network) == words
        later = load(GOOD).patched({"customers.shop.demand": TABLE}).patched({"horizon": "2 years"})
        assert refusal({f"{whole}.{below}": "[1, 2]"}, later) == words
        lean = network.strategies["lean"]
        assert "a table was read here" in refusal({f"customers.shop.demand.empirical.{below}": "[1, 2]"}, lean)


def test_patched__a_table_set_as_a_whole_can_be_changed_by_key(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sold.csv").write_text("units,days\n5,1\n7,3\n")
    key = "customers.shop.demand"
    network = load(spoiled(key, TABLE)).patched({f"{key}.empirical": {"values": [2, 4]}})
    assert network.patched({f"{key}.empirical.weights": [3, 1]}).customers["shop"].demand.mean() == 2.5
    network = load(spoiled(key, TABLE)).patched({f"{key}.poisson.mean": 9}).patched({f"{key}.empirical.values": [1, 3]})
    assert network.patched({f"{key}.empirical.weights": [1, 1]}).customers["shop"].demand.mean() == 2
    by_strategy = load(spoiled(key, TABLE)).patched({f"strategies.lean.{key}": "{empirical: {values: [2, 4]}}"})
    lean = by_strategy.patched({f"strategies.lean.{key}.empirical.weights": [3, 1]}).strategies["lean"]
    assert lean.customers["shop"].demand.mean() == 2.5


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("stages.pmup.value", "3", "unknown stage `pmup`; did you mean `pump`? (allowed: `steel`, `other`, `pump`)"),
        ("strategies.leen.holding_rate", "3 % / year", "unknown strategy `leen`; did you mean `lean`?"),
        ("strategies.lean.stages.pmup.value", "3", "unknown stage `pmup`; did you mean `pump`?"),
        ("customers.shop.prise", "3", "unknown key `prise`; did you mean `price`?"),
        ("hazards.strike.mtbf", "3 d", "time_between"),
        ("hazards.fire", "{rate: 1 / year}", "a change adds no hazard to a model"),
        ("stages.pump.value", "-1", "at least 0"),
        ("stages.pump.value", "800 EUR", "write `800`"),
        ("stages.pump.value", "null", "found nothing"),
        ("stages.pump.value", {"a": 1}, "found a mapping"),
        ("stages.pump.value", object(), "something of type `object`"),
        ("stages.pump.yield.mean", "3", "`stages.pump.yield` is the number `0.99`, which has no key `mean`; set"),
        ("stages.pump.policy.kanban.kards", "3", "unknown key `kards`; did you mean `cards`?"),
        ("strategies.lean.period", "3 h", "must be the same under every strategy"),
        ("silence", "[clipped]", "unknown warning `clipped`; did you mean `clipped-mean`?"),
        ("period", "3\nhorizon: 3 d", "expected one value, found the key `horizon` as well"),
        ("period", "!!python/object/apply:os.system [id]", "the tag `!!python/object/apply:os.system` is not allowed"),
        ("period", "[1, 2", "not valid YAML"),
        ("stages.pump.yield", "{a: 1, a: 2}", "duplicate key `a`"),
        ("name", "x" * (MOST_BYTES + 1), "too large for a model"),
        ("stages.pump.yield", "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), f"nested more than {DEEPEST} deep"),
    ],
)
def test_load__a_fault_names_the_key_and_what_is_allowed(key, value, words):
    found = refusal({key: value})
    assert "\n" not in found
    # The place of a name in a list, and the key itself where it is not known, belong to the path.
    assert found.startswith((f"{key}: ", f"{key}[0]: "))
    assert words in found


def test_load__a_text_that_repeats_itself_without_end_is_refused_by_size():
    bomb = "{a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"
    for name, below in zip("bcdefg", "abcdef", strict=True):
        bomb += f", {name}: &{name} [{', '.join([f'*{below}'] * 10)}]"
    assert "more than 1,000,000 keys and values" in refusal({"stages.pump.yield": bomb + "}"})


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("horizon", "`horizon` must be the same under every strategy"),
        ("name", "`name` must be the same under every strategy"),
        ("silence", "`silence` must be the same under every strategy"),
        ("holding_rate", "`strategies.lean.holding_rate` is a rate `20 % / year`, which has no key `a`; set "),
        ("stages.pump.value", "`strategies.lean.stages.pump.value` is the number `100`, which has no key `a`; set "),
        ("stages.pump.vlaue", "unknown key `vlaue`; did you mean `value`?"),
    ],
)
@pytest.mark.parametrize("below", [".a", ".a.b.c"])
def test_patched__a_key_of_a_strategy_below_a_plain_value_is_refused(field, words, below):
    found = refusal({f"strategies.lean.{field}{below}": 1})
    assert found.startswith(f"strategies.lean.{field}")
    assert words in found
    assert "\n" not in found


@pytest.mark.parametrize("text", ["\udcff", "x\ud800", "[x\ud800]", "{a: \udfff}"])
@pytest.mark.parametrize("key", ["name", "horizon", "stages.pump.lead_time", "strategies.lean.stages.pump.value"])
def test_patched__a_text_that_is_not_utf_8_is_refused_with_its_character(key, text):
    half = next(one for one in text if not one.isascii())
    assert refusal({key: text}) == f"{key}: expected UTF-8 text, found U+{ord(half):04X} half of a surrogate pair"


@pytest.mark.parametrize("key", ["", 7, None])
def test_load__what_is_no_key_is_refused(key):
    assert "expected a key such as `stages.valve.value`, found " in refusal({key: 3})


def test_load__changes_that_contradict_each_other_are_refused():
    both = {"hazards.strike.rate": "1 / year", "hazards.strike.time_between": "1 year"}
    assert refusal(both) == (
        "hazards.strike.time_between: `time_between` and `rate` exclude each other; set one of the two"
    )
    nested = {"stages.pump.policy.kanban.cards": "3", "stages.pump.policy": "{make_to_order: {}}"}
    assert refusal(nested).startswith("stages.pump.policy.kanban.cards: `stages.pump.policy` is set as well")


def test_load__every_fault_is_named_at_once():
    assert len(refusal({"stages.pump.value": -1, "holding_rate": "x"}).splitlines()) == 2
    assert len(refusal({"stages.pomp.value": 1, "stage": "[1"}).splitlines()) == 2


def test_load__what_no_longer_fits_keeps_its_line_and_what_was_changed_has_none(tmp_path):
    path = written(tmp_path, GOOD)
    line = line_of(path.read_text(), "warm_up:")
    found = refusal({"horizon": "2 weeks", "stages.pump.value": "-1"}, load(path))
    assert f"{path}:{line}: warm_up: the warm-up, 84 periods, must be shorter than the horizon, 42 periods" in found
    assert "\nstages.pump.value: expected " in f"\n{found}"


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("stages.pump.inputs.metal.from.steel", "0.5", "stages.pump.inputs.metal.from: the shares must add up to 1, "),
        ("hazards.strike.hits.foo.capacity", "0.2", "hazards.strike.hits.foo: unknown stage or customer `foo`; "),
        ("customers.shop.demand.normal.mean", "9", "customers.shop.demand.normal: normal takes {mean, sd} or "),
        ("strategies.lean.horizon.a", "9", "strategies.lean.horizon: `horizon` must be the same "),
        ("stages.pump.kanban.cards", "9", "stages.pump.kanban: "),
    ],
)
def test_patched__a_fault_of_what_holds_a_changed_value_names_the_key_of_the_change(tmp_path, key, value, fault):
    found = refusal({key: value}, load(written(tmp_path, GOOD)))
    assert "plant.yaml" not in found
    assert found.startswith(fault)
    assert found.endswith(f"; as set by `{key}`")
    assert refusal({key: value}) == found


def test_find_warnings__a_warning_about_what_was_changed_names_its_key_without_a_line(tmp_path):
    path = written(tmp_path, GOOD)
    network = load(path).patched({"stages.pump.capacity": "100"})
    (warning,) = (one for one in find_warnings(network) if one.name == "number-per-period")
    assert (warning.key, warning.line) == ("stages.pump.capacity", None)
    patched = load(path).patched({"strategies.lean.stages.pump.capacity": "100"})
    (warning,) = (one for one in find_warnings(patched) if one.name == "number-per-period")
    assert (warning.key, warning.line) == ("strategies.lean.stages.pump.capacity", None)


@pytest.mark.parametrize("value", ["30 d", "1 month", "P30D", "0 d"])
def test_load__days_to_pay_are_durations_and_a_strategy_can_change_them(value):
    network = load(spoiled("strategies.lean", {"days_payable": value}))
    assert network.strategies["lean"].days_payable == pytest.approx(0 if value == "0 d" else 30, rel=0.02)
    assert network.strategies["buffered"].days_payable == 28
    for wrong, words in ((30, "found the number `30`"), ("-3 d", "negative"), ("3 / d", "found a rate")):
        with pytest.raises(ModelError, match=words):
            load(spoiled("days_receivable", wrong))
