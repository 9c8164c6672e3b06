"""The network: stages, customers and hazards, as an immutable value with all times in periods."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field, JsonValue, PrivateAttr, ValidationInfo, field_validator

from jitrisk.model.faults import Finding, Origin, build_refusal, combine_findings
from jitrisk.model.fields.choices import SILENCE
from jitrisk.model.fields.measures import DAYS, HOURS, WholePeriods
from jitrisk.model.fields.readers import CURRENCY, Clock
from jitrisk.model.parts.customer import Customer
from jitrisk.model.parts.decisions import Decisions
from jitrisk.model.parts.field_types import NOT_EMPTY, Interest, MoneyPerTime, Text
from jitrisk.model.parts.hazard import Hazard
from jitrisk.model.parts.part import Part
from jitrisk.model.parts.stage import Stage

_NO_TIME: dict[str, JsonValue] = {"default": "0 d"}  # where a bare number is refused

# A demand that falls to 0 in the last period is not below it.
_ROUNDING = 1e-9


def _explain_trend(trend: float, horizon: int) -> str:
    return (
        f"the demand falls below 0 after {-1.0 / trend:,.0f} of {horizon:,} periods: expected at least "
        f"{-1.0 / (horizon - 1):.4g} per period, found {trend:.4g}; write a weaker trend, or shorten the horizon"
    )


class Network(Part):
    """A production network with its strategies.

    Attributes
    ----------
    period : length of one period, hours.
    horizon, warm_up : periods.
    holding_rate : share of the value, per period.
    days_receivable, days_payable : days.
    fixed_cost : money per period.
    silence : names of the warnings that are not shown.
    decisions : what an optimization may vary, None where the model does not say it.
    strategies : the network under each strategy; empty in these networks themselves.
    text : the whole model as given, as JSON that `load` reads back to an equal network.
    digest : SHA-256 of the text.
    """

    name: Text = Field(description="name of the network")
    period: Annotated[float, HOURS] = Field(description="length of one period")
    horizon: Annotated[int, WholePeriods(down=True)] = Field(
        description="time simulated, rounded down to whole periods"
    )
    warm_up: Annotated[int, WholePeriods(smallest=0, down=True)] = Field(
        default=0, description="time at the start that is simulated and not counted, rounded down to whole periods"
    )
    currency: Annotated[str, CURRENCY] = Field(default="money", description="unit of all money")
    holding_rate: Interest = Field(
        default=0.0, description="cost of holding stock, as a share of its value; a stage can have its own"
    )
    days_receivable: Annotated[float, DAYS] = Field(
        default=0.0, description="time that customers take to pay", json_schema_extra=_NO_TIME
    )
    days_payable: Annotated[float, DAYS] = Field(
        default=0.0, description="time taken to pay suppliers", json_schema_extra=_NO_TIME
    )
    fixed_cost: MoneyPerTime = Field(default=0.0, description="cost of the plan as a whole, whatever is made")
    stages: dict[str, Stage] = Field(description="the stages by name", json_schema_extra=NOT_EMPTY)
    customers: dict[str, Customer] = Field(description="the customers by name", json_schema_extra=NOT_EMPTY)
    hazards: dict[str, Hazard] = Field(default={}, description="the hazards by name")
    silence: Annotated[tuple[str, ...], SILENCE] = Field(default=(), description="names of warnings that are not shown")
    decisions: Decisions | None = Field(
        default=None, description="what an optimization may vary and what it minimizes, the same under every strategy"
    )
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

    @field_validator("customers")
    @classmethod
    def _check_trends(cls, customers: dict[str, Customer], info: ValidationInfo[Clock]) -> dict[str, Customer]:
        horizon = info.data.get("horizon")
        if horizon is None or not info.context.known:
            return customers
        findings = [
            Finding((name, "trend"), _explain_trend(customer.trend, horizon))
            for name, customer in customers.items()
            if 1.0 + customer.trend * (horizon - 1) < -_ROUNDING
        ]
        if findings:
            raise combine_findings(findings)
        return customers

    def complete(self, strategies: Mapping[str, Network], text: str) -> Network:
        """Return the network with its strategies and its text."""
        whole = self.model_copy(update={"strategies": dict(strategies)})
        whole._text = text
        return whole

    def replace_stages(self, stages: Mapping[str, Stage]) -> Network:
        """Return the network of one strategy with other stages of the same names, which has no text."""
        changed = self.model_copy(update={"stages": {**self.stages, **stages}})
        changed._text = ""
        return changed

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
            ``time_between``, two families of a distribution, or ``sd`` and ``cv``, the others leave the model. A table
            that was read is replaced as a whole, at its ``empirical``. A key adds no stage, customer, hazard or
            strategy, unless it is that of the whole section.

        Raises
        ------
        ModelError
            With every fault: a key that leads nowhere or below a table that was read, a value that is not allowed, or
            what no longer fits elsewhere in the model, each with its key.
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
