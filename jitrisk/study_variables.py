"""Dimensions and variables of the Datasets that studies return: name, dims, dtype, unit and one sentence.

A leaf module; :mod:`jitrisk.vocabulary` passes its tables on with those of all other Datasets. Amounts of an
optimization are over the measured horizon, in the unit of what is minimized, which the attribute ``objective_unit``
names.
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


def _build_replay_rows(*rows: tuple[str, tuple[str, ...], str, str, str]) -> dict[str, Variable]:
    return {name: Variable(name, dims, dtype, unit, "replay", text) for name, dims, dtype, unit, text in rows}


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

_OCCURRENCE = ("occurrence",)
_OCCURRENCE_HIT = (*_OCCURRENCE, "stage_or_customer")
_METRIC = ("metric",)
_EVENT = ("event",)

# What the replay of one path holds beside its trace, its exogenous series and its prices; its outcomes are there as
# `path_started` and so on.
REPLAYED_OCCURRENCES = _build_replay_rows(
    ("hazard", _OCCURRENCE, "str", "", "the hazard"),
    ("begin", _OCCURRENCE, "float64", "{period}", "time at which the occurrence begins"),
    ("end", _OCCURRENCE, "float64", "{period}", "time at which the occurrence ends, at most the horizon"),
    ("recovered", _OCCURRENCE, "float64", "{period}", "time at which the recovery is over, at most the horizon"),
    ("hit", _OCCURRENCE_HIT, "bool", "1", "whether the occurrence hits the stage or customer"),
    ("effect", (*_OCCURRENCE_HIT, "effect_kind"), "float64", "1", "factor on what is hit, NaN where not changed"),
)
PATH_RANK = _build_replay_rows(
    ("metric_value", _METRIC, "float64", "1", "the metric over the measured horizon, in its own unit"),
    ("metric_unit", _METRIC, "str", "", "unit of the metric"),
    ("metric_per_year", _METRIC, "float64", "1", "factor that converts it to a value per year"),
    ("metric_rank", _METRIC, "int64", "1", "rank of the path among those of the run, 1 for the worst"),
    ("metric_worse_probability", _METRIC, "float64", "1", "probability of a worse path, estimated from the run"),
)
EVENTS = _build_replay_rows(
    ("time", _EVENT, "float64", "{period}", "time of the event; events within a period are dated at its end"),
    ("kind", _EVENT, "str", "", "kind of the event, see EVENT_KINDS"),
    ("subject", _EVENT, "str", "", "the hazard, stage or customer that it is about; empty where it is about several"),
    ("until", _EVENT, "float64", "{period}", "time at which it was over, NaN where it was not or has no duration"),
    ("times", _EVENT, "int64", "1", "number of uninterrupted stretches up to then"),
    ("amount", _EVENT, "float64", "1", "size of the event in its own unit, NaN where it has none"),
    ("unit", _EVENT, "str", "", "unit of the amount"),
    ("occurrence", _EVENT, "int64", "1", "place of the hazard's occurrence along that dimension, -1 for none"),
    ("customer_stage", _EVENT, "str", "", "stage whose store serves the customer, empty where it is about no customer"),
)
EVENT_KINDS = {
    "hazard_occurred": "a hazard began and ended within a period; amount: its duration",
    "hazard_began": "a hazard began; until: its end; amount: its duration",
    "hazard_ended": "a hazard ended; until: the end of its recovery",
    "hazard_recovered": "the recovery from a hazard was over",
    "hazard_others": "all further occurrences of a hazard, from then on; amount: their total duration",
    "warm_up_ended": "the warm-up ended: outcomes count from here on",
    "standby_opened": "a standby source opened; amount: units that it started while it was open",
    "standby_closed": "the standby source closed again",
    "standby_others": "all further openings of standby sources, from then on; amount: units that they started",
    "expired": "a store threw away units at the end of their shelf life; until: the last time; amount: units",
    "expired_others": "all further units that stores threw away, from then on; amount: units",
    "shortage_began": "a store gave less than was asked; amount: periods of shortage",
    "shortage_ended": "the store gave all that was asked again",
    "shortage_others": "all further shortages of stores, from then on; amount: their total duration",
    "overtime_began": "a stage started more than its regular capacity; amount: units beyond it",
    "overtime_ended": "the stage started no more than its regular capacity again",
    "overtime_others": "all further overtime of stages, from then on; amount: units",
    "downtime_began": "a stage whose downtime counts was down, in part at least; amount: downtime",
    "downtime_ended": "a stage whose downtime counts was running again",
    "downtime_others": "all further downtime of such stages, from then on; amount: total downtime",
    "stockout_began": "a customer got less than was asked, and the store that it asks was short; amount: duration",
    "backlog_peaked": "the backlog of a customer was largest; amount: units",
    "backlog_cleared": "the backlog of a customer was cleared; amount: units lost meanwhile",
    "stockout_ended": "a customer without backlog was served in full again; amount: units lost meanwhile",
    "stockout_others": "all further stockouts of customers, from then on; amount: their total duration",
}
"""What can happen on a path, see EVENTS; events of the same time are listed in this order."""
