"""Kanban: the cards of the loop limit what is in the store, in process and on order."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from jitrisk.model.faults import build_refusal, suggest_name
from jitrisk.model.fields.choices import SEASON_FOLLOWED
from jitrisk.model.fields.measures import MARGIN, POSITIVE_UNITS
from jitrisk.model.fields.quantities import describe_found, parse_number
from jitrisk.model.fields.readers import Clock, FunctionReader
from jitrisk.model.policies.base import (
    TOLERANCE,
    UNLIMITED,
    WRITE_UNLIMITED,
    LevelError,
    Levels,
    Policy,
    StoreDemand,
    compute_grain,
    is_endless,
)

MOST_CARDS = 1_000_000_000
"""A loop may have this many cards."""


def _read_cards(source: Any, clock: Clock) -> int | str | None:
    if source == "auto":
        return None
    if source in ("formula", UNLIMITED):
        return str(source)
    hint = WRITE_UNLIMITED if is_endless(source) else suggest_name(source, ("auto", "formula", UNLIMITED))
    return _read_count(source, f", `auto`, `formula` or `{UNLIMITED}`", hint)


def _read_count(source: Any, also: str = "", hint: str = "") -> int:
    number = parse_number(source)
    whole = isinstance(number, int | float) and not isinstance(number, bool) and number == number // 1
    if not whole or not 1 <= number <= MOST_CARDS:
        raise build_refusal(f"expected a whole number of cards from 1 on{also}, found {describe_found(source)}{hint}")
    return int(number)


_CARDS = FunctionReader(
    "Cards",
    _read_cards,
    {"anyOf": [{"type": "integer", "minimum": 1, "maximum": MOST_CARDS}, {"enum": ["auto", "formula", UNLIMITED]}]},
)


CARD_COUNT = FunctionReader(
    "CardCount",
    lambda source, clock: _read_count(source),
    {"type": "integer", "minimum": 1, "maximum": MOST_CARDS},
)


class Kanban(Policy):
    """Cards limit the loop: an order is a whole number of empty containers."""

    kind = "kanban"
    summary = "orders whole containers, as many as the cards of the loop allow"
    example = "{container: 500, cards: auto}"
    level_keys = ("cards",)
    empty_level = "one card"
    container: Annotated[float, POSITIVE_UNITS] = Field(description="units in one container")
    cards: Annotated[int | Literal["formula", "unlimited"] | None, _CARDS] = Field(
        description="number of cards; `auto`: K = ceil((D L (1 + safety) + C - g) / C), enough for steady demand; "
        "`formula`: the classical K = ceil(D L (1 + safety) / C); or `unlimited`, for a stage with a capacity"
    )
    safety: Annotated[float, MARGIN] = Field(default=0.0, description="margin of the card formulas, as a share")
    follow: Annotated[Literal["season"] | None, SEASON_FOLLOWED] = Field(
        default=None,
        description="`season`: the card formula is applied in every period, to the demand that season and trend say "
        "for the lead time from then on",
    )

    @field_validator("safety")
    @classmethod
    def _check_safety(cls, safety: float, info: ValidationInfo) -> float:
        if safety and info.data.get("cards", None) not in (None, "formula"):
            raise build_refusal("a safety margin only counts with `cards: auto` or `formula`; leave one of the two out")
        return safety

    @field_validator("follow")
    @classmethod
    def _check_follow(cls, follow: str | None, info: ValidationInfo[Clock]) -> str | None:
        if follow and info.data.get("cards", None) not in (None, "formula"):
            raise build_refusal(
                "cards follow the season by a formula; write `cards: auto` or `cards: formula`, or leave `follow` out"
            )
        return follow

    @property
    def followed(self) -> Literal["season"] | None:
        """What its cards follow in every period; None where they are constant."""
        return self.follow

    @property
    def is_unlimited(self) -> bool:
        """Whether there is no limit to the cards."""
        return self.cards == UNLIMITED

    @property
    def needs_burst(self) -> bool:
        """Whether the cards are computed to cover steady demand."""
        return self.cards is None

    @property
    def demand_key(self) -> str:
        """The key by which the level follows the mean demand, empty where it does not."""
        return "cards" if self.cards is None else ""

    def compute_limited_levels(self, demand: StoreDemand) -> Levels:
        """Return (K - 1) C, K C and the lot C, with K cards and C units in a container."""
        cards = self._count_cards(demand)
        return Levels(
            (cards - 1) * self.container,
            cards * self.container,
            self.container,
            self.review_period,
            demand_signal=False,
        )

    def _count_cards(self, demand: StoreDemand) -> int:
        if isinstance(self.cards, int):
            return self.cards
        cards = self.compute_classical_cards(demand) if self.cards else self.compute_covering_cards(demand)
        if cards > MOST_CARDS:
            raise LevelError(
                f"the card formula gives {cards:.3g} cards, at most {MOST_CARDS:,} are possible; "
                "give a number of cards or a larger container",
                "cards",
            )
        return int(cards)

    def compute_classical_cards(self, demand: StoreDemand) -> float:
        """Return D L (1 + safety) / C, rounded up, at least 1: for cards freed at the first part of a container.

        Notes
        -----
        The formula is that of Monden (1983).
        """
        return _round_up(demand.mean * demand.lead_time * (1.0 + self.safety) / self.container)

    def compute_covering_cards(self, demand: StoreDemand) -> float:
        """Return the cards with which steady demand meets no shortage if a card is freed when its container is empty.

        Returns
        -------
        (D L (1 + safety) + D (R - 1) + B + C - g) / (y C), rounded up, at least 1, with R the review period, B the
        burst of the demand, y the mean yield, and g 1 where units and containers are whole, else 0.
        """
        yield_ = demand.mean_yield
        grain = compute_grain(self.container, demand.is_whole and yield_ == 1.0)
        covered = (
            demand.mean * demand.lead_time * (1.0 + self.safety) + demand.mean * (self.review_period - 1) + demand.burst
        )
        return _round_up((covered + self.container - grain) / (yield_ * self.container))

    def compute_lot_burst(self, mean_demand: float, whole: bool) -> float:
        """Return by how much whole containers make starts exceed the demand on the store, units."""
        return self.container - compute_grain(self.container, whole)


def _round_up(cards: float) -> float:
    """Return a number of cards as a whole number, at least 1, with a tolerance for rounding."""
    return max(1.0, float(math.ceil(cards * (1.0 - TOLERANCE)))) if cards < math.inf else cards
