"""What a search found: the objective of each strategy on fresh paths, and what one step of each level costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jitrisk.report.figures.labels import wrap_text
from jitrisk.report.figures.recording import AxisQuantity, Plot, SeriesIdentity
from jitrisk.report.figures.scales import set_plain_ticks
from jitrisk.report.figures.style import (
    GRID,
    INK,
    MUTED,
    Look,
    apply_style,
    check_count,
    create_columns,
    select_look,
    set_title,
)
from jitrisk.report.numbers import Estimate
from jitrisk.report.optimization.quantities import StudyObjective, list_labels, read_objective, require_optimization
from jitrisk.report.summary import list_strategies
from jitrisk.units import format_count

_MOST = 30  # levels in the panel of steps
_SIZE = (11.0, 4.4)
_APART = 0.16  # of a level's two steps from the middle, in levels
_STEPS = {"less": ("one step less", -_APART), "more": ("one step more", _APART)}


@apply_style
def decision(study: xr.Dataset, *, ax: Axes | None = None) -> Figure:
    """Draw the objective of each strategy on fresh paths, and what one step less or more of each level costs.

    Parameters
    ----------
    study : what ``jr.optimize`` returns.
    ax : axes to draw in; by default those of a new figure.

    Raises
    ------
    ResultError
        When the Dataset is no optimization, or has more strategies than are legible.
    """
    require_optimization(study)
    check_count(study.sizes["strategy"])
    objective = read_objective(study)
    levels = _select_levels(study)
    figure, panels = create_columns(ax, [1.0, 1.6] if levels else [1.0], _SIZE)
    _draw_strategies(panels[0], study, objective)
    if levels:
        _draw_steps(panels[1], study, objective, levels)
    paths = format_count(int(study.attrs["paths"]), "path")
    heading = "The strategies on fresh paths, and what one step of each level costs"
    set_title(
        panels[0], "The strategies on fresh paths", f"95 % intervals; {paths} that the search did not use", heading
    )
    return figure


def _draw_strategies(ax: Axes, study: xr.Dataset, objective: StudyObjective) -> None:
    """Draw a point with its interval for each strategy."""
    names, places = list_strategies(study), np.arange(study.sizes["strategy"], dtype=np.float64)
    plot = Plot(ax, AxisQuantity("strategy"), AxisQuantity(objective.name, objective.full_unit))
    found = [objective.read(study, "objective", k) for k in range(len(names))]
    shown = [Estimate(objective.sign * value, half) for value, half in found]
    _draw_estimates(plot, objective.name, select_look(0), places, shown, names)
    _name_places(ax, names)
    set_plain_ticks(ax.yaxis)
    ax.margins(y=0.12)
    ax.set_ylabel(plot.y.label)
    ax.grid(axis="y", color=GRID, lw=0.6)


def _select_levels(study: xr.Dataset) -> list[str]:
    """Return the levels of which a neighbor is known, in their order; of many those of which a step costs most."""
    cost: dict[str, float] = {}
    columns = (study[name].values.tolist() for name in ("neighbor_decision", "neighbor_change", "neighbor_difference"))
    for key, change, difference in zip(*columns, strict=True):
        if change in _STEPS:
            cost[key] = max(cost.get(key, 0.0), abs(difference))
    dearest = set(sorted(cost, key=lambda key: -cost[key])[:_MOST])
    return [str(key) for key in study["decision"].values if str(key) in dearest]


def _draw_steps(ax: Axes, study: xr.Dataset, objective: StudyObjective, levels: Sequence[str]) -> None:
    """Draw what the plan with one step less and more of each level costs, each with its interval."""
    keys, changes = (study[name].values.tolist() for name in ("neighbor_decision", "neighbor_change"))
    at = {(key, change): k for k, (key, change) in enumerate(zip(keys, changes, strict=True)) if key in levels}
    shown = objective.change_scale(
        study["neighbor_difference"].values[[k for (_, one), k in at.items() if one in _STEPS]]
    )
    plot = Plot(ax, AxisQuantity("level"), AxisQuantity("more than the plan", shown.full_unit))
    ax.axhline(0, color=MUTED, lw=1)
    labels = list_labels(study)
    for number, (change, (name, shift)) in enumerate(_STEPS.items()):
        places = {x: at[key, change] for x, key in enumerate(levels) if (key, change) in at}
        names = [labels[levels[x]] for x in places]
        found = [shown.read(study, "neighbor_difference", k) for k in places.values()]
        _draw_estimates(plot, name, select_look(number), np.array([*places]) + shift, found, names)
    _name_places(ax, [labels[key] for key in levels])
    set_plain_ticks(ax.yaxis)
    ax.margins(y=0.12)
    ax.set_ylabel(plot.y.label)
    ax.grid(axis="y", color=GRID, lw=0.6)
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1.075), ncols=2, fontsize=8, borderaxespad=0)
    total = len({key for (key, change) in zip(keys, changes, strict=True) if change in _STEPS})
    cut = f"the {len(levels)} of {total:,} levels that matter most; " if total > len(levels) else ""
    set_title(ax, "What one step of each level costs", f"{cut}95 % intervals")


def _draw_estimates(
    plot: Plot, name: str, look: Look, x: npt.NDArray[np.float64], found: Sequence[Estimate], names: Sequence[str]
) -> None:
    """Draw estimates as points of one series, each with its interval where it has one."""
    if not found:
        return
    identity = SeriesIdentity(name, look.color)
    value, half = np.array(found).T
    known = np.isfinite(half)
    low, high = (value - half)[known], (value + half)[known]
    plot.draw_intervals(identity._replace(is_companion=True), x[known], low, high, lw=1.4)
    plot.draw_points(identity, x, value, names, marker=look.marker, ms=4.5)


def _name_places(ax: Axes, names: Sequence[str]) -> None:
    """Write names below 0, 1, ..., slanted where there are many or long ones."""
    ax.set_xlim(-0.6, len(names) - 0.4)
    crowded = len(names) > 5 or max(map(len, names)) * len(names) > 60
    ax.set_xticks(range(len(names)), [wrap_text(name, 22) for name in names], color=INK)
    if crowded:
        ax.tick_params(axis="x", labelrotation=60, labelsize=7)
        for label in ax.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
