"""How a search went on: the best objective known over the periods simulated."""

from __future__ import annotations

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jitrisk.errors import ResultError
from jitrisk.report.figures.recording import AxisQuantity, Plot, SeriesIdentity
from jitrisk.report.figures.scales import set_log_ticks, set_plain_ticks
from jitrisk.report.figures.style import GRID, apply_style, create_canvas, select_look, set_title
from jitrisk.report.numbers import select_scale
from jitrisk.report.optimization.quantities import read_objective, require_optimization
from jitrisk.units import format_count


@apply_style
def search_progress(study: xr.Dataset, *, ax: Axes | None = None) -> Figure:
    """Draw the objective of the best plan known after each step of a search, over the periods simulated by then.

    Parameters
    ----------
    study : what ``jr.optimize`` returns.
    ax : axes to draw in; by default those of a new figure.

    Raises
    ------
    ResultError
        When the Dataset is no optimization, or the search took no step.
    """
    require_optimization(study)
    if not study.sizes["step"]:
        raise ResultError("the search took no step: there is no progress to draw")
    figure, ax = create_canvas(ax)
    objective, look = read_objective(study), select_look(0)
    spent = study["step_path_periods"].values
    scale = select_scale(map(float, spent))
    plot = Plot(
        ax,
        AxisQuantity("periods simulated, over all paths and plans", scale.word),
        AxisQuantity(objective.name, objective.full_unit),
    )
    values = objective.sign * objective.factor * study["step_objective"].values
    identity = SeriesIdentity("best plan so far", look.color)
    plot.draw_curve(identity, spent / scale.factor, values, drawstyle="steps-post", marker=look.marker, ms=4)
    known = spent[spent > 0] / scale.factor
    if known.size and known.max() > 10 * known.min():
        ax.set_xscale("log")
        set_log_ticks(ax.xaxis)
    else:
        set_plain_ticks(ax.xaxis)
    ax.margins(y=0.12)
    set_plain_ticks(ax.yaxis)
    ax.grid(color=GRID, lw=0.6)
    ax.set_xlabel(plot.x.label)
    ax.set_ylabel(plot.y.label)
    plans = format_count(int(study.attrs["plans"]), "plan")
    set_title(ax, "How the search went on", f"the best of {plans}, on the paths of the search, which flatter it")
    return figure
