"""The figures of a page, in their order, each with its heading and a note on how to read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import xarray as xr
from matplotlib.figure import Figure

from jitrisk.errors import ResultError
from jitrisk.printable import escape
from jitrisk.report import figures
from jitrisk.report.figures.recording import get_record
from jitrisk.report.numbers import format_horizon, format_per_horizon, format_within_horizon
from jitrisk.report.page.data_points import PagePanel, list_panels, list_toggles, tag_strategies
from jitrisk.report.page.sections import PageTable
from jitrisk.report.page.svg import render_inline_svg
from jitrisk.report.summary import Summary
from jitrisk.risk.metrics import Objective

# The verb of a year, the side of a distribution on which its tail is bad, and what a bad year does to a limit.
_OBJECTIVES: dict[Objective, tuple[str, str, str]] = {
    "cost": ("cost", "right", "exceeded"),
    "profit": ("earn", "left", "fallen short of"),
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
    panels : its points in words.
    missing : why it cannot be drawn, empty where it can.
    toggles : strategies that can be hidden.
    """

    key: str
    heading: str
    note: str
    svg: str = ""
    panels: tuple[PagePanel, ...] = ()
    missing: str = ""
    toggles: tuple[str, ...] = ()

    def list_tables(self) -> list[PageTable]:
        """Return what the figure shows as tables: one for each panel of curves, one for all separate points."""
        curves = [panel for panel in self.panels if not panel.is_separate]
        found = [
            PageTable(
                panel.name or self.heading,
                (panel.across, *(series.name for series in panel.series)),
                tuple(panel.list_rows()),
            )
            for panel in curves
        ]
        separate = tuple(row for panel in self.panels if panel.is_separate for row in panel.list_rows())
        return [*found, PageTable(self.heading, ("", ""), separate)] if separate else found


@dataclass(frozen=True)
class ChartRequest:
    """A figure to be drawn.

    Attributes
    ----------
    key : its identifier in the page.
    heading : what it shows; by default the heading that the figure records.
    note : what to read from it.
    draw : draws it.
    """

    key: str
    heading: str
    note: str
    draw: Callable[[], Figure]


def draw_chart(request: ChartRequest, strategies: Sequence[str]) -> Chart:
    """Draw a figure; the reason takes its place where the result has too little for it."""
    try:
        figure = request.draw()
    except ResultError as error:
        return Chart(request.key, request.heading, request.note, missing=str(error))
    heading = request.heading or get_record(figure).heading
    _remove_title(figure)
    toggles = list_toggles(figure, list(map(escape, strategies)))
    tag_strategies(figure, toggles)
    svg = render_inline_svg(figure, request.key, heading, request.note)
    return Chart(request.key, heading, request.note, svg, tuple(list_panels(figure)), toggles=toggles)


def _remove_title(figure: Figure) -> None:
    """Remove the title of a figure, because the page has its heading above it."""
    for ax in figure.axes:
        ax.set_title("", loc="left")


def list_result_charts(
    summary: Summary, outcomes: xr.Dataset, annual: xr.Dataset | None = None
) -> Iterator[ChartRequest]:
    """Yield the figures of the outcomes: distribution and tail of the objective, downtime, shortages, components.

    Parameters
    ----------
    summary, outcomes : the result.
    annual : the metrics of the last year of every path, where paths are longer than a year.
    """
    objective = summary.objective
    verb, side, beyond = _OBJECTIVES[objective]
    metrics, cut = (summary.metrics, "") if annual is None else (annual, " Measured in the last year of each path.")
    over, per = format_within_horizon(metrics.attrs), format_per_horizon(metrics.attrs)
    span = format_horizon(metrics.attrs) or "a year"
    if summary.is_priced:
        yield ChartRequest(
            objective,
            f"{objective.capitalize()} {per}",
            f"How often {span} {verb}s how much. A tail to the {side} is what bad ones {verb}.{cut}",
            lambda: figures.distribution(metrics, objective),
        )
        yield ChartRequest(
            "exceedance",
            f"{objective.capitalize()}{over} that is {beyond} once in so many years",
            f"The {objective} of {span} that is {beyond} once in ten, in a hundred or in a thousand years on average."
            f"{cut}",
            lambda: figures.exceedance(metrics, objective),
        )
    yield ChartRequest(
        "downtime",
        f"Downtime {per}",
        f"Hours in which a stage whose downtime counts had orders and did not start them, starved or broken.{cut}",
        lambda: figures.distribution(metrics, "downtime"),
    )
    yield ChartRequest(
        "stockout",
        f"Days short {per}",
        f"Days on which customers did not get all of their demand.{cut}",
        lambda: figures.distribution(metrics, "stockout"),
    )
    if summary.is_priced:
        yield ChartRequest(
            "components",
            "Where the money goes",
            "The mean cost per year by component.",
            lambda: figures.cost_stack(outcomes),
        )


def list_precision_charts(summary: Summary) -> Iterator[ChartRequest]:
    """Yield the figures from which to judge whether the number of paths is sufficient."""
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
        f"The flows from stage to stage, with the stocks of strategy {strategy}.",
        lambda: figures.network(outline, outcomes, strategy),
    )


def list_trace_charts(trace: xr.Dataset) -> Iterator[ChartRequest]:
    """Yield the figures of stock and backlog over time."""
    for variable, note in (
        ("on_hand", "Half of the paths lie in the inner band, nearly all in the outer one."),
        ("backlog", "Units backordered. Where the bands are thin, backlog is rare."),
    ):
        yield ChartRequest(
            f"fan-{variable}",
            "",
            note,
            lambda variable=variable: figures.fan(trace, variable),  # type: ignore[misc]
        )


def list_replay_charts(replay: xr.Dataset) -> Iterator[ChartRequest]:
    """Yield the figure of one path."""
    yield ChartRequest(
        "timeline",
        "One bad path",
        "Which hazard occurred, which stage stood still, which store was short, and how long customers waited.",
        lambda: figures.timeline(replay),
    )
