"""Laws, policies and effects in words, for people who read what a model says."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from jitrisk.model.fields.quantities import HOUR, UNITS
from jitrisk.units import format_number

if TYPE_CHECKING:
    from jitrisk.lower import Levels
    from jitrisk.model import Hit, Policy
    from jitrisk.sampling.distributions import Distribution

_DIGITS = 4

# A time is written in the first of these units that it reaches this many of.
_SPANS = (("year", "years", 2.0), ("d", "d", 1.0), ("h", "h", 1.0), ("min", "min", 0.0))


def format_count(value: float) -> str:
    """Return a number of units."""
    return format_number(value, _DIGITS)


def format_duration(hours: float, like: float | None = None) -> str:
    """Return a time with the unit that suits it.

    Parameters
    ----------
    hours : the time.
    like : a time whose unit is used instead, hours.
    """
    measured = hours if like is None else like
    name, plural = next((one, many) for one, many, least in _SPANS if measured >= least * UNITS[one] / HOUR)
    value = format_count(hours / (UNITS[name] / HOUR))
    return f"{value} {name if value == '1' else plural}"


def format_distribution(law: Distribution, hours: float | None) -> str:
    """Return a distribution in words: its family, mean, coefficient of variation, and range where it has an end.

    Parameters
    ----------
    law : the distribution.
    hours : hours in one of what it counts, where it draws times; None where it draws plain numbers.
    """

    def format_value(value: float) -> str:
        return format_count(value) if hours is None else format_duration(value * hours, abs(mean) * hours)

    mean, sd = law.mean(), law.sd()
    if law.family == "constant":
        return f"always {format_value(mean)}"
    words = [law.family.replace("_", " "), f"mean {format_value(mean)}"]
    words.append(f"cv {format_count(sd / mean)}" if mean else f"sd {format_value(sd)}")
    if math.isfinite(law.highest):
        words.append(f"from {format_value(law.lowest)} to {format_value(law.highest)}")
    return ", ".join(words)


def format_policy(policy: Policy, levels: Levels, days: float) -> str:
    """Return a policy in words, with its levels in units.

    Parameters
    ----------
    policy : the policy.
    levels : what it means in units.
    days : days in one period.
    """
    point, full, lot = levels.reorder_point, levels.order_up_to, levels.lot
    if policy.is_unlimited:
        rule = "always as much on order as its capacity"
    elif lot and not levels.by_demand:
        cards = round(full / lot)
        rule = f"{cards:,} card{'s' * (cards != 1)} of {format_count(lot)}"
    elif lot:
        rule = f"at {format_count(point)} order {format_count(lot)}"
    elif point < full:
        rule = f"at {format_count(point)} up to {format_count(full)}"
    else:
        rule = f"up to {format_count(full)}" if full else "nothing in stock"
    review = (
        f", reviewed every {format_duration(levels.review * days * 24)}"
        if levels.review > 1 and not policy.is_unlimited
        else ""
    )
    return f"{policy.kind.replace('_', ' ')}: {rule}{review}"


def format_effect(hit: Hit) -> str:
    """Return what a hazard does to one stage or customer while it is on."""
    factors = {name: getattr(hit, hit.list_keys()[name]) for name in hit.needed}
    words = [
        f"no {name.replace('_', ' ')}" if factor == 0 else f"{name.replace('_', ' ')} × {factor:g}"
        for name, factor in factors.items()
        if factor is not None
    ]
    return ", ".join(words)
