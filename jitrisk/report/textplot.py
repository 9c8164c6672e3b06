"""Histograms and exceedance curves made of characters, as wide as the terminal is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import xarray as xr
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.constrain import Constrain
from rich.table import Table
from rich.text import Text

from jitrisk import risk
from jitrisk.printable import escape_for_encoding
from jitrisk.report.numbers import UNKNOWN, Estimate, format_within_horizon, round_estimate
from jitrisk.report.quantities import format_metric_name, select_display_unit
from jitrisk.report.table import read_model_name
from jitrisk.report.terminal_table import PROSE, select_box

Kind = Literal["histogram", "exceedance"]

_BINS = 16
_YEARS = (2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
_GAP = 2
_SHARE = 7  # cells of a share, such as " 12.3 %"
_LEAST_BAR, _LONGEST_BAR, _LEAST_AXIS = 6, 60, 8
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LONGEST_NAME = 16
_BAR = "cyan"
# What a bad year does to a limit.
_BEYOND = {"upper": "exceeded", "lower": "fallen short of"}
_LISTED_INTERVALS = "After ± stands half of the 95 % interval."
_ONE_SCALE = "All bars are drawn to one scale."
_INTERVALS = "The dot is the value, the line its 95 % interval, and after ± stands half of that."


@dataclass(frozen=True)
class Histogram:
    """Bars of the share of paths in each bin, a column per strategy, in blocks where they do not fit side by side.

    Attributes
    ----------
    title : one line above.
    bins : what each bin holds, as text.
    columns : a strategy's name and its shares, one per bin.
    note : small print below.
    """

    title: str
    bins: tuple[str, ...]
    columns: tuple[tuple[str, tuple[float, ...]], ...]
    note: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield what rich prints."""
        label = max(map(cell_len, self.bins))
        room = options.max_width - label
        fitting = max(1, room // (_GAP + _LEAST_BAR + _SHARE))
        count = math.ceil(len(self.columns) / fitting)
        size = math.ceil(len(self.columns) / count)
        bar = max(1, min(_LONGEST_BAR, room // size - _GAP - _SHARE))
        yield Text(escape_for_encoding(self.title, options.encoding), style="bold")
        if room - _GAP - _SHARE < 1:
            yield from self._render_list(options.encoding)
        else:
            for start in range(0, len(self.columns), size):
                yield self._render_block(self.columns[start : start + size], bar, options)
                yield Text()
        yield Constrain(
            Text(escape_for_encoding(self.note, options.encoding), style="dim"), min(PROSE, options.max_width)
        )

    def _render_list(self, encoding: str) -> Iterator[Text]:
        """Yield the shares without bars, for which there is no room."""
        for name, shares in self.columns:
            yield Text(escape_for_encoding(name, encoding))
            for text, share in zip(self.bins, shares, strict=True):
                if share:
                    yield Text(f"{escape_for_encoding(text, encoding)}: {_format_percent(share)}")
            yield Text()

    def _render_block(
        self, columns: Sequence[tuple[str, tuple[float, ...]]], bar: int, options: ConsoleOptions
    ) -> Table:
        table = _build_table(options)
        table.add_column(justify="right", no_wrap=True)
        for name, _ in columns:
            table.add_column(Text(escape_for_encoding(name, options.encoding)), width=bar + _SHARE, overflow="fold")
        top = max(share for _, shares in self.columns for share in shares)
        for place, text in enumerate(self.bins):
            cells = (_render_share(shares[place], top, bar, options.encoding) for _, shares in columns)
            table.add_row(Text(escape_for_encoding(text, options.encoding)), *cells)
        return table


@dataclass(frozen=True)
class Exceedance:
    """The value that a year is worse than once in so many years, a line per strategy, on one axis, with its interval.

    Attributes
    ----------
    title : one line above.
    groups : a return period in years, and for each strategy its name, the value and the ends of its interval, in the
        unit of the title; an end is NaN where the paths are too few to know it.
    note : small print below.
    """

    title: str
    groups: tuple[tuple[str, tuple[tuple[str, float, float, float], ...]], ...]
    note: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield what rich prints."""
        encoding = options.encoding
        rows = [row for _, lines in self.groups for row in lines]
        texts = [
            escape_for_encoding(str(round_estimate(Estimate(value, (upper - lower) / 2))), encoding)
            for _, value, lower, upper in rows
        ]
        names = [escape_for_encoding(name, encoding) for name, *_ in rows]
        name_width = min(_LONGEST_NAME, options.max_width // 4, max(map(cell_len, names)))
        years = max(len("years"), *(len(text) for text, _ in self.groups))
        left = options.max_width - years - name_width - max(map(len, texts)) - 3 * _GAP
        if left < _LEAST_AXIS:
            yield from self._render_list(texts, names, options)
            return
        ends = [end for row in rows for end in row[1:] if math.isfinite(end)]
        low, high = min(ends), max(ends)
        axis = _build_axis(low, high, min(left, PROSE), encoding)
        table = _build_table(options)
        table.add_column("years", justify="right", no_wrap=True)
        table.add_column("", width=name_width, overflow="fold")
        table.add_column(Text(axis.render_head()), no_wrap=True)
        table.add_column("", justify="right", no_wrap=True)
        firsts = (text if not place else "" for text, lines in self.groups for place in range(len(lines)))
        for first, name, row, text in zip(firsts, names, rows, texts, strict=True):
            table.add_row(Text(first), Text(name), Text(axis.render_mark(*row[1:]), style=_BAR), Text(text))
        yield Text(escape_for_encoding(self.title, encoding), style="bold")
        yield table
        yield Text()
        yield Constrain(Text(escape_for_encoding(self.note, encoding), style="dim"), min(PROSE, options.max_width))

    def _render_list(self, texts: Sequence[str], names: Sequence[str], options: ConsoleOptions) -> RenderResult:
        """Yield the values without their axis, for which there is no room."""
        yield Text(escape_for_encoding(self.title, options.encoding), style="bold")
        place = 0
        for years, lines in self.groups:
            yield Text(f"{years} years")
            for _ in lines:
                yield Text(f"  {names[place]}: {texts[place].strip()}")
                place += 1
        yield Text()
        note = self.note.replace(_INTERVALS, _LISTED_INTERVALS)
        yield Constrain(Text(escape_for_encoding(note, options.encoding), style="dim"), min(PROSE, options.max_width))


@dataclass(frozen=True)
class Axis:
    """A line of characters that stands for a range of values.

    Attributes
    ----------
    low, high : its ends.
    width : how many characters.
    dot, line : what stands for a value, and for its interval.
    """

    low: float
    high: float
    width: int
    dot: str
    line: str

    def render_head(self) -> str:
        """Return its ends as text, in their places; nothing where there is no room."""
        left, right = _format_ends([self.low, self.high])
        return left + right.rjust(self.width - len(left)) if len(left) + len(right) < self.width else ""

    def render_mark(self, value: float, lower: float, upper: float) -> str:
        """Return a value and its interval as a line of text; of an unknown end nothing is drawn."""
        start, at, end = (self._find_place(value if math.isnan(x) else x) for x in (lower, value, upper))
        return " " * start + self.line * (at - start) + self.dot + self.line * (end - at)

    def _find_place(self, value: float) -> int:
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return min(self.width - 1, int(share * self.width))


def build_text_plot(outcomes: xr.Dataset, kind: Kind = "histogram") -> Histogram | Exceedance:
    """Return a plot in characters of the objective, cost or profit; of downtime where nothing has a price.

    Parameters
    ----------
    outcomes : a result.
    kind : ``"histogram"``, or ``"exceedance"`` for the value that a year is worse than once in so many years.

    Raises
    ------
    ResultError
        When the Dataset is no result, lacks a variable or holds a number that is not finite.
    """
    metrics = risk.metrics(outcomes)
    metric = risk.select_objective(metrics) if metrics.attrs["priced"] else "downtime"
    drawn: Callable[[xr.Dataset, str], Histogram | Exceedance] = (
        _build_exceedance if kind == "exceedance" else _build_histogram
    )
    return drawn(metrics, metric)


def _build_histogram(metrics: xr.Dataset, metric: str) -> Histogram:
    found = risk.histogram(metrics, metric, _BINS)
    shown = select_display_unit(np.concatenate([found["left"], found["right"]]), found["left"].attrs["units"])
    left, right = shown.convert(found["left"]), shown.convert(found["right"])
    edges = _format_ends([*left, right[-1]])
    bins = [f"below {edges[0]}", *(f"{a} to {b}" for a, b in pairwise(edges)), f"above {edges[-1]}"]
    shares = np.column_stack([found["below"], found["share"], found["above"]])
    seen = np.flatnonzero(shares.any(axis=0))
    kept = range(seen[0], seen[-1] + 1)
    names = map(str, found["strategy"].values)
    columns = tuple(
        (name, tuple(row)) for name, row in zip(names, shares[:, kept.start : kept.stop].tolist(), strict=True)
    )
    by = shown.label_axis(format_metric_name(metric) + format_within_horizon(metrics.attrs))
    heading = f"{read_model_name(metrics)}: % of {found.attrs['paths']:,} paths by {by}"
    return Histogram(heading, tuple(bins[k] for k in kept), columns, _ONE_SCALE)


def _build_exceedance(metrics: xr.Dataset, metric: str) -> Exceedance:
    found = risk.exceedance(metrics, metric, years=_YEARS)
    shown = select_display_unit(found["value"].values, found["value"].attrs["units"])
    names = [str(name) for name in found["strategy"].values]
    columns = [shown.convert(found[name]) for name in ("value", "value_lower", "value_upper")]
    groups = [
        (
            f"{years:,.0f}",
            tuple(
                row
                for row in zip(names, *(column[:, k].tolist() for column in columns), strict=True)
                if math.isfinite(row[1])
            ),
        )
        for k, years in enumerate(found["return_period"].values)
    ]
    beyond = _BEYOND[str(metrics[metric].attrs["bad_tail"])]
    what = f"{format_metric_name(metric)}{format_within_horizon(metrics.attrs)}"
    heading = f"{read_model_name(metrics)}: {what} {beyond} once in so many years, {shown.unit}"
    unknown = bool(found["value_lower"].isnull().any() or found["value_upper"].isnull().any())
    notes = [_INTERVALS, *([f"{UNKNOWN}: too few paths."] if unknown else [])]
    return Exceedance(heading, tuple(groups), " ".join(notes))


def _render_share(share: float, top: float, bar: int, encoding: str) -> Text:
    """Return a bar and its share in percent; what was seen at all has a bar."""
    if share == 0:
        return Text()
    size = 8 * bar * share / top
    if _is_encodable(_EIGHTHS, encoding):
        whole, eighths = divmod(max(1, round(size)), 8)
        drawn = _EIGHTHS[-1] * whole + (_EIGHTHS[eighths] if eighths else "")
    else:
        drawn = "#" * round(size / 8) or "."
    return Text.assemble((drawn, _BAR), f" {_format_percent(share)}")


def _format_percent(share: float) -> str:
    return "< 0.1" if share < 0.0005 else f"{100 * share:.{0 if share >= 0.0995 else 1}f}"


def _build_axis(low: float, high: float, width: int, encoding: str) -> Axis:
    dot, line = "●─" if _is_encodable("●─", encoding) else "o-"
    return Axis(low, high, width, dot, line)


def _build_table(options: ConsoleOptions) -> Table:
    return Table(box=select_box(options), pad_edge=False, padding=(0, _GAP - 1, 0, 0), show_edge=False)


def _is_encodable(characters: str, encoding: str) -> bool:
    return escape_for_encoding(characters, encoding) == characters


def _format_ends(ends: Sequence[float]) -> list[str]:
    """Return numbers as text with as many decimals as it takes to distinguish them."""
    least = min((b - a for a, b in pairwise(ends) if b > a), default=abs(ends[0]) / 10) or 1.0
    decimals = max(0, 1 - math.floor(math.log10(least)))
    return [f"{end:z,.{decimals}f}" for end in ends]
