"""Which figures stand on a page, in which order, and what each tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import xarray as xr
from matplotlib.figure import Figure

from jitrisk.errors import ResultError
from jitrisk.printable import escape
from jitrisk.report import figures
from jitrisk.report.numbers import format_horizon, format_per_horizon, format_within_horizon
from jitrisk.report.page.data_points import Panel, read_panels, tag
from jitrisk.report.page.sections import PageTable
from jitrisk.report.page.svg import render_inline_svg
from jitrisk.report.summary import Summary
from jitrisk.risk.metrics import Objective

# What decides: what a year does, on which side of a distribution its tail is bad, and what a bad year does to a limit.
_AIMS: dict[Objective, tuple[str, str, str]] = {
    "cost": ("costs", "right", "exceeded"),
    "profit": ("earns", "left", "fallen short of"),
}


@dataclass(frozen=True)
class Chart:
    """One figure of a page.

    Attributes
    ----------
    key : its identifier in the page.
    heading : what it shows.
    note : what to read from it.
    svg : the figure as an ``<svg>`` element, empty where it cannot be drawn.
    panels : what its points say.
    missing : why it cannot be drawn, empty where it can.
    toggles : names of series that can be switched off.
    """

    key: str
    heading: str
    note: str
    svg: str = ""
    panels: tuple[Panel, ...] = ()
    missing: str = ""
    toggles: tuple[str, ...] = ()

    def list_tables(self) -> list[PageTable]:
        """Return what the figure shows as tables: one for each panel of curves, one for all things."""
        curves = [panel for panel in self.panels if not panel.listed]
        found = [
            PageTable(
                panel.name or self.heading,
                (panel.across, *(series.name for series in panel.series)),
                tuple(panel.list_rows()),
            )
            for panel in curves
        ]
        things = tuple(row for panel in self.panels if panel.listed for row in panel.list_rows())
        return [*found, PageTable(self.heading, ("", ""), things)] if things else found


@dataclass(frozen=True)
class ChartRequest:
    """A figure to be drawn.

    Attributes
    ----------
    key : its identifier in the page.
    heading : what it shows; empty where the title of the figure is to say so.
    note : what to read from it.
    draw : draws it.
    """

    key: str
    heading: str
    note: str
    draw: Callable[[], Figure]


def draw_chart(wanted: ChartRequest, strategies: Sequence[str]) -> Chart:
    """Draw a figure; one that the result does not have enough for is replaced by the reason."""
    try:
        figure = wanted.draw()
    except ResultError as error:
        return Chart(wanted.key, wanted.heading, wanted.note, missing=str(error))
    title = _remove_title(figure)
    heading = wanted.heading or title
    strategies = list(map(escape, strategies))
    tag(figure, strategies)
    svg = render_inline_svg(figure, wanted.key, heading, wanted.note)
    found = tuple(read_panels(figure))
    names = {series.name for panel in found for series in panel.series}
    toggles = tuple(name for name in strategies if name in names) if names <= set(strategies) else ()
    return Chart(wanted.key, heading, wanted.note, svg, found, toggles=toggles if len(toggles) > 1 else ())


def _remove_title(figure: Figure) -> str:
    """Take the title out of a figure: on a page the heading above it says what it shows."""
    title = ""
    for ax in figure.axes:
        title = title or " ".join(ax.get_title(loc="left").split())
        ax.set_title("", loc="left")
    return title


def list_result_charts(
    summary: Summary, outcomes: xr.Dataset, annual: xr.Dataset | None = None
) -> Iterator[ChartRequest]:
    """Yield the figures of the outcomes: what strategies cost, how bad it gets, and how well they serve.

    Parameters
    ----------
    summary, outcomes : the result.
    annual : the metrics of the last year of every path, where paths are longer than a year.
    """
    aim = summary.objective
    verbs, side, beyond = _AIMS[aim]
    values, cut = (summary.metrics, "") if annual is None else (annual, " Measured in the last year of each path.")
    over, per = format_within_horizon(values.attrs), format_per_horizon(values.attrs)
    span = format_horizon(values.attrs) or "a year"
    if summary.is_priced:
        yield ChartRequest(
            aim,
            f"{aim.capitalize()} {per}",
            f"How often {span} {verbs} how much. A tail to the {side} is what bad ones {verbs[:-1]}.{cut}",
            lambda: figures.distribution(values, aim),
        )
        yield ChartRequest(
            "exceedance",
            f"{aim.capitalize()}{over} that is {beyond} once in so many years",
            f"The {aim} of {span} that is {beyond} once in ten, in a hundred or in a thousand years on average.{cut}",
            lambda: figures.exceedance(values, aim),
        )
    yield ChartRequest(
        "downtime",
        f"Downtime {per}",
        f"Hours in which a line that matters stood still, for want of parts or of capacity.{cut}",
        lambda: figures.distribution(values, "downtime"),
    )
    yield ChartRequest(
        "stockout",
        f"Days short {per}",
        f"Days on which customers did not get all they asked for.{cut}",
        lambda: figures.distribution(values, "stockout"),
    )
    if summary.is_priced:
        yield ChartRequest(
            "components",
            "Where the money goes",
            "The mean cost a year, taken apart.",
            lambda: figures.cost_stack(outcomes),
        )


def list_precision_charts(summary: Summary) -> Iterator[ChartRequest]:
    """Yield the figures that tell whether the paths are enough."""
    if summary.is_priced:
        yield ChartRequest(
            "convergence",
            f"How the mean {summary.objective} settles",
            f"The mean {summary.objective} in separate sub-samples of doubling size, with 95 % intervals. It has "
            "settled where they lie around the line, which is that of all paths.",
            lambda: figures.convergence(summary.metrics, summary.objective, "mean"),
        )


def list_model_charts(outline: xr.Dataset, outcomes: xr.Dataset, strategy: str) -> Iterator[ChartRequest]:
    """Yield the figures of the model itself."""
    yield ChartRequest(
        "network",
        "The network",
        f"What flows from where to where, with the stocks that {strategy} keeps.",
        lambda: figures.network(outline, outcomes, strategy),
    )


def list_trace_charts(trace: xr.Dataset) -> Iterator[ChartRequest]:
    """Yield the figures of how stock and backlog run over time."""
    for variable, note in (
        ("on_hand", "Half of the paths lie in the inner band, nearly all in the outer one."),
        ("backlog", "What customers wait for. Where the bands are thin, nobody waits."),
    ):
        yield ChartRequest(
            f"fan-{variable}",
            "",
            note,
            lambda variable=variable: figures.fan(trace, variable),  # type: ignore[misc]
        )


def list_replay_charts(replay: xr.Dataset) -> Iterator[ChartRequest]:
    """Yield the picture of one path."""
    yield ChartRequest(
        "timeline",
        "One bad path",
        "Which hazard struck, what stood still, which store ran dry, and how long customers waited.",
        lambda: figures.timeline(replay),
    )
