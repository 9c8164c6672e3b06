"""Numbers as people read them: scaled to thousands and millions, rounded to what their error supports."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from jitrisk.risk.inputs import is_about_a_year
from jitrisk.units import (
    DAYS_PER_YEAR,
    HOURS_PER_DAY,
    compute_exponent,
    format_count,
    format_duration,
    format_fixed,
    format_trimmed,
)

UNKNOWN = "?"
_DIGITS = 4


class Estimate(NamedTuple):
    """A value and half the width of its interval, NaN where that is unknown."""

    value: float
    half: float

    def multiply(self, factor: float) -> Estimate:
        """Return the estimate in another unit."""
        return Estimate(self.value * factor, self.half * abs(factor))


class Rounded(NamedTuple):
    """An estimate as text: the value, and half its interval, empty where there is none to show."""

    value: str
    half: str = ""

    def __str__(self) -> str:
        return f"{self.value} ± {self.half}" if self.half else self.value


class Scale(NamedTuple):
    """A power of a thousand that figures are divided by, and the word for it."""

    factor: float
    word: str

    def format_unit(self, unit: str) -> str:
        """Return the scaled unit, such as ``M EUR``."""
        return f"{self.word} {unit}".strip()


ONE = Scale(1.0, "")
_SCALES = (Scale(1e12, "tn"), Scale(1e9, "bn"), Scale(1e6, "M"), Scale(1e3, "k"))


def select_scale(values: Iterable[float], beside: Scale | None = None) -> Scale:
    """Return the scale that suits the largest of the values.

    Parameters
    ----------
    values : what is to be shown together.
    beside : a scale already used nearby, which is kept while the largest value still reaches 0.01 in it.
    """
    top = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if beside and (top == 0 or 0.01 <= top / beside.factor < 1e5):
        return beside
    # 9,800 reads better than 9.8 k, and 1.2 M better than 1,200 k.
    return next((s for s in _SCALES if top >= s.factor * (10 if s.word == "k" else 1)), ONE)


def round_estimate(estimate: Estimate, top: float = math.inf) -> Rounded:
    """Round an estimate to what half its interval supports: two digits of that if it begins with 1 or 2, else one.

    Half an interval too small to show beside four digits is left out; an unknown one becomes a question mark.

    Parameters
    ----------
    estimate : the value and half its interval.
    top : what the value cannot exceed, such as 100 %; digits are counted from the nearer end.
    """
    value, half = estimate
    size = min(abs(value), top - value) if value < top else abs(value)
    decimals = _DIGITS - 1 - compute_exponent(size)
    if half == 0:
        return Rounded(format_trimmed(value, decimals))
    if math.isnan(half):
        return Rounded(format_trimmed(value, decimals - 1), UNKNOWN)
    if size and half <= 0.5 * 10.0**-decimals:
        return Rounded(format_fixed(value, max(decimals, 0)))
    power = compute_exponent(half)
    decimals = -power + (half < 2.95 * 10.0**power)
    if half < abs(value):
        # An interval that leaves out 0 must not look as if it held it.
        while round(abs(value), decimals) <= round(half, decimals):
            decimals += 1
    return Rounded(format_fixed(value, decimals), format_fixed(half, decimals))


def format_share(value: float, lower: float, upper: float) -> Rounded:
    """Round a share with its interval to percent; one never or always seen is shown by the end of its interval."""
    if value == 0:
        return Rounded(f"< {_format_rounded_up(100 * upper)}")
    if value == 1:
        return Rounded(f"> {_format_rounded_down(100 * (1 - lower))}")
    return round_estimate(Estimate(100 * value, 50 * (upper - lower)), top=100)


def join_names(names: Sequence[str]) -> str:
    """Return names as a list in words."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def format_horizon(attrs: Mapping[str, Any]) -> str:
    """Return how long the horizon is where single paths are not scaled to a year, such as ``30 d``; else nothing.

    Parameters
    ----------
    attrs : those of a result or of what is computed from it.
    """
    days = float(attrs.get("periods", 0.0)) * float(attrs.get("period_hours", 0.0)) / HOURS_PER_DAY
    return "" if not days or is_about_a_year(days / DAYS_PER_YEAR) else format_duration(days * HOURS_PER_DAY)


def format_within_horizon(attrs: Mapping[str, Any]) -> str:
    """Return what single paths add up over where that is not about a year, such as `` in 30 d``; else nothing."""
    length = format_horizon(attrs)
    return f" in {length}" if length else ""


def describe_sample(attrs: Mapping[str, Any]) -> str:
    """Return how many paths there are, and that they are weighted where they are.

    Parameters
    ----------
    attrs : those of what is computed from a result.
    """
    return format_count(int(attrs["paths"]), "path") + (", weighted" if "rare" in attrs else "")


def format_per_horizon(attrs: Mapping[str, Any]) -> str:
    """Return what single paths add up over, in words: ``per year`` where they are about that long, else ``over 30 d``.

    Parameters
    ----------
    attrs : those of a result or of what is computed from it.
    """
    length = format_horizon(attrs)
    return f"over {length}" if length else "per year"


def _round_up(value: float) -> tuple[float, int]:
    decimals = -compute_exponent(value)
    up = math.ceil(value * 10.0**decimals) / 10.0**decimals
    return up, max(-compute_exponent(up), 0)


def _format_rounded_up(percent: float) -> str:
    value, decimals = _round_up(percent)
    return f"{value:.{decimals}f}"


def _format_rounded_down(percent: float) -> str:
    value, decimals = _round_up(percent)
    return f"{100 - value:.{decimals}f}"
