"""Policies, distributions and effects of hazards in English, from the values that an outline or a replay holds."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from jitrisk.report.numbers import join_names
from jitrisk.units import (
    DAYS_PER_YEAR,
    DURATION_UNITS,
    HOUR,
    HOURS_PER_DAY,
    HOURS_PER_YEAR,
    MINUTE,
    DurationUnits,
    format_duration,
    format_number,
    format_percent,
)

_DIGITS = 4
_MANY_DIGITS = 6
_LONGEST = 120
_DRAWS = {"time_between": "time before {}", "duration": "duration of {}", "forecast": "forecast error of {}"}
_FEW_FACTORS = 4  # of a season, which are listed
_MONTH = DAYS_PER_YEAR / 12
_PACE_UNITS: DurationUnits = (
    *DURATION_UNITS[:3],
    ("min", MINUTE / HOUR, MINUTE / HOUR),
    ("s", 1.0 / HOUR, 0.0),
)


def render_units(value: float) -> str:
    """Return a number of units."""
    return format_number(value, _DIGITS)


def render_share(share: float) -> str:
    """Return a share in percent, with more digits where it would be rounded to all."""
    text = format_number(100 * share, _DIGITS)
    if share < 1 and text == "100":
        text = format_percent(share) if format_percent(share) != "100" else "> 99.99"
    return f"{text} %"


def render_capacity(capacity: float) -> str:
    """Return a capacity in units per day, such as ``at most 60 per day``; empty for no limit."""
    return f"at most {render_units(capacity)} per day" if math.isfinite(capacity) else ""


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
    return format_duration(days * HOURS_PER_DAY, units=_PACE_UNITS)


def render_slower_stages(stages: Iterable[Mapping[str, Any]]) -> str:
    """Return in one sentence which stages are slower than their takt; empty where none has takt and capacity.

    Parameters
    ----------
    stages : variables of an outline for each stage: ``stage``, ``takt_time``, ``cycle_time``, ``slower_than_takt``.
    """
    paced = [one for one in stages if one["cycle_time"] and math.isfinite(one["takt_time"])]
    slow = [one["stage"] for one in paced if one["slower_than_takt"]]
    if not slow:
        return "No stage is slower than its takt." if paced else ""
    verb = "is slower than its" if len(slow) == 1 else "are slower than their"
    return f"{join_names(slow)} {verb} takt: in the long run less can be started there than is demanded."


def render_level(order_up_to: float) -> str:
    """Return an order-up-to level in units, or that there is none."""
    return f"order-up-to level {render_units(order_up_to)}" if math.isfinite(order_up_to) else "no limit to the store"


def render_policy(stage: Mapping[str, Any], period_days: float, cover: str = "") -> str:
    """Return a policy in words, with its levels in units, or as times of demand where they follow it.

    Parameters
    ----------
    stage : the variables of an outline for one stage: ``policy_kind``, ``reorder_point``, ``order_up_to``,
        ``lot_size``, ``cards``, ``loop_end``, ``follow``, ``safety_stock``, ``order_cap``, ``mean_demand`` (units per
        day) and ``review_period`` (days).
    period_days : length of one period; a review in every period is not mentioned.
    cover : what the level is enough for, such as ``14 d of demand``.
    """
    pushes = stage["policy_kind"] == "push"
    limited = not pushes and math.isfinite(stage["order_up_to"])
    rule = _render_rule(stage) if limited else "always as much on order as its capacity"
    words = ["whatever lies before it" if pushes else rule]
    words[0] += f" = {cover}" if cover and limited and not stage["follow"] else ""
    if stage["follow"]:
        words.append(f"follows the {stage['follow']}")
    if math.isfinite(stage["order_cap"]):
        words.append(f"capped at {render_units(stage['order_cap'])}")
    if (limited or pushes) and stage["review_period"] > period_days:
        words.append(f"reviewed every {_render_days(stage['review_period'])}")
    return f"{_spell(stage['policy_kind'])}: {', '.join(words)}"


def _render_rule(stage: Mapping[str, Any]) -> str:
    point, order_up_to, lot = stage["reorder_point"], stage["order_up_to"], stage["lot_size"]
    if stage["policy_kind"] in ("kanban", "conwip"):
        cards = round(stage["cards"])
        through = f" through {stage['loop_end']}" if stage["loop_end"] else ""
        average = " at mean demand" if stage["follow"] else ""
        return f"{cards:,} {'card' if cards == 1 else 'cards'} of {render_units(lot)}{through}{average}"
    if lot:
        return f"at {render_units(point)} order {render_units(lot)}"
    if stage["follow"] and stage["mean_demand"]:
        return _render_followed_levels(stage)
    if point < order_up_to:
        return f"at {render_units(point)} up to {render_units(order_up_to)}"
    return f"up to {render_units(order_up_to)}" if order_up_to else "nothing in stock"


def _render_followed_levels(stage: Mapping[str, Any]) -> str:
    """Return levels that follow the demand as the times that they cover, and the safety stock that is added."""
    safety = stage["safety_stock"]
    point, cover = (
        _render_days((stage[key] - safety) / stage["mean_demand"]) for key in ("reorder_point", "order_up_to")
    )
    levels = (
        f"{cover} of demand"
        if stage["reorder_point"] == stage["order_up_to"]
        else f"at {point} up to {cover} of demand"
    )
    return f"{levels} plus {render_units(safety)}" if safety else levels


def render_distribution(draw: Mapping[str, Any]) -> str:
    """Return a distribution in words: family, mean, coefficient of variation, range where it ends, time between draws.

    Parameters
    ----------
    draw : the variables of an outline for one draw: ``distribution_family``, ``_mean``, ``_sd``, ``_low`` and
        ``_high``, ``random_unit`` and ``random_quantity``, and ``draw_period`` (days).
    """
    mean, sd, low, high = (draw[f"distribution_{name}"] for name in ("mean", "sd", "low", "high"))

    def render_value(value: float) -> str:
        return _render_days(value, abs(mean)) if draw["random_unit"] == "d" else render_units(value)

    if draw["distribution_family"] == "constant":
        return f"always {render_value(mean)}"
    words = [_spell(draw["distribution_family"]), f"mean {render_value(mean)}"]
    words.append(f"cv {format_number(sd / mean, _DIGITS)}" if mean else f"sd {render_value(sd)}")
    if math.isfinite(high):
        words.append(f"from {render_value(low)} to {render_value(high)}")
    is_periodic = draw["random_quantity"] in ("demand", "forecast")
    every = f"; drawn every {_render_days(draw['draw_period'])}" if is_periodic else ""
    return ", ".join(words) + every


def render_parameters(parameters: str, unit: str) -> str:
    """Return the parameters of a distribution, such as ``shape 2, scale 3 d``.

    Parameters
    ----------
    parameters : ``distribution_parameters`` of an outline.
    unit : ``random_unit`` of an outline; of times, all that are not pure numbers are in days.
    """
    found: dict[str, Any] = json.loads(parameters)
    words = (
        f"{_spell(name)} {' '.join(format_number(one, _MANY_DIGITS) for one in np.atleast_1d(value))}"
        for name, value in found.items()
    )
    text = ", ".join(words)
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return f"in days: {shown}" if unit == "d" else shown


def render_price(name: str, price: float, unit: str, period_hours: float) -> str:
    """Return a price in words, such as ``backorder cost 2 EUR/unit/d``.

    A price that counts per period is said per day, but those of the network as a whole per year.

    Parameters
    ----------
    name : a name in :data:`jitrisk.vocabulary.PRICES`.
    price : its value.
    unit : its unit in an outline.
    period_hours : length of one period.
    """
    if name == "owned_in_process":
        return "units in process are the network's own" if price else "units in process are not the network's own"
    if name == "holding_rate":
        return f"holding rate {format_number(100 * price * HOURS_PER_YEAR / period_hours, _DIGITS)} % per year"
    if name == "fixed_cost":
        yearly = format_number(price * HOURS_PER_YEAR / period_hours, _DIGITS)
        return f"fixed cost {yearly} {unit.removesuffix('/period')} per year"
    is_per_period = unit.endswith("/period")
    daily = price * HOURS_PER_DAY / period_hours if is_per_period else price
    shown = f"{unit.removesuffix('/period')}/d" if is_per_period else unit
    return f"{_spell(name)} {format_number(daily, _DIGITS)} {shown}"


def render_draw_name(quantity: str, owner: str) -> str:
    """Return what is drawn, such as ``demand of shop``.

    Parameters
    ----------
    quantity : ``random_quantity`` of an outline.
    owner : ``random_owner`` of an outline.
    """
    return _DRAWS.get(quantity, f"{_spell(quantity)} of {{}}").replace("{}", owner)


def read_factors(effect: xr.DataArray) -> dict[str, float]:
    """Return the factors of one hit by kind of effect, without what it does not change.

    Parameters
    ----------
    effect : the variable ``effect`` of an outline or a replay for one hit, dim effect_kind.
    """
    pairs = zip(effect["effect_kind"].values.tolist(), effect.values.tolist(), strict=True)
    return {str(kind): factor for kind, factor in pairs if not math.isnan(factor)}


def render_effect(factors: Mapping[str, float]) -> str:
    """Return what a hazard does to one stage or customer, such as ``no capacity, yield × 0.9``; empty for nothing.

    Parameters
    ----------
    factors : factors by kind of effect.
    """
    return ", ".join(
        f"no {_spell(kind)}" if factor == 0 else f"{_spell(kind)} × {format_number(factor, _DIGITS)}"
        for kind, factor in factors.items()
    )


def render_unmet_demand(backorder_share: float) -> str:
    """Return what happens to demand that is not met at once.

    Parameters
    ----------
    backorder_share : share of it that is backordered.
    """
    if backorder_share in (0.0, 1.0):
        return "unmet demand is backordered" if backorder_share else "unmet demand is lost"
    return f"{render_share(backorder_share)} of unmet demand is backordered, the rest lost"


def render_shelf_life(days: float) -> str:
    """Return for how long a unit can be used, given the shelf life in days; infinite for ever."""
    return f"expires after {_render_days(days)}" if math.isfinite(days) else "never expires"


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
    after = f"after {_render_days(stage['standby_after'])}" if stage["standby_after"] else "at once"
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
    each = "a month" if math.isclose(days, _MONTH) else _render_days(days)
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
    every = "month" if math.isclose(days, _MONTH) else _render_days(days)
    return f"forecast with an error, drawn every {every}"


def _is_absent(value: float | None) -> bool:
    return value is None or math.isnan(value)


def _render_days(days: float, like: float | None = None) -> str:
    scale = None if like is None else like * HOURS_PER_DAY
    return format_duration(days * HOURS_PER_DAY, _DIGITS, like=scale)


def _spell(name: str) -> str:
    """Return a name of the model file as words."""
    return name.replace("_", " ")
