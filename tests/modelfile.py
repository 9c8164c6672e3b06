"""A small good model to spoil, and the faults that a model has."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

from jitrisk.errors import Fault, ModelError
from jitrisk.model import load

GOOD: dict[str, Any] = {
    "name": "Pump plant",
    "period": "8 h",
    "horizon": "1 year",
    "warm_up": "4 weeks",
    "currency": "EUR",
    "holding_rate": "20 % / year",
    "days_receivable": "45 d",
    "days_payable": "4 weeks",
    "fixed_cost": "3000 / d",
    "silence": ["rounded-lead-time"],
    "stages": {
        "steel": {"lead_time": {"lognormal": {"mean": "2 d", "cv": 0.5}}, "policy": {"base_stock": {"cover": "3 d"}}},
        "other": {"lead_time": "3 d", "policy": {"min_max": {"min": 10, "max": "4 d"}}},
        "pump": {
            "inputs": {"metal": {"quantity": 2, "from": {"steel": 0.75, "other": "25 %"}, "failover": False}},
            "capacity": "900 / d",
            "yield": 0.99,
            "value": 100,
            "downtime_cost": "2400 / d",
            "policy": {"kanban": {"container": 5, "cards": "auto", "safety": "10 %"}},
        },
    },
    "customers": {
        "shop": {"stage": "pump", "demand": {"every": "1 d", "poisson": {"mean": 60}}, "unmet": "lost", "price": 200},
        "export": {"stage": "pump", "demand": "90 / d", "unmet": "30 %"},
    },
    "hazards": {
        "strike": {"rate": "1 / 2 years", "duration": "5 d", "ramp": "2 d", "hits": {"steel": {"arrivals": 0}}},
        "boom": {
            "time_between": {"exponential": {"mean": "1 year"}},
            "duration": "30 d",
            "chance": 0.5,
            "hits": {"shop": {"demand": 1.5}, "pump": {"capacity": 0.8, "chance": "20 %"}},
        },
    },
    "decisions": {
        "vary": {"stages.other.policy.base_stock.cover": "1 d..6 d:8 h", "stages.steel.policy.base_stock.level": "all"},
        "policies": {"other": [{"min_max": {"min": 10, "max": "4 d"}}, {"base_stock": {"cover": "3 d"}}]},
        "investments": {"second_press": {"stages": {"pump": {"capacity": "1200 / d"}}}},
        "minimize": "cost.mean",
        "subject": ["fill_rate.mean >= 98%"],
    },
    "strategies": {"lean": {}, "buffered": {"stages": {"steel": {"policy": {"base_stock": {"level": 500}}}}}},
}
"""Every kind of part once."""

MISSING = object()
"""A value that takes its key away."""


def spoiled(path: str, value: Any, good: dict[str, Any] = GOOD) -> dict[str, Any]:
    """Return a good model with one value, at a path of keys joined by dots, replaced or taken away."""
    model = copy.deepcopy(good)
    *above, last = path.split(".")
    node = model
    for key in above:
        node = node[key]
    if value is MISSING:
        del node[last]
    else:
        node[last] = value
    return model


def faults(source: Any) -> tuple[Fault, ...]:
    """Return the faults of a model, none if it loads; a refusal without a fault is an error of its own."""
    try:
        load(source)
    except ModelError as error:
        if error.faults:
            return error.faults
        raise AssertionError("a model was refused without a fault") from error
    return ()


def only_fault(source: Any) -> Fault:
    """Return the one fault of a model."""
    found = faults(source)
    assert len(found) == 1, [str(fault) for fault in found]
    return found[0]


def written(folder: Path, model: Any, name: str = "plant.yaml") -> Path:
    """Write a model, as text or as a mapping, and return its path."""
    path = folder / name
    text = model if isinstance(model, str) else yaml.safe_dump(model, sort_keys=False)
    path.write_text(text, encoding="utf-8")
    return path


def line_of(text: str, words: str) -> int:
    """Return the line on which words first stand in a text."""
    return next(i for i, line in enumerate(text.splitlines(), 1) if words in line)
