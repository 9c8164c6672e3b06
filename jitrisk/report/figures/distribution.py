"""The distribution of a metric over the paths, all strategies on one axis."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jitrisk import risk
from jitrisk.report.figures.inputs import read_metrics
from jitrisk.report.figures.labels import CurveLabel, label_curves, wrap_text
from jitrisk.report.figures.recording import AxisQuantity, Plot, SeriesIdentity
from jitrisk.report.figures.scales import set_plain_ticks, set_root_ticks
from jitrisk.report.figures.style import GRID, apply_style, create_canvas, select_look, set_title
from jitrisk.report.numbers import describe_sample, format_within_horizon
from jitrisk.report.quantities import format_metric_name, select_display_unit
from jitrisk.units import format_number

_DOMINANT = 30.0  # percent in one bin from which the rest would be flat on a plain scale
_LINE, _NAME = 115, 14  # cells
_ASIDE = {"zero": "exactly 0", "below": "left of the axis", "above": "right of the axis"}


@apply_style
def distribution(metrics: xr.Dataset, metric: str = "cost", *, ax: Axes | None = None) -> Figure:
    """Draw the share of the paths in bins of a metric, all strategies on one axis.

    Where one bin holds most of the paths, the shares are drawn on a root scale, so that the tail stays in sight.
    The small print says how many values are exactly 0 and how many lie past the ends of the axis.

    Parameters
    ----------
    metrics : a result, or its metrics as :func:`jitrisk.risk.metrics` returns them.
    metric : the metric, such as ``"cost"``, ``"downtime"`` or ``"stockout"``.
    ax : axes to draw in; by default those of a new figure.

    Raises
    ------
    ResultError
        When there is no such metric, or a value is not finite.
    """
    bins = risk.histogram(read_metrics(metrics, metric), metric)
    figure, ax = create_canvas(ax)
    shown = select_display_unit([*bins["left"].values, *bins["right"].values], bins["left"].attrs["units"])
    edges = shown.convert([*bins["left"].values, bins["right"].values[-1]])
    name = format_metric_name(metric) + format_within_horizon(bins.attrs)
    plot = Plot(ax, AxisQuantity(name, shown.unit), AxisQuantity("share of paths in a bin", "%"))
    shares, strategies = 100 * bins["share"].values, [str(name) for name in bins["strategy"].values]
    has_root_scale = bool(shares.max() > _DOMINANT)
    if has_root_scale:
        ax.set_yscale("function", functions=(_compute_root, np.square))
    for k, strategy in enumerate(strategies):
        look = select_look(k)
        identity = SeriesIdentity(strategy, look.color, strategy)
        plot.draw_steps(identity, edges, shares[k], shade=0.1, ls=look.dashes, lw=1.8)
    ax.set_xlim(edges[0], edges[-1])
    _set_share_axis(ax, shares.max(), has_root_scale)
    set_plain_ticks(ax.xaxis)
    ax.set_xlabel(plot.x.label)
    ax.set_ylabel(plot.y.label + (" (root scale)" if has_root_scale else ""))
    set_title(ax, f"How {format_metric_name(metric)} spreads over the paths", _render_small_print(bins))
    labels = [CurveLabel(wrap_text(name), select_look(k).color, name) for k, name in enumerate(strategies)]
    label_curves(ax, edges, shares, labels)
    return figure


def _set_share_axis(ax: Axes, top: float, has_root_scale: bool) -> None:
    """Set limits, ticks and grid of the ordinate, whose highest share is given."""
    ax.set_ylim(0, top * (1.35 if has_root_scale else 1.2))
    if has_root_scale:
        set_root_ticks(ax.yaxis)
    else:
        set_plain_ticks(ax.yaxis, 6)
    ax.grid(axis="y", color=GRID, lw=0.6)


def _compute_root(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.sqrt(np.maximum(values, 0.0))


def _render_small_print(bins: xr.Dataset) -> str:
    """Return how many paths there are, how many are exactly 0, and how many lie past the ends of the axis."""
    names = [wrap_text(str(name), _NAME, 1) for name in bins["strategy"].values]
    parts = {}
    for variable, words in _ASIDE.items():
        shares = zip(names, bins[variable].values.tolist(), strict=True)
        named = [f"{format_number(100 * share, 2)} % ({name})" for name, share in shares if share > 0]
        parts[variable] = f"{words}: {', '.join(named)}" if named else ""
    first = "; ".join(filter(None, (describe_sample(bins.attrs), parts["zero"])))
    second = "; ".join(filter(None, (parts["below"], parts["above"])))
    return "\n".join(wrap_text(line, _LINE) for line in (first, second) if line)
