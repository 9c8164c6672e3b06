"""The network: stages, customers and hazards, as immutable values with all times in periods."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, PrivateAttr, ValidationInfo, field_validator

from jitrisk.model.drawn import DEMANDED, Demand, DistributionReader
from jitrisk.model.faults import Origin, build_refusal
from jitrisk.model.fields import CLOSED, DELIVERIES, SERVED, SILENCE, SOURCES, UNMET, expand_inputs
from jitrisk.model.measures import (
    CAPACITY,
    DAYS,
    DURATION,
    FACTOR,
    FREQUENCY,
    HOURS,
    INTEREST,
    MONEY,
    MONEY_PER_TIME,
    POSITIVE_FACTOR,
    POSITIVE_UNITS,
    REDUCTION,
    SHARE,
    SPELL,
    UNITS,
    YIELD,
    WholePeriods,
)
from jitrisk.model.part import Part
from jitrisk.model.policy import Policy, PolicyChoice
from jitrisk.model.reader import CURRENCY, FLAG, TEXT, Clock
from jitrisk.sampling.distributions import Distribution, build_constant, build_distribution
from jitrisk.sampling.series import SHORTEST_CYCLE, compute_cycle_length
from jitrisk.units import HOUR

# A mean quiet time shorter than this share of a period cannot be told from none.
_SHORTEST_QUIET = 1e-4

# Textbooks charge as much as the value of a unit per period, so the limit is far above what a store costs.
_MOST_INTEREST = 1000.0
_YEAR = 365 * 24

_OFTEN = "shorten the period, or lower the capacity or yield by what the events cost on average"

_NOT_EMPTY: dict[str, JsonValue] = {"minProperties": 1}
_NO_TIME: dict[str, JsonValue] = {"default": "0 d"}  # where a bare number is refused

_Text = Annotated[str, TEXT]
_Money = Annotated[float, MONEY]
_MoneyPerTime = Annotated[float, MONEY_PER_TIME]
_Duration = Annotated[float, DURATION]
_Spell = Annotated[Distribution, DistributionReader("DrawnSpell", SPELL)]
_Share = Annotated[float, SHARE]


def _check_interest(rate: float, info: ValidationInfo[Clock]) -> float:
    """Refuse a holding rate so high that a yearly one was given for a period."""
    yearly = rate * _YEAR * HOUR / info.context.seconds
    if yearly > _MOST_INTEREST and info.context.known:
        most = f"at most {_MOST_INTEREST * 100:,.0f} % a year"
        raise build_refusal(f"expected {most}, found {yearly * 100:,.6g} % a year; give it a year, as `20 % / year`")
    return rate


_Interest = Annotated[float, INTEREST, AfterValidator(_check_interest)]


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
    lead_time: _Duration = Field(description="lead time of an expedited start")


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
    value: _Money = Field(default=0.0, description="money bound in one unit, in stock or in process")
    holding_rate: _Interest | None = Field(
        default=None,
        description="cost of holding this stage's stock, as a share of its value; that of the network if left out",
    )
    owned_in_process: Annotated[bool, FLAG] = Field(
        default=True,
        description="whether units in process are the network's own; with `false`, they cost no holding and bind no "
        "capital until they arrive",
    )
    unit_cost: _Money = Field(default=0.0, description="purchase or conversion cost of one unit started")
    order_cost: _Money = Field(default=0.0, description="cost of placing one order")
    expedite_cost: _Money = Field(default=0.0, description="premium for one unit expedited")
    scrap_cost: _Money = Field(default=0.0, description="cost of one unit scrapped")
    downtime_cost: _MoneyPerTime = Field(default=0.0, description="cost of the time starved or broken")

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


class Customer(Part):
    """Demand on the store of one stage."""

    stage: _Text = Field(description="stage whose store serves the customer")
    demand_: Annotated[Demand, DEMANDED] = Field(
        alias="demand", description="units demanded, and the time between two draws as `every`"
    )
    unmet: Annotated[float, UNMET] = Field(
        default=1.0, description="share of unmet demand that is backordered: `backorder` is 1, `lost` is 0"
    )
    price: _Money = Field(default=0.0, description="price of one unit shipped")
    backorder_cost: _MoneyPerTime = Field(default=0.0, description="cost of one unit backordered, per time")
    lost_cost: _Money = Field(default=0.0, description="cost of one unit of demand lost")
    shortage_cost: _Money = Field(
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


class Hit(Part):
    """What a hazard does to one stage or customer while it is on.

    Attributes
    ----------
    capacity, yield_, lead_time, demand : factors; None where it does nothing.
    arrivals, transit : 0 where they stop.
    chance : chance that one event hits at all; None for that of the hazard.
    """

    on_stages: ClassVar[tuple[str, ...]] = ("capacity", "arrivals", "transit", "yield", "lead_time")
    on_customers: ClassVar[tuple[str, ...]] = ("demand",)
    needed = (*on_stages, *on_customers)

    capacity: Annotated[float, REDUCTION] | None = Field(default=None, description="factor on the capacity of a stage")
    arrivals: Annotated[int | None, CLOSED] = Field(default=None, description="0: nothing arrives at a stage")
    transit: Annotated[int | None, CLOSED] = Field(
        default=None, description="0: the work in process of a stage stands still"
    )
    yield_: Annotated[float, REDUCTION] | None = Field(
        default=None, alias="yield", description="factor on the share of good units of a stage"
    )
    lead_time: Annotated[float, POSITIVE_FACTOR] | None = Field(
        default=None, description="factor on the lead time of a stage"
    )
    demand: Annotated[float, FACTOR] | None = Field(default=None, description="factor on the demand of a customer")
    chance: _Share | None = Field(
        default=None, description="probability that one occurrence hits this target; that of the hazard if left out"
    )


class Hazard(Part):
    """An on/off process that hits stages and customers while it is on."""

    choices = (("rate", "time_between"),)

    rate: Annotated[float, FREQUENCY] | None = Field(
        default=None, description="occurrences per time while there is none: the time between two is exponential"
    )
    time_between: _Spell | None = Field(
        default=None, description="time from the end of one occurrence to the beginning of the next"
    )
    duration: _Spell = Field(description="duration of one occurrence")
    ramp: _Duration = Field(default=0.0, description="time of the linear recovery after an occurrence")
    chance: _Share = Field(
        default=1.0, description="probability that one occurrence hits a target, drawn for each target"
    )
    hits: dict[str, Hit] = Field(
        description="the stages and customers that are hit, and how",
        examples=[{"press": {"capacity": 0}}],
        json_schema_extra=_NOT_EMPTY,
    )

    @property
    def time_between_distribution(self) -> Distribution:
        """Periods between the end of one event and the next."""
        if self.time_between is not None:
            return self.time_between
        assert self.rate is not None  # one of the two is given
        return build_distribution("exponential", mean=1.0 / self.rate)

    @field_validator("rate", "time_between")
    @classmethod
    def _check_time_between(cls, given: Any, info: ValidationInfo[Clock]) -> Any:
        quiet = 1.0 / given if isinstance(given, float) else given.mean() if given else 1.0
        if quiet < _SHORTEST_QUIET and info.context.known:
            allowed = f"expected at most {1 / _SHORTEST_QUIET:,.0f} events a period of quiet time"
            raise build_refusal(f"{allowed}, found one every {quiet:.2g} periods; {_OFTEN}")
        return given

    @field_validator("duration")
    @classmethod
    def _check_duration(cls, duration: Distribution, info: ValidationInfo[Clock]) -> Distribution:
        rate: Any = info.data.get("rate")
        between: Any = info.data.get("time_between")
        if (rate or between) and info.context.known:
            quiet = between or build_distribution("exponential", mean=1.0 / rate)
            cycle = compute_cycle_length(quiet, duration)
            if cycle < SHORTEST_CYCLE:
                most = f"expected at most {1 / SHORTEST_CYCLE:,.0f} events a period"
                raise build_refusal(f"{most}, found one every {cycle:.2g} periods on average; {_OFTEN}")
        return duration

    @field_validator("hits")
    @classmethod
    def _check_hits(cls, hits: dict[str, Hit]) -> dict[str, Hit]:
        if not hits:
            raise build_refusal("expected at least one stage or customer that is hit, found an empty mapping")
        return hits


class Network(Part):
    """A production network with its strategies.

    Attributes
    ----------
    period : length of one period, hours.
    horizon, warm_up : periods.
    holding_rate : share of the value, per period.
    days_receivable, days_payable : days.
    silence : names of the warnings that are not shown.
    strategies : the network under each strategy; empty in these networks themselves.
    text : the whole model as given, as JSON that `load` reads back to an equal network.
    digest : SHA-256 of the text.
    """

    name: _Text = Field(description="name of the network")
    period: Annotated[float, HOURS] = Field(description="length of one period")
    horizon: Annotated[int, WholePeriods(down=True)] = Field(
        description="time simulated, rounded down to whole periods"
    )
    warm_up: Annotated[int, WholePeriods(least=0, down=True)] = Field(
        default=0, description="time at the start that is simulated and not counted, rounded down to whole periods"
    )
    currency: Annotated[str, CURRENCY] = Field(default="money", description="unit of all money")
    holding_rate: _Interest = Field(
        default=0.0, description="cost of holding stock, as a share of its value; a stage can have its own"
    )
    days_receivable: Annotated[float, DAYS] = Field(
        default=0.0, description="time that customers take to pay", json_schema_extra=_NO_TIME
    )
    days_payable: Annotated[float, DAYS] = Field(
        default=0.0, description="time taken to pay suppliers", json_schema_extra=_NO_TIME
    )
    stages: dict[str, Stage] = Field(description="the stages by name", json_schema_extra=_NOT_EMPTY)
    customers: dict[str, Customer] = Field(description="the customers by name", json_schema_extra=_NOT_EMPTY)
    hazards: dict[str, Hazard] = Field(default={}, description="the hazards by name")
    silence: Annotated[tuple[str, ...], SILENCE] = Field(default=(), description="names of warnings that are not shown")
    strategies: dict[str, Network] = Field(
        default={}, description="patches of the model by name; a model without any has one strategy, `base`"
    )
    _text: str = PrivateAttr(default="")
    _origin: Origin = PrivateAttr(default_factory=Origin)
    # What reads a changed model: the reader of models, which imports this module, hands it in.
    _patch: Callable[[Network, Mapping[str, Any]], Network] | None = PrivateAttr(default=None)

    @property
    def text(self) -> str:
        """The whole model as given, as canonical JSON."""
        return self._text

    @property
    def origin(self) -> Origin:
        """The file of the model, and the line of every key in it."""
        return self._origin

    @property
    def digest(self) -> str:
        """SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self._text.encode()).hexdigest()

    @field_validator("warm_up")
    @classmethod
    def _check_warm_up(cls, warm_up: int, info: ValidationInfo[Clock]) -> int:
        horizon = info.data.get("horizon")
        if horizon is not None and warm_up >= horizon and info.context.known:
            raise build_refusal(f"the warm-up, {warm_up} periods, must be shorter than the horizon, {horizon} periods")
        return warm_up

    def complete(self, strategies: Mapping[str, Network], text: str) -> Network:
        """Return the network with its strategies and its text."""
        whole = self.model_copy(update={"strategies": dict(strategies)})
        whole._text = text
        return whole

    def patched(self, changes: Mapping[str, Any]) -> Network:
        """Return the network with other values at some keys, read and checked as a whole.

        It is the network of the model file in which these values are written by hand, under every strategy that does
        not replace them.

        Parameters
        ----------
        changes : new values by their keys, such as ``{"stages.bike.value": 350, "hazards.strike.duration":
            "{exponential: {mean: 3 weeks}}", "strategies.jic.stages.bike.policy.base_stock.cover": "9 d"}``. A text
            means what it means behind the key in a model file; a mapping or a list replaces what stands at the key.
            Where a value is given for one of several keys that exclude each other, such as ``rate`` and
            ``time_between``, the others leave the model. A key adds no stage, customer, hazard or strategy, unless it
            is that of the whole section.

        Raises
        ------
        ModelError
            With every fault: a key that leads nowhere, a value that is not allowed, or what no longer fits elsewhere
            in the model, each with its key.
        """
        if self._patch is None:
            raise TypeError("a network is changed where it was read from a model: begin with jr.load")
        return self._patch(self, changes)

    def attach_origin(
        self, origin: Origin, patch: Callable[[Network, Mapping[str, Any]], Network] | None = None
    ) -> Network:
        """Return the network, and that of every strategy, with where it was read from and what reads it changed."""
        strategies = {
            name: one.attach_origin(replace(origin, strategy=name), patch) for name, one in self.strategies.items()
        }
        whole = self.model_copy(update={"strategies": strategies})
        whole._origin, whole._patch = origin, patch
        return whole
