"""The policies that refill a store, one class a kind."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from jitrisk.model.faults import build_refusal
from jitrisk.model.measures import DURATION, MARGIN, POSITIVE_UNITS, SERVICE, UNITS, Measure, WholePeriods
from jitrisk.model.part import Part
from jitrisk.model.quantities import describe_found, is_duration, parse_number
from jitrisk.model.reader import Clock, FunctionReader
from jitrisk.model.wording import find_nearest, suggest_name

_MOST_CARDS = 1_000_000_000

UNLIMITED = "unlimited"
"""What stands for cards or a level without a limit."""


@dataclass(frozen=True)
class Level:
    """A stock level, in units or as the time of mean demand it covers.

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


def _read_level(source: Any, clock: Clock) -> Level:
    if is_duration(source):
        return Level(cover=DURATION.read(source, clock))
    return Level(units=_UNITS_OR_COVER.read(source, clock))


_UNITS_OR_COVER = Measure("Level", "units such as `500` or a cover time such as `3 d`")
_Level = Annotated[
    Level,
    FunctionReader(
        "Level",
        _read_level,
        {"anyOf": [UNITS.wrap_schema(), DURATION.wrap_schema()], "description": _UNITS_OR_COVER.expected},
    ),
]


_ENDLESS = ("inf", ".inf", "infinity", "infinite", "none", "no limit", "endless")
_WRITE_UNLIMITED = f"; write `{UNLIMITED}`"


def _is_endless(source: Any) -> bool:
    """Return whether a value says in the words of other tools that there is no limit."""
    return isinstance(source, str | float) and str(source).strip().lower() in _ENDLESS


def _read_cards(source: Any, clock: Clock) -> int | str | None:
    if source == "auto":
        return None
    if source in ("formula", UNLIMITED):
        return str(source)
    number = parse_number(source)
    whole = isinstance(number, int | float) and not isinstance(number, bool) and number == number // 1
    if not whole or not 1 <= number <= _MOST_CARDS:
        hint = _WRITE_UNLIMITED if _is_endless(source) else suggest_name(source, ("auto", "formula", UNLIMITED))
        allowed = f"a whole number of cards from 1 on, `auto`, `formula` or `{UNLIMITED}`"
        raise build_refusal(f"expected {allowed}, found {describe_found(source)}{hint}")
    return int(number)


_CARDS = FunctionReader(
    "Cards",
    _read_cards,
    {"anyOf": [{"type": "integer", "minimum": 1, "maximum": _MOST_CARDS}, {"enum": ["auto", "formula", UNLIMITED]}]},
)


def _read_order_up_to(source: Any, clock: Clock) -> float:
    if source == UNLIMITED:
        return math.inf
    if _is_endless(source):
        raise build_refusal(
            f"expected a number of units or `{UNLIMITED}`, found {describe_found(source)}{_WRITE_UNLIMITED}"
        )
    return UNITS.read(source, clock, also=f" or `{UNLIMITED}`", hint=suggest_name(source, (UNLIMITED,)))


_ORDER_UP_TO = FunctionReader("OrderUpTo", _read_order_up_to, {"anyOf": [UNITS.wrap_schema(), {"const": UNLIMITED}]})


class Policy(Part):
    """What the policies share.

    Attributes
    ----------
    kind : name of the policy in the model file.
    review : periods between reviews.
    """

    kind: ClassVar[str]
    review: Annotated[int, WholePeriods()] = Field(
        default=1, description="time between two reviews of the store, whole periods"
    )

    @property
    def is_unlimited(self) -> bool:
        """Whether its cards or its level have no limit."""
        return False


class Kanban(Policy):
    """Cards cap the loop: an order is a whole number of empty containers."""

    kind = "kanban"
    container: Annotated[float, POSITIVE_UNITS] = Field(description="units in one container")
    cards: Annotated[int | Literal["formula", "unlimited"] | None, _CARDS] = Field(
        description="number of cards; `auto`: K = ceil((D L (1 + safety) + C - g) / C), enough for steady demand; "
        "`formula`: the classical K = ceil(D L (1 + safety) / C); or `unlimited`, for a stage with a capacity"
    )
    safety: Annotated[float, MARGIN] = Field(default=0.0, description="margin of the card formulas, as a share")

    @field_validator("safety")
    @classmethod
    def _check_safety(cls, safety: float, info: ValidationInfo) -> float:
        if safety and info.data.get("cards", None) not in (None, "formula"):
            raise build_refusal("a safety margin only counts with `cards: auto` or `formula`; leave one of the two out")
        return safety

    @property
    def is_unlimited(self) -> bool:
        """Whether there is no limit to the cards."""
        return self.cards == UNLIMITED


class BaseStock(Policy):
    """Order what brings the position back to the level."""

    kind = "base_stock"
    choices = (("level", "cover", "service"),)
    level: Annotated[float | None, _ORDER_UP_TO] = Field(
        default=None, description="order-up-to level in units; or `unlimited`, for a stage with a capacity"
    )
    cover: Annotated[float, DURATION] | None = Field(
        default=None, description="order-up-to level as the time of mean demand that it covers"
    )
    service: Annotated[float, SERVICE] | None = Field(
        default=None, description="probability that the level covers what is outstanding"
    )

    @property
    def is_unlimited(self) -> bool:
        """Whether there is no limit to the level."""
        return self.level == math.inf


class MinMax(Policy):
    """At or below the minimum, order up to the maximum."""

    kind = "min_max"
    min: _Level = Field(description="level at or below which an order is placed")
    max: _Level = Field(description="level up to which the policy orders")

    @field_validator("max")
    @classmethod
    def _check_max(cls, most: Level, info: ValidationInfo) -> Level:
        least: Level | None = info.data.get("min")
        comparable = least is not None and (least.units is None) == (most.units is None)
        if comparable and least is not None and most.amount <= least.amount:
            raise build_refusal("`max` must be above `min`")
        return most


class ReorderPoint(Policy):
    """At or below the point, order whole lots of the quantity."""

    kind = "reorder_point"
    point: _Level = Field(description="level at or below which an order is placed")
    quantity: _Level = Field(description="size of one lot")

    @field_validator("quantity")
    @classmethod
    def _check_quantity(cls, quantity: Level) -> Level:
        if quantity.amount <= 0.0:
            raise build_refusal("the quantity of an order must be above 0")
        return quantity


class MakeToOrder(Policy):
    """Hold nothing; order what is owed."""

    kind = "make_to_order"


_FORMS = {
    "kanban": "{container: 500, cards: auto}",
    "base_stock": "{cover: 3 d}",
    "min_max": "{min: 1 d, max: 3 d}",
    "reorder_point": "{point: 3 d, quantity: 500}",
    "make_to_order": "{}",
}
"""One example of the fields of every kind, for messages."""


class PolicyChoice(Part):
    """The one policy of a stage, under its kind."""

    choices = (("kanban", "base_stock", "min_max", "reorder_point", "make_to_order"),)
    kanban: Kanban | None = Field(
        default=None, description="orders whole containers, as many as the cards of the loop allow"
    )
    base_stock: BaseStock | None = Field(default=None, description="orders up to a level at every review")
    min_max: MinMax | None = Field(
        default=None, description="orders up to the maximum when the position is at or below the minimum"
    )
    reorder_point: ReorderPoint | None = Field(
        default=None, description="orders whole lots when the position is at or below a point"
    )
    make_to_order: MakeToOrder | None = Field(
        default=None, description="keeps no stock: orders what its customers and stages have ordered"
    )

    @classmethod
    def _build_hint(cls, source: Any) -> str:
        kind = find_nearest(source, _FORMS) if isinstance(source, str) else None
        return f"; write `{{{kind}: {_FORMS[kind]}}}`" if kind else ""

    @property
    def policy(self) -> Policy:
        """The policy that is given."""
        policies = (self.kanban, self.base_stock, self.min_max, self.reorder_point, self.make_to_order)
        return next(policy for policy in policies if policy is not None)
