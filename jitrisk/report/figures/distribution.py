"""The distribution of a metric: how the paths of all strategies spread, on one axis."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jitrisk import risk
from jitrisk.report.figures.curves import read_metrics
from jitrisk.report.figures.labels import label_curves, wrap_text
from jitrisk.report.figures.scales import set_plain_ticks, set_root_ticks
from jitrisk.report.figures.style import GRID, apply_style, create_canvas, select_look, set_title
from jitrisk.report.numbers import describe_sample, format_within_horizon
from jitrisk.report.quantities import format_metric_name, select_display_unit
from jitrisk.units import format_number

_DOMINANT = 30.0  # percent in one bin from which the rest would be flat on a plain scale
_LINE, _NAME = 115, 14  # cells
_ASIDE = {"zero": "exactly 0", "below": "left of the axis", "above": "right of the axis"}


@apply_style
def distribution(values: xr.Dataset, metric: str = "cost", *, ax: Axes | None = None) -> Figure:
    """Draw the share of the paths in bins of a metric, all strategies on one axis.

    Where one bin holds most of the paths, the shares are drawn on a root scale, so that the tail stays in sight.
    Values of exactly 0 and those past the ends of the axis are told in the small print.

    Parameters
    ----------
    values : a result, or its metrics as :func:`jitrisk.risk.metrics` returns them.
    metric : the metric, such as ``"cost"``, ``"downtime"`` or ``"stockout"``.
    ax : axes to draw in; by default those of a new figure.

    Raises
    ------
    ResultError
        When there is no such metric, or a value is not finite.
    """
    bins = risk.histogram(read_metrics(values, metric), metric)
    figure, ax = create_canvas(ax)
    shown = select_display_unit([*bins["left"].values, *bins["right"].values], bins["left"].attrs["units"])
    edges = shown.convert([*bins["left"].values, bins["right"].values[-1]])
    shares = 100 * bins["share"].values
    if shares.max() > _DOMINANT:
        ax.set_yscale("function", functions=(_compute_root, np.square))
    for k, name in enumerate(map(str, bins["strategy"].values)):
        style = select_look(k)
        ax.stairs(shares[k], edges, color=style.color, ls=style.dashes, lw=1.8, label=name)
        ax.stairs(shares[k], edges, color=style.color, fill=True, alpha=0.1, lw=0)
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylim(0, shares.max() * (1.35 if shares.max() > _DOMINANT else 1.2))
    root = shares.max() > _DOMINANT
    if root:
        set_root_ticks(ax.yaxis)
    else:
        set_plain_ticks(ax.yaxis, 6)
    set_plain_ticks(ax.xaxis)
    ax.grid(axis="y", color=GRID, lw=0.6)
    ax.set_xlabel(shown.label_axis(format_metric_name(metric) + format_within_horizon(bins.attrs)))
    ax.set_ylabel("share of paths in a bin, %" + (" (root scale)" if root else ""))
    set_title(ax, f"How {format_metric_name(metric)} spreads over the paths", _render_small_print(bins))
    names = map(str, bins["strategy"].values)
    label_curves(ax, edges, shares, [(wrap_text(name), select_look(k).color) for k, name in enumerate(names)])
    return figure


def _compute_root(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.sqrt(np.maximum(values, 0.0))


def _render_small_print(bins: xr.Dataset) -> str:
    """Say how many paths there are, how many have none at all, and how many lie past the ends of the axis."""
    names = [wrap_text(str(name), _NAME, 1) for name in bins["strategy"].values]
    parts = {}
    for variable, words in _ASIDE.items():
        shares = zip(names, bins[variable].values.tolist(), strict=True)
        told = [f"{format_number(100 * share, 2)} % ({name})" for name, share in shares if share > 0]
        parts[variable] = f"{words}: {', '.join(told)}" if told else ""
    first = "; ".join(filter(None, (describe_sample(bins.attrs), parts["zero"])))
    second = "; ".join(filter(None, (parts["below"], parts["above"])))
    return "\n".join(wrap_text(line, _LINE) for line in (first, second) if line)
