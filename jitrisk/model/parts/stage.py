"""Stages: a process with its inputs, its store and the policy that refills it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from jitrisk.model.faults import Finding, build_refusal, combine_findings
from jitrisk.model.fields.choices import DELIVERIES, SERVED, SOURCES, expand_inputs
from jitrisk.model.fields.distributions import DistributionReader
from jitrisk.model.fields.measures import (
    CAPACITY,
    DURATION,
    FACTOR_FROM_ONE,
    POSITIVE_UNITS,
    SHARE_ABOVE_ZERO,
    UNITS,
    YIELD,
    WholePeriods,
)
from jitrisk.model.fields.readers import FLAG, Clock
from jitrisk.model.parts.field_types import Duration, Interest, Money, MoneyPerTime, Text
from jitrisk.model.parts.part import Part
from jitrisk.model.policies import Policy, PolicyChoice
from jitrisk.sampling.distributions import Distribution, build_constant

UNLIMITED_WITHOUT_CAPACITY = "without a limit to its cards or its level, the stage needs a `capacity`"
"""The refusal of unlimited cards or an unlimited level at a stage that can start any amount."""

PUSH_WITH_SHELF_LIFE = (
    "a stage with the policy `push` has no shelf life; leave `shelf_life` out, or give the stage another policy"
)
"""The refusal of the policy `push` at a stage whose units expire."""

PUSH_WITHOUT_INPUTS = (
    "a stage that pushes starts whatever its `inputs` allow, and this one has none; give it some, or another policy"
)
"""The refusal of the policy `push` at a stage that is supplied from outside."""


class Input(Part):
    """What a stage takes from upstream for one unit started.

    Attributes
    ----------
    sources : the stages it comes from in order of preference, each with its share; the shares add up to 1.
    """

    quantity: Annotated[float, POSITIVE_UNITS] = Field(description="units taken per unit started")
    sources: Annotated[tuple[tuple[str, float], ...], SOURCES] = Field(
        default=(),
        alias="from",
        description="stages in order of preference, `[valve, spare]`: the first has the whole share, the others stand "
        "in; or stages with their shares, `{valve: 0.99, spare: 0.01}`; the stage named like the input if left out",
    )
    failover: Annotated[bool, FLAG] = Field(
        default=True, description="whether the other sources stand in when a store falls short of its share"
    )


class Expedite(Part):
    """A shorter lead time for what a low store needs, at a premium.

    Attributes
    ----------
    below : stock below which all of a start is expedited; None where `up_to` is given.
    up_to : level up to which units are expedited, the second level of a dual index; None where `below` is given.
    """

    choices = (("below", "up_to"),)

    below: Annotated[float, UNITS] | None = Field(default=None, description="stock below which starts are expedited")
    up_to: Annotated[float, UNITS] | None = Field(
        default=None,
        description="level up to which units are expedited: of a start, what stock on hand and units due within the "
        "expedited lead time, less what is owed, lack of it",
    )
    lead_time: Duration = Field(description="lead time of an expedited start")


class Overtime(Part):
    """More capacity while the store is low, at a premium."""

    below: Annotated[float, UNITS] = Field(description="stock below which the capacity is multiplied")
    factor: Annotated[float, FACTOR_FROM_ONE] = Field(description="factor on the capacity")


class Standby(Part):
    """A source that opens only some time after another stage failed.

    Attributes
    ----------
    after : periods from the beginning of the outage to the opening, as given; whole ones, rounded up, count.
    """

    of: Text = Field(description="stage whose outages open this one")
    after: Duration = Field(default=0.0, description="time from the beginning of an outage to the opening, rounded up")
    below: Annotated[float, SHARE_ABOVE_ZERO] = Field(
        default=1.0, description="availability of the other stage below which it counts as failed"
    )


class Stage(Part):
    """One process, its store and the policy that refills it.

    Attributes
    ----------
    shelf_life : periods in which a unit received can be used; None where it never expires.
    holding_rate : share of the value, per period; None for that of the network.
    """

    inputs: Annotated[dict[str, Input], BeforeValidator(expand_inputs)] = Field(
        default={},
        description="what is taken from other stages per unit started; a stage without inputs is supplied from outside",
        examples=[{"steel": 2}],
    )
    lead_time: Annotated[Distribution, DistributionReader("DrawnDuration", DURATION)] = Field(
        default=build_constant(1.0),
        description="time from the start of a unit to its arrival in the store, rounded up to whole periods",
    )
    capacity: Annotated[float, CAPACITY] | None = Field(
        default=None, description="units that can be started per time; no limit if left out"
    )
    yield_: Annotated[Distribution, DistributionReader("DrawnYield", YIELD)] = Field(
        default=build_constant(1.0), alias="yield", description="share of the units received that are good"
    )
    policy_: PolicyChoice = Field(alias="policy", description="the policy that refills the store")
    on_hand: Annotated[float, UNITS] | None = Field(
        default=None, description="stock at the start; if left out, the order-up-to level, or 0 where that is unlimited"
    )
    shelf_life: Annotated[int, WholePeriods(down=True)] | None = Field(
        default=None,
        description="time for which a unit can be used from its receipt in the store on, rounded down to whole "
        "periods; what is older is thrown away, the oldest is used first",
    )
    expedite: Expedite | None = Field(default=None, description="a shorter lead time while the store is low")
    overtime: Overtime | None = Field(default=None, description="more capacity while the store is low")
    standby: Standby | None = Field(
        default=None, description="the stage starts nothing but while another one has failed for some time"
    )
    deliveries: Annotated[Literal["crossing", "in_order"], DELIVERIES] = Field(
        default="crossing",
        description="`crossing`: a later start may arrive earlier; `in_order`: it may not, which excludes `expedite`",
    )
    customers: Annotated[Literal["first", "last"], SERVED] = Field(
        default="last",
        description="`last`: the stages that the store supplies take from it before its customers are served; "
        "`first`: its customers are served before any stage starts",
    )
    value: Money = Field(default=0.0, description="money bound in one unit, in stock or in process")
    holding_rate: Interest | None = Field(
        default=None,
        description="cost of holding this stage's stock, as a share of its value; that of the network if left out",
    )
    owned_in_process: Annotated[bool, FLAG] = Field(
        default=True,
        description="whether units in process are the network's own; with `false`, they cost no holding and bind no "
        "capital until they arrive",
    )
    unit_cost: Money = Field(default=0.0, description="purchase or conversion cost of one unit started")
    order_cost: Money = Field(default=0.0, description="cost of placing one order")
    expedite_cost: Money = Field(default=0.0, description="premium for one unit expedited")
    overtime_cost: Money = Field(default=0.0, description="premium for one unit started in overtime")
    scrap_cost: Money = Field(default=0.0, description="cost of one unit scrapped")
    expire_cost: Money = Field(default=0.0, description="cost of one unit expired, besides its purchase")
    downtime_cost: MoneyPerTime = Field(default=0.0, description="cost of the time starved or broken")

    @field_validator("policy_")
    @classmethod
    def _check_limit(cls, policy: PolicyChoice, info: ValidationInfo[Clock]) -> PolicyChoice:
        if policy.policy.is_unlimited and info.data.get("capacity", 0) is None:
            raise build_refusal(UNLIMITED_WITHOUT_CAPACITY)
        if policy.policy.pushes and not info.data.get("inputs", True):
            raise build_refusal(PUSH_WITHOUT_INPUTS)
        return policy

    @property
    def policy(self) -> Policy:
        """The policy that refills the store."""
        return self.policy_.policy

    @field_validator("shelf_life")
    @classmethod
    def _check_shelf_life(cls, shelf_life: int | None, info: ValidationInfo[Clock]) -> int | None:
        choice = info.data.get("policy_")
        if shelf_life is not None and choice is not None and choice.policy.pushes:
            raise build_refusal(PUSH_WITH_SHELF_LIFE)
        return shelf_life

    @field_validator("expedite")
    @classmethod
    def _check_expedite(cls, expedite: Expedite | None, info: ValidationInfo[Clock]) -> Expedite | None:
        ordinary = info.data.get("lead_time")
        if expedite is None or expedite.up_to is None or ordinary is None or not info.context.known:
            return expedite
        mean, short = ordinary.mean(), expedite.lead_time
        if short >= mean:
            message = (
                f"with `up_to`, expected a lead time shorter than the ordinary one, {mean:.6g} periods on average, "
                f"found {short:.6g} periods; shorten it"
            )
            raise combine_findings([Finding(("lead_time",), message)])
        return expedite

    @field_validator("overtime")
    @classmethod
    def _check_overtime(cls, overtime: Overtime | None, info: ValidationInfo[Clock]) -> Overtime | None:
        if overtime is not None and info.data.get("capacity", 0) is None:
            raise build_refusal("overtime multiplies the `capacity`, which the stage does not have; give it one")
        return overtime

    @field_validator("deliveries")
    @classmethod
    def _check_deliveries(cls, deliveries: str, info: ValidationInfo[Clock]) -> str:
        if deliveries == "in_order" and info.data.get("expedite") is not None:
            raise build_refusal(
                "`in_order` does not go with `expedite`, whose deliveries overtake others; leave one of the two out"
            )
        return deliveries
