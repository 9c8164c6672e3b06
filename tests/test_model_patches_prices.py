"""Which keys of a model are those of its prices, so that a kept result can be repriced by them."""

from __future__ import annotations

from typing import Any

import pytest
from modelfile import GOOD
from test_model_patches import edited

from jitrisk.errors import ModelError
from jitrisk.model import Network, load, require_prices
from jitrisk.vocabulary import PRICES


def repriced(changes: dict[Any, Any], model: dict[str, Any] = GOOD) -> Network:
    network = load(model)
    require_prices(network.text, changes)
    return network.patched(changes)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("holding_rate", "15 % / year"),
        ("days_payable", "60 d"),
        ("stages.pump.value", 80),
        ("stages.pump.expire_cost", 3),
        ("stages.steel.overtime_cost", 1.5),
        ("strategies.lean.stages.steel.expire_cost", 2),
        ("stages.steel.unit_cost", 2.5),
        ("customers.shop.price", 250),
        ("customers.export.backorder_cost", "3 / d"),
        ("strategies.lean.days_receivable", "10 d"),
        ("fixed_cost", "2000000 / year"),
        ("strategies.lean.fixed_cost", "7 / d"),
        ("strategies.buffered.stages.steel.value", 9),
        ("strategies.lean.customers.shop.lost_cost", 1),
        ("customers.shop.shortage_cost", 12),
        ("stages.steel.holding_rate", "1 % / week"),
        ("strategies.lean.stages.steel.holding_rate", "1 % / week"),
        ("stages.pump.owned_in_process", False),
    ],
)
def test_require_prices__a_price_is_changed_by_its_key(key, value):
    assert repriced({key: value}) == edited({tuple(key.split(".")): value})


def test_require_prices__every_price_of_the_vocabulary_has_a_key():
    where = {("strategy",): "", ("strategy", "stage"): "stages.pump.", ("strategy", "customer"): "customers.shop."}
    other = {"holding_rate": "1 % / year", "days_payable": "9 d", "days_receivable": "9 d", "owned_in_process": False}
    network = repriced({where[p.dims] + name: other.get(name, 77) for name, p in PRICES.items()})
    assert network.strategies["lean"].stages["pump"].downtime_cost == 77


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("stages.pmup.value", "unknown stage `pmup`; did you mean `pump`?"),
        ("stages.pump.vlaue", "`vlaue` is no price; did you mean `value`? (allowed: `value`, `holding_rate`, "),
        ("customers.shop.value", "is no price (allowed: `price`, `backorder_cost`, `lost_cost`, `shortage_cost`)"),
        ("stages.pump.lead_time", "only prices can be changed without simulating again: simulate the model with this"),
        ("stages.pump.policy.kanban.cards", "of a stage `value`, "),
        ("hazards.strike.rate", "the model `holding_rate`, `days_receivable`, `days_payable`, `fixed_cost`; of a"),
        ("period", "as `jitrisk compare MODEL --set KEY=VALUE` does"),
        ("stages.pump", "no price"),
        ("strategies.lean", "no price"),
        ("", "expected a key such as"),
        (7, "expected a key such as `stages.valve.value`"),
    ],
)
def test_require_prices__what_is_no_price_is_refused_with_what_is(key, words):
    with pytest.raises(ModelError) as caught:
        repriced({key: 3})
    found = str(caught.value)
    assert words in found
    assert "\n" not in found
    assert found.startswith(f"{key}: " if key else "expected")
