"""A model in words: its stages, customers and hazards under one strategy, and what the other strategies change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import xarray as xr
from rich.console import Console, ConsoleOptions, RenderResult
from rich.constrain import Constrain
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jitrisk.printable import escape_for_encoding
from jitrisk.report.member_words import render_slower_stages
from jitrisk.report.model_aspects import Rows, describe_changes, describe_strategy, join_aspects
from jitrisk.report.outline_records import list_records, select_strategy
from jitrisk.units import format_duration

_MOST = 40  # rows of a section
_PROSE = 110
_NAME = 32


@dataclass(frozen=True)
class ModelSummary:
    """A title, and sections of names with what a model says of each; rich lays it out for a console.

    Attributes
    ----------
    title : one line above all.
    about : small print below the title.
    takt : one sentence that names the stages which are slower than their takt; empty where none has a capacity.
    sections : rows by heading; of a long section the first rows are shown, and how many more there are.
    """

    title: str
    about: str
    takt: str
    sections: Mapping[str, Rows]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield what rich prints."""

        def render_text(text: str, style: str = "") -> Text:
            return Text(escape_for_encoding(text, options.encoding), style=style)

        width = min(_PROSE, options.max_width)
        yield render_text(self.title, "bold")
        yield Constrain(render_text(self.about, "dim"), width)
        if self.takt:
            yield Constrain(render_text(self.takt), width)
        for heading, rows in self.sections.items():
            yield Text()
            yield render_text(heading, "bold")
            table = Table.grid(padding=(0, 2, 0, 0))
            table.add_column(max_width=min(_NAME, width // 3), overflow="fold")
            table.add_column(overflow="fold")
            for name, words in list(rows.items())[:_MOST]:
                table.add_row(render_text(name), render_text(words))
            yield Constrain(Padding(table, (0, 0, 0, 2)), width)
            if len(rows) > _MOST:
                yield render_text(f"  and {len(rows) - _MOST:,} more; --json has them all", "dim")


def summarize_model(outline: xr.Dataset, strategy: str | None = None) -> ModelSummary:
    """Return what a model says, in words.

    Parameters
    ----------
    outline : from :func:`jitrisk.outline`.
    strategy : the strategy that is described in full; by default the first. Of the others the differences to it are
        described.

    Raises
    ------
    ResultError
        When the strategy is unknown.
    """
    name = select_strategy(outline, strategy)
    described = describe_strategy(outline, name)
    sections = {heading: join_aspects(rows) for heading, rows in described.items()}
    others = [str(other) for other in outline["strategy"].values if other != name]
    for other in others:
        changes = describe_changes(described, describe_strategy(outline, other))
        sections[f"What {other} changes"] = changes or {"nothing": ""}
    title = str(outline.attrs["name"])
    return ModelSummary(
        f"{title}, strategy {name}" if others else title,
        _describe_horizon(outline),
        render_slower_stages(list_records(outline.sel(strategy=name), "stage")),
        {heading: rows for heading, rows in sections.items() if rows},
    )


def _describe_horizon(outline: xr.Dataset) -> str:
    hours = float(outline.attrs["period_hours"])
    horizon, warm_up = (format_duration(float(outline.attrs[key]) * hours) for key in ("horizon", "warm_up"))
    left_out = f"of which the first {warm_up} are not counted" if outline.attrs["warm_up"] else "and all of it counts"
    return f"One period is {format_duration(hours)}; {horizon} are simulated, {left_out}."
