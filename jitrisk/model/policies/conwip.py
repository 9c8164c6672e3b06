"""CONWIP: cards limit what is in a whole line, from its first start to its last store."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from jitrisk.model.fields.measures import POSITIVE_UNITS
from jitrisk.model.parts.field_types import Text
from jitrisk.model.policies.base import Levels, Policy, StoreDemand
from jitrisk.model.policies.kanban import CARD_COUNT


class Conwip(Policy):
    """Order whole containers, as many as the cards of the loop allow that ends in the store of a later stage."""

    kind = "conwip"
    summary = "orders what leaves the last store of a line, so that its cards limit all that is in the line"
    example = "{cards: 20, container: 1, through: packing}"
    level_keys = ("cards",)
    container: Annotated[float, POSITIVE_UNITS] = Field(description="units of this stage in one container")
    cards: Annotated[int, CARD_COUNT] = Field(description="number of cards of the loop")
    through: Text = Field(description="last stage of the loop; the loop goes from this stage to its store")

    @property
    def last_stage(self) -> str:
        """The last stage of the loop that the cards limit."""
        return self.through

    def compute_limited_levels(self, demand: StoreDemand) -> Levels:
        """Return (K - 1) C, K C and the lot C, with K cards and C units in a container; the line starts empty."""
        return Levels(
            (self.cards - 1) * self.container,
            self.cards * self.container,
            self.container,
            self.review_period,
            demand_signal=False,
            starts_empty=True,
        )
