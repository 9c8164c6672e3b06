"""An optimization in sentences: the plan, what it costs, how sure that is, and how the search ended."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

from jitrisk.report.numbers import Estimate, describe_sample, join_names, round_estimate, select_scale
from jitrisk.report.optimization.quantities import (
    ConstraintState,
    StudyObjective,
    format_stock_unit,
    format_value,
    list_labels,
    read_constraint,
    read_objective,
    round_signed,
)
from jitrisk.report.summary import list_strategies
from jitrisk.study_variables import OPTIMIZED
from jitrisk.units import compute_exponent, format_count, format_number

_MOST = 6  # decisions that a sentence names
_CERTAIN = 0.9999
_BOUNDS = {"lower": "its lower bound", "upper": "its upper bound"}
_ENDINGS = {
    "converged": "The search ended where no neighboring plan was better by more than that.",
    "time": "The time limit ended the search: a longer one may find a better plan.",
    "budget": "The budget of path-periods ended the search: a larger one may find a better plan.",
    "interrupted": "The search was interrupted: this is the best plan known by then.",
    "undecided": "The search ended undecided: its last test shows a better plan. Another seed, or more indifference, "
    "may settle it.",
    "paths": "The search ended at the most paths allowed, with plans that it could not tell apart.",
}


def list_plan_sentences(study: xr.Dataset) -> tuple[str, ...]:
    """Return the plan: which stages run on cards and which hold stock, how much of it, and what is invested in."""
    groups: dict[str, list[str]] = {}
    for group, words in _list_plan_words(study):
        groups.setdefault(group, []).append(words)
    return tuple(f"{group}: {_join_some(words)}." for group, words in groups.items())


def _list_plan_words(study: xr.Dataset) -> Iterator[tuple[str, str]]:
    """Yield for each stage and investment where it belongs, and what is planned for it; changes first."""
    columns = ("decision_kind", "decision_stage", "decision_unit", "start_value", "chosen_value", "at_bound")
    rows = [tuple(map(str, row)) for row in zip(*(study[name].values.tolist() for name in columns), strict=True)]
    keys, labels = [str(key) for key in study["decision"].values], list_labels(study)
    policies = {stage: chosen for kind, stage, _, _, chosen, _ in rows if kind == "policy"}
    found = []
    for key, (kind, stage, unit, start, chosen, bound) in zip(keys, rows, strict=True):
        was = f" (was {format_value(start)})" if start != chosen and start else ""
        if kind == "investment":
            found.append((start == chosen, "Taken" if chosen == "taken" else "Not taken", labels[key]))
            continue
        if kind == "policy":
            if not any(of == stage and value for which, of, _, _, value, _ in rows if which == "level"):
                found.append((start == chosen, _name_group(chosen), f"{stage}{was}"))
            continue
        policy = key.split(".")[-2] if "." in key else ""
        was = was or _describe_other_policy(rows, stage)
        if not chosen or policies.get(stage, policy) != policy:
            continue  # the level of a policy that is not chosen
        at = f", {_BOUNDS[bound]}" if bound in _BOUNDS else ""
        field = key.rpartition(".")[2].replace("_", " ")
        of = "" if field in ("cards", "level", "cover") else f" {field}"
        found.append(
            (start == chosen, _name_group(policy), f"{stage or key}{of} {format_value(chosen, unit)}{was}{at}")
        )
    # A sentence that is cut names what changes.
    yield from ((group, words) for _, group, words in sorted(found, key=lambda row: row[0]))


def _describe_other_policy(rows: Sequence[tuple[str, ...]], stage: str) -> str:
    """Return which policy a stage had where the plan chooses another one, else nothing."""
    pairs = [(start, chosen) for kind, of, _, start, chosen, _ in rows if kind == "policy" and of == stage]
    return "".join(f" (was {format_value(start)})" for start, chosen in pairs if start != chosen)


def _name_group(policy: str) -> str:
    return {"kanban": "On cards", "make_to_order": "Made to order"}.get(policy, "Holding stock")


def _join_some(words: list[str]) -> str:
    if len(words) <= _MOST:
        return "; ".join(words)
    return f"{'; '.join(words[:_MOST])}; and {len(words) - _MOST:,} more, see the table"


def list_answer_sentences(study: xr.Dataset) -> tuple[str, ...]:
    """Return what the plan costs against the given strategies, whether it is allowed, and how sure that is."""
    objective = read_objective(study)
    stopped = str(study.attrs["stopped"])
    is_unmet = stopped == "unmet"
    return (
        *((_render_unmet(study),) if is_unmet else ()),
        render_gain(study, objective),
        *list_constraint_sentences(study),
        *(() if is_unmet else (render_certainty(study, objective),)),
        *list_plan_set_sentences(study),
        render_effort(study),
        *(() if is_unmet else (_ENDINGS.get(stopped, f"The search ended: {stopped}."),)),
    )


def render_gain(study: xr.Dataset, objective: StudyObjective) -> str:
    """Return what the plan costs on fresh paths, and how much less than the best strategy given."""
    names = list_strategies(study)
    place = names.index(OPTIMIZED)
    found = objective.read(study, "objective", place)
    is_loss = objective.verb == "earns" and found.value > 0
    value = found.value if is_loss else objective.sign * found.value
    amount, verb = f"{round_estimate(Estimate(value, found.half))} {objective.full_unit}", objective.verb
    start = f"{OPTIMIZED} {'loses' if is_loss else verb} {amount}" if verb else f"{objective.name} is {amount}"
    best, which = _find_best_given(study, names, place)
    against = _render_difference(study, objective, best, which) if which else ""
    return f"{start} on fresh paths{against}."


def _find_best_given(study: xr.Dataset, names: Sequence[str], place: int) -> tuple[int, str]:
    """Return the best given strategy, of those that meet the constraints where any does, and words for it."""
    others = [k for k in range(len(names)) if k != place]
    if not others:
        return 0, ""
    allowed = [k for k in others if all(state.is_met for state in _list_states(study, k))]
    best = min(allowed or others, key=lambda k: float(study["objective"].values[k]))
    if len(others) == 1:
        return best, names[best]
    if len(allowed) == len(others):
        return best, f"{names[best]}, the best of those given"
    if allowed:
        return best, f"{names[best]}, the best of those given that meet the constraints"
    return best, f"{names[best]}, the best of those given, none of which meets the constraints"


def _render_difference(study: xr.Dataset, objective: StudyObjective, best: int, which: str) -> str:
    shown = objective.change_scale(study["difference"].values, beside=True)
    gap = shown.read(study, "difference", best)
    if math.isnan(gap.half):
        return f"; these paths support no interval of the difference to {which}"
    if not gap.value and not gap.half:
        return f", as much as {which}"
    if abs(gap.value) <= gap.half:
        return f"; these paths show no difference to {which}: {round_signed(gap)} {shown.unit}"
    value = float(study["objective"].sel(strategy=OPTIMIZED))
    is_loss = objective.sign < 0 and value > 0
    more = "more" if (gap.value > 0) == (objective.sign > 0 or is_loss) else "less"
    return f": {round_estimate(Estimate(abs(gap.value), gap.half))} {shown.unit} {more} than {which}"


def _list_states(study: xr.Dataset, strategy: int) -> list[ConstraintState]:
    return [read_constraint(study, place, strategy) for place in range(study.sizes["constraint"])]


def _render_unmet(study: xr.Dataset) -> str:
    """Return that no plan meets the constraints, and which of them limits the plan that comes nearest."""
    states = _list_states(study, list_strategies(study).index(OPTIMIZED))
    missed = [state.text for state in states if not state.is_met] or [state.text for state in states]
    return (
        f"No plan that was simulated meets every constraint: this one comes nearest, limited by {join_names(missed)}."
    )


def list_constraint_sentences(study: xr.Dataset) -> Iterator[str]:
    """Yield for each constraint whether the plan meets it on fresh paths."""
    for state in _list_states(study, list_strategies(study).index(OPTIMIZED)):
        if not state.is_met:
            verb = "misses" if state.is_sure else "misses, as far as these paths can tell,"
        else:
            verb = "meets" if state.is_sure else "meets, but not for sure,"
        yield f"It {verb} {state.text}: {state.shown}."


def render_certainty(study: xr.Dataset, objective: StudyObjective) -> str:
    """Return the probability that no neighbor of the plan is better by more than the indifference."""
    probability = float(study.attrs["local_probability"])
    amount = float(study.attrs["indifference"])
    if math.isnan(amount):
        return "Neighboring plans were not compared on fresh paths, so that it is not known whether one is better."
    shown = objective.change_scale(np.array([amount]))
    more = f"{_format_rounded_up(amount * shown.factor)} {shown.full_unit}"
    if not probability > 0:
        return f"It is not known whether a neighboring plan is better by more than {more}."
    at_least = _format_probability(probability)
    which = " that is sure to meet the constraints" if study.sizes["constraint"] else ""
    return f"With a probability of at least {at_least} %, no neighboring plan{which} is better by more than {more}."


def _format_probability(probability: float) -> str:
    """Return a lower bound of a probability in percent, rounded down."""
    missing = 100 * (1 - min(probability, _CERTAIN))
    decimals = max(0, -compute_exponent(missing))
    # A share of ten digits hides what binary fractions add.
    floor = math.floor(round(100 * min(probability, _CERTAIN) * 10**decimals, 8)) / 10**decimals
    return f"{floor:.{decimals}f}".removesuffix("0") if decimals else f"{floor:.0f}"


def _format_rounded_up(value: float, digits: int = 2) -> str:
    """Return a number with some digits that is no less than a value."""
    if not value > 0 or math.isinf(value):
        return format_number(value, digits)
    unit = 10.0 ** (compute_exponent(value) - digits + 1)
    return format_number(math.ceil(round(value / unit, 8)) * unit, digits)


def list_plan_set_sentences(study: xr.Dataset) -> Iterator[str]:
    """Yield how many plans cannot be told from the best, and which of them has the least stock."""
    others, least = study.sizes["plan"] - 1, int(study.attrs["least_stock_plan"])
    if others <= 0:
        return
    count = "One other plan" if others == 1 else f"{others:,} other plans"
    sentence = f"{count} cannot be told from it"
    if not least:
        yield f"{sentence}, and none of them has less stock."
        return
    chosen, unit = format_stock_unit(study)
    values = study["plan_stock"].values
    one, zero = (format_number(float(values[k]) / chosen.factor) for k in (least, 0))
    yield f"{sentence}; of these, plan {least} has the least stock: {one} {unit} in place of {zero}."


def render_effort(study: xr.Dataset) -> str:
    """Return how many plans and paths the search took, and the paths that the figures are from."""
    spent = float(study.attrs["path_periods"])
    scale = select_scale([spent])
    steps = study["step_paths"].values
    most = f" on up to {format_count(int(steps.max()), 'path')} each" if steps.size else ""
    amount = f"{format_number(spent / scale.factor)} {scale.format_unit('path-periods')}"
    plans = format_count(int(study.attrs["plans"]), "plan")
    paths = describe_sample(study.attrs)
    return f"The search simulated {plans}{most}, {amount}; the figures are from {paths} that it did not use."
