"""Policies, distributions and effects of hazards in English, from the values that an outline or a replay holds."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from jitrisk.units import HOURS_PER_DAY, HOURS_PER_YEAR, format_duration, format_number, format_percent

_DIGITS = 4
_MANY_DIGITS = 6
_LONGEST = 120
_DRAWS = {"time_between": "time before {}", "duration": "duration of {}", "forecast": "forecast error of {}"}


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
        words.append(f"reviewed every {render_days(stage['review_period'])}")
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
        render_days((stage[key] - safety) / stage["mean_demand"]) for key in ("reorder_point", "order_up_to")
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
        return render_days(value, abs(mean)) if draw["random_unit"] == "d" else render_units(value)

    if draw["distribution_family"] == "constant":
        return f"always {render_value(mean)}"
    words = [_spell(draw["distribution_family"]), f"mean {render_value(mean)}"]
    words.append(f"cv {format_number(sd / mean, _DIGITS)}" if mean else f"sd {render_value(sd)}")
    if math.isfinite(high):
        words.append(f"from {render_value(low)} to {render_value(high)}")
    is_periodic = draw["random_quantity"] in ("demand", "forecast")
    every = f"; drawn every {render_days(draw['draw_period'])}" if is_periodic else ""
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


def render_days(days: float, like: float | None = None) -> str:
    """Return a number of days as a duration in the unit that suits it, or that suits another number of days."""
    scale = None if like is None else like * HOURS_PER_DAY
    return format_duration(days * HOURS_PER_DAY, _DIGITS, like=scale)


def _spell(name: str) -> str:
    """Return a name of the model file as words."""
    return name.replace("_", " ")
