"""Dimensions and variables of the Datasets that studies return: name, dims, dtype, unit and one sentence.

A leaf module; :mod:`jitrisk.vocabulary` passes its tables on with those of all other Datasets. Amounts are over the
measured horizon, in the unit of what is minimized, which the attribute ``objective_unit`` names.
"""

from __future__ import annotations

from jitrisk.dataset_variables import Dimension, Variable

OPTIMIZED = "optimized"
"""The name of the strategy that a plan becomes."""

STUDY_DIMENSIONS = (
    Dimension("decision", "something that a search may choose: a level, the policy of a stage, or an investment"),
    Dimension("constraint", "what a plan must meet, as it was given"),
    Dimension("neighbor", "the plan with one step less or more of one level, or with one other choice"),
    Dimension("plan", "a plan that cannot be told from the best; 0 is the one chosen"),
    Dimension("step", "one step of a search"),
)

_INTERVAL = {
    "": "",
    "_standard_error": "standard error of ",
    "_lower": "lower end of the 95 % interval of ",
    "_upper": "upper end of the 95 % interval of ",
}


def _build_rows(*rows: tuple[str, tuple[str, ...], str, str]) -> dict[str, Variable]:
    return {name: Variable(name, dims, dtype, "1", "study", text) for name, dims, dtype, text in rows}


def _build_estimates(name: str, dims: tuple[str, ...], text: str, without: str = "") -> dict[str, Variable]:
    """Return an estimate, its standard error and the ends of its interval; without that of one suffix."""
    ends = (suffix for suffix in _INTERVAL if not without or suffix != without)
    return _build_rows(*((name + suffix, dims, "float64", _INTERVAL[suffix] + text) for suffix in ends))


_STRATEGY, _DECISION, _NEIGHBOR = ("strategy",), ("decision",), ("neighbor",)
_STEP, _PLAN = ("step",), ("plan",)

OPTIMIZATION = {
    **_build_estimates("objective", _STRATEGY, "what is minimized, on fresh paths"),
    **_build_estimates("difference", _STRATEGY, "the optimized strategy less this one, on the same paths"),
    **_build_rows(
        (
            "stock",
            _STRATEGY,
            "float64",
            "mean working capital, in the model's currency; where nothing has a value, mean units in stock and process",
        )
    ),
    **_build_estimates(
        "constraint_value",
        ("constraint", "strategy"),
        "what the constraint is on, on fresh paths, per year where its bound is",
        "_standard_error",
    ),
    **_build_rows(
        ("constraint_bound", ("constraint",), "float64", "what the value must not fall short of, or not exceed"),
        ("decision_kind", _DECISION, "str", "level, policy or investment"),
        ("decision_stage", _DECISION, "str", "the stage, empty for an investment"),
        ("decision_unit", _DECISION, "str", "unit of a level: unit, card, or d for a cover; empty for a choice"),
        ("step_size", _DECISION, "float64", "least step of a level, NaN for a choice"),
        ("start_value", _DECISION, "str", "the value in the given strategy, as in a model file"),
        ("chosen_value", _DECISION, "str", "the value in the plan, as in a model file"),
        ("chosen_number", _DECISION, "float64", "the level in the plan, NaN for a choice"),
        ("at_bound", _DECISION, "str", "lower or upper where the level is at that bound, else empty"),
        ("neighbor_decision", _NEIGHBOR, "str", "the decision in which the neighbor differs from the plan"),
        ("neighbor_change", _NEIGHBOR, "str", "less or more, or the other choice"),
        ("neighbor_value", _NEIGHBOR, "str", "the value of that decision in the neighbor, as in a model file"),
    ),
    **_build_estimates(
        "neighbor_difference", _NEIGHBOR, "the neighbor less the plan: where positive, the plan is better"
    ),
    **_build_rows(
        ("neighbor_meets", _NEIGHBOR, "bool", "whether the neighbor meets the constraints"),
        ("plan_value", (*_PLAN, *_DECISION), "str", "the value of the decision, as in a model file"),
    ),
    **_build_estimates("plan_difference", _PLAN, "this plan less plan 0"),
    **_build_rows(
        ("plan_stock", _PLAN, "float64", "as stock, of this plan"),
        ("step_objective", _STEP, "float64", "what is minimized of the best plan so far, on the paths of the search"),
        ("step_paths", _STEP, "int64", "paths that each plan was simulated on"),
        ("step_plans", _STEP, "int64", "plans simulated so far"),
        ("step_path_periods", _STEP, "float64", "periods simulated so far, over all paths and plans"),
    ),
}
"""What `jitrisk.optimize` returns."""
