"""Optimizations made by hand, for tests of how they are shown: no search, every number chosen here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import xarray as xr

import jitrisk as jr
from jitrisk.vocabulary import OPTIMIZATION

ARGUMENTS = {
    "minimize": "cost.mean",
    "subject": ["fill_rate.mean >= 98%"],
    "vary": ["stages.valve.policy.kanban.cards=2..40"],
    "strategy": "jit",
    "paths": 10_000,
    "seed": 1,
    "rare": False,
    "indifference": None,
    "time_limit": None,
    "budget": None,
}
ATTRS: dict[str, Any] = {
    "jitrisk_format": 6,
    "jitrisk_version": "0.0.0",
    "name": "By hand",
    "period_hours": 24.0,
    "horizon": 760,
    "warm_up": 30,
    "periods": 730,
    "currency": "EUR",
    "seed": 1,
    "paths": 10_000,
    "first_path": 0,
    "libraries": "{}",
    "contents": "optimization",
    "objective": "cost.mean",
    "objective_unit": "EUR",
    "objective_per_year": 0.5,
    "indifference": 24_000.0,
    "local_probability": 0.9712,
    "stopped": "converged",
    "plans": 312,
    "path_periods": 4.2e8,
    "arguments": json.dumps(ARGUMENTS),
    "plan": '{"stages": {"valve": {"policy": {"kanban": {"cards": 12}}}}}',
    "given_strategy": "jit",
    "least_stock_plan": 1,
}


def interval(name: str, values: Sequence[float], error: float, *, standard_error: bool = True) -> dict[str, Any]:
    """Return an estimate with its standard error and a 95 % interval of 1.96 of them."""
    array = np.array(values, dtype=float)
    half = 1.96 * error
    found = {name: array, f"{name}_lower": array - half, f"{name}_upper": array + half}
    return found | ({f"{name}_standard_error": np.full(array.shape, error)} if standard_error else {})


@cache
def read_model_attrs() -> dict[str, str]:
    """Return the model that the optimizations carry; what they say of stages is made up."""
    network = jr.load("bicycles")
    return {"model": network.text, "model_hash": network.digest}


def label(coords: dict[str, Any], arrays: dict[str, Any], attrs: dict[str, Any]) -> xr.Dataset:
    """Return arrays as an optimization; each has the dims and type of the vocabulary."""
    variables = {
        name: (variable.dims, np.asarray(arrays.pop(name)).astype(variable.dtype), variable.build_attrs("EUR"))
        for name, variable in OPTIMIZATION.items()
    }
    assert not arrays, f"no such variable: {list(arrays)}"
    study = xr.Dataset(variables, {name: np.array(values) for name, values in coords.items()})
    for name in ("stock", "plan_stock"):
        study[name].attrs["units"] = "unit" if attrs.get("objective_unit") == "1" else "EUR"
    return study.assign_attrs(ATTRS | read_model_attrs() | attrs)


def build_study(**attrs: Any) -> xr.Dataset:
    """Return an optimization of money with levels, a policy, an investment and a constraint; attributes as given."""
    decisions = [
        *("stages.valve.policy.kanban.cards", "stages.casting.policy.base_stock.cover", "stages.spare.policy"),
        "decisions.investments.second_source",
    ]
    plans = [
        ["12", "3.5 d", "kanban", "taken"],
        ["11", "3.5 d", "kanban", "taken"],
        ["12", "3.25 d", "kanban", "taken"],
    ]
    arrays = {
        **interval("objective", [4.2e6, 5.1e6, 3.6e6], 2.0e4),
        **interval("difference", [-6.0e5, -1.5e6, 0.0], 1.5e4),
        "stock": [300e3, 900e3, 240e3],
        **interval("constraint_value", [[0.97, 0.999, 0.984]], 1e-3, standard_error=False),
        "constraint_bound": [0.98],
        "decision_kind": ["level", "level", "policy", "investment"],
        "decision_stage": ["valve", "casting", "spare", ""],
        "decision_unit": ["card", "d", "", ""],
        "step_size": [1.0, 0.25, np.nan, np.nan],
        "start_value": ["8", "2 d", "base_stock", "not taken"],
        "chosen_value": plans[0],
        "chosen_number": [12.0, 3.5, np.nan, np.nan],
        "at_bound": ["", "lower", "", ""],
        "neighbor_decision": [decisions[i] for i in (0, 0, 1, 2, 3)],
        "neighbor_change": ["less", "more", "more", "base_stock", "not taken"],
        "neighbor_value": ["11", "13", "3.75 d", "base_stock", "not taken"],
        **interval("neighbor_difference", [4_000.0, 31_000.0, 90_000.0, 2.2e5, 7.0e5], 5_000.0),
        "neighbor_meets": [False, True, True, True, True],
        "plan_value": plans,
        **interval("plan_difference", [0.0, 4_000.0, -1_000.0], 3_000.0),
        "plan_stock": [240e3, 221e3, 236e3],
        "step_objective": [4.4e6, 3.9e6, 3.58e6],
        "step_paths": [100, 400, 1_600],
        "step_plans": [20, 150, 312],
        "step_path_periods": [2e6, 6e7, 4.2e8],
    }
    coords = {"strategy": ["jit", "jic", "optimized"], "decision": decisions}
    return label(coords | {"constraint": ["fill_rate.mean >= 98%"]}, arrays, attrs)


def build_minimal(**attrs: Any) -> xr.Dataset:
    """Return an optimization with one level, no neighbor, no constraint and no other strategy to speak of."""
    arrays: dict[str, Any] = {name: np.zeros([0] * len(row.dims)) for name, row in OPTIMIZATION.items()}
    one = "stages.shop.policy.base_stock.level"
    arrays |= {
        **interval("objective", [0.0721, 0.0702], 1e-4),
        **interval("difference", [-0.0019, 0.0], 1e-4),
        "stock": [41.0, 48.0],
        **interval("constraint_value", np.zeros((0, 2)), 0.0, standard_error=False),
        "constraint_bound": np.zeros(0),
        "decision_kind": ["level"],
        "decision_stage": ["shop"],
        "decision_unit": ["unit"],
        "step_size": [1.0],
        "start_value": ["40"],
        "chosen_value": ["47"],
        "chosen_number": [47.0],
        "at_bound": [""],
        "plan_value": [["47"]],
        **interval("plan_difference", [0.0], 0.0),
        "plan_stock": [48.0],
        "step_objective": [0.07],
        "step_paths": [100],
        "step_plans": [1],
        "step_path_periods": [1e4],
    }
    given = {"objective": "1 - fill_rate.mean", "objective_unit": "1", "objective_per_year": 1.0, "indifference": 1e-4}
    given |= {"least_stock_plan": 0, "given_strategy": "base", "local_probability": float("nan")}
    given["arguments"] = json.dumps(ARGUMENTS | {"minimize": "1 - fill_rate.mean", "subject": [], "vary": []})
    return label(
        {"strategy": ["base", "optimized"], "decision": [one], "constraint": np.zeros(0, "U1")}, arrays, given | attrs
    )


def build_unmet(**attrs: Any) -> xr.Dataset:
    """Return an optimization whose best plan misses its constraint."""
    study = build_study(stopped="unmet", local_probability=float("nan"))
    missed = {}
    for name, value in interval("constraint_value", [[0.92, 0.95, 0.972]], 1e-3, standard_error=False).items():
        missed[name] = (("constraint", "strategy"), value)
    return study.assign(missed).assign_attrs(attrs)


def build_wide(stages: int = 100) -> xr.Dataset:
    """Return an optimization of the cards of many stages, each with both neighbors."""
    names = [f"station_{k:03}" for k in range(stages)]
    keys = [f"stages.{name}.policy.kanban.cards" for name in names]
    cards = [str(3 + k % 7) for k in range(stages)]
    less = np.array([(k * 7919) % 97 + 3.0 for k in range(2 * stages)])
    arrays = {
        **interval("objective", [4.2e6, 3.6e6], 2.0e4),
        **interval("difference", [-6.0e5, 0.0], 1.5e4),
        "stock": [300e3, 240e3],
        **interval("constraint_value", np.zeros((0, 2)), 0.0, standard_error=False),
        "constraint_bound": np.zeros(0),
        "decision_kind": ["level"] * stages,
        "decision_stage": names,
        "decision_unit": ["card"] * stages,
        "step_size": [1.0] * stages,
        "start_value": ["4"] * stages,
        "chosen_value": cards,
        "chosen_number": list(map(float, cards)),
        "at_bound": [""] * stages,
        "neighbor_decision": [key for key in keys for _ in range(2)],
        "neighbor_change": ["less", "more"] * stages,
        "neighbor_value": [str(int(card) + by) for card in cards for by in (-1, 1)],
        **interval("neighbor_difference", 1e3 * less, 900.0),
        "neighbor_meets": [True] * 2 * stages,
        "plan_value": [cards],
        **interval("plan_difference", [0.0], 0.0),
        "plan_stock": [240e3],
        "step_objective": [4.4e6, 3.6e6],
        "step_paths": [100, 400],
        "step_plans": [20, 4000],
        "step_path_periods": [2e6, 6e9],
    }
    coords = {"strategy": ["jit", "optimized"], "decision": keys, "constraint": np.zeros(0, "U1")}
    return label(coords, arrays, {"least_stock_plan": 0})
