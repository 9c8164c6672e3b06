"""The points of a figure in words: for the tooltips of a page, and for the table below the figure.

They come from the record that the figure keeps (:mod:`jitrisk.report.figures.recording`). The artists are not read, so
that labels, titles and colors can change without a change of what the page says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jitrisk.report.figures.recording import Array, AxisQuantity, PlottedSeries, get_record
from jitrisk.report.numbers import UNKNOWN
from jitrisk.units import format_number

_MOST_POINTS = 240
_MOST_ROWS = 24
_DIGITS = 4
_PLACES = 1  # decimals of a coordinate: a tenth of a point is finer than a pixel
_SEPARATE = ("spans", "nodes")  # kinds whose points stand for themselves, not for a curve


@dataclass(frozen=True)
class PageSeries:
    """One curve, band or row of bars on a page.

    Attributes
    ----------
    name : its name.
    color : its color, as hexadecimal digits.
    y : places of its points from the top of the figure, in points of 1/72 inch; None where a point has no value.
    texts : the value of each point, with the unit.
    """

    name: str
    color: str
    y: tuple[float | None, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class PagePanel:
    """Series with the same abscissas in one pair of axes.

    Attributes
    ----------
    name : what the ordinate shows, and in which panel.
    across : what the abscissa shows.
    box : left, top, right and bottom of the axes.
    x : places of the points from the left of the figure, in points of 1/72 inch.
    texts : the abscissa of each point, with the unit.
    series : the series.
    is_separate : whether its points stand for themselves, as spans and nodes do, and are no points of curves.
    """

    name: str
    across: str
    box: tuple[float, float, float, float]
    x: tuple[float, ...]
    texts: tuple[str, ...]
    series: tuple[PageSeries, ...]
    is_separate: bool = False

    def list_rows(self) -> list[tuple[str, ...]]:
        """Return rows of a table: of separate points all, name and value; of curves some, abscissa and all series."""
        if self.is_separate:
            return [(self.texts[i] or self.series[0].name, self.series[0].texts[i]) for i in range(len(self.x))]
        chosen = _select_points(len(self.x), _MOST_ROWS)
        return [(self.texts[i], *(one.texts[i] for one in self.series)) for i in chosen]

    def to_dict(self) -> dict[str, Any]:
        """Return what the script of the page reads, as plain values for JSON."""
        values = {**vars(self), "series": [vars(one) for one in self.series]}
        del values["is_separate"]
        return values


def list_panels(figure: Figure) -> list[PagePanel]:
    """Return what a figure shows, once it is drawn.

    Parameters
    ----------
    figure : a figure after :func:`jitrisk.report.page.svg.render_inline_svg`, in whose coordinates the places are.
    """
    groups: list[list[PlottedSeries]] = []
    for series in get_record(figure).series:
        if series.identity.is_companion:
            continue
        mates = next((group for group in groups if _has_same_abscissas(group[0], series)), None)
        if mates is None:
            groups.append([series])
        else:
            mates.append(series)
    return [_build_panel(group, figure.bbox.height) for group in groups]


def _has_same_abscissas(one: PlottedSeries, other: PlottedSeries) -> bool:
    if one.plot.ax is not other.plot.ax or one.kind in _SEPARATE or other.kind in _SEPARATE:
        return False
    return np.array_equal(one.x, other.x)


def list_toggles(figure: Figure, strategies: Sequence[str]) -> tuple[str, ...]:
    """Return the strategies that can be hidden: those of a figure in which every series shows one, of its name.

    Parameters
    ----------
    figure : the figure.
    strategies : the strategies in the order of the page.
    """
    series = get_record(figure).series
    if any(one.identity.name != one.identity.strategy for one in series):
        return ()
    shown = {one.identity.strategy for one in series}
    toggles = tuple(name for name in strategies if name in shown)
    return toggles if len(toggles) > 1 else ()


def tag_strategies(figure: Figure, strategies: Sequence[str]) -> None:
    """Give the artists of each strategy an identifier, ``series-NUMBER-...``, before the figure is drawn."""
    numbers = {name: number for number, name in enumerate(strategies)}
    for place, (strategy, artist) in enumerate(get_record(figure).marks):
        if strategy in numbers:
            artist.set_gid(f"series-{numbers[strategy]}-{place}")


def _build_panel(group: Sequence[PlottedSeries], height: float) -> PagePanel:
    first = group[0]
    plot, is_separate = first.plot, first.kind in _SEPARATE
    chosen = _select_points(len(first.x), len(first.x) if is_separate else _MOST_POINTS)
    series = tuple(
        PageSeries(
            one.identity.name,
            one.identity.color,
            tuple(_round_place(height - y) if np.isfinite(y) else None for y in _compute_pixels(one, chosen)[:, 1]),
            _select(_format_series(one), chosen),
        )
        for one in group
    )
    panel = f", {plot.panel}" if plot.panel else ""
    return PagePanel(
        "" if is_separate else plot.y.name + panel,
        plot.x.name,
        _measure_axes(plot.ax, height),
        tuple(map(_round_place, _compute_pixels(first, chosen)[:, 0])),
        _select(_format_abscissas(first), chosen),
        series,
        is_separate,
    )


def _compute_pixels(series: PlottedSeries, chosen: Sequence[int]) -> Array:
    """Return the places of some points from the lower left corner of the figure; y is NaN where there is no value."""
    places = series.compute_places()[chosen]
    # In the transform, a product of matrices, the abscissa of a point without a value would become NaN, too.
    pixels: Array = series.plot.ax.transData.transform(np.nan_to_num(places))
    pixels[np.isnan(places[:, 1]), 1] = np.nan
    return pixels


def _measure_axes(ax: Axes, height: float) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of axes in a figure of some height, points from its upper left corner."""
    box = ax.get_window_extent()
    return _round_place(box.x0), _round_place(height - box.y1), _round_place(box.x1), _round_place(height - box.y0)


def _select_points(count: int, most: int) -> list[int]:
    """Return the numbers of some of so many points, evenly spread, both ends among them."""
    return sorted({round(i) for i in np.linspace(0, count - 1, min(count, most))})


def _select(texts: Sequence[str], chosen: Iterable[int]) -> tuple[str, ...]:
    return tuple(texts[i] for i in chosen)


def _format_abscissas(series: PlottedSeries) -> tuple[str, ...]:
    """Return the name of each point, or else its abscissa; spans have none, as their text holds both ends."""
    if series.kind == "spans":
        return tuple("" for _ in series.x)
    return series.names or tuple(_format_values(series.compute_places()[:, 0], series.plot.x))


def _format_series(series: PlottedSeries) -> tuple[str, ...]:
    """Return the value of each point, or both ends of what has two, with the unit."""
    if series.kind == "nodes":
        return series.texts
    if series.kind == "spans":
        return tuple(_format_values(series.x, series.plot.x))
    return tuple(_format_values(series.y, series.plot.y))


def _format_values(values: Array, axis: AxisQuantity) -> Iterator[str]:
    for ends in values.reshape(len(values), -1).tolist():
        numbers = [format_number(end, _DIGITS) if np.isfinite(end) else UNKNOWN for end in ends]
        yield f"{' to '.join(numbers)} {axis.unit}".strip()


def _round_place(value: float) -> float:
    return round(float(value), _PLACES)
