"""What a figure shows, recorded while it is drawn: a page reads this record, never the artists.

A figure function draws its data through a :class:`Plot`, which hands them to matplotlib and keeps them, with their
names and units, in the :class:`FigureRecord` of the figure. Grids, ticks, labels and shades that carry no data of
their own are drawn with matplotlib directly and are not recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jitrisk.report.quantities import format_axis_label

Array = npt.NDArray[np.float64]
Kind = Literal["curve", "points", "steps", "band", "intervals", "level", "bars", "spans", "nodes"]

_RECORD = "_jitrisk_record"  # attribute of a figure
_ROW_HEIGHT = 0.72  # of a row of spans, rows


class AxisQuantity(NamedTuple):
    """What an axis shows.

    Attributes
    ----------
    name : its name, such as ``"total cost"``; empty on an axis of names or places.
    unit : the unit of its values, such as ``"k EUR per year"``; empty for plain numbers.
    """

    name: str = ""
    unit: str = ""

    @property
    def label(self) -> str:
        """The name and the unit, as they are written along the axis."""
        return format_axis_label(self.name, self.unit)


NO_QUANTITY = AxisQuantity()
"""An axis of names or places."""


class SeriesIdentity(NamedTuple):
    """What sets a series apart from the others of a figure.

    Attributes
    ----------
    name : its name.
    color : its color, as hexadecimal digits.
    strategy : the strategy that it shows, empty where it shows none or several.
    is_companion : whether it only accompanies another series of its name, as the interval of a curve does; it is then
        in no legend and no table.
    """

    name: str
    color: str
    strategy: str = ""
    is_companion: bool = False

    @property
    def legend(self) -> dict[str, Any]:
        """The argument that gives an artist its entry in a legend, none for a companion."""
        return {} if self.is_companion else {"label": self.name}


@dataclass(frozen=True, eq=False)
class PlottedSeries:
    """One curve, band, row of bars or set of nodes, in the data's units.

    Attributes
    ----------
    kind : how it is drawn.
    identity : its name, color and strategy.
    x : abscissas, shape (n,); both ends of what is wide, shape (n, 2).
    y : ordinates, shape (n,); both ends of a band or interval, shape (n, 2).
    plot : the axes in which it is drawn, and what they show.
    artists : what was drawn.
    foot : where bars begin, shape (n,); their y is their height. None for what is no bar.
    names : the name of each point, where points have names, shape (n,).
    texts : what each node says, shape (n,).
    """

    kind: Kind
    identity: SeriesIdentity
    x: Array
    y: Array
    plot: Plot
    artists: tuple[Artist, ...]
    foot: Array | None = None
    names: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    def compute_places(self) -> Array:
        """Return the middle of each point in the data's units, shape (n, 2)."""
        y = _compute_middle(self.y) if self.foot is None else self.foot + self.y / 2
        return np.column_stack([_compute_middle(self.x), y])


def _compute_middle(values: Array) -> Array:
    return values if values.ndim == 1 else values.mean(axis=1)


@dataclass
class FigureRecord:
    """What a figure shows.

    Attributes
    ----------
    heading : what the figure shows, in words: that of the axes drawn last, where a figure holds several.
    series : the series, in the order in which they were drawn.
    marks : a strategy and an artist that belongs to it, for each such artist.
    """

    heading: str = ""
    series: list[PlottedSeries] = field(default_factory=list)
    marks: list[tuple[str, Artist]] = field(default_factory=list)


def get_record(figure: Figure) -> FigureRecord:
    """Return the record of a figure, an empty one where nothing was recorded."""
    record: FigureRecord = vars(figure).setdefault(_RECORD, FigureRecord())
    return record


def get_figure(ax: Axes) -> Figure:
    """Return the figure to which axes belong, which may be inside others."""
    figure = ax.get_figure(root=True)
    assert figure is not None  # axes that were removed from their figure cannot be drawn in
    return figure


def mark_strategy(ax: Axes, artists: Iterable[Artist], strategy: str) -> None:
    """Record that artists belong to a strategy, so that a page can hide them with it."""
    if strategy:
        get_record(get_figure(ax)).marks += [(strategy, artist) for artist in artists]


class Node(NamedTuple):
    """A node of a diagram.

    Attributes
    ----------
    name : its name.
    text : what it says.
    place : its middle in the data's units.
    artist : its frame.
    """

    name: str
    text: str
    place: tuple[float, float]
    artist: Artist


@dataclass(frozen=True, eq=False)
class Plot:
    """A pair of axes whose data are recorded.

    Keyword arguments that a method does not name go to matplotlib.

    Attributes
    ----------
    ax : the axes.
    x, y : what they show.
    panel : the name of these axes among others that show the same, empty where there are none.
    """

    ax: Axes
    x: AxisQuantity = NO_QUANTITY
    y: AxisQuantity = NO_QUANTITY
    panel: str = ""

    def draw_curve(self, identity: SeriesIdentity, x: npt.ArrayLike, y: npt.ArrayLike, **look: Any) -> None:
        """Draw a curve through points, shape (n,)."""
        at, heights = _to_array(x), _to_array(y)
        lines = self.ax.plot(at, heights, color=identity.color, **identity.legend, **look)
        self._record(PlottedSeries("curve", identity, at, heights, self, tuple(lines)))

    def draw_points(
        self, identity: SeriesIdentity, x: npt.ArrayLike, y: npt.ArrayLike, names: Sequence[str] = (), **look: Any
    ) -> None:
        """Draw points without a line between them, shape (n,), each with a name where it is not its abscissa."""
        at, heights = _to_array(x), _to_array(y)
        lines = self.ax.plot(at, heights, color=identity.color, ls="", **identity.legend, **look)
        self._record(PlottedSeries("points", identity, at, heights, self, tuple(lines), names=tuple(names)))

    def draw_level(self, identity: SeriesIdentity, value: float, **look: Any) -> None:
        """Draw a level from one end of the axes to the other."""
        line = self.ax.axhline(value, color=identity.color, **identity.legend, **look)
        x, y = np.array([[-np.inf, np.inf]]), np.array([value])
        self._record(PlottedSeries("level", identity, x, y, self, (line,)))

    def draw_steps(
        self,
        identity: SeriesIdentity,
        edges: npt.ArrayLike,
        heights: npt.ArrayLike,
        shade: float = 0.0,
        **look: Any,
    ) -> None:
        """Draw heights that are constant between edges, shapes (n,) and (n + 1,), shaded with some opacity."""
        ends, y = _to_array(edges), _to_array(heights)
        drawn = [self.ax.stairs(y, ends, color=identity.color, **identity.legend, **look)]
        if shade:
            drawn.append(self.ax.stairs(y, ends, color=identity.color, fill=True, alpha=shade, lw=0))
        x = np.column_stack([ends[:-1], ends[1:]])
        self._record(PlottedSeries("steps", identity, x, y, self, tuple(drawn)))

    def draw_band(
        self, identity: SeriesIdentity, x: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike, **look: Any
    ) -> None:
        """Draw a band between two curves, each of shape (n,)."""
        at, y = _to_array(x), np.column_stack([_to_array(low), _to_array(high)])
        band = self.ax.fill_between(at, y[:, 0], y[:, 1], color=identity.color, lw=0, **identity.legend, **look)
        self._record(PlottedSeries("band", identity, at, y, self, (band,)))

    def draw_intervals(
        self, identity: SeriesIdentity, x: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike, **look: Any
    ) -> None:
        """Draw intervals, each as a line from its lower to its upper end, shape (n,)."""
        at, y = _to_array(x), np.column_stack([_to_array(low), _to_array(high)])
        lines = self.ax.vlines(at, y[:, 0], y[:, 1], color=identity.color, **look)
        self._record(PlottedSeries("intervals", identity, at, y, self, (lines,)))

    def draw_bars(
        self,
        identity: SeriesIdentity,
        names: Sequence[str],
        heights: npt.ArrayLike,
        foot: npt.ArrayLike,
        **look: Any,
    ) -> None:
        """Draw bars at 0, 1, ..., each with a name, from a foot upward, shape (n,)."""
        x, y, low = np.arange(len(names), dtype=np.float64), _to_array(heights), _to_array(foot)
        bars = self.ax.bar(x, y, bottom=low, color=identity.color, **identity.legend, **look)
        self._record(PlottedSeries("bars", identity, x, y, self, tuple(bars.patches), low, tuple(names)))

    def draw_spans(
        self, identity: SeriesIdentity, spans: Sequence[tuple[float, float]], row: float, **look: Any
    ) -> None:
        """Draw spans along the abscissa, each a begin and a length, in a row."""
        x = np.array([(begin, begin + length) for begin, length in spans], dtype=np.float64).reshape(-1, 2)
        place = (row - _ROW_HEIGHT / 2, _ROW_HEIGHT)
        bars = self.ax.broken_barh(spans, place, facecolor=identity.color, **identity.legend, **look)
        y = np.full(len(spans), row, dtype=np.float64)
        self._record(PlottedSeries("spans", identity, x, y, self, (bars,)))

    def record_nodes(self, identity: SeriesIdentity, nodes: Sequence[Node]) -> None:
        """Record nodes that are drawn already."""
        x, y = np.array([one.place for one in nodes], dtype=np.float64).T
        names, texts = tuple(one.name for one in nodes), tuple(one.text for one in nodes)
        artists = tuple(one.artist for one in nodes)
        self._record(PlottedSeries("nodes", identity, x, y, self, artists, None, names, texts))

    def _record(self, series: PlottedSeries) -> None:
        get_record(get_figure(self.ax)).series.append(series)
        mark_strategy(self.ax, series.artists, series.identity.strategy)


def _to_array(values: npt.ArrayLike) -> Array:
    return np.asarray(values, dtype=np.float64)
