"""A model whose expiry and overtime are worked out by hand: no chance in it, a pattern that repeats every other day.

`fridge` covers 5 units and sells 2 a day; what is not sold by the end of the second day is thrown away. Of the 5 units
at the start, 3 are left after day 0, all of that day, so that none expires; 2 are ordered. On day 1, 2 come in and 2
are sold of the older 3: 1 expires, 2 are left, and 3 are ordered. On day 2, 3 come in and 2 older ones are sold: none
expires, 2 are ordered, and so on: 1 unit on every other day, 5 in 10 days, after 2 + 3 + 2 + ... = 25 units bought.

`press` sells 3 a day, keeps 4 and starts 2 a day, 4 while fewer than 3 are left. 1 is left after every day's sale, so
that it starts the 3 that were sold, 1 of them in overtime: 10 in 10 days.
"""

from __future__ import annotations

from typing import Any

LEVERS: dict[str, Any] = {
    "name": "levers",
    "period": "1 d",
    "horizon": "10 d",
    "currency": "EUR",
    "stages": {
        "fridge": {
            "policy": {"base_stock": {"level": 5}},
            "shelf_life": "2 d",
            "unit_cost": 1,
            "expire_cost": 4,
        },
        "press": {
            "policy": {"base_stock": {"level": 4}},
            "capacity": "2 / d",
            "overtime": {"below": 3, "factor": 2},
            "unit_cost": 2,
            "overtime_cost": 7,
        },
    },
    "customers": {"shop": {"stage": "fridge", "demand": 2}, "plant": {"stage": "press", "demand": 3}},
    # Nothing expires within ten days, and nothing is needed beyond the regular capacity.
    "strategies": {
        "as_is": {},
        "relaxed": {"stages": {"fridge": {"shelf_life": "20 d"}, "press": {"capacity": "3 / d"}}},
    },
}
PURCHASE, EXPIRY, OVERTIME = 25 * 1 + 30 * 2, 5 * 4, 10 * 7
RELAXED = 20 * 1 + 30 * 2
"""Costs over the ten days, EUR: those of the strategy `as_is` by component, and the total of `relaxed`."""

TASTE: dict[str, Any] = LEVERS | {
    "stages": {
        name: {key: value for key, value in stage.items() if key not in ("shelf_life", "overtime")}
        for name, stage in LEVERS["stages"].items()
    },
    "strategies": {
        "without": {},
        "with": {"stages": {"fridge": {"shelf_life": "2 d"}, "press": {"overtime": {"below": 3, "factor": 2}}}},
    },
}
"""The same stages, which have their features under one of two strategies alone."""
