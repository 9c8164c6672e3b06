"""Customers: demand on the store of a stage, and what becomes of unmet demand."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from jitrisk.model.fields.choices import UNMET
from jitrisk.model.fields.distributions import DEMANDED, Demand, DistributionReader
from jitrisk.model.fields.measures import FACTOR, GROWTH, SMOOTHING
from jitrisk.model.parts.field_types import Duration, Money, MoneyPerTime, Text
from jitrisk.model.parts.part import Part
from jitrisk.sampling.distributions import Distribution


class Season(Part):
    """Factors on the demand that repeat.

    Attributes
    ----------
    every : periods for which one factor holds; need not be whole.
    """

    every: Duration = Field(description="time for which one factor holds")
    factors: tuple[Annotated[float, FACTOR], ...] = Field(
        description="factors on the demand, one after another and then again from the first", min_length=1
    )


class Forecast(Part):
    """The factor by which planners misjudge the demand of a customer.

    Attributes
    ----------
    error : distribution of the factor; None where it comes from smoothing.
    every : periods between two draws of the factor; need not be whole.
    smoothing : weight of the newest demand; None where the factor is drawn.
    """

    choices = (("error", "smoothing"),)

    error: Annotated[Distribution, DistributionReader("DrawnFactor", FACTOR)] | None = Field(
        default=None, description="factor on the demand that planners expect; a mean other than 1 is a bias"
    )
    every: Duration = Field(default=1.0, description="time between two draws of the factor")
    smoothing: Annotated[float, SMOOTHING] | None = Field(
        default=None, description="weight of the newest demand in a forecast by exponential smoothing"
    )


class Customer(Part):
    """Demand on the store of one stage.

    Attributes
    ----------
    trend : change of the mean demand per period, as a share of that in period 0.
    """

    stage: Text = Field(description="stage whose store serves the customer")
    demand_: Annotated[Demand, DEMANDED] = Field(
        alias="demand", description="units demanded, and the time between two draws as `every`"
    )
    season: Season | None = Field(default=None, description="factors on the demand that repeat")
    trend: Annotated[float, GROWTH] = Field(
        default=0.0, description="change of the mean demand per time, as a share of that at the start"
    )
    forecast: Forecast | None = Field(
        default=None, description="what planners expect of the demand, for policies that follow the forecast"
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
