"""Customers: demand on the store of a stage, and what becomes of unmet demand."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from jitrisk.model.fields.choices import UNMET
from jitrisk.model.fields.distributions import DEMANDED, Demand
from jitrisk.model.parts.field_types import Money, MoneyPerTime, Text
from jitrisk.model.parts.part import Part
from jitrisk.sampling.distributions import Distribution


class Customer(Part):
    """Demand on the store of one stage."""

    stage: Text = Field(description="stage whose store serves the customer")
    demand_: Annotated[Demand, DEMANDED] = Field(
        alias="demand", description="units demanded, and the time between two draws as `every`"
    )
    unmet: Annotated[float, UNMET] = Field(
        default=1.0, description="share of unmet demand that is backordered: `backorder` is 1, `lost` is 0"
    )
    price: Money = Field(default=0.0, description="price of one unit shipped")
    backorder_cost: MoneyPerTime = Field(default=0.0, description="cost of one unit backordered, per time")
    lost_cost: Money = Field(default=0.0, description="cost of one unit of demand lost")
    shortage_cost: Money = Field(
        default=0.0, description="cost of one unit of demand not met at once from stock, backordered or lost"
    )

    @property
    def demand(self) -> Distribution:
        """Units of one draw."""
        return self.demand_.draw

    @property
    def every(self) -> int:
        """Periods between two draws; the first is in period 0."""
        return self.demand_.every
