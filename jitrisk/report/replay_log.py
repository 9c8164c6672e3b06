"""The replay of one path in words: a dated line per event, and the totals of the path."""

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
from jitrisk.report.numbers import Estimate, Rounded, format_within_horizon, round_estimate, select_scale
from jitrisk.report.terminal_table import ReportRow, ReportTable
from jitrisk.report.words import read_factors, render_effect
from jitrisk.risk import list_events
from jitrisk.units import HOURS_PER_DAY, format_count, format_date, format_log_duration, format_number

SCHEMA_VERSION = 2
_WIDTH = 110

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
    ("units expired {per}", "expired", 1.0),
    ("units in overtime {per}", "overtime", 1.0),
)
_MONEY = ("cost", "profit", "working_capital")

_BEGINNINGS = {
    "shortage_began": "{subject} ran out of stock",
    "stockout_began": "{customer_stage} ran out of stock and {subject} went short",
}
_SENTENCES = {
    "hazard_ended": "{subject} ended",
    "hazard_recovered": "the recovery from {subject} was over",
    "warm_up_ended": "the warm-up was over: from here on everything counts",
    "shortage_ended": "{subject} could give all that was asked again",
    "downtime_ended": "{subject} running again",
    "standby_closed": "{subject} closed again",
    "overtime_ended": "{subject} back at its regular capacity",
    "backlog_peaked": "the backlog of {subject} was largest: {amount} units",
}
_ENDINGS = {
    "backlog_cleared": "the backlog of {subject} was cleared",
    "stockout_ended": "demand of {subject} met in full again",
}
_OTHERS = {
    "shortage_others": "stores ran out of stock",
    "downtime_others": "stages were down",
    "stockout_others": "customers went short",
    "standby_others": "standby sources opened",
    "expired_others": "stores threw away expired units",
    "overtime_others": "stages went into overtime",
}


@dataclass(frozen=True)
class ReplayLog:
    """The events of one path, as plain text or laid out by rich for a console.

    Attributes
    ----------
    title : one line above all.
    note : how to read the dates.
    lines : date and sentence of every event.
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
        """Yield what rich prints."""
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
    lines = tuple(
        (format_date(row["time"] * hours), _render_sentence(row, hours)) for row in _list_event_rows(found, replay)
    )
    title = f"{found.attrs['name']}: path {found.attrs['path']:,} under {found.attrs['strategy']}"
    end = format_date(found.attrs["horizon"] * hours)
    note = (
        f"Days and hours are counted from the start; the path ends on {end}. "
        f"What happens in a period, {format_log_duration(hours)}, is dated at its end."
    )
    return ReplayLog(title, note, lines or (("", "nothing went wrong, and no hazard occurred"),), _build_totals(replay))


def _list_event_rows(found: xr.Dataset, replay: xr.Dataset) -> Iterator[dict[str, Any]]:
    """Yield events as mappings, each with ``hits``: the factors of a hazard by stage or customer and kind of effect.

    The opening of a standby source has ``standby_of`` as well, the stage whose failure opened it.
    """
    names = [str(name) for name in replay["stage_or_customer"].values]
    for k in range(found.sizes["event"]):
        row = {str(name): array.values[k].item() for name, array in found.items()}
        effect = None if row["occurrence"] < 0 else replay["effect"].isel(occurrence=row["occurrence"])
        factors = {} if effect is None else {name: read_factors(effect.sel(stage_or_customer=name)) for name in names}
        if row["kind"] == "standby_opened":
            row["standby_of"] = str(replay["standby_of"].sel(stage=row["subject"]).item())
        yield row | {"hits": {name: changed for name, changed in factors.items() if changed}}


def build_replay_document(replay: xr.Dataset) -> dict[str, Any]:
    """Return the replay of a path as plain mappings, numbers, texts and None, ready for ``json.dumps``.

    Times are in periods from the start, amounts in the unit beside them. A metric is for the time after the warm-up;
    times its ``per_year`` it is a value per year. What is unknown is None.

    Parameters
    ----------
    replay : the replay, as ``jr.replay`` returns it.
    """
    found = list_events(replay)
    metrics = {str(name): replay.sel(metric=name) for name in replay["metric"].values}
    return {
        "schema": "jitrisk.replay",
        "schema_version": SCHEMA_VERSION,
        **{str(name): convert_value(value) for name, value in found.attrs.items()},
        "run_paths": convert_value(replay.attrs.get("run_paths")),
        "events": [
            {name: convert_value(value) for name, value in row.items()} for row in _list_event_rows(found, replay)
        ],
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
    kind, words = row["kind"], row | {"amount": _format_units(row["amount"])}
    if kind in _SENTENCES:
        return _SENTENCES[kind].format(**words)
    if kind in _BEGINNINGS:
        return f"{_BEGINNINGS[kind].format(**words)}{_render_duration(row, hours)}"
    if kind in _OTHERS:
        times, is_time = _format_times(row["times"], "other "), row["unit"] == "h"
        amount = format_log_duration(row["amount"]) if is_time else _count_units(row["amount"])
        return f"{_OTHERS[kind]} {times}, {amount} in all{_render_until(row, hours)}"
    if kind.startswith("hazard"):
        return _render_hazard(row, hours)
    if kind in ("expired", "standby_opened", "overtime_began"):
        return _render_units(row, hours)
    if kind == "downtime_began":
        return f"{row['subject']} was down, {format_log_duration(row['amount'])} in all{_render_until(row, hours)}"
    lost = _count_units(row["amount"])
    verb = "was" if lost == "1 unit" else "were"
    missed = f"; {lost} {verb} lost meanwhile" if row["amount"] else ""
    return f"{_ENDINGS[kind].format(**words)}{missed}"


def _render_hazard(row: dict[str, Any], hours: float) -> str:
    name, length = row["subject"], format_log_duration(row["amount"])
    hits = "; ".join(f"{hit}: {render_effect(factors)}" for hit, factors in row["hits"].items()) or "hit nothing"
    if row["kind"] == "hazard_occurred":
        return f"{name} occurred for {length} ({hits})"
    if row["kind"] == "hazard_began":
        return f"{name} began and lasted {length} ({hits})"
    return f"{name} occurred briefly, {_format_times(row['times'])}: {length} in all{_render_until(row, hours)}"


def _render_duration(row: dict[str, Any], hours: float) -> str:
    """Return the duration of a shortage, in one stretch or in several."""
    amount = format_log_duration(row["amount"])
    if row["times"] == 1:
        return f", for {amount}" + (" up to the end" if math.isnan(row["until"]) else "")
    return f", {_format_times(row['times'])}: {amount} in all{_render_until(row, hours)}"


def _render_units(row: dict[str, Any], hours: float) -> str:
    """Return how many units a store threw away, a standby source started, or a stage started in overtime."""
    amount, until = _count_units(row["amount"]), "" if row["until"] == row["time"] else _render_until(row, hours)
    times = "" if row["times"] == 1 else f", {_format_times(row['times'])}"
    if row["kind"] == "expired":
        return f"{row['subject']} threw away {_count_units(row['amount'], 'expired ')}{times}{until}"
    if row["kind"] == "overtime_began":
        return f"{row['subject']} went into overtime{times}: {amount}{' in all' if times else ''}{until}"
    opened = f"{row['subject']} opened as a standby for {row['standby_of']}"
    return f"{opened}{times}: {amount} started{' in all' if times else ''}{until}"


def _render_until(row: dict[str, Any], hours: float) -> str:
    return " up to the end" if math.isnan(row["until"]) else f" up to {format_date(row['until'] * hours)}"


def _format_times(times: int, which: str = "") -> str:
    return format_count(times, f"{which}time")


def _count_units(value: float, which: str = "") -> str:
    number = _format_units(value)
    return f"{number} {which}unit{'' if number == '1' else 's'}"


def _format_units(value: float) -> str:
    return round_estimate(Estimate(value, 0.0)).value


def _build_totals(replay: xr.Dataset) -> ReportTable:
    rows = tuple(_list_total_rows(replay))
    run = replay.attrs.get("run_paths")
    scaled = "" if format_within_horizon(replay.attrs) else ", scaled to a year"
    days = format_number(float(replay.attrs["periods"]) * float(replay.attrs["period_hours"]) / HOURS_PER_DAY, 4)
    notes = [f"{days} days after the warm-up{scaled}."]
    columns = ["figure"]
    if run is not None and "rare" in replay.attrs:
        columns.append("worse paths, %")
        notes.append(f"worse paths: the probability of one, estimated from {format_count(int(run), 'path')}, weighted.")
    elif run is not None:
        columns.append("rank")
        notes.append(f"rank: 1 is the worst of {format_count(int(run), 'path')}; paths that are equal share a rank.")
    return ReportTable("The path as a whole", tuple(columns), rows, tuple(notes))


def _list_total_rows(replay: xr.Dataset) -> Iterator[ReportRow]:
    known = [str(name) for name in replay["metric"].values]
    money = select_scale(
        abs(float(replay["metric_value"].sel(metric=name))) for name in ("cost", "profit") if name in known
    )
    for label, name, factor in _TOTALS:
        if name not in known:
            continue
        at, label = replay.sel(metric=name), label.format(per=format_within_horizon(replay.attrs).strip() or "per year")
        yearly = float(at["metric_per_year"]) if not format_within_horizon(replay.attrs) else 1.0
        value = float(at["metric_value"]) * yearly * factor
        if name == "lost" and not value:
            continue
        if name in _MONEY:
            chosen = select_scale([value], beside=money)
            value, label = value / chosen.factor, f"{label}, {chosen.format_unit(str(at['metric_unit'].item()))}"
        rank = (_format_rank(at, value, "rare" in replay.attrs),) if "metric_rank" in at else ()
        yield ReportRow(label, (round_estimate(Estimate(value, 0.0)), *rank))


def _format_rank(at: xr.Dataset, value: float, weighted: bool) -> Rounded:
    """Return the rank of a path, or of weighted paths the probability of a worse one in percent."""
    rank = int(at["metric_rank"])
    # 0 on every path: rank 1 would say that the path was bad.
    if not value and rank == 1:
        return Rounded("-")
    if not weighted:
        return Rounded(f"{rank:,}")
    worse = float(at["metric_worse_probability"])
    return Rounded(format_number(100 * worse, 2) if worse else "none seen")
