"""What a drawn figure shows, read back from its artists: the points of its lines, bands and bars, in words.

A page needs it twice: for the words under the pointer, and for the table below the figure. Nothing is computed:
values, labels and units are those that were drawn.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import Collection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer, Container
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Patch, StepPatch
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator
from matplotlib.transforms import Bbox

from jitrisk.report.figures.style import INK
from jitrisk.units import format_number

_MOST_POINTS = 240
_MOST_ROWS = 24
_DIGITS = 4
_PLACES = 1  # decimals of a coordinate: a tenth of a point is finer than a pixel

Array = npt.NDArray[np.float64]


class PlottedArtist(NamedTuple):
    """One labeled artist: where its points are, in the data's units, and what they say.

    Attributes
    ----------
    things : what each point is, where it is no point of a curve.
    """

    name: str
    color: str
    x: Array
    y: Array
    texts: tuple[str, ...]
    things: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlottedSeries:
    """One line, band or row of bars.

    Attributes
    ----------
    name : its label.
    color : its color, as hexadecimal digits.
    y : heights of its points from the top of the figure, in points of 1/72 inch.
    texts : what each point says, with the unit.
    """

    name: str
    color: str
    y: tuple[float, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Panel:
    """Series with the same abscissas in one pair of axes.

    Attributes
    ----------
    name : what stands along the ordinate, without its unit.
    across : what stands along the abscissa, without its unit.
    box : left, top, right and bottom of the axes.
    x : places of the points from the left of the figure, in points of 1/72 inch.
    texts : what each abscissa says, with the unit.
    series : the series.
    listed : whether its points are things beside each other, not points of curves.
    """

    name: str
    across: str
    box: tuple[float, float, float, float]
    x: tuple[float, ...]
    texts: tuple[str, ...]
    series: tuple[PlottedSeries, ...]
    listed: bool = False

    def list_rows(self) -> list[tuple[str, ...]]:
        """Return rows of a table: of curves some points, the abscissa and then every series; of things all."""
        if self.listed:
            return [(self.texts[i] or self.series[0].name, self.series[0].texts[i]) for i in range(len(self.x))]
        chosen = _select_points(len(self.x), _MOST_ROWS)
        return [(self.texts[i], *(one.texts[i] for one in self.series)) for i in chosen]

    def to_dict(self) -> dict[str, Any]:
        """Return the panel as plain values for JSON."""
        return {**vars(self), "series": [vars(one) for one in self.series]}


def read_panels(figure: Figure) -> list[Panel]:
    """Return what a figure shows, once it is drawn.

    Parameters
    ----------
    figure : a figure after :func:`jitrisk.report.page.svg.inline_svg`, in whose coordinates the places are.
    """
    height = figure.get_size_inches()[1] * figure.dpi
    found = []
    for ax in _list_axes(figure):
        groups: list[list[PlottedArtist]] = []
        for drawn in _read_artists(ax):
            mate = next((group for group in groups if _has_same_abscissas(group[0], drawn)), None)
            if mate is None:
                groups.append([drawn])
            else:
                mate.append(drawn)
        found += [_build_panel(ax, group, height) for group in groups]
    return found


def _has_same_abscissas(one: PlottedArtist, other: PlottedArtist) -> bool:
    return not (one.things or other.things) and np.array_equal(one.x, other.x)


def tag(figure: Figure, names: Sequence[str]) -> None:
    """Give what belongs to each series an identifier, ``series-NUMBER-...``, before the figure is drawn.

    Parameters
    ----------
    figure : the figure.
    names : labels of the series; what has no label belongs to the one whose color it has.
    """
    for a, ax in enumerate(_list_axes(figure)):
        artists = [*ax.lines, *ax.collections, *ax.patches, *ax.texts]
        colors = {_read_color(artist): str(artist.get_label()) for artist in ax.lines}
        for n, name in enumerate(names):
            for k, artist in enumerate(artists):
                own = artist.get_text() if isinstance(artist, Text) else str(artist.get_label())
                unnamed = not own or own.startswith("_")
                if " ".join(own.split()) == name or (unnamed and colors.get(_read_color(artist)) == name):
                    artist.set_gid(f"series-{n}-{a}-{k}")


def _read_color(artist: Artist) -> str:
    """Return the color of an artist as hexadecimal digits, empty where it has none."""
    if isinstance(artist, (Line2D, Text)):
        return to_hex(artist.get_color())
    if isinstance(artist, (Collection, Patch)):
        colors = np.atleast_2d(np.asarray(artist.get_facecolor(), dtype=np.float64))
        return to_hex(colors[0]) if colors.size and colors[0].any() else ""
    return ""


def _list_axes(figure: Figure) -> list[Axes]:
    """Return the axes of a figure, those inside others included."""
    return [one for ax in figure.axes for one in (ax, *ax.child_axes) if isinstance(one, Axes)]


def _read_artists(ax: Axes) -> Iterator[PlottedArtist]:
    unit = _read_label(ax, "y")[1]
    boxes = []
    labeled: list[Artist | Container] = [*ax.containers, *ax.collections, *ax.lines, *ax.patches]
    for artist in labeled:
        name = str(artist.get_label())
        if not name or name.startswith("_"):
            continue
        if isinstance(artist, BarContainer):
            yield _read_bars(artist, name, unit)
        elif isinstance(artist, PolyCollection):
            yield _read_spans(artist, name, ax) if ax.yaxis_inverted() else _read_band(artist, name, unit)
        elif isinstance(artist, Line2D):
            x, y = (np.asarray(values, dtype=np.float64) for values in artist.get_data(orig=False))
            yield PlottedArtist(name, to_hex(artist.get_color()), x, y, _format_values(y, unit))
        elif isinstance(artist, StepPatch):
            heights, edges, _ = artist.get_data()
            color = to_hex(artist.get_edgecolor() or artist.get_facecolor())
            yield PlottedArtist(name, color, edges[:-1] + np.diff(edges) / 2, heights, _format_values(heights, unit))
        elif isinstance(artist, FancyBboxPatch):
            boxes.append(artist)
    if boxes:
        yield _read_nodes(ax, boxes)


def _read_nodes(ax: Axes, boxes: Sequence[FancyBboxPatch]) -> PlottedArtist:
    """Return labeled boxes as things, from left to right, each with what is written in it."""
    found = []
    for box in boxes:
        inside = Bbox.from_bounds(box.get_x(), box.get_y(), box.get_width(), box.get_height())
        lines = [text.get_text() for text in ax.texts if inside.contains(*text.get_position())]
        x, y = (inside.x0 + inside.x1) / 2, (inside.y0 + inside.y1) / 2
        found.append((x, -y, str(box.get_label()), " · ".join(lines[1:])))
    x, down, names, texts = zip(*sorted(found), strict=True)
    return PlottedArtist("", INK, np.array(x), -np.array(down), texts, names)


def _read_spans(bars: PolyCollection, name: str, ax: Axes) -> PlottedArtist:
    """Return bars along the abscissa as things: from when to when."""
    unit = _read_label(ax, "x")[1]
    ends = [path.get_extents() for path in bars.get_paths()]
    texts = tuple(
        f"{format_number(one.x0, _DIGITS)} to {format_number(one.x1, _DIGITS)} {unit}".strip() for one in ends
    )
    x, y = np.array([((one.x0 + one.x1) / 2, (one.y0 + one.y1) / 2) for one in ends]).reshape(-1, 2).T
    return PlottedArtist(name, _read_color(bars), x, y, texts, ("",) * len(ends))


def _read_bars(bars: BarContainer, name: str, unit: str) -> PlottedArtist:
    centers = [np.array(bar.get_center()) for bar in bars.patches]
    values = np.asarray(bars.datavalues, dtype=np.float64)
    x, y = np.array(centers).reshape(-1, 2).T
    return PlottedArtist(name, _read_color(bars.patches[0]), x, y, _format_values(values, unit))


def _read_band(band: PolyCollection, name: str, unit: str) -> PlottedArtist:
    """Return a band between two curves: its ends at every abscissa."""
    corners = np.concatenate([path.vertices for path in band.get_paths()])
    x, inverse = np.unique(corners[:, 0], return_inverse=True)
    low, high = np.full(x.size, np.inf), np.full(x.size, -np.inf)
    np.minimum.at(low, inverse, corners[:, 1])
    np.maximum.at(high, inverse, corners[:, 1])
    texts = tuple(
        f"{format_number(a, _DIGITS)} to {format_number(b, _DIGITS)} {unit}".strip()
        for a, b in zip(low, high, strict=True)
    )
    return PlottedArtist(name, _read_color(band), x, (low + high) / 2, texts)


def _build_panel(ax: Axes, group: Sequence[PlottedArtist], height: float) -> Panel:
    first = group[0]
    chosen = _select_points(first.x.size, first.x.size if first.things else _MOST_POINTS)
    x = first.x[chosen]
    across, unit = _read_label(ax, "x")
    places = [ax.transData.transform(np.column_stack([x, one.y[chosen]])) for one in group]
    series = tuple(
        PlottedSeries(one.name, one.color, _round_places(height - place[:, 1]), tuple(one.texts[i] for i in chosen))
        for one, place in zip(group, places, strict=True)
    )
    box = ax.get_window_extent()
    left, top, right, bottom = _round_places([box.x0, height - box.y1, box.x1, height - box.y0])
    edges = (left, top, right, bottom)
    texts = first.things or tuple(_read_category(ax.xaxis, value) or _format_value(value, unit) for value in x)
    name = "" if first.things else _read_title(ax)
    return Panel(name, across, edges, _round_places(places[0][:, 0]), texts, series, bool(first.things))


def _select_points(count: int, most: int) -> list[int]:
    """Return the numbers of some of so many points, evenly spread, both ends among them."""
    return sorted({round(i) for i in np.linspace(0, count - 1, min(count, most))})


def _read_title(ax: Axes) -> str:
    """Return what stands along the ordinate; of panels below each other, with the name of this one."""
    name = _read_label(ax, "y")[0]
    own = [text.get_text() for text in ax.texts if text.get_fontweight() == "bold"]
    return f"{name}, {' '.join(own[0].split())}" if len(own) == 1 and len(_list_axes_sharing_x(ax)) > 1 else name


def _list_axes_sharing_x(ax: Axes) -> list[Axes]:
    """Return axes and those with the same abscissa."""
    return [ax, *(other for other in ax.get_shared_x_axes().get_siblings(ax) if other is not ax)]


def _read_label(ax: Axes, which: Literal["x", "y"]) -> tuple[str, str]:
    """Return what an axis shows and its unit, which stands behind the last comma.

    One without a label has that of the panels beside it. A semicolon or a parenthesis begins a remark.
    """
    labels = [one.get_xlabel() if which == "x" else one.get_ylabel() for one in _list_axes_sharing_x(ax)]
    words = " ".join(next(filter(None, labels), "").split())
    name, comma, unit = re.split(r"; | \(", words)[0].rpartition(", ")
    return (name, unit) if comma else (unit, "")


def _read_category(axis: Axis, value: float) -> str:
    """Return the name that an axis of names has at a place, empty where it is one of numbers."""
    if not isinstance(axis.get_major_locator(), FixedLocator):
        return ""
    places = np.asarray(axis.get_majorticklocs(), dtype=np.float64)
    near = places[np.argmin(np.abs(places - value))] if places.size else value
    return " ".join(axis.get_major_formatter()(near).split())


def _format_values(values: Array, unit: str) -> tuple[str, ...]:
    return tuple(_format_value(float(value), unit) for value in values)


def _format_value(value: float, unit: str) -> str:
    return f"{format_number(value, _DIGITS)} {unit}".strip()


def _round_places(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(round(float(value), _PLACES) for value in values)
