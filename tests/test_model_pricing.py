"""Prices of a model by their keys: where they stand, what is no price, and what is not allowed."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from modelfile import GOOD, spoiled

from jitrisk.errors import ModelError
from jitrisk.model import load, reprice_model
from jitrisk.vocabulary import PRICES


def refusal(changes: dict[Any, Any], model: dict[str, Any] = GOOD) -> str:
    with pytest.raises(ModelError) as caught:
        reprice_model(model, changes)
    return str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("holding_rate", "15 % / year"),
        ("days_payable", "60 d"),
        ("stages.pump.value", 80),
        ("stages.steel.unit_cost", 2.5),
        ("customers.shop.price", 250),
        ("customers.export.backorder_cost", "3 / d"),
        ("strategies.lean.days_receivable", "10 d"),
        ("strategies.buffered.stages.steel.value", 9),
        ("strategies.lean.customers.shop.lost_cost", 1),
        ("customers.shop.shortage_cost", 12),
        ("stages.steel.holding_rate", "1 % / week"),
        ("strategies.lean.stages.steel.holding_rate", "1 % / week"),
        ("stages.pump.owned_in_process", False),
    ],
)
def test_a_price_stands_where_its_key_says(key, value):
    model = copy.deepcopy(GOOD)
    node = model
    *above, last = key.split(".")
    for step in above:
        node = node.setdefault(step, {})
    old, node[last] = node.get(last), value
    network, changed = reprice_model(GOOD, {key: value})
    assert network == load(model)
    assert changed == {key: (old, value)}


def test_every_price_of_the_vocabulary_has_a_key_and_the_model_itself_is_left_alone():
    before = copy.deepcopy(GOOD)
    where = {("strategy",): "", ("strategy", "stage"): "stages.pump.", ("strategy", "customer"): "customers.shop."}
    other = {"holding_rate": "1 % / year", "days_payable": "9 d", "days_receivable": "9 d", "owned_in_process": False}
    network, changed = reprice_model(GOOD, {where[p.dims] + name: other.get(name, 77) for name, p in PRICES.items()})
    assert len(changed) == len(PRICES)
    assert network.strategies["lean"].stages["pump"].downtime_cost == 77
    assert before == GOOD


def test_numbers_from_a_command_line_and_from_numpy_stand_as_numbers():
    plain = reprice_model(GOOD, {"stages.pump.value": 80})[0]
    assert reprice_model(GOOD, {"stages.pump.value": " 80 "})[0].text == plain.text
    assert reprice_model(GOOD, {"stages.pump.value": np.int64(80)})[0].text == plain.text
    assert reprice_model(GOOD, {"holding_rate": "20 % / year"}) == (load(GOOD), {})


def test_names_with_dots_and_the_only_strategy_of_a_model_without_any():
    model = {key: value for key, value in GOOD.items() if key != "strategies"}
    model["stages"] = {**GOOD["stages"], "no. 7.5": GOOD["stages"]["other"]}
    network, _ = reprice_model(model, {"stages.no. 7.5.value": 3, "strategies.base.stages.no. 7.5.value": 4})
    assert network.stages["no. 7.5"].value == 3
    assert network.strategies["base"].stages["no. 7.5"].value == 4


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("stages.pmup.value", "unknown part of the model `stages.pmup`; did you mean `stages.pump`? (allowed: "),
        ("strategies.leen.holding_rate", "did you mean `strategies.lean`?"),
        ("stages.pump.vlaue", "is no price; did you mean `value`? (allowed: `value`, `holding_rate`, "),
        ("customers.shop.value", "is no price (allowed: `price`, `backorder_cost`, `lost_cost`, `shortage_cost`)"),
        ("stages.pump.lead_time", "simulate again to change anything else"),
        ("stages.pump.policy.kanban.cards", "of a stage `value`, "),
        (
            "hazards.strike.rate",
            "prices are of the model `holding_rate`, `days_receivable`, `days_payable`; of a stage",
        ),
        ("period", "is no price (allowed: `holding_rate`, "),
        ("stages.pump", "is no price"),
        ("", "is no price"),
        (7, "expected the key of a price, such as `stages.valve.value`"),
    ],
)
def test_what_is_no_price_is_refused_with_what_is(key, words):
    found = refusal({key: 3})
    assert words in found
    assert "\n" not in found
    assert found.startswith(f"{key}: " if key else "is no price")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("stages.pump.value", -1, "at least 0"),
        ("stages.pump.value", "800 EUR", "write `800`"),
        ("stages.pump.value", float("nan"), "finite"),
        ("stages.pump.value", None, "found nothing"),
        ("stages.pump.value", {"a": 1}, "found a mapping"),
        ("stages.pump.value", object(), "something of type `object`"),
        ("holding_rate", "20 %", "a share per time"),
        ("holding_rate", "200000 % / year", "at most 100,000 % per year"),
        ("stages.steel.holding_rate", "200000 % / year", "at most 100,000 % per year"),
        ("stages.pump.owned_in_process", 0, "expected `true` or `false`, found the number `0`"),
        ("days_payable", 30, "a duration with its unit such as `30 d`, as a bare number would count periods"),
        ("strategies.lean.stages.pump.value", "many", "an amount of money"),
    ],
)
def test_a_value_meets_the_model_s_own_check(key, value, words):
    found = refusal({key: value})
    assert found.startswith(f"{key}: ")
    assert words in found


def test_every_fault_is_named_at_once():
    assert len(refusal({"stages.pump.value": -1, "holding_rate": "x"}).splitlines()) == 2
    assert len(refusal({"stages.pomp.value": 1, "period": "1 d"}).splitlines()) == 2


@pytest.mark.parametrize("value", ["30 d", "1 month", "P30D", "0 d"])
def test_days_to_pay_are_durations_and_a_strategy_can_change_them(value):
    network = load(spoiled("strategies.lean", {"days_payable": value}))
    assert network.strategies["lean"].days_payable == pytest.approx(0 if value == "0 d" else 30, rel=0.02)
    assert network.strategies["buffered"].days_payable == 28
    for wrong, words in ((30, "found the number `30`"), ("-3 d", "negative"), ("3 / d", "found a rate")):
        with pytest.raises(ModelError, match=words):
            load(spoiled("days_receivable", wrong))
