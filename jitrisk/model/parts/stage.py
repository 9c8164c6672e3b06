"""Stages: a process with its inputs, its store and the policy that refills it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from jitrisk.model.faults import build_refusal
from jitrisk.model.fields.choices import DELIVERIES, SERVED, SOURCES, expand_inputs
from jitrisk.model.fields.distributions import DistributionReader
from jitrisk.model.fields.measures import CAPACITY, DURATION, POSITIVE_UNITS, UNITS, YIELD
from jitrisk.model.fields.readers import FLAG, Clock
from jitrisk.model.parts.field_types import Duration, Interest, Money, MoneyPerTime
from jitrisk.model.parts.part import Part
from jitrisk.model.policies import Policy, PolicyChoice
from jitrisk.sampling.distributions import Distribution, build_constant


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
    """A shorter lead time while the store is low, at a premium."""

    below: Annotated[float, UNITS] = Field(description="stock below which starts are expedited")
    lead_time: Duration = Field(description="lead time of an expedited start")


class Stage(Part):
    """One process, its store and the policy that refills it.

    Attributes
    ----------
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
    expedite: Expedite | None = Field(default=None, description="a shorter lead time while the store is low")
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
    scrap_cost: Money = Field(default=0.0, description="cost of one unit scrapped")
    downtime_cost: MoneyPerTime = Field(default=0.0, description="cost of the time starved or broken")

    @field_validator("policy_")
    @classmethod
    def _check_limit(cls, policy: PolicyChoice, info: ValidationInfo[Clock]) -> PolicyChoice:
        if policy.policy.is_unlimited and info.data.get("capacity", 0) is None:
            raise build_refusal("without a limit to its cards or its level, the stage needs a `capacity`")
        return policy

    @property
    def policy(self) -> Policy:
        """The policy that refills the store."""
        return self.policy_.policy

    @field_validator("deliveries")
    @classmethod
    def _check_deliveries(cls, deliveries: str, info: ValidationInfo[Clock]) -> str:
        if deliveries == "in_order" and info.data.get("expedite") is not None:
            raise build_refusal(
                "`in_order` does not go with `expedite`, whose deliveries overtake others; leave one of the two out"
            )
        return deliveries
