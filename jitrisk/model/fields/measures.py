"""The quantities of a model: the unit of each, its bounds, and its JSON Schema."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pydantic.json_schema import JsonSchemaValue

from jitrisk.model.faults import build_refusal
from jitrisk.model.fields.quantities import (
    DURATION_PATTERN,
    NUMBER_PATTERN,
    RATE_BELOW_PATTERN,
    ParsedQuantity,
    describe_found,
    parse,
    strip_unit,
)
from jitrisk.model.fields.readers import Clock, FunctionReader, Reader
from jitrisk.model.pointers.distributions import find_call_pointer
from jitrisk.units import DAY, HOUR, format_duration

LARGEST = 1e12
"""No quantity of a model may be larger: beyond it float32 arithmetic on units is too coarse."""

SMALLEST = 1e-12
"""No quantity of a model may lie between 0 and this: products of such numbers vanish in float32."""

# Relative difference between a duration and a whole number of periods that is rounding of the text.
_WHOLE = 1e-9


@dataclass(frozen=True)
class Measure(Reader):
    """A quantity with its unit and bounds; reads a field of type float.

    Attributes
    ----------
    title : its name, also that of its definition in the JSON Schema.
    expected : what is allowed, in words, with an example.
    time : power of time of the text with a unit: 1 duration, 0 plain number, -1 rate.
    bare : whether a number without a unit of time is allowed.
    percent : whether it may be written as a percentage.
    low, high : lowest and highest value, in periods or per period.
    above, below : whether `low`, `high` itself is refused.
    smallest : lowest value above 0.
    """

    title: str
    expected: str
    time: int = 0
    bare: bool = True
    percent: bool = False
    low: float = 0.0
    high: float = LARGEST
    above: bool = False
    below: bool = False
    smallest: float = SMALLEST

    def read(self, source: Any, clock: Clock, also: str = "", hint: str = "") -> float:
        """Return the quantity in periods, per period, or as it is.

        Parameters
        ----------
        source : a number or a text.
        clock : what a bare number counts.
        also : what else is allowed in its place, for the message.
        hint : end of the message about a value that is no quantity, in place of the reason.

        Raises
        ------
        PydanticCustomError
            if it is no quantity, has the wrong dimension, or is out of bounds.
        """
        try:
            quantity = parse(source)
        except ValueError as error:
            reason = hint or self._explain(source, error)
            raise build_refusal(f"expected {self.expected}{also}, found {describe_found(source)}{reason}") from None
        if not self._has_dimension(quantity):
            raise build_refusal(f"expected {self.expected}{also}, found {describe_found(source)}")
        value = self._convert(quantity, clock.seconds)
        if not self.is_allowed(value):
            raise build_refusal(
                f"expected {self.expected}{also}, {self.describe_bounds(value)}, found {describe_found(source)}"
            )
        return value

    def is_allowed(self, value: float) -> bool:
        """Return whether a value, in periods or per period, is within the bounds."""
        low = value > self.low if self.above else value >= self.low
        high = value < self.high if self.below else value <= self.high
        return low and high and not self._is_tiny(value)

    def _is_tiny(self, value: float) -> bool:
        return 0.0 < value < self.smallest

    def describe_bounds(self, value: float) -> str:
        """Return in words the bounds that a value breaks."""
        if not self._is_tiny(value):
            return self.bounds
        zero = "" if self.above else f"{self.low:g} or "
        return f"{zero}from {self.smallest:g} to {self.high:g}"

    @property
    def bounds(self) -> str:
        """The bounds in words."""
        low = f"{'above' if self.above else 'at least'} {self.low:g}"
        return f"{low} and {'below' if self.below else 'at most'} {self.high:g}"

    def drop_bounds(self) -> Measure:
        """Return the same measure for a parameter of a distribution, which may be any number from 0."""
        return self._free

    @cached_property
    def _free(self) -> Measure:
        free = Measure(self.title, self.expected, self.time, self.bare, self.percent)
        return self if free == self else replace(free, title=f"{self.title}Parameter")

    def _explain(self, source: Any, error: ValueError) -> str:
        """Return the end of the message about a value that is no quantity."""
        if isinstance(source, bool) or not isinstance(source, int | float | str):
            return ""
        if find_call_pointer(source):
            return "; nothing is drawn here"
        bare = strip_unit(source) if self.time <= 0 else None
        if bare is None:
            return f"; {error}"
        if self.percent:
            return "; write a number or a percentage"
        return f"; units and money are bare numbers, write `{bare}`"

    def _has_dimension(self, quantity: ParsedQuantity) -> bool:
        if quantity.percent and not (self.percent and quantity.time == self.time):
            return False
        return quantity.time == self.time or (quantity.time == 0 and self.bare)

    def _convert(self, quantity: ParsedQuantity, seconds: float) -> float:
        if quantity.time > 0:
            return quantity.number / seconds
        if quantity.time < 0:
            return quantity.number * seconds / quantity.seconds
        return quantity.number

    def build_schema(self) -> JsonSchemaValue:
        """Return what an editor accepts: a number or a text of the right form."""
        number: JsonSchemaValue = {"type": "number", "exclusiveMinimum" if self.above else "minimum": self.low}
        number["exclusiveMaximum" if self.below else "maximum"] = self.high
        text = {"type": "string", "pattern": self._build_pattern()}
        return {"anyOf": [number, text] if self.bare else [text], "description": self.expected}

    def _build_pattern(self) -> str:
        sign = "[+-]?" if self.low < 0.0 else r"\+?"
        amount = f"{sign}{NUMBER_PATTERN}"
        forms = [amount] if self.bare else []
        if self.time > 0:
            forms.append(DURATION_PATTERN)
        elif self.time < 0:
            forms.append(rf"{amount}\s*{'%?' if self.percent else ''}\s*{RATE_BELOW_PATTERN}")
        elif self.percent:
            forms.append(rf"{amount}\s*%")
        return rf"^\s*(?:{'|'.join(forms)})\s*$"


@dataclass(frozen=True)
class WholePeriods(Reader):
    """A duration counted in whole periods; reads a field of type int.

    Attributes
    ----------
    smallest, largest : allowed numbers of periods.
    down : round down to whole periods rather than refuse the rest.
    """

    title = "Duration"
    smallest: int = 1
    largest: int = 10_000_000
    down: bool = False

    def read(self, source: Any, clock: Clock) -> int:
        """Return the duration in periods."""
        periods = DURATION.read(source, clock)
        whole = round(periods)
        exact = abs(periods - whole) <= _WHOLE * max(1.0, periods)
        if not exact:
            whole = int(periods)
        if clock.known and not (self.down or exact):
            raise self._build_refusal("a whole number of periods", source, periods, clock)
        if clock.known and not self.smallest <= whole <= self.largest:
            raise self._build_refusal(f"from {self.smallest:,} to {self.largest:,} periods", source, periods, clock)
        return whole

    def _build_refusal(self, allowed: str, source: Any, periods: float, clock: Clock) -> ValueError:
        length = f"a period is {format_duration(clock.seconds / HOUR, 4)}"
        return build_refusal(
            f"expected {allowed} ({length}), found {describe_found(source)}, which is {periods:.6g} periods"
        )

    def build_schema(self) -> JsonSchemaValue:
        """Return what an editor accepts."""
        return DURATION.build_schema()


@dataclass(frozen=True)
class PeriodOrMore(Reader):
    """A duration of one period or more, which need not be whole; reads a field of type float, in periods."""

    title = "Duration"

    def read(self, source: Any, clock: Clock) -> float:
        """Return the duration in periods."""
        periods = DURATION.read(source, clock)
        if clock.known and periods < 1.0 - _WHOLE:
            allowed = f"at least one period (a period is {format_duration(clock.seconds / HOUR, 4)})"
            found = f"{describe_found(source)}, which is {periods:.6g} periods"
            raise build_refusal(f"expected {allowed}, found {found}")
        return periods

    def build_schema(self) -> JsonSchemaValue:
        """Return what an editor accepts."""
        return DURATION.build_schema()


DURATION = Measure("Duration", "a duration such as `8 h` or a number of periods", time=1)
TIME = Measure("Time", "a duration such as `8 h` or a number of periods", time=1, above=True)
LENGTH = Measure("Length", "a duration with its unit such as `8 h`", time=1, bare=False, above=True)
CREDIT = Measure(
    "Credit", "a duration with its unit such as `30 d`, as a bare number would count periods", time=1, bare=False
)
CAPACITY = Measure("Capacity", "units per time such as `900 / d` or a number of units per period", time=-1)
DEMAND = Measure("DemandRate", "units per time such as `900 / d` or a number of units per draw", time=-1)
FREQUENCY = Measure(
    "Frequency",
    "a frequency such as `1 / 20 years` or a number per period (`chance: 0` switches a hazard off)",
    time=-1,
    percent=True,
    above=True,
)
INTEREST = Measure("Interest", "a share per time such as `20 % / year` or a share per period", time=-1, percent=True)
UNITS = Measure("Units", "a number of units")
POSITIVE_UNITS = Measure("UnitsAboveZero", "a number of units", above=True)
NUMBER = Measure("Number", "a plain number", percent=True)
WEIGHT = Measure("Weight", "a plain number", percent=True, smallest=0.0)
MONEY = Measure("Money", "an amount of money as a plain number")
MONEY_PER_TIME = Measure("MoneyPerTime", "money per time such as `3000 / d` or an amount per period", time=-1)
SHARE = Measure("Share", "a share such as `0.25` or `25 %`", percent=True, high=1.0)
SHARE_ABOVE_ZERO = Measure("ShareAboveZero", "a share such as `0.25` or `25 %`", percent=True, high=1.0, above=True)
SMOOTHING = Measure("Smoothing", "a weight such as `0.2` or `20 %`", percent=True, high=1.0, above=True)
GROWTH = Measure(
    "Growth",
    "a change per time such as `5 % / year` or `-5 % / year`, or a share per period",
    time=-1,
    percent=True,
    low=-LARGEST,
)
SERVICE = Measure("Service", "a probability such as `0.98` or `98 %`", percent=True, high=1.0, above=True, below=True)
MARGIN = Measure("Margin", "a margin such as `0.1` or `10 %`", percent=True)
YIELD = Measure("Yield", "a share of good units such as `0.998` or `99.8 %`", percent=True, high=1.0, above=True)
FACTOR = Measure("Factor", "a factor such as `1.4` or `140 %`", percent=True)
FACTOR_FROM_ONE = Measure("FactorFromOne", "a factor from 1 on such as `1.25` or `125 %`", percent=True, low=1.0)
POSITIVE_FACTOR = Measure("FactorAboveZero", "a factor such as `1.4` or `140 %`", percent=True, above=True)
REDUCTION = Measure("Reduction", "a factor from 0 to 1 such as `0.5` or `50 %`", percent=True, high=1.0)

HOURS = FunctionReader(LENGTH.title, lambda source, clock: LENGTH.read(source, Clock(HOUR)), LENGTH.build_schema())
"""Reads the period itself, in hours."""

DAYS = FunctionReader(CREDIT.title, lambda source, clock: CREDIT.read(source, Clock(DAY)), CREDIT.build_schema())
"""Reads a time to pay, in days."""
