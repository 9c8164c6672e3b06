"""A model in words: its stages, customers and hazards under one strategy, and what the other strategies change."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import xarray as xr
from rich.console import Console, ConsoleOptions, RenderResult
from rich.constrain import Constrain
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jitrisk.errors import ResultError, format_suggestion
from jitrisk.printable import escape_for_encoding
from jitrisk.report.json_documents import convert_value
from jitrisk.report.numbers import format_duration
from jitrisk.risk.inputs import HOURS_PER_DAY
from jitrisk.units import format_number

SCHEMA_VERSION = 1

_MOST = 40  # rows of a section
_PROSE = 110
_NAME = 32

Rows = dict[str, str]


@dataclass(frozen=True)
class ModelSummary:
    """A title, and sections of names with what is to be said of each, laid out for whatever console prints it.

    Attributes
    ----------
    title : one line above all.
    about : small print below it.
    sections : rows by heading; of a long section the first rows are shown, and how many more there are.
    """

    title: str
    about: str
    sections: Mapping[str, Rows]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the parts, for rich."""

        def render_text(text: str, style: str = "") -> Text:
            return Text(escape_for_encoding(text, options.encoding), style=style)

        width = min(_PROSE, options.max_width)
        yield render_text(self.title, "bold")
        yield Constrain(render_text(self.about, "dim"), width)
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
    strategy : the strategy that is told in full; by default the first. The others are told by what they change.

    Raises
    ------
    ResultError
        When the strategy is unknown.
    """
    name = select_strategy(outline, strategy)
    one = outline.sel(strategy=name)
    sections = {
        "Stages": _describe_stages(one),
        "Customers": _describe_customers(one),
        "Hazards": _describe_hazards(one),
        "What is drawn": {str(subject): str(law) for subject, law in _list_pairs(one, "random", "law") if law},
    }
    others = [str(other) for other in outline["strategy"].values if other != name]
    for other in others:
        sections[f"What {other} changes"] = _describe_changes(one, outline.sel(strategy=other)) or {"nothing": ""}
    horizon, warm_up = (
        format_duration(float(outline.attrs[key]) * _compute_period_days(outline)) for key in ("horizon", "warm_up")
    )
    left_out = f"of which the first {warm_up} are not counted" if outline.attrs["warm_up"] else "and all of it counts"
    about = f"One period is {format_duration(_compute_period_days(outline))}; {horizon} are simulated, {left_out}."
    title = str(outline.attrs["name"])
    return ModelSummary(
        f"{title}, strategy {name}" if others else title, about, {k: v for k, v in sections.items() if v}
    )


def select_strategy(outline: xr.Dataset, strategy: str | None) -> str:
    """Return the strategy asked for, or the first; raise ResultError where the model has no such strategy."""
    known = [str(name) for name in outline["strategy"].values]
    if strategy is None:
        return known[0]
    if strategy not in known:
        hint = format_suggestion(strategy, known)
        raise ResultError(f"unknown strategy {strategy!r}: the model has {', '.join(known)}{hint}")
    return strategy


def _compute_period_days(outline: xr.Dataset) -> float:
    return float(outline.attrs["period_hours"]) / HOURS_PER_DAY


def _list_pairs(one: xr.Dataset, dim: str, variable: str) -> Iterator[tuple[Any, Any]]:
    return zip(one[dim].values.tolist(), one[variable].values.tolist(), strict=True)


def _list_records(one: xr.Dataset, dim: str) -> list[dict[str, Any]]:
    """Return what an outline says along one dimension, as one mapping of plain values each."""
    names = [str(name) for name, array in one.variables.items() if array.dims == (dim,)]
    columns = [one[name].values.tolist() for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _describe_stages(one: xr.Dataset) -> Rows:
    taken: dict[str, list[str]] = {}
    for link in _list_records(one, "link"):
        if not math.isnan(link["quantity"]):
            taken.setdefault(link["target"], []).append(_describe_link(link))
    struck = _describe_hits(one)
    rows = {}
    for stage in _list_records(one, "stage"):
        name = stage["stage"]
        parts = [
            _describe_policy(stage),
            _describe_process(stage),
            "from " + (", ".join(taken.get(name, ())) or "outside"),
        ]
        if stage["customers_served"] == "first":
            parts.append("customers served first")
        rows[name] = "; ".join(parts) + struck.get(name, "")
    return rows


def _describe_policy(stage: Mapping[str, Any]) -> str:
    cover = f" = {format_duration(stage['cover_days'])} of demand" if math.isfinite(stage["cover_days"]) else ""
    started = "" if stage["initial"] == stage["full_store"] else f", {format_number(stage['initial'], 4)} at the start"
    full = (
        f"full store {format_number(stage['full_store'], 4)}"
        if math.isfinite(stage["full_store"])
        else "no limit to the store"
    )
    return f"{stage['policy']}; {full}{cover}{started}"


def _describe_process(stage: Mapping[str, Any]) -> str:
    limit = f", at most {format_number(stage['capacity'], 4)} a day" if math.isfinite(stage["capacity"]) else ""
    good = f", {format_number(100 * stage['good'], 4)} % good" if stage["good"] != 1 else ""
    ordered = ", deliveries in order" if stage["deliveries"] == "in_order" else ""
    return f"takes {format_duration(stage['lead_time'])}{ordered}{limit}{good}"


def _describe_link(link: Mapping[str, Any]) -> str:
    share = (
        "" if link["share"] == 1 else f" ({format_number(100 * link['share'])} %)" if link["share"] else " (fallback)"
    )
    return f"{format_number(link['quantity'])} {link['source']}{share}"


def _describe_hits(one: xr.Dataset) -> dict[str, str]:
    """Return by stage or customer what hits it."""
    found: dict[str, list[str]] = {}
    for hit in _list_records(one, "hit"):
        if hit["effect"]:
            found.setdefault(hit["hit_thing"], []).append(hit["hit_hazard"])
    return {thing: f"; hit by {', '.join(hazards)}" for thing, hazards in found.items()}


def _describe_customers(one: xr.Dataset) -> Rows:
    struck, rows = _describe_hits(one), {}
    for customer in _list_records(one, "customer"):
        waits = customer["waits"]
        unmet = (
            "waits"
            if waits == 1
            else "is lost"
            if waits == 0
            else f"waits for {format_number(100 * waits)} %, else lost"
        )
        demand = f"{format_number(customer['customer_demand'], 4)} a day from {customer['served_by']}"
        rows[customer["customer"]] = f"{demand}; what is unmet {unmet}{struck.get(customer['customer'], '')}"
    return rows


def _describe_hazards(one: xr.Dataset) -> Rows:
    hits: dict[str, list[str]] = {}
    for hit in _list_records(one, "hit"):
        if hit["effect"]:
            chance = "" if hit["chance"] == 1 else f" (with chance {format_number(hit['chance'])})"
            hits.setdefault(hit["hit_hazard"], []).append(f"{hit['hit_thing']}: {hit['effect']}{chance}")
    rows = {}
    for hazard in _list_records(one, "hazard"):
        recovery = f", {format_duration(hazard['ramp'])} to recover" if hazard["ramp"] else ""
        often = f"{format_number(hazard['events'])} a year, {format_duration(hazard['duration'])} on average{recovery}"
        rows[hazard["hazard"]] = "; ".join([often, *hits.get(hazard["hazard"], ())])
    return rows


def _describe_changes(one: xr.Dataset, other: xr.Dataset) -> Rows:
    """Return what another strategy has that the first has not, by name."""
    before, after = (
        _describe_stages(each) | _describe_customers(each) | _describe_hazards(each) for each in (one, other)
    )
    return {name: _find_differing_parts(before[name], words) for name, words in after.items() if words != before[name]}


def _find_differing_parts(before: str, after: str) -> str:
    """Return the parts of a sentence that are not in another."""
    known = before.split("; ")
    return "; ".join(part for part in after.split("; ") if part not in known) or after


def build_outline_document(outline: xr.Dataset, strategy: str | None = None) -> dict[str, Any]:
    """Return what a model says as one JSON document, strategy by strategy; what has no limit is null.

    Parameters
    ----------
    outline : from :func:`jitrisk.outline`.
    strategy : the only strategy wanted; all by default.

    Raises
    ------
    ResultError
        When the strategy is unknown.
    """
    names = outline["strategy"].values.tolist() if strategy is None else [select_strategy(outline, strategy)]
    head: dict[str, Any] = {"schema": "jitrisk.outline", "schema_version": SCHEMA_VERSION}
    kept = ("name", "currency", "period_hours", "horizon", "warm_up", "model_hash")
    head |= {name: outline.attrs[name] for name in kept}
    strategies = {}
    for name in names:
        one = outline.sel(strategy=name)
        strategies[name] = {
            "stages": _key_records(one, "stage"),
            "customers": _key_records(one, "customer"),
            "hazards": _key_records(one, "hazard"),
            "links": [
                _replace_nonfinite(link) for link in _list_records(one, "link") if not math.isnan(link["quantity"])
            ],
            "hits": [_replace_nonfinite(hit) for hit in _list_records(one, "hit") if hit["effect"]],
            "random": {subject: law for subject, law in _list_pairs(one, "random", "law") if law},
        }
    return {**head, "strategies": strategies}


def _key_records(one: xr.Dataset, dim: str) -> dict[str, Any]:
    records = (_replace_nonfinite(record) for record in _list_records(one, dim))
    return {str(record.pop(dim)): record for record in records}


def _replace_nonfinite(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: convert_value(value) for name, value in record.items()}
