"""What a search found as one Dataset: the plan, its figures on fresh paths, its neighbors, and how it was found."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from jitrisk.datasets.labels import build_provenance
from jitrisk.risk.inputs import Array
from jitrisk.risk.metrics import metrics as compute_result_metrics
from jitrisk.risk.objective import Constraint, Objective, compute_measured_years
from jitrisk.risk.objective_estimates import Estimates, compare_objective, estimate_objective, estimate_statistic
from jitrisk.run.job import Job
from jitrisk.studies.search.decisions import DecisionSpace
from jitrisk.studies.search.evaluation import Evaluator, has_values
from jitrisk.studies.search.neighborhood import Neighborhood, list_choice_changes
from jitrisk.studies.search.plan import ChoiceDecision, LevelDecision, Plan
from jitrisk.studies.search.screening import Contender, Screening
from jitrisk.studies.search.search import Found
from jitrisk.study_variables import OPTIMIZATION, OPTIMIZED

_NAN = math.nan
Arrays = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Judgment:
    """The chosen plan beside the given strategies, on fresh paths.

    Attributes
    ----------
    job : what was simulated.
    result : the Dataset of metrics of the run, with what its units in stock and in process are where nothing has a
        value.
    """

    job: Job
    result: xr.Dataset

    def build_arrays(self, objective: Objective, constraints: Sequence[Constraint]) -> Arrays:
        """Return the variables per strategy, and those per constraint."""
        metrics = compute_result_metrics(self.result)
        arrays: Arrays = _name("objective", estimate_objective(metrics, objective))
        arrays |= _name("difference", compare_objective(metrics, objective, OPTIMIZED))
        years = compute_measured_years(self.job.horizon.counted, float(self.result.attrs["period_hours"]))
        found = [estimate_statistic(metrics, one.estimand).scale(one.compute_year_factor(years)) for one in constraints]
        empty = np.zeros((0, metrics.sizes["strategy"]))
        for name, field in (("", "value"), ("_lower", "lower"), ("_upper", "upper")):
            rows = [getattr(one, field) for one in found]
            arrays[f"constraint_value{name}"] = np.stack(rows) if rows else empty
        arrays["constraint_bound"] = np.array([one.bound for one in constraints], dtype=np.float64)
        return arrays


def _name(name: str, found: Estimates) -> Arrays:
    return {
        name: found.value,
        f"{name}_standard_error": found.standard_error,
        f"{name}_lower": found.lower,
        f"{name}_upper": found.upper,
    }


def label_study(
    evaluator: Evaluator, found: Found, judgment: Judgment, stock: Array, attrs: Mapping[str, Any]
) -> xr.Dataset:
    """Return the Dataset of an optimization.

    Parameters
    ----------
    evaluator : what estimated the plans.
    found : what the search found; there is a best plan.
    judgment : the plan beside the given strategies on fresh paths.
    stock : the stock of every strategy of the judgment.
    attrs : attributes that say with which arguments it is repeated.
    """
    assert found.best is not None
    space, plan, screening = evaluator.space, found.best.plan, found.screening
    if screening is not None and screening.chosen.plan != plan:
        screening = None  # the search ended while it went on from a better plan
    ties = screening.list_tied() if screening else []
    arrays = judgment.build_arrays(evaluator.objective, evaluator.constraints) | {"stock": stock}
    arrays |= _describe_decisions(space, plan) | _describe_neighbors(space, plan, screening)
    arrays |= _describe_plans(space, found, ties, screening) | _describe_steps(found)
    coords: dict[str, Any] = {
        "strategy": list(judgment.job.strategies),
        "decision": [one.key for one in _list_decisions(space)],
        "constraint": [one.text for one in evaluator.constraints],
    }
    variables = {
        name: (variable.dims, np.asarray(arrays[name], dtype=np.dtype(variable.dtype)), variable.build_attrs())
        for name, variable in OPTIMIZATION.items()
    }
    variables["stock"][2]["units"] = _find_stock_unit(space)
    variables["plan_stock"][2]["units"] = _find_stock_unit(space)
    coords = {name: np.array(values, dtype=np.str_) for name, values in coords.items()}
    return xr.Dataset(
        variables, coords, _build_attrs(evaluator, found, judgment, arrays["plan_stock"], screening) | dict(attrs)
    )


def _build_attrs(
    evaluator: Evaluator, found: Found, judgment: Judgment, stocks: Sequence[float], screening: Screening | None
) -> dict[str, Any]:
    assert found.best is not None
    network, objective = evaluator.space.network, evaluator.objective
    years = compute_measured_years(judgment.job.horizon.counted, network.period)
    return {
        **build_provenance(network, judgment.job),
        "contents": "optimization",
        "objective": objective.text,
        "objective_maximized": objective.maximized,
        "objective_unit": objective.describe_unit(network.currency),
        "objective_per_year": objective.compute_year_factor(years),
        "indifference": _NAN if screening is None else screening.indifference,
        "local_probability": _NAN if screening is None else screening.probability,
        "screening_paths": 0 if screening is None else screening.paths,
        "least_stock_plan": int(np.argmin(stocks)),
        "stock_unit": _find_stock_unit(evaluator.space),
        "stopped": found.stopped,
        "plans": evaluator.limits.plans,
        "path_periods": float(evaluator.limits.path_periods),
        "plan": json.dumps(evaluator.space.build_patch(found.best.plan), ensure_ascii=False),
    }


def _find_stock_unit(space: DecisionSpace) -> str:
    return space.network.currency if has_values({"": space.network}) else "unit"


def _list_decisions(space: DecisionSpace) -> list[LevelDecision | ChoiceDecision]:
    return [*space.levels, *space.choices]


def write_values(space: DecisionSpace, plan: Plan) -> list[str]:
    """Return the value of every decision of a plan, as in a model file; empty for a level that it does not have."""
    active = set(space.list_active(plan))
    levels = [str(space.write_value(i, place)) if i in active else "" for i, place in enumerate(plan.levels)]
    return levels + [one.options[option] for one, option in zip(space.choices, plan.choices, strict=True)]


def _describe_decisions(space: DecisionSpace, plan: Plan) -> Arrays:
    rows = []
    for i, place in enumerate(plan.levels):
        one = space.levels[i]
        is_active = one.is_active(plan)
        step = one.step * one.compute_resolution(place)
        scale = space.network.period / 24.0 if one.unit == "d" else 1.0
        number = one.compute_value(place) * scale if is_active else _NAN
        rows.append(("level", one.stage, one.unit, step * scale, number, one.find_bound(place) if is_active else ""))
    rows += [(one.kind, one.stage, "", _NAN, _NAN, "") for one in space.choices]
    names = ("decision_kind", "decision_stage", "decision_unit", "step_size", "chosen_number", "at_bound")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    return columns | {"start_value": list(space.start_values), "chosen_value": write_values(space, plan)}


def _describe_neighbors(space: DecisionSpace, plan: Plan, screening: Screening | None) -> Arrays:
    """Return the neighbors, each with what fresh paths say of it."""
    compared = {} if screening is None else {one.plan: one for one in screening.contenders}
    rows: list[tuple[str, str, str, Plan]] = []
    for move in Neighborhood(space).list_moves(plan):
        value = str(space.write_value(move.index, move.plan.levels[move.index]))
        rows.append((space.levels[move.index].key, "more" if move.toward > 0 else "less", value, move.plan))
    for index, option, changed in list_choice_changes(space, plan):
        one = space.choices[index]
        same = next((other for other in compared if other.choices == changed.choices), changed)
        rows.append((one.key, one.options[option], one.options[option], same))
    known = [compared.get(neighbor) for *_, neighbor in rows]
    return {
        "neighbor_decision": [row[0] for row in rows],
        "neighbor_change": [row[1] for row in rows],
        "neighbor_value": [row[2] for row in rows],
        "neighbor_meets": [one is not None and one.estimate.missed == 0 for one in known],
        **_describe_differences("neighbor_difference", known),
    }


def _describe_differences(name: str, found: Sequence[Contender | None]) -> Arrays:
    rows = [
        (_NAN,) * 4 if one is None else (one.difference.mean, one.difference.standard_error, one.lower, one.upper)
        for one in found
    ]
    columns = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    return dict(zip((name, f"{name}_standard_error", f"{name}_lower", f"{name}_upper"), columns, strict=True))


def _describe_plans(
    space: DecisionSpace, found: Found, ties: Sequence[Contender], screening: Screening | None
) -> Arrays:
    assert found.best is not None
    chosen = found.best if screening is None else screening.chosen
    plans = [found.best.plan, *(one.plan for one in ties)]
    zeros = {name: np.zeros(1) for name in _describe_differences("plan_difference", [])}
    others = _describe_differences("plan_difference", ties)
    return {
        "plan_value": [write_values(space, plan) for plan in plans],
        "plan_stock": [chosen.stock, *(one.estimate.stock for one in ties)],
        **{name: np.concatenate([zeros[name], column]) for name, column in others.items()},
    }


def _describe_steps(found: Found) -> Arrays:
    return {
        "step_objective": [one.best.value for one in found.steps],
        "step_paths": [one.paths for one in found.steps],
        "step_plans": [one.plans for one in found.steps],
        "step_path_periods": [one.path_periods for one in found.steps],
    }
