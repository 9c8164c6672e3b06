"""What a stage or customer has besides its policy in English: shelf life, levers, takt, season, trend and forecast."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jitrisk.report.numbers import join_names
from jitrisk.report.words import render_days, render_share, render_units
from jitrisk.units import (
    DAYS_PER_YEAR,
    DURATION_UNITS,
    HOUR,
    HOURS_PER_DAY,
    MINUTE,
    DurationUnits,
    format_duration,
    format_number,
)

_DIGITS = 4
_MANY_DIGITS = 6
_LONGEST = 120
_FEW_FACTORS = 4  # of a season, which are listed
_MONTH = DAYS_PER_YEAR / 12
_TAKT_UNITS: DurationUnits = (
    *DURATION_UNITS[:3],
    ("min", MINUTE / HOUR, MINUTE / HOUR),
    ("s", 1.0 / HOUR, 0.0),
)


def list_supply_rules(stage: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the shelf life and the levers that a stage has, each in words.

    Parameters
    ----------
    stage : the variables of an outline for one stage, NaN or None where they are absent.
    """
    features = (
        (math.isfinite(stage["shelf_life"]), render_shelf_life(stage["shelf_life"])),
        (not _is_absent(stage["expedite_lead_time"]), render_expedite(stage)),
        (not _is_absent(stage["overtime_factor"]), render_overtime(stage)),
        (stage["standby_of"], render_standby(stage)),
    )
    return tuple(words for has, words in features if has)


def list_profile(customer: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the season, the trend and the forecast that the demand of a customer has, each in words.

    Parameters
    ----------
    customer : the variables of an outline for one customer, its season without NaN.
    """
    features = (
        (len(customer["season"]), render_season(customer["season"], customer["season_period"])),
        (customer["trend"], render_trend(customer["trend"])),
        (customer["forecast_kind"], render_forecast(customer)),
    )
    return tuple(words for has, words in features if has)


def render_shelf_life(days: float) -> str:
    """Return for how long a unit can be used, given the shelf life in days; infinite for ever."""
    return f"expires after {render_days(days)}" if math.isfinite(days) else "never expires"


def render_expedite(stage: Mapping[str, Any]) -> str:
    """Return what is expedited.

    Parameters
    ----------
    stage : the variables of an outline for one stage: ``expedite_below``, ``expedite_up_to`` and
        ``expedite_lead_time`` (days), NaN or None where they are absent.
    """
    if _is_absent(stage["expedite_lead_time"]):
        return "never expedited"
    is_index = _is_absent(stage["expedite_below"])
    level = (
        f"up to {render_units(stage['expedite_up_to'])}"
        if is_index
        else f"below {render_units(stage['expedite_below'])}"
    )
    return f"expedited {level}, takes {format_duration(stage['expedite_lead_time'] * HOURS_PER_DAY)} then"


def render_overtime(stage: Mapping[str, Any]) -> str:
    """Return when a stage works overtime and by which factor on its capacity.

    Parameters
    ----------
    stage : ``overtime_below`` and ``overtime_factor`` of an outline for one stage, NaN or None where they are absent.
    """
    if _is_absent(stage["overtime_factor"]):
        return "no overtime"
    return (
        f"overtime × {format_number(stage['overtime_factor'], _DIGITS)} below {render_units(stage['overtime_below'])}"
    )


def render_standby(stage: Mapping[str, Any]) -> str:
    """Return which outages open a stage, and after how long.

    Parameters
    ----------
    stage : ``standby_of``, ``standby_after`` (days) and ``standby_below`` of an outline for one stage.
    """
    if not stage["standby_of"]:
        return "always open"
    after = f"after {render_days(stage['standby_after'])}" if stage["standby_after"] else "at once"
    below = stage["standby_below"]
    partly = f" below {render_share(below)} of its capacity" if below < 1.0 else ""
    return f"standby for {stage['standby_of']}, {after}{partly}"


def render_season(factors: Sequence[float], days: float) -> str:
    """Return the factors of a season, their range where they are many.

    Parameters
    ----------
    factors : the factors in turn; none for no season.
    days : time for which one factor holds.
    """
    if not factors:
        return "no season"
    numbers = [format_number(one, _DIGITS) for one in factors]
    several = f"{len(factors)} factors from {format_number(min(factors))} to {format_number(max(factors))}"
    shown = several if len(factors) > _FEW_FACTORS else join_names(numbers)
    each = "a month" if math.isclose(days, _MONTH) else render_days(days)
    return f"season: {shown}, {each} each"


def render_factors(factors: Sequence[float]) -> str:
    """Return factors in a row, such as ``0.5, 1.5``, cut where they are too many."""
    text = ", ".join(format_number(one, _MANY_DIGITS) for one in factors)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def render_trend(trend: float) -> str:
    """Return a change of the mean demand, a share of that at the start per year, such as ``grows 5 % per year``."""
    if not trend:
        return "no trend"
    return f"{'grows' if trend > 0.0 else 'shrinks'} {format_number(100.0 * abs(trend), _DIGITS)} % per year"


def render_forecast(customer: Mapping[str, Any]) -> str:
    """Return how the demand of a customer is forecast; its error is drawn, and told with the other draws.

    Parameters
    ----------
    customer : ``forecast_kind``, ``forecast_period`` (days) and ``forecast_smoothing`` of an outline.
    """
    if not customer["forecast_kind"]:
        return "no forecast"
    if customer["forecast_kind"] == "smoothing":
        return f"forecast by exponential smoothing, weight {format_number(customer['forecast_smoothing'], _DIGITS)}"
    days = customer["forecast_period"]
    every = "month" if math.isclose(days, _MONTH) else render_days(days)
    return f"forecast with an error, drawn every {every}"


def render_takt(takt_time: float, cycle_time: float, is_slower: bool) -> str:
    """Return the takt time of a stage, such as ``takt 1.6 min``, and its cycle time where that is longer.

    Parameters
    ----------
    takt_time : available time for one unit that must be started, days; infinite where there is no demand.
    cycle_time : time for one unit at full capacity, days; 0 without a limit. Then, and without demand, nothing is said.
    is_slower : whether the stage is slower than its takt.
    """
    if not cycle_time or not math.isfinite(takt_time):
        return ""
    takt = f"takt {render_time_per_unit(takt_time)}"
    if not is_slower:
        return takt
    return f"{takt}, too slow: " + (
        f"{render_time_per_unit(cycle_time)} per unit" if math.isfinite(cycle_time) else "no capacity"
    )


def render_time_per_unit(days: float) -> str:
    """Return the time for one unit in the unit that suits it, seconds among them, such as ``3.1 s``."""
    return format_duration(days * HOURS_PER_DAY, units=_TAKT_UNITS)


def render_slower_stages(stages: Iterable[Mapping[str, Any]]) -> str:
    """Return in one sentence which stages are slower than their takt; empty where none has takt and capacity.

    Parameters
    ----------
    stages : variables of an outline for each stage: ``stage``, ``takt_time``, ``cycle_time``, ``slower_than_takt``,
        ``overtime_factor`` (NaN or None without overtime, which is no part of the takt).
    """
    paced = [one for one in stages if one["cycle_time"] and math.isfinite(one["takt_time"])]
    slow = [one["stage"] for one in paced if one["slower_than_takt"]]
    overtime = any(one["slower_than_takt"] and not _is_absent(one["overtime_factor"]) for one in paced)
    if not slow:
        return "No stage is slower than its takt." if paced else ""
    verb = "is slower than its" if len(slow) == 1 else "are slower than their"
    how = "in the long run, and without overtime," if overtime else "in the long run"
    return f"{join_names(slow)} {verb} takt: {how} less can be started there than is demanded."


def _is_absent(value: float | None) -> bool:
    return value is None or math.isnan(value)
