"""Units of time, and numbers, durations, dates and amounts of memory as text.

A leaf module, the only one that turns them into text; how an estimate is rounded by its error stands in
:mod:`jitrisk.report.numbers`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
YEAR = 365 * DAY

_NAMES = {
    1: ("s", "sec", "second", "seconds"),
    MINUTE: ("min", "minute", "minutes"),
    HOUR: ("h", "hr", "hour", "hours"),
    DAY: ("d", "day", "days"),
    7 * DAY: ("w", "wk", "week", "weeks"),
    YEAR // 12: ("month", "months"),
    YEAR: ("y", "yr", "year", "years"),
}
SECONDS_PER_UNIT = {name: seconds for seconds, names in _NAMES.items() for name in names}
"""Seconds in every unit of time, by each of its names."""

SHOWN_UNITS = ("s", "min", "h", "d", "week", "month", "year")
"""The names of units of time in messages, one name per unit."""

HOURS_PER_DAY = DAY / HOUR
HOURS_PER_YEAR = YEAR / HOUR
DAYS_PER_YEAR = YEAR / DAY

DurationUnits = Sequence[tuple[str, float, float]]

DURATION_UNITS: DurationUnits = (
    ("years", HOURS_PER_YEAR, 2 * HOURS_PER_YEAR),
    ("d", HOURS_PER_DAY, HOURS_PER_DAY),
    ("h", 1.0, 1.0),
    ("min", MINUTE / HOUR, math.ulp(0.0)),
    ("h", 1.0, 0.0),
)
"""Units of durations in text: name, hours in one, and the hours from which a duration is shown in it."""

LOG_UNITS: DurationUnits = (("d", HOURS_PER_DAY, 2 * HOURS_PER_DAY), ("h", 1.0, 0.0))
"""Those of a replay log, whose dates are days and hours."""

_ROUNDING = 1e-12  # relative, of a duration in another unit
_LEAST_WRITTEN_OUT, _FIRST_TOO_LONG = 1e-4, 1e15
_BYTES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def format_number(value: float, digits: int = 3) -> str:
    """Return a number with some significant digits, or all before the point; zeros behind it are left out.

    A number below 0.0001, or of 1e15 or more, is in scientific notation: no reader counts its zeros.
    """
    if not math.isfinite(value):
        return f"{value:g}"
    if value and not _LEAST_WRITTEN_OUT <= abs(value) < _FIRST_TOO_LONG:
        mantissa, exponent = f"{value:.{max(digits, 1) - 1}e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{exponent}"
    return format_trimmed(value, digits - 1 - compute_exponent(value))


def compute_exponent(value: float) -> int:
    """Return the power of ten of the first digit, 0 for none."""
    return math.floor(math.log10(abs(value))) if value and math.isfinite(value) else 0


def format_fixed(value: float, decimals: int) -> str:
    """Return a number rounded to some decimals, or before the point where they are negative; never a negative zero."""
    return f"{round(value, decimals):z,.{max(decimals, 0)}f}"


def format_trimmed(value: float, decimals: int) -> str:
    """Return a number with some decimals at most, without zeros behind the point."""
    text = format_fixed(value, max(decimals, 0))
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_count(count: int, noun: str) -> str:
    """Return a count with its noun in singular or plural, such as ``1 path`` and ``1,000 paths``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def format_percent(share: float) -> str:
    """Return a probability or share in percent with all the digits that it was given with."""
    return f"{100 * share:.10g}"


def format_duration(
    hours: float,
    digits: int = 3,
    *,
    like: float | None = None,
    units: DurationUnits = DURATION_UNITS,
    least: float = 0.0,
) -> str:
    """Return a duration in the largest unit that suits it, such as ``30 min``, ``8 h``, ``1.5 d`` and ``2 years``.

    Parameters
    ----------
    hours : the duration.
    digits : significant digits.
    like : a duration whose unit is used instead, hours.
    units : the units to select from.
    least : the least duration that has a meaning, hours; a shorter one, but 0, becomes ``< 1 min`` or alike.
    """
    if 0 < hours < least:
        return f"< {format_duration(least, digits, like=like, units=units)}"
    if math.isnan(hours):
        return "nan"
    shown = hours
    if like is None or math.isnan(like):
        (name, length, _), rounded = _select_unit(abs(hours), digits, units)
        shown = math.copysign(rounded, hours)
    else:
        name, length, _ = _select_unit(abs(like), digits, units)[0]
    value = format_number(shown / length, digits)
    return f"{value} {name.rstrip('s') if value == '1' else name}"


def _select_unit(hours: float, digits: int, units: DurationUnits) -> tuple[tuple[str, float, float], float]:
    """Return the unit in which a duration is shown, and the duration, rounded where that takes it to a larger unit."""
    at = next(k for k, row in enumerate(units) if hours >= row[2])
    if not hours or math.isinf(hours):
        return units[at], hours
    value = hours / units[at][1]
    # 0.99999 h is 60 min rounded, and those are 1 h.
    rounded = round(value, digits - 1 - compute_exponent(value)) * units[at][1]
    larger = next((row for row in units[:at] if rounded * (1.0 + _ROUNDING) >= row[2]), None)
    return (units[at], hours) if larger is None else (larger, rounded)


def format_log_duration(hours: float) -> str:
    """Return a duration in days from two days on, else in hours, with one decimal or two digits below it."""
    name, length, _ = next(row for row in LOG_UNITS if hours >= row[2])
    value = hours / length
    return f"{format_trimmed(value, 1) if value >= 0.1 else format_number(value, 2)} {name}"


def format_date(hours: float) -> str:
    """Return a time after the start as days and hours, such as ``day 12, 8 h``."""
    tenths = round(hours * 10)
    days, rest = divmod(tenths, round(HOURS_PER_DAY * 10))
    return f"day {days:,}, {rest / 10:g} h" if rest else f"day {days:,}"


def format_wall_time(seconds: float) -> str:
    """Return a wall time in at most two units: seconds, from a minute on in steps of 10 s, from an hour on of 1 min."""
    if round(seconds) < MINUTE:
        return f"{max(1, round(seconds))} s"
    if (tens := round(seconds / 10) * 10) < HOUR:
        minutes, rest = divmod(tens, MINUTE)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, rest = divmod(round(seconds / MINUTE), MINUTE)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def format_bytes(count: float) -> str:
    """Return a number of bytes in bytes, kB, MB or GB (powers of 1,000) with one decimal at most."""
    # Rounded to what would be shown in the unit below: 999,990 bytes are 1 MB, not 1,000 kB.
    reached = (row for row in _BYTES if round(1000 * count / row[0], 1) >= 1000)
    length, name = next(reached, (1.0, "bytes"))
    value = format_trimmed(count / length, 1)
    return f"{value} {'byte' if name == 'bytes' and value == '1' else name}"
