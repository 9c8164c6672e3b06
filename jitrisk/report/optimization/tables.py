"""Tables of an optimization: the plan, what it costs, what one step more or less costs, and plans as good as it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr
from rich.console import Console, ConsoleOptions, RenderResult
from rich.constrain import Constrain
from rich.text import Text

from jitrisk.printable import escape_for_encoding
from jitrisk.report.numbers import Estimate, Rounded, round_estimate
from jitrisk.report.optimization.quantities import (
    StudyObjective,
    format_stock_unit,
    format_value,
    list_labels,
    read_constraint,
    read_objective,
    require_optimization,
    round_signed,
)
from jitrisk.report.optimization.sentences import list_answer_sentences, list_plan_sentences
from jitrisk.report.summary import list_strategies
from jitrisk.report.table import explain_intervals, read_model_name
from jitrisk.report.terminal_table import PROSE, ReportRow, ReportTable
from jitrisk.study_variables import OPTIMIZED
from jitrisk.units import format_number

_MOST_PLANS, _MOST_ROWS = 8, 20
_NONE = Rounded("-")


@dataclass(frozen=True)
class OptimizationTables:
    """An optimization for readers, laid out for whatever console prints it.

    Attributes
    ----------
    title : one line above all.
    plan : the plan, in one sentence per line.
    tables : the figures.
    answer : what the plan costs, whether it is allowed and how sure that is, a sentence each; printed last.
    """

    title: str
    plan: tuple[str, ...]
    tables: tuple[ReportTable, ...]
    answer: tuple[str, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield what rich prints."""
        width = min(PROSE, options.max_width)

        def render_text(text: str, style: str = "") -> Constrain:
            return Constrain(Text(escape_for_encoding(text, options.encoding), style=style), width)

        yield render_text(self.title, "bold")
        for sentence in self.plan:
            yield render_text(sentence)
        for table in self.tables:
            yield Text()
            yield table
        yield Text()
        yield render_text(" ".join(self.answer), "bold")


def build_optimization_tables(study: xr.Dataset) -> OptimizationTables:
    """Return the plan that a search found, with its figures and how sure they are.

    Parameters
    ----------
    study : what ``jr.optimize`` returns.

    Raises
    ------
    ResultError
        When the Dataset is no optimization.
    """
    require_optimization(study)
    objective = read_objective(study)
    tables = (
        _build_strategy_table(study, objective),
        _build_plan_table(study),
        _build_step_table(study, objective),
        _build_choice_table(study, objective),
        _build_plan_set_table(study, objective),
    )
    return OptimizationTables(
        f"{read_model_name(study)}: the plan",
        list_plan_sentences(study),
        tuple(table for table in tables if table is not None),
        list_answer_sentences(study),
    )


def _build_strategy_table(study: xr.Dataset, objective: StudyObjective) -> ReportTable:
    """Return the strategies on the same fresh paths."""
    names, places = list_strategies(study), range(study.sizes["strategy"])
    found = [objective.read(study, "objective", k) for k in places]
    rows = [
        ReportRow(
            ", ".join(filter(None, (f"{objective.name} {objective.over}".strip(), objective.unit))),
            tuple(round_estimate(Estimate(objective.sign * one.value, one.half)) for one in found),
        )
    ]
    if len(names) > 1:
        rows.append(_build_difference_row(study, objective, names))
    scale, unit = format_stock_unit(study)
    stock = (Estimate(float(value) / scale.factor, 0.0) for value in study["stock"].values)
    rows.append(ReportRow(f"stock, {unit}", tuple(map(round_estimate, stock))))
    for place in range(study.sizes["constraint"]):
        rows.append(_build_constraint_row(study, place))
    notes = [explain_intervals(rows), "Fresh: the search did not use these paths; optimized is the plan."]
    if len(names) > 1:
        notes.append("Difference: optimized less the strategy, path by path.")
    if any(cell.value.endswith("!") for row in rows for cell in row.cells):
        notes.append("!: misses the constraint.")
    return ReportTable("The strategies on fresh paths", names, tuple(rows), tuple(notes))


def _build_difference_row(study: xr.Dataset, objective: StudyObjective, names: tuple[str, ...]) -> ReportRow:
    shown = objective.change_scale(study["difference"].values, beside=True)
    cells = []
    for k, name in enumerate(names):
        gap = shown.read(study, "difference", k)
        signed = Estimate(shown.sign * gap.value, gap.half)
        cells.append(_NONE if name == OPTIMIZED else round_signed(signed))
    return ReportRow(f"difference, {shown.unit}", tuple(cells))


def _build_constraint_row(study: xr.Dataset, place: int) -> ReportRow:
    states = [read_constraint(study, place, k) for k in range(study.sizes["strategy"])]
    cells = []
    for state in states:
        value, half = round_estimate(state.estimate, state.top)
        cells.append(Rounded(value if state.is_met else f"{value}!", half))
    unit = f", {states[0].unit}" if states[0].unit not in ("", "%") else ""
    return ReportRow(f"{states[0].text}{unit}", tuple(cells))


def _build_plan_table(study: xr.Dataset) -> ReportTable:
    """Return what was and what is to be, decision by decision."""
    labels = list_labels(study)
    names = ("start_value", "chosen_value", "decision_unit", "at_bound")
    values = zip(study["decision"].values, *(study[name].values.tolist() for name in names), strict=True)
    found = [
        (labels[str(key)], format_value(start, unit), format_value(chosen, unit), bound)
        for key, start, chosen, unit, bound in values
    ]
    bounded = any(bound for *_, bound in found)
    columns = ("was", "is to be", "at its bound") if bounded else ("was", "is to be")
    rows = tuple(
        ReportRow(label, (Rounded(was), Rounded(planned), *((Rounded(bound),) if bounded else ())))
        for label, was, planned, bound in found
    )
    # A stage whose policy changes has a level less and one more.
    owners = [
        str(stage) or key for key, stage in zip(study["decision"].values, study["decision_stage"].values, strict=True)
    ]
    changed = {owner for owner, (_, was, planned, _) in zip(owners, found, strict=True) if was != planned}
    given, kinds = str(study.attrs["given_strategy"]), set(study["decision_kind"].values.tolist())
    what = "stages and investments" if "investment" in kinds else "stages"
    note = f"{len(changed):,} of {len(set(owners)):,} {what} change; was: in {given or 'the model'}."
    return ReportTable("What to change", columns, rows, (note,))


def _build_step_table(study: xr.Dataset, objective: StudyObjective) -> ReportTable | None:
    """Return what one step less and one step more of each level costs; None where no neighbor is known."""
    neighbors = _list_neighbors(study, ("less", "more"))
    levels = [
        str(k)
        for k, kind in zip(study["decision"].values, study["decision_kind"].values, strict=True)
        if kind == "level"
    ]
    levels = [key for key in levels if any((key, change) in neighbors for change in ("less", "more"))]
    if not levels:
        return None
    labels, shown = (
        list_labels(study),
        objective.change_scale(study["neighbor_difference"].values[list(neighbors.values())]),
    )
    steps = dict(zip(map(str, study["decision"].values), _list_step_sizes(study), strict=True))
    rows = tuple(
        ReportRow(
            labels[key],
            (
                Rounded(steps[key]),
                *(_build_neighbor_cell(study, shown, neighbors.get((key, change))) for change in ("less", "more")),
            ),
        )
        for key in levels
    )
    title = f"What one step costs, {shown.full_unit}"
    return ReportTable(title, ("step", "one less", "one more"), rows, _list_neighbor_notes(rows))


def _list_step_sizes(study: xr.Dataset) -> Iterator[str]:
    for size, unit in zip(study["step_size"].values.tolist(), study["decision_unit"].values.tolist(), strict=True):
        text = "" if np.isnan(size) else format_number(size)
        yield f"{text} {unit}" if unit == "d" else format_value(text, unit)


def _list_neighbors(study: xr.Dataset, changes: Iterable[str] | None) -> dict[tuple[str, str], int]:
    """Return the place of each neighbor by its decision and change, of some changes or of the others."""
    pairs = zip(map(str, study["neighbor_decision"].values), map(str, study["neighbor_change"].values), strict=True)
    return {pair: k for k, pair in enumerate(pairs) if changes is None or pair[1] in tuple(changes)}


def _build_neighbor_cell(study: xr.Dataset, shown: StudyObjective, place: int | None) -> Rounded:
    if place is None:
        return _NONE
    value, half = round_signed(shown.read(study, "neighbor_difference", place))
    return Rounded(value if bool(study["neighbor_meets"].values[place]) else f"{value}!", half)


def _list_neighbor_notes(rows: Iterable[ReportRow]) -> tuple[str, ...]:
    rows = tuple(rows)
    cells = [cell for row in rows for cell in row.cells]
    notes = [explain_intervals(rows), "+: the plan is better; all else as planned, on the same paths."]
    if any(cell.value.endswith("!") for cell in cells):
        notes.append("!: breaks a constraint.")
    if any(cell == _NONE for cell in cells):
        notes.append("-: not allowed, or not simulated.")
    return tuple(notes)


def _build_choice_table(study: xr.Dataset, objective: StudyObjective) -> ReportTable | None:
    """Return what each other choice of a policy or investment costs; None where there is none."""
    neighbors = {pair: k for pair, k in _list_neighbors(study, None).items() if pair[1] not in ("less", "more")}
    if not neighbors:
        return None
    labels, shown = (
        list_labels(study),
        objective.change_scale(study["neighbor_difference"].values[list(neighbors.values())]),
    )
    rows = tuple(
        ReportRow(f"{labels[key]} {format_value(change)}", (_build_neighbor_cell(study, shown, place),))
        for (key, change), place in neighbors.items()
    )
    return ReportTable(
        f"What another choice costs, {shown.full_unit}", ("more than the plan",), rows, _list_neighbor_notes(rows)
    )


def _build_plan_set_table(study: xr.Dataset, objective: StudyObjective) -> ReportTable | None:
    """Return the plans that cannot be told from the best side by side, in what they differ; None where there is one."""
    count, least = study.sizes["plan"], int(study.attrs["least_stock_plan"])
    if count < 2:
        return None
    # Those that come first are the best, and the one with the least stock is shown wherever it comes.
    places = sorted(list(dict.fromkeys([0, least, *range(count)]))[:_MOST_PLANS])
    gaps = objective.change_scale(study["plan_difference"].values[places])
    values = study["plan_value"].values[places]
    differing = np.flatnonzero((values != values[0]).any(axis=0))
    rows = [
        *_list_plan_amounts(study, gaps, places),
        *_list_differing_rows(study, values, differing[:_MOST_ROWS]),
    ]
    notes = [explain_intervals(rows), "More: than plan 0, which is the one chosen.", f"Least stock: plan {least}."]
    if count > len(places):
        notes.append(f"{count - len(places):,} more plans cannot be told from it; --json lists them.")
    if len(differing) > _MOST_ROWS:
        notes.append(f"They differ in {len(differing) - _MOST_ROWS:,} more decisions; --json lists them.")
    title = f"Plans that cannot be told from it{f', {gaps.over}' if gaps.over else ''}"
    return ReportTable(title, tuple(f"plan {k}" for k in places), tuple(rows), tuple(notes))


def _list_plan_amounts(study: xr.Dataset, gaps: StudyObjective, places: list[int]) -> Iterator[ReportRow]:
    """Yield what plans cost more than the one chosen, and their stock."""
    more = (_NONE if k == 0 else round_signed(gaps.read(study, "plan_difference", k)) for k in places)
    yield ReportRow(f"more, {gaps.unit}", tuple(more))
    scale, unit = format_stock_unit(study)
    stock = (Estimate(float(study["plan_stock"].values[k]) / scale.factor, 0.0) for k in places)
    yield ReportRow(f"stock, {unit}", tuple(map(round_estimate, stock)))


def _list_differing_rows(
    study: xr.Dataset, values: npt.NDArray[np.str_], differing: Iterable[int]
) -> Iterator[ReportRow]:
    """Yield the decisions in which plans differ, with the value of each; shape of the values: (plan, decision)."""
    labels, keys = list_labels(study), [str(key) for key in study["decision"].values]
    units = study["decision_unit"].values.tolist()
    for at in differing:
        yield ReportRow(
            labels[keys[at]], tuple(Rounded(format_value(str(value), units[at])) for value in values[:, at])
        )
