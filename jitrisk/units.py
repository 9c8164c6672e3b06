"""Numbers as text: with the digits asked for, thousands apart."""

from __future__ import annotations

import math


def format_number(value: float, digits: int = 3) -> str:
    """Return a number with some significant digits, or all before the point; zeros behind it are left out."""
    if not math.isfinite(value):
        return f"{value:g}"
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
