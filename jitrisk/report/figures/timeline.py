"""One replayed path over time: hazards, downtime, short stores and the like as bars, the backlog below them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jitrisk.errors import ResultError
from jitrisk.report.figures.labels import Label, label_right, wrap_text
from jitrisk.report.figures.recording import AxisQuantity, Plot, SeriesIdentity
from jitrisk.report.figures.scales import TIME, set_days_axis, set_plain_ticks
from jitrisk.report.figures.style import (
    ALARM,
    COLORS,
    GRID,
    INK,
    MUTED,
    apply_style,
    create_panels,
    select_look,
    set_title,
)
from jitrisk.report.quantities import select_display_unit
from jitrisk.units import HOURS_PER_DAY

_ROWS = 24
_ROW = 0.19  # inches
_NAME = 30
_NAMED = 8  # customers with a curve

# What a row of bars shows: variable, words after the name, color.
_LOSSES = (
    ("overtime", "in overtime", COLORS[2]),
    ("expired", "expired units", COLORS[4]),
    ("broken", "without capacity", INK),
    ("starved", "starved", COLORS[1]),
    ("shortage", "store short", COLORS[0]),
    ("stockout", "short", COLORS[6]),
)


class BarRow(NamedTuple):
    """One row of bars.

    Attributes
    ----------
    name : what the bars show.
    bars : begin and length of each, days.
    color : their color.
    tails : begin and length of the recovery after each, drawn lighter, days.
    """

    name: str
    bars: list[tuple[float, float]]
    color: str
    tails: Sequence[tuple[float, float]] = ()


@apply_style
def timeline(replay: xr.Dataset, *, ax: Axes | None = None) -> Figure:
    """Draw one path over time: hazards, standby sources, downtime, shortages and the like as bars, the backlog below.

    Rows without a bar are left out. To draw some periods only, select them: ``replay.sel(time=slice(600, 700))``.

    Parameters
    ----------
    replay : from :func:`jitrisk.replay`.
    ax : axes in whose place to draw; by default those of a new figure.

    Raises
    ------
    ResultError
        When the Dataset is no replay of one path.
    """
    _check(replay)
    days = float(replay.attrs["period_hours"]) / HOURS_PER_DAY
    window = (float(replay["time"].values[0]) * days, float(replay["time"].values[-1] + 1) * days)
    rows = [
        *_list_hazard_rows(replay, days, window),
        *_list_standby_rows(replay, days),
        *_list_loss_rows(replay, days),
    ]
    more = len(rows) - _ROWS
    if more > 0:
        least = sorted(sum(length for _, length in row.bars) for row in rows)[more - 1]
        rows = [row for row in rows if sum(length for _, length in row.bars) > least][:_ROWS]
    tall = _ROW * max(len(rows), 1) + 0.1
    figure, (above, below) = create_panels(ax, [tall, 1.2], (7.0, tall + 2.4))
    set_days_axis((above, below), replay)
    strategy = str(replay["strategy"].item())
    _draw_bars(Plot(above, TIME), rows, strategy)
    _draw_backlog(below, replay, days)
    about = f"{replay.attrs.get('name', '')}, strategy {strategy}, path {replay['path'].item():,}"
    about += f"; {more} shorter rows left out" if more > 0 else ""
    set_title(above, "What happened on one path", about)
    return figure


def _check(replay: xr.Dataset) -> None:
    needed = ("hazard", "begin", "end", "recovered", "backlog", "lost", *(name for name, _, _ in _LOSSES))
    absent = [name for name in needed if name not in replay.variables]
    if absent or "period_hours" not in replay.attrs:
        raise ResultError(f"not a replay: the Dataset has no {(absent or ['period_hours'])[0]!r}; use jr.replay")
    if {"strategy", "path"} & set(replay.dims) or not replay.sizes.get("time"):
        raise ResultError("a timeline shows one path of one strategy over time: use what jr.replay returned")


def _list_hazard_rows(replay: xr.Dataset, days: float, window: tuple[float, float]) -> Iterator[BarRow]:
    names = replay["hazard"].values
    begin, end, recovered = (replay[name].values * days for name in ("begin", "end", "recovered"))
    seen = (recovered > window[0]) & (begin < window[1])
    for name in dict.fromkeys(names[seen].tolist()):
        its = seen & (names == name)
        bars = list(zip(begin[its], (end - begin)[its], strict=True))
        tails = list(zip(end[its], (recovered - end)[its], strict=True))
        yield BarRow(str(name), bars, ALARM, [tail for tail in tails if tail[1] > 0])


def _list_standby_rows(replay: xr.Dataset, days: float) -> Iterator[BarRow]:
    """Yield when each standby source was open; other stages have no row, and are always open."""
    if "open" not in replay or "standby_of" not in replay.coords:
        return
    for name, failed in zip(replay["stage"].values.tolist(), replay["standby_of"].values.tolist(), strict=True):
        bars = _find_spans(replay["open"].sel(stage=name).values > 0, replay["time"].values, days) if failed else []
        if bars:
            yield BarRow(f"{name} open as a standby", bars, COLORS[5])


def _list_loss_rows(replay: xr.Dataset, days: float) -> Iterator[BarRow]:
    for variable, words, color in _LOSSES:
        array = replay[variable].transpose("time", ...)
        for name in array[str(array.dims[-1])].values.tolist():
            bars = _find_spans(array.sel({str(array.dims[-1]): name}).values > 0, replay["time"].values, days)
            if bars:
                yield BarRow(f"{name} {words}", bars, color)


def _find_spans(truths: npt.NDArray[np.bool_], times: npt.NDArray[np.int64], days: float) -> list[tuple[float, float]]:
    """Return begin and length, in days, of every run of periods that are true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], truths, [False])).astype(np.int8)))
    return [(float(times[a]) * days, float(b - a) * days) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _draw_bars(plot: Plot, rows: list[BarRow], strategy: str) -> None:
    """Draw the rows of bars of a strategy, the first at the top."""
    ax = plot.ax
    for k, row in enumerate(rows):
        identity = SeriesIdentity(row.name, row.color, strategy)
        # The edge keeps a bar that is shorter than a pixel in sight.
        plot.draw_spans(identity, row.bars, k, edgecolor=row.color, lw=0.6)
        if row.tails:
            plot.draw_spans(identity._replace(is_companion=True), row.tails, k, alpha=0.3, lw=0)
    ax.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    ax.set_yticks(range(len(rows)), [wrap_text(row.name, _NAME, 1) for row in rows], fontsize=8)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.hlines(range(len(rows)), 0, 1, color=GRID, lw=0.6, zorder=0, transform=ax.get_yaxis_transform())
    if not rows:
        ax.text(0.5, 0.5, "nothing went wrong", transform=ax.transAxes, ha="center", va="center", color=MUTED)


def _draw_backlog(ax: Axes, replay: xr.Dataset, days: float) -> None:
    """Draw the backlog of every customer, or the demand that each lost where none is backordered."""
    variable = "backlog" if replay["backlog"].any() or not replay["lost"].any() else "lost"
    array = replay[variable].transpose("customer", "time")
    shown = select_display_unit(array.values, "unit")
    ends = np.append(replay["time"].values, replay["time"].values[-1] + 1) * days
    order = np.argsort(-array.values.max(axis=1), kind="stable")[:_NAMED]
    plot = Plot(ax, TIME, AxisQuantity("backlog" if variable == "backlog" else "lost in a period", shown.unit))
    strategy, labels = str(replay["strategy"].item()), []
    for k, i in enumerate(order.tolist()):
        values, look = shown.convert(array.values[i]), select_look(k)
        name = str(array["customer"].values[i])
        identity = SeriesIdentity(name, look.color, strategy)
        plot.draw_steps(identity, ends, values, ls=look.dashes, lw=1.5, baseline=None)
        labels.append(Label(wrap_text(name, 18, 1), ends[-1], float(values[-1]), look.color))
    top = float(shown.convert(array.values).max()) or 1.0
    ax.set_ylim(0, 1.1 * top)
    set_plain_ticks(ax.yaxis, 4)
    ax.set_ylabel(f"{plot.y.name},\n{plot.y.unit}")
    ax.grid(axis="y", color=GRID, lw=0.6)
    if array.sizes["customer"] > 1:
        label_right(ax, labels, fontsize=8)
