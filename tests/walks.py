"""Periods worked out by hand: a twin on values that a test gives, neutral where it gives none."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from reference import Flows, State, Twin

import jitrisk as jr

NEUTRAL = {"availability": 1, "receiving": 1, "transit": 1, "yield": 1, "lead_time": 1}


def walk(
    stages: dict[str, Any], customers: dict[str, Any], periods: int, **drawn: Any
) -> tuple[Any, list[Flows], State]:
    """Run a twin on values given as `variable={name: [value of every period]}`, neutral where nothing is given.

    A model that needs hazards gets them as `hazards`.
    """
    model = {"name": "by hand", "period": "1 d", "horizon": periods, "stages": stages, "customers": customers}
    network = jr.load(model | ({"hazards": drawn["hazards"]} if "hazards" in drawn else {}))
    path: dict[str, Any] = {
        variable: dict.fromkeys(stages, [value] * periods) | drawn.get(variable, {})
        for variable, value in NEUTRAL.items()
    }
    path |= {variable: drawn[variable] for variable in ("forecast", "open") if variable in drawn}
    path["demand"] = dict.fromkeys(customers, [0] * periods) | drawn.get("demand", {})
    return Twin(network, number=Fraction).run(path)


def series(trace: list[Flows], outcome: str, thing: str) -> list[Any]:
    return [flows[outcome, thing] for flows in trace]


def kanban(cards: int, container: int = 1) -> dict[str, Any]:
    return {"policy": {"kanban": {"cards": cards, "container": container}}}


def base_stock(level: int) -> dict[str, Any]:
    return {"policy": {"base_stock": {"level": level}}}


BUYER = {"buyer": {"stage": "shop", "demand": 1}}
