"""Numbers with units: the one strict parser behind every quantity of a model.

A text is a number, a percentage, a duration (``8 h``, ``1 d 6 h``, ISO 8601 ``PT8H``) or a rate, which is a number
or a percentage divided by a duration (``900 / d``, ``1 / 20 years``, ``22 % / year``). A week is 7 days, a year 365
days and a month a twelfth of a year. Nothing else is guessed: ``1:30``, ``40_000`` and ``1,5`` are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from jitrisk.model.faults import describe_unknown, find_nearest, format_text
from jitrisk.units import DAY, HOUR, MINUTE, SECONDS_PER_UNIT, SHOWN_UNITS, YEAR

NUMBER_PATTERN = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NUMBER = re.compile(rf"([+-]?{NUMBER_PATTERN})\s*(%?)")
_TERM = re.compile(rf"({NUMBER_PATTERN})\s*([^\W\d_]+)\s*")
_WITH_UNIT = re.compile(rf"(?P<before>[^\W\d_]+|[$€£¥])?\s*(?P<number>{NUMBER_PATTERN})\s*(?P<after>[^\W\d_]+|[$€£¥])?")
_N = r"(?:([0-9]+(?:\.[0-9]+)?)"
_ISO = re.compile(rf"P(?=.){_N}Y)?{_N}M)?{_N}W)?{_N}D)?(?:T(?=.){_N}H)?{_N}M)?{_N}S)?)?")
_ISO_SECONDS = (YEAR, YEAR // 12, 7 * DAY, DAY, HOUR, MINUTE, 1)
_LONGEST = 200
_PER = re.compile(r"\bper\b|\ba\b(?=\s+(?:day|week|month|year|hour)\b)")

_UNIT_PATTERN = "(?:" + "|".join(sorted(SECONDS_PER_UNIT, key=len, reverse=True)) + ")"
_ISO_PATTERN = r"P(?:[0-9.]+[YMWD])*(?:T(?:[0-9.]+[HMS])+)?"
DURATION_PATTERN = rf"(?:(?:{NUMBER_PATTERN}\s*{_UNIT_PATTERN}\s*)+|{_ISO_PATTERN})"
RATE_BELOW_PATTERN = rf"/\s*(?:{_UNIT_PATTERN}|{DURATION_PATTERN})"


@dataclass(frozen=True)
class ParsedQuantity:
    """A number as written, with the power of time it carries.

    Attributes
    ----------
    number : the number; the seconds of a duration; the numerator of a rate.
    time : 1 for a duration, 0 for a plain number, -1 for a rate.
    seconds : the seconds that a rate is per; 1 otherwise.
    percent : whether it was written as a percentage (`number` is the share).
    """

    number: float
    time: int = 0
    seconds: float = 1.0
    percent: bool = False

    @property
    def has_unit(self) -> bool:
        """Whether it is more than a plain number."""
        return self.time != 0 or self.percent

    @property
    def kind(self) -> str:
        """Its kind, with an article."""
        if self.time:
            return "a duration" if self.time > 0 else "a rate"
        return "a percentage" if self.percent else "the number"


def parse(source: object) -> ParsedQuantity:
    """Read a number or a text as a quantity.

    Raises
    ------
    ValueError
        with the reason in half a sentence, if it is neither.
    """
    if isinstance(source, bool) or not isinstance(source, int | float | str):
        raise ValueError("neither a number nor a quantity with a unit")
    if not isinstance(source, str):
        return ParsedQuantity(_require_finite(float(source)))
    text = source.strip()
    if not text or len(text) > _LONGEST:
        raise ValueError("the text is empty" if not text else "the text is too long")
    if (slashed := _PER.sub("/", text)) != text:
        raise ValueError(f"write `/` for per, as in `{format_text(strip_unit(slashed) or slashed)}`")
    above, slash, below = text.partition("/")
    top = _parse_amount(above.strip())
    if not slash:
        return top
    if top.time:
        raise ValueError("only a number or a percentage can be per time")
    seconds = _parse_duration(below.strip(), single=True)
    if seconds <= 0.0:
        raise ValueError("the time below the `/` must be above 0")
    return ParsedQuantity(top.number, -1, seconds, top.percent)


def is_duration(source: object) -> bool:
    """Return whether a value of a model is a duration with its unit."""
    try:
        return parse(source).time > 0
    except ValueError:
        return False


def parse_number(source: Any) -> Any:
    """Return the number in a text that is a plain number, such as ``1e5``; anything else as it is."""
    if not isinstance(source, str):
        return source
    try:
        quantity = parse(source)
    except ValueError:
        return source
    return source if quantity.has_unit else quantity.number


def describe_found(source: object) -> str:
    """Return a value of a model as messages show it, such as ``a rate `900 / d` ``."""
    if source is None:
        return "nothing"
    if isinstance(source, bool):
        return f"`{str(source).lower()}`"
    if isinstance(source, Mapping):
        return "a mapping" if source else "an empty mapping"
    if isinstance(source, Sequence) and not isinstance(source, str | bytes):
        return "a list" if source else "an empty list"
    if not isinstance(source, int | float | str):
        return f"something of type `{format_text(type(source).__name__)}`"
    try:
        kind = parse(source).kind
    except ValueError:
        kind = "the text" if isinstance(source, str) else "the number"
    return f"{kind} `{format_text(str(source))}`" if source != "" else "an empty text"


def strip_unit(source: object) -> str | None:
    """Return a number, or a rate, without its unit of goods or money, such as ``30`` of ``30 EUR``.

    None where there is no such unit.
    """
    if not isinstance(source, str):
        return None
    above, slash, below = (part.strip() for part in source.partition("/"))
    match = _WITH_UNIT.fullmatch(above)
    unit = (match["before"] or match["after"] or "") if match else ""
    if not match or not unit or unit in SECONDS_PER_UNIT or find_nearest(unit, SECONDS_PER_UNIT):
        return None
    return f"{match['number']} / {below}" if slash else match["number"]


def _require_finite(number: float) -> float:
    if not isfinite(number):
        raise ValueError("the number must be finite")
    return number


def _parse_amount(text: str) -> ParsedQuantity:
    """Read the part above the slash: a number, a percentage or a duration."""
    match = _NUMBER.fullmatch(text)
    if not match:
        return ParsedQuantity(_parse_duration(text), 1)
    number = _require_finite(float(match[1]))
    return ParsedQuantity(number / 100.0, percent=True) if match[2] else ParsedQuantity(number)


def _parse_duration(text: str, single: bool = False) -> float:
    """Return the seconds in ``1 d 6 h`` or ``PT8H``; with `single` also in a unit alone, as in ``/ d``."""
    if text.startswith("P"):
        return _parse_iso(text)
    if single and text in SECONDS_PER_UNIT:
        return float(SECONDS_PER_UNIT[text])
    seconds, place = 0.0, 0
    while match := _TERM.match(text, place):
        seconds += float(match[1]) * _convert_unit(match[2])
        place = match.end()
    if place < len(text) or not text:
        raise ValueError(_explain_fault(text, text[place:]))
    return _require_finite(seconds)


def _parse_iso(text: str) -> float:
    match = _ISO.fullmatch(text)
    if not match:
        raise ValueError("a duration that begins with `P` must be ISO 8601, such as `PT8H` or `P1DT6H`")
    pairs = zip(match.groups(), _ISO_SECONDS, strict=True)
    return _require_finite(sum(float(number) * seconds for number, seconds in pairs if number))


def _convert_unit(unit: str) -> int:
    if unit not in SECONDS_PER_UNIT:
        raise ValueError(_explain_unknown_unit(unit))
    return SECONDS_PER_UNIT[unit]


def _explain_unknown_unit(unit: str) -> str:
    if unit == "m":
        return "the unit `m` is ambiguous: write `min` or `month`"
    return describe_unknown("unit of time", unit, SECONDS_PER_UNIT, SHOWN_UNITS)


def _explain_fault(text: str, rest: str) -> str:
    """Return why a text is no quantity, with the next step for common mistakes."""
    if ":" in text:
        return "write hours and minutes with their units, such as `1 h 30 min`"
    if re.search(r"[0-9][_,' ][0-9]", text):
        return "write a number without separators and with a point for decimals, such as `40000` or `1.5`"
    if text.lower().lstrip("+-.") in ("nan", "inf", "infinity"):
        return "the number must be finite"
    if text.startswith("-"):
        return "a duration cannot be negative"
    if re.fullmatch(r"[^\W\d_]+", rest) and rest == text:
        return "a number is missing" if rest in SECONDS_PER_UNIT else "neither a number nor a quantity with a unit"
    return "write a number, or a number and a unit such as `8 h` or `900 / d`"
