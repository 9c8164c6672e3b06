"""The replay of one path in words: a dated line for everything that happened, and the path's totals."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import xarray as xr
from rich.console import Console, ConsoleOptions, RenderResult
from rich.constrain import Constrain
from rich.table import Table
from rich.text import Text

from jitrisk.printable import escape, escape_for_encoding
from jitrisk.report.json_documents import convert_value
from jitrisk.report.numbers import Estimate, Rounded, format_paths, format_within_horizon, round_estimate, select_scale
from jitrisk.report.terminal_table import ReportRow, ReportTable
from jitrisk.risk import list_events
from jitrisk.risk.inputs import HOURS_PER_DAY
from jitrisk.units import format_number

SCHEMA_VERSION = 1
_WIDTH = 110
_LONG = 48.0  # hours from which a time is told in days
_TENTH = 0.1

_TOTALS = (
    ("cost {per}", "cost", 1.0),
    ("profit {per}", "profit", 1.0),
    ("working capital", "working_capital", 1.0),
    ("downtime {per}, hours", "downtime", 1.0),
    ("stockouts {per}, days", "stockout", 1.0),
    ("fill rate, %", "fill_rate", 100.0),
    ("cycle service level, %", "cycle_service_level", 100.0),
    ("largest backlog, units", "peak_backlog", 1.0),
    ("units lost {per}", "lost", 1.0),
)
_MONEY = ("cost", "profit", "working_capital")

_BEGINNINGS = {"store_short": "{thing} ran dry", "customer_short": "{detail} ran dry and {thing} went short"}
_SENTENCES = {
    "hazard_ended": "{thing} ended",
    "hazard_recovered": "what {thing} hit had fully recovered",
    "measuring": "the warm-up was over: from here on everything counts",
    "store_filled": "{thing} could give all that was asked again",
    "stage_up": "{thing} was down no more",
    "backlog_worst": "the backlog of {thing} was at its worst: {amount} units",
}
_OVER = {
    "backlog_gone": "the backlog of {thing} was gone",
    "customer_served": "{thing} had all that was wanted again",
}
_OTHERS = {
    "store_others": "stores ran dry",
    "stage_others": "stages were down",
    "customer_others": "customers were short",
}


@dataclass(frozen=True)
class ReplayLog:
    """What happened on one path, laid out for whatever console prints it, or as plain text.

    Attributes
    ----------
    title : one line above all.
    note : how to read the dates.
    lines : date and sentence of everything that happened.
    totals : the path as a whole.
    """

    title: str
    note: str
    lines: tuple[tuple[str, str], ...]
    totals: ReportTable

    def __str__(self) -> str:
        width = max((len(date) for date, _ in self.lines), default=0)
        lines = [self.title, "", *(f"{date.ljust(width)}  {text}" for date, text in self.lines)]
        return "\n".join(map(escape, lines))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the parts, for rich."""
        width = min(_WIDTH, options.max_width)
        yield Text(escape_for_encoding(self.title, options.encoding), style="bold")
        yield Text()
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for line in self.lines:
            table.add_row(*(Text(escape_for_encoding(text, options.encoding)) for text in line))
        yield Constrain(table, width)
        yield Text()
        yield Constrain(Text(escape_for_encoding(self.note, options.encoding), style="dim"), width)
        yield Text()
        yield self.totals


def build_replay_log(replay: xr.Dataset) -> ReplayLog:
    """Return the replay of a path in words.

    Parameters
    ----------
    replay : the replay, as ``jr.replay`` returns it.

    Raises
    ------
    ResultError
        When the Dataset is no replay.
    """
    found = list_events(replay)
    hours = float(found.attrs["period_hours"])
    rows = [{str(name): found[name].values[k].item() for name in found} for k in range(found.sizes["event"])]
    lines = tuple((_format_date(row["time"], hours), _render_sentence(row, hours)) for row in rows)
    title = f"{found.attrs['name']}: path {found.attrs['path']:,} under {found.attrs['strategy']}"
    end = _format_date(found.attrs["horizon"], hours)
    note = (
        f"Days and hours are counted from the start; the path ends on {end}. "
        f"What happens in a period, {_format_duration(hours)}, is dated at its end."
    )
    return ReplayLog(title, note, lines or (("", "nothing went wrong, and no hazard struck"),), _build_totals(replay))


def build_replay_document(replay: xr.Dataset) -> dict[str, Any]:
    """Return the replay of a path as plain mappings, numbers, texts and None, ready for ``json.dumps``.

    Times are in periods from the start, amounts in the unit beside them. A metric is for the time after the warm-up;
    times its ``per_year`` it is a year's worth. What is unknown is None.

    Parameters
    ----------
    replay : the replay, as ``jr.replay`` returns it.
    """
    found = list_events(replay)
    columns = {str(name): [convert_value(value) for value in found[name].values.tolist()] for name in found}
    metrics = {str(name): replay.sel(metric=name) for name in replay["metric"].values}
    return {
        "schema": "jitrisk.replay",
        "schema_version": SCHEMA_VERSION,
        **{str(name): convert_value(value) for name, value in found.attrs.items()},
        "run_paths": convert_value(replay.attrs.get("run_paths")),
        "events": [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
        "totals": {
            name: {
                "value": convert_value(at["metric_value"].item()),
                "unit": str(at["metric_unit"].item()),
                "per_year": at["metric_per_year"].item(),
                "rank": at["metric_rank"].item() if "metric_rank" in at else None,
            }
            for name, at in metrics.items()
        },
    }


def _render_sentence(row: dict[str, Any], hours: float) -> str:
    kind, words = row["kind"], row | {"amount": _format_count(row["amount"])}
    if kind in _SENTENCES:
        return _SENTENCES[kind].format(**words)
    if kind in _BEGINNINGS:
        return f"{_BEGINNINGS[kind].format(**words)}{_render_duration(row, hours)}"
    if kind in _OTHERS:
        times, amount = _format_times(row["times"], "other"), _format_duration(row["amount"])
        return f"{_OTHERS[kind]} {times}, {amount} in all{_render_until(row, hours)}"
    if kind.startswith("hazard"):
        return _render_hazard(row, hours)
    if kind == "stage_down":
        return f"{row['thing']} was down, {_format_duration(row['amount'])} in all{_render_until(row, hours)}"
    lost = _format_count(row["amount"])
    missed = f"; {lost} unit{'s were' if lost != '1' else ' was'} lost meanwhile" if row["amount"] else ""
    return f"{_OVER[kind].format(**words)}{missed}"


def _render_hazard(row: dict[str, Any], hours: float) -> str:
    name, length, detail = row["thing"], _format_duration(row["amount"]), row["detail"] or "hit nothing"
    if row["kind"] == "hazard_struck":
        return f"{name} struck for {length} ({detail})"
    if row["kind"] == "hazard_began":
        return f"{name} began and lasted {length} ({detail})"
    return f"{name} struck briefly, {_format_times(row['times'], '')}: {length} in all{_render_until(row, hours)}"


def _render_duration(row: dict[str, Any], hours: float) -> str:
    """Return for how long something was short: on end, or on and off."""
    if row["times"] == 1:
        return f", for {_format_duration(row['amount'])}" + (" up to the end" if math.isnan(row["until"]) else "")
    return f", {_format_times(row['times'], '')}: {_format_duration(row['amount'])} in all{_render_until(row, hours)}"


def _render_until(row: dict[str, Any], hours: float) -> str:
    return " up to the end" if math.isnan(row["until"]) else f" up to {_format_date(row['until'], hours)}"


def _format_times(times: int, which: str) -> str:
    return " ".join(filter(None, (f"{times:,}", which, "time" if times == 1 else "times")))


def _format_date(time: float, hours: float) -> str:
    """Return a time in periods as days and hours from the start."""
    tenths = round(time * hours * 10)
    days, rest = divmod(tenths, round(HOURS_PER_DAY * 10))
    return f"day {days:,}" + (f", {rest / 10:g} h" if rest else "")


def _format_duration(hours: float) -> str:
    return f"{round(hours / HOURS_PER_DAY, 1):,g} d" if hours >= _LONG else f"{_format_hours(hours)} h"


def _format_hours(hours: float) -> str:
    return f"{round(hours, 1):g}" if hours >= _TENTH else f"{hours:.2g}"


def _format_count(value: float) -> str:
    return round_estimate(Estimate(value, 0.0)).value


def _build_totals(replay: xr.Dataset) -> ReportTable:
    rows = tuple(_list_total_rows(replay))
    run = replay.attrs.get("run_paths")
    days = format_number(float(replay.attrs["periods"]) * float(replay.attrs["period_hours"]) / HOURS_PER_DAY, 4)
    notes = [f"{days} days after the warm-up{'' if format_within_horizon(replay.attrs) else ', scaled to a year'}."]
    columns = ["figure"]
    if run is not None and "rare" in replay.attrs:
        columns.append("worse paths, %")
        notes.append(f"worse paths: the probability of one, estimated from {format_paths(int(run))}, weighted.")
    elif run is not None:
        columns.append("place")
        notes.append(f"place: 1 is the worst of {format_paths(int(run))}; paths as bad share a place.")
    return ReportTable("The path as a whole", tuple(columns), rows, tuple(notes))


def _list_total_rows(replay: xr.Dataset) -> Iterator[ReportRow]:
    known = [str(name) for name in replay["metric"].values]
    money = select_scale(
        abs(float(replay["metric_value"].sel(metric=name))) for name in ("cost", "profit") if name in known
    )
    for label, name, factor in _TOTALS:
        if name not in known:
            continue
        at, label = replay.sel(metric=name), label.format(per=format_within_horizon(replay.attrs).strip() or "a year")
        yearly = float(at["metric_per_year"]) if not format_within_horizon(replay.attrs) else 1.0
        value = float(at["metric_value"]) * yearly * factor
        if name == "lost" and not value:
            continue
        if name in _MONEY:
            chosen = select_scale([value], beside=money)
            value, label = value / chosen.factor, f"{label}, {chosen.format_unit(str(at['metric_unit'].item()))}"
        place = (_format_rank(at, value, "rare" in replay.attrs),) if "metric_rank" in at else ()
        yield ReportRow(label, (round_estimate(Estimate(value, 0.0)), *place))


def _format_rank(at: xr.Dataset, value: float, weighted: bool) -> Rounded:
    """Return where a path stands: its rank, or of weighted paths the probability of a worse one in percent."""
    rank = int(at["metric_rank"])
    # Nothing at all on every path: the first place would say that it was bad.
    if not value and rank == 1:
        return Rounded("-")
    if not weighted:
        return Rounded(f"{rank:,}")
    worse = float(at["metric_worse"])
    return Rounded(format_number(100 * worse, 2) if worse else "none seen")
