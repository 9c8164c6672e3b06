"""What the policies share: the one rule that each is an instance of, and levels in units or as cover."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Protocol

from pydantic import Field

from jitrisk.model.fields.measures import DURATION, UNITS, Measure, WholePeriods
from jitrisk.model.fields.quantities import is_duration
from jitrisk.model.fields.readers import Clock, FunctionReader
from jitrisk.model.parts.part import Part

TOLERANCE = 1e-6
"""Relative tolerance, so that whole containers and whole periods are never lost to rounding."""

UNLIMITED = "unlimited"
"""The value of cards or of a level without a limit."""

WRITE_UNLIMITED = f"; write `{UNLIMITED}`"
"""End of the message about a value that means in another tool that there is no limit."""

_ENDLESS = ("inf", ".inf", "infinity", "infinite", "none", "no limit", "endless")


def is_endless(source: Any) -> bool:
    """Return whether a value means in another tool that there is no limit."""
    return isinstance(source, str | float) and str(source).strip().lower() in _ENDLESS


@dataclass(frozen=True)
class Level:
    """A stock level, in units or as the time of mean demand that it covers.

    Attributes
    ----------
    units : the level in units, None if it is given as cover.
    cover : the level in periods of mean demand, None if it is given in units.
    """

    units: float | None = None
    cover: float | None = None

    @property
    def amount(self) -> float:
        """The number of whichever is given."""
        return self.units if self.units is not None else self.cover or 0.0

    def convert_to_units(self, mean_demand: float) -> float:
        """Return the level in units, given the mean demand in units per period."""
        return self.units if self.units is not None else self.amount * mean_demand


def _read_level(source: Any, clock: Clock) -> Level:
    if is_duration(source):
        return Level(cover=DURATION.read(source, clock))
    return Level(units=_UNITS_OR_COVER.read(source, clock))


_UNITS_OR_COVER = Measure("Level", "units such as `500` or a cover time such as `3 d`")
LevelField = Annotated[
    Level,
    FunctionReader(
        "Level",
        _read_level,
        {"anyOf": [UNITS.wrap_schema(), DURATION.wrap_schema()], "description": _UNITS_OR_COVER.expected},
    ),
]
"""Type of a field that holds a level."""


def find_cover_key(**levels: Level) -> str:
    """Return the first key whose level is given as cover, empty where none is."""
    return next((key for key, level in levels.items() if level.cover), "")


@dataclass(frozen=True)
class Levels:
    """The four numbers and the signal of the one rule that every policy is an instance of.

    Attributes
    ----------
    reorder_point : order when the position is at or below it, units.
    order_up_to : position up to which is ordered, units.
    lot : order in whole multiples of it, units; 0 for any amount.
    review_period : periods between reviews.
    demand_signal : whether the signal is demand, so that backlog and open orders of consumers count in the position;
        the signal is else the withdrawal of units.
    starts_empty : whether the store is empty at the start where the model gives no stock.
    """

    reorder_point: float
    order_up_to: float
    lot: float
    review_period: int
    demand_signal: bool
    starts_empty: bool = False

    @property
    def has_cycles(self) -> bool:
        """Whether orders are not placed in every period: (s, S), (r, Q), or a review period above 1."""
        is_cyclic = self.demand_signal and (self.lot > 0.0 or self.reorder_point < self.order_up_to)
        return is_cyclic or (self.review_period > 1 and math.isfinite(self.order_up_to))

    @property
    def initial(self) -> float:
        """Stock at the start where the model gives none, units: the order-up-to level, 0 where there is no limit."""
        return self.order_up_to if math.isfinite(self.order_up_to) and not self.starts_empty else 0.0


class LevelError(ValueError):
    """Levels that cannot be computed from the demand on the store.

    Attributes
    ----------
    key : key of the policy that causes it; empty for the policy as a whole.
    """

    def __init__(self, message: str, key: str = "") -> None:
        self.key = key
        super().__init__(message)


class StoreDemand(Protocol):
    """The demand on one store, as the levels of its policy need it; `lower` computes it."""

    @property
    def mean(self) -> float:
        """Mean demand, units per period."""

    @property
    def lead_time(self) -> float:
        """Mean time from a start to its arrival, whole periods."""

    @property
    def mean_yield(self) -> float:
        """Mean share of good units of the stage."""

    @property
    def burst(self) -> float:
        """Units by which the steady demand of some periods together exceeds their number times the mean."""

    @property
    def is_whole(self) -> bool:
        """Whether every demand on the store is a whole number of units."""

    def compute_service_level(self, service: float) -> float:
        """Return the least level that covers what is outstanding with a probability, units.

        Raises
        ------
        LevelError
            Where the level is too large, or the cases are too many.
        """


class Policy(Part):
    """What the policies share.

    Attributes
    ----------
    kind : name of the policy in the model file.
    summary : what the policy orders, in one clause, for the JSON Schema.
    example : its fields in a model file, for messages.
    level_keys : the keys of its levels, which an optimization may vary.
    empty_level : its level, in words, where the mean demand is 0.
    needs_burst : whether its levels depend on the burst of the demand.
    review_period : periods between reviews.
    """

    kind: ClassVar[str]
    summary: ClassVar[str]
    example: ClassVar[str]
    level_keys: ClassVar[tuple[str, ...]] = ()
    empty_level: ClassVar[str] = "0"
    review_period: Annotated[int, WholePeriods()] = Field(
        default=1, alias="review", description="time between two reviews of the store, whole periods"
    )

    @property
    def is_unlimited(self) -> bool:
        """Whether its cards or its level have no limit."""
        return False

    @property
    def needs_burst(self) -> bool:
        """Whether its levels depend on the burst of the demand."""
        return False

    @property
    def pushes(self) -> bool:
        """Whether it starts whatever its inputs allow."""
        return False

    @property
    def last_stage(self) -> str:
        """The last stage of the loop that its cards limit; empty where that is its own stage."""
        return ""

    @property
    def followed(self) -> Literal["season", "forecast"] | None:
        """What its levels follow in every period; None where they are constant."""
        return None

    @property
    def safety_stock(self) -> float:
        """Units added to levels that follow the demand."""
        return 0.0

    @property
    def order_cap(self) -> float:
        """Units that stock on hand, work in process and open orders may reach by an order; infinite without a cap."""
        return math.inf

    @property
    def service_probability(self) -> float | None:
        """The probability from which its level is computed, None where it is not."""
        return None

    @property
    def demand_key(self) -> str:
        """The key by which a level follows the mean demand, empty where none does."""
        return ""

    def compute_levels(self, demand: StoreDemand) -> Levels:
        """Return the levels, given the demand on the store.

        Raises
        ------
        LevelError
            Where the levels cannot be computed.
        """
        if self.is_unlimited:
            return Levels(math.inf, math.inf, 0.0, self.review_period, demand_signal=False)
        return self.compute_limited_levels(demand)

    @abstractmethod
    def compute_limited_levels(self, demand: StoreDemand) -> Levels:
        """Return the levels where there is a limit, given the demand on the store.

        Raises
        ------
        LevelError
            Where the levels cannot be computed.
        """

    def compute_lot_burst(self, mean_demand: float, whole: bool) -> float:
        """Return by how much whole lots make starts exceed the demand on the store, units.

        Parameters
        ----------
        mean_demand : mean demand on the store, units per period.
        whole : whether demand and starts are whole units.
        """
        return 0.0


def compute_grain(lot: float, whole: bool) -> float:
    """Return 1 where demand and lot are whole units, else 0."""
    return 1.0 if whole and lot == math.floor(lot) else 0.0
