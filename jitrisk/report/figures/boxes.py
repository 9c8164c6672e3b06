"""The words and shares in the boxes of a network diagram."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from jitrisk.errors import ResultError
from jitrisk.report.figures.labels import wrap_text
from jitrisk.report.member_words import list_profile, list_supply_rules, render_takt
from jitrisk.report.outline_records import list_customers, list_records
from jitrisk.report.words import read_factors, render_effect, render_policy, render_units, render_unmet_demand
from jitrisk.risk.lost_time import compute_lost_time
from jitrisk.units import HOUR, HOURS_PER_DAY, MINUTE, format_duration

_CELLS, _NAME_CELLS = 30, 20  # in a line of small print, and of a name
_FACT_LINES = 3  # of one fact
_HAZARDS = 3  # named below a box
_LEAST = MINUTE / HOUR  # time lost that has a meaning, hours


@dataclass(frozen=True)
class Box:
    """One stage or customer.

    Attributes
    ----------
    name : its name, in one or two lines.
    facts : small print below the name.
    hazards : the hazards that hit it and their effects, in lines.
    cover : days of mean demand in the full store, as a share of the most in the figure; None for a customer.
    lost : time lost in words; none without a result.
    dark : time lost as a share of the most that any stage, or any customer, lost.
    """

    name: str
    facts: tuple[str, ...]
    hazards: tuple[str, ...]
    cover: float | None = None
    lost: tuple[str, ...] = ()
    dark: float = 0.0

    @property
    def lines(self) -> tuple[str, ...]:
        """The small print in lines that fit into the box."""
        return tuple(row for fact in self.facts for row in wrap_text(fact, _CELLS, lines=_FACT_LINES).splitlines())


def build_boxes(outline: xr.Dataset, outcomes: xr.Dataset | None, strategy: str) -> dict[str, Box]:
    """Return the boxes of all stages and customers under a strategy, by name.

    Parameters
    ----------
    outline : from :func:`jitrisk.outline`.
    outcomes : a result of the same model, or None.
    strategy : the strategy.

    Raises
    ------
    ResultError
        When the result lacks this strategy, or has other stages and customers.
    """
    one = outline.sel(strategy=strategy)
    # The level of a loop is not one of its first store.
    covers = outline["cover_days"].where(outline["loop_end"] == "").values
    most = float(np.max(covers, initial=0.0, where=np.isfinite(covers))) or 1.0
    words, dark = _describe_lost_time(outline, outcomes, strategy)
    records = {str(record["stage"]): record for record in list_records(one, "stage")}
    customers = {str(record["customer"]): record for record in list_customers(one)}
    period_days, found = float(outline.attrs["period_hours"]) / HOURS_PER_DAY, {}
    for name in map(str, outline["stage"].values):
        stage = records[name]
        # A store without demand covers any time, unless its order-up-to level is 0.
        cover = min(stage["cover_days"] / most, 1.0) if _has_level(stage) and stage["order_up_to"] else 0.0
        lost = words.get(name, ())
        found[name] = Box(
            _wrap_name(name),
            _describe_stage(stage, period_days),
            _describe_hazards(one, name),
            cover,
            lost,
            dark.get(name, 0.0),
        )
    for name in map(str, outline["customer"].values):
        about = _describe_customer(customers[name])
        lost = words.get(name, ())
        found[name] = Box(_wrap_name(name), about, _describe_hazards(one, name), None, lost, dark.get(name, 0.0))
    return found


def _wrap_name(name: str) -> str:
    return wrap_text(name, _NAME_CELLS)


def _has_level(stage: Mapping[str, Any]) -> bool:
    """Return whether the store has a level of its own: that of conwip is one of its loop, and push has none."""
    return stage["order_up_to"] is not None and not stage["loop_end"]


def _describe_stage(stage: Mapping[str, Any], period_days: float) -> tuple[str, ...]:
    capacity = stage["capacity"]
    limit = f", ≤ {render_units(capacity)} per day" if math.isfinite(capacity) else ""
    takt = render_takt(*(stage[key] for key in ("takt_time", "cycle_time", "slower_than_takt")))
    facts = (
        f"{format_duration(stage['lead_time'] * HOURS_PER_DAY)}{limit}",
        takt if stage["slower_than_takt"] else "",
        render_policy(stage, period_days),
        _describe_store(stage),
        *list_supply_rules(stage),
    )
    return tuple(filter(None, facts))


def _describe_store(stage: Mapping[str, Any]) -> str:
    """Return the level of the store, or of the loop that begins with it; empty where no level limits it."""
    full = stage["order_up_to"]
    if full is None:
        return ""
    cover = stage["cover_days"] * HOURS_PER_DAY
    store = render_units(full) if math.isfinite(full) else "without limit"
    days = f" = {format_duration(cover)}" if math.isfinite(cover) and cover > 0 else ""
    return f"{'store' if _has_level(stage) else 'loop'} {store}{days}"


def _describe_customer(customer: Mapping[str, Any]) -> tuple[str, ...]:
    demand = f"{render_units(customer['customer_demand'])} per day"
    return demand, *list_profile(customer), render_unmet_demand(customer["backorder_share"])


def _describe_hazards(one: xr.Dataset, stage_or_customer: str) -> tuple[str, ...]:
    """Return what hits a stage or customer and how, in lines, and how many more hazards there are."""
    at = np.flatnonzero(one["hit_stage_or_customer"].values == stage_or_customer)
    effects = {str(one["hit_hazard"].values[k]): render_effect(read_factors(one["effect"].isel(hit=k))) for k in at}
    hits = [f"{hazard}: {effect}" for hazard, effect in effects.items() if effect]
    more = len(hits) - _HAZARDS
    shown = hits if more <= 0 else [*hits[: _HAZARDS - 1], f"and {more + 1} more hazards"]
    return tuple(row for line in shown for row in wrap_text(f"▲ {line}", _CELLS).splitlines())


def _describe_lost_time(
    outline: xr.Dataset, outcomes: xr.Dataset | None, strategy: str
) -> tuple[dict[str, tuple[str, ...]], dict[str, float]]:
    """Return the time that each stage and customer lost, in words and as a share of the most that any of them lost."""
    if outcomes is None:
        return {}, {}
    time = compute_lost_time(outcomes)
    for dim in ("strategy", "stage", "customer"):
        wanted = [strategy] if dim == "strategy" else outline[dim].values.tolist()
        absent = [name for name in wanted if name not in time[dim].values]
        if absent:
            raise ResultError(f"the result has no {dim} {absent[0]!r}: it is not one of this model")
    one = time.sel(strategy=strategy)
    words, hours = {}, {}
    for name in map(str, outline["stage"].values):
        starved, broken = (float(one[kind].sel(stage=name)) for kind in ("starved", "broken"))
        words[name] = _format_hours({"starved": starved, "broken": broken})
        hours[name] = starved + broken
    for name in map(str, outline["customer"].values):
        short = float(one["stockout"].sel(customer=name)) * HOURS_PER_DAY
        words[name], hours[name] = _format_hours({"short": short}), short
    dark: dict[str, float] = {}
    for dim in ("stage", "customer"):
        names = outline[dim].values.tolist()
        worst = max((hours[name] for name in names), default=0.0) or 1.0
        dark |= {name: hours[name] / worst for name in names}
    return words, dark


def _format_hours(hours: dict[str, float]) -> tuple[str, ...]:
    """Return the lost times above 0 per year, such as ``starved 8 h per year``."""
    # A mean over paths below a minute per year is a loss on hardly any path, or a rounding error.
    lost = {kind: format_duration(value, least=_LEAST) for kind, value in hours.items() if value > 0}
    return tuple(f"{kind} {text} per year" for kind, text in lost.items()) or ("no time lost",)
