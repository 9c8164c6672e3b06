"""What policies with an order-up-to level in units or as cover share: following the demand, safety stock, and a cap."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from jitrisk.model.fields.choices import FOLLOWED
from jitrisk.model.fields.measures import POSITIVE_UNITS, UNITS
from jitrisk.model.policies.base import Policy


class LeveledPolicy(Policy):
    """A policy whose level may follow the demand, and whose orders may be capped."""

    follow: Annotated[Literal["season", "forecast"] | None, FOLLOWED] = Field(
        default=None,
        description="what the level follows in every period: `season`, the season and trend of the customers, or "
        "`forecast`, their forecast, too; the level is then given as a time of mean demand",
    )
    safety: Annotated[float, UNITS] = Field(default=0.0, description="units added to a level that follows the demand")
    cap: Annotated[float, POSITIVE_UNITS] | None = Field(
        default=None,
        description="units that stock on hand, work in process and open orders may reach by an order, at least the "
        "level: the cards of an extended kanban system",
    )

    @property
    def followed(self) -> Literal["season", "forecast"] | None:
        """What its levels follow in every period; None where they are constant."""
        return self.follow

    @property
    def safety_stock(self) -> float:
        """Units added to levels that follow the demand."""
        return self.safety

    @property
    def order_cap(self) -> float:
        """Units that stock on hand, work in process and open orders may reach by an order; infinite without a cap."""
        return math.inf if self.cap is None else self.cap
