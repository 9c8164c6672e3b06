"""Customers: demand on the store of a stage, and what becomes of unmet demand."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from jitrisk.model.faults import build_refusal
from jitrisk.model.fields.choices import FACTORS, UNMET
from jitrisk.model.fields.distributions import DEMANDED, Demand, DistributionReader
from jitrisk.model.fields.measures import FACTOR, GROWTH, SMOOTHING, PeriodOrMore
from jitrisk.model.fields.readers import Clock
from jitrisk.model.parts.field_types import Money, MoneyPerTime, Text
from jitrisk.model.parts.part import Part
from jitrisk.sampling.distributions import Distribution

# What is drawn with a smaller probability than this counts as impossible.
_RAREST = 1e-9


class Season(Part):
    """Factors on the demand that repeat.

    Attributes
    ----------
    every : periods for which one factor holds; need not be whole.
    """

    every: Annotated[float, PeriodOrMore()] = Field(description="time for which one factor holds")
    factors: Annotated[tuple[float, ...], FACTORS] = Field(
        description="factors on the demand, one after another and then again from the first"
    )


class Forecast(Part):
    """The factor by which planners misjudge the demand of a customer.

    Attributes
    ----------
    error : distribution of the factor; None where it comes from smoothing.
    smoothing : weight of the newest demand; None where the factor is drawn.
    every : periods between two draws of the factor; need not be whole.
    """

    choices = (("error", "smoothing"),)

    error: Annotated[Distribution, DistributionReader("DrawnFactor", FACTOR)] | None = Field(
        default=None,
        description="factor by which planners misjudge the demand; 1 is right, and a mean other than 1 is a bias",
    )
    smoothing: Annotated[float, SMOOTHING] | None = Field(
        default=None, description="weight of the newest demand in a forecast by exponential smoothing"
    )
    every: Annotated[float, PeriodOrMore()] = Field(
        default=1.0, description="time between two draws of the factor `error`"
    )

    @field_validator("error")
    @classmethod
    def _check_error(cls, error: Distribution | None) -> Distribution | None:
        if error is not None and float(error.quantile(_RAREST)) < 0.0:
            raise build_refusal(
                f"a forecast is not below 0, which the {error.family} distribution can be; write one that stays above, "
                "such as `{lognormal: {mean: 1, cv: 0.2}}` or `gamma`"
            )
        return error

    @field_validator("every")
    @classmethod
    def _check_every(cls, every: float, info: ValidationInfo[Clock]) -> float:
        if info.data.get("smoothing") is not None:
            raise build_refusal(
                "a forecast by `smoothing` changes with every draw of demand; leave `every`, which is of `error`, out"
            )
        return every


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
