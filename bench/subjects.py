"""What is measured: networks from tiny to wide, as models."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy_line import Line

LAYERS, WIDTH = 20, 100


def wide() -> dict[str, Any]:
    """Return 2,000 stages in layers of 100, each fed by two of the layer before, each with its breakdowns."""
    stages, hazards = {}, {}
    for layer in range(LAYERS):
        for k in range(WIDTH):
            inputs = {f"l{layer - 1}_{(k + shift) % WIDTH}": 1 for shift in (0, 1)} if layer else {}
            name = f"l{layer}_{k}"
            # Flows double from layer to layer upstream, as every stage takes two units.
            flow = 2.0 ** (LAYERS - 1 - layer) if layer >= LAYERS - 4 else 16.0
            stages[name] = {
                "inputs": inputs if layer > LAYERS - 5 else dict(list(inputs.items())[:1]),
                "lead_time": 1,
                "capacity": 8 * flow,
                "policy": {"kanban": {"cards": 4, "container": 4 * flow}},
            }
            hazards[f"{name}_down"] = {
                "time_between": {"geometric": {"mean": 50}},
                "duration": {"geometric": {"mean": 3}},
                "hits": {name: {"capacity": 0}},
            }
    customers = {f"buyer{k}": {"stage": f"l{LAYERS - 1}_{k}", "demand": {"poisson": {"mean": 5}}} for k in range(WIDTH)}
    return {
        "name": "wide",
        "period": "1 d",
        "horizon": "365 d",
        "stages": stages,
        "customers": customers,
        "hazards": hazards,
    }


def assembly(stages: int, seed: int = 1) -> dict[str, Any]:
    """Return an assembly of kanban stages, with as many cards each as the card formula says.

    Every stage but the last, ``s0``, supplies one other stage, so that the stages form a tree. Values added, lead times
    of 1 to 5 days, containers of 5, 10 or 20 units, and which half of the stages breaks down, are drawn.

    Parameters
    ----------
    stages : how many there are.
    seed : seed of what is drawn.

    Returns
    -------
    The model. A customer asks for 40 units a day, Poisson; every stage can make 70. Holding costs 25 % of the value a
    year, and a unit that the customer waits for costs 5 a day. Breakdowns come every 60 days and last 2, on average.
    """
    random = np.random.default_rng(seed)
    suppliers: dict[int, list[int]] = {i: [] for i in range(stages)}
    for i in range(1, stages):
        consumer = int(random.integers(max(0, (i - 1) // 3), i // 2 + 1)) if i > 1 else 0
        suppliers[min(consumer, i - 1)].append(i)
    values = [float(np.round(random.lognormal(2, 0.7), 2)) for _ in range(stages)]
    models, hazards = {}, {}
    for i in reversed(range(stages)):  # suppliers have higher numbers than what they supply
        values[i] = sum((values[k] for k in suppliers[i]), start=0) + values[i]
        models[f"s{i}"] = {
            "inputs": {f"s{k}": 1 for k in suppliers[i]},
            "policy": {"kanban": {"container": int(random.choice([5, 10, 20])), "cards": "auto"}},
            "lead_time": f"{random.integers(1, 6)} d",
            "capacity": "70 / d",
            "value": round(values[i], 2),
        }
        if random.random() < 0.5:
            hazards[f"s{i}_down"] = {
                "time_between": {"exponential": {"mean": "60 d"}},
                "duration": {"lognormal": {"mean": "2 d", "cv": 1}},
                "hits": {f"s{i}": {"capacity": 0}},
            }
    customer = {"stage": "s0", "demand": {"poisson": {"mean": 40}}, "backorder_cost": "5 / d"}
    return {
        **{"name": "assembly", "period": "1 d", "horizon": "1 year", "warm_up": "60 d", "holding_rate": "25 % / year"},
        **{"stages": models, "customers": {"customer": customer}, "hazards": hazards},
    }


SERIAL_COST = 17.660
"""The least cost per period of `serial`, of Snyder & Shen."""

SERIAL_LEVELS = {"s1": 10.69, "s2": 5.52, "s3": 6.49}
"""The levels with which it is reached."""


def serial() -> dict[str, Any]:
    """Return the base-stock line of Snyder & Shen (2019), Fundamentals of Supply Chain Theory, Example 6.1.

    Units in process count at the value of the stage before; the book's stages 3, 2, 1 are ``s1``, ``s2``, ``s3`` here.
    """
    stages: dict[str, Any] = {}
    for i, (value, lead_time) in enumerate(((2, 2), (4, 1), (7, 1)), 1):
        stages[f"s{i}"] = {
            "inputs": {f"s{i - 1}": 1} if i > 1 else {},
            "lead_time": f"{lead_time} d",
            "value": value,
            "owned_in_process": False,
            "policy": {"base_stock": {"cover": "2 d"}},
        }
    customer = {"stage": "s3", "demand": {"normal": {"mean": 5, "sd": 1}}, "backorder_cost": 37.12}
    return {
        **{"name": "serial", "period": "1 d", "horizon": "200 d", "warm_up": "20 d", "holding_rate": 1},
        **{"stages": stages, "customers": {"customer": customer}},
    }


def base_stock_line(**stage: Any) -> dict[str, Any]:
    """Return a line of three base-stock stages with breakdowns, whose one customer is the only one to ask.

    Parameters
    ----------
    stage : fields of every stage in place of those of the line, or beside them.
    """
    stages = {
        name: {
            "inputs": {source: 1} if source else {},
            "lead_time": "2 d",
            "capacity": "80 / d",
            "policy": {"base_stock": {"cover": "4 d"}},
            **stage,
        }
        for name, source in (("casting", ""), ("machining", "casting"), ("assembly", "machining"))
    }
    hazards = {
        f"{name} down": {
            "time_between": {"exponential": {"mean": "30 d"}},
            "duration": {"exponential": {"mean": "1 d"}},
            "hits": {name: {"capacity": 0}},
        }
        for name in stages
    }
    customer = {"stage": "assembly", "demand": {"poisson": {"mean": 50}}}
    return {
        **{"name": "base-stock line", "period": "1 d", "horizon": "1 year", "warm_up": "0 d"},
        **{"stages": stages, "customers": {"customer": customer}, "hazards": hazards},
    }


def _follow(what: str, **customer: Any) -> dict[str, Any]:
    """Return the line with levels that follow the season or the forecast of its customer."""
    model = base_stock_line(policy={"base_stock": {"cover": "4 d", "follow": what}})
    model["customers"]["customer"] |= customer
    return model


def season_line() -> dict[str, Any]:
    """Return the line with a season of twelve months that all levels follow."""
    factors = [0.8, 0.85, 0.9, 1, 1.1, 1.2, 1.2, 1.1, 1, 0.95, 0.95, 0.95]
    return _follow("season", season={"every": "1 month", "factors": factors})


def forecast_line() -> dict[str, Any]:
    """Return the line with levels that follow a forecast that is drawn every week."""
    return _follow("forecast", forecast={"error": {"lognormal": {"mean": 1, "cv": 0.2}}, "every": "1 week"})


def conwip_line() -> dict[str, Any]:
    """Return the line as one loop of cards, pushed inside."""
    model = base_stock_line(policy={"push": {}})
    model["stages"]["casting"]["policy"] = {"conwip": {"cards": 600, "container": 1, "through": "assembly"}}
    return model


EXTENSIONS: dict[str, tuple[Any, float]] = {
    "shelf life of 5 periods": (lambda: base_stock_line(shelf_life="5 d"), 1.6),
    "levels that follow a season": (season_line, 1.2),
    "levels that follow a forecast with error": (forecast_line, 1.6),
    "conwip": (conwip_line, 1.2),
    "overtime": (lambda: base_stock_line(overtime={"below": 60, "factor": 1.25}), 1.3),
}
"""Lines with one feature each, and what it may cost, relative to `base_stock_line`."""

SUBJECTS: dict[str, tuple[Any, int]] = {
    "line": (Line().model(), 20_000),
    "line-8-strategies": (Line().model(strategies=8), 10_000),
    "bicycles": ("bicycles", 10_000),
    "brake-valves": ("brake-valves", 5_000),
    "wide": (wide(), 256),
}
"""Each subject's model, and the paths it is measured on."""
