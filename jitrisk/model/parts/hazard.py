"""Hazards: on/off processes that hit stages and customers."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from jitrisk.model.faults import build_refusal
from jitrisk.model.fields.choices import CLOSED
from jitrisk.model.fields.distributions import DistributionReader
from jitrisk.model.fields.measures import FACTOR, FREQUENCY, POSITIVE_FACTOR, REDUCTION, TIME
from jitrisk.model.fields.readers import Clock
from jitrisk.model.parts.field_types import NOT_EMPTY, Duration, Share
from jitrisk.model.parts.part import Part
from jitrisk.sampling.distributions import Distribution, build_distribution
from jitrisk.sampling.series import SHORTEST_CYCLE, compute_cycle_length

# A mean time between shorter than this share of a period cannot be distinguished from none.
_SHORTEST_TIME_BETWEEN = 1e-4

_OFTEN = "shorten the period, or lower the capacity or yield by what the occurrences cost on average"

_Time = Annotated[Distribution, DistributionReader("DrawnTime", TIME)]


class Hit(Part):
    """The effects of a hazard on one stage or customer while it is on.

    Attributes
    ----------
    capacity, yield_, lead_time, demand : factors; None where there is no effect.
    arrivals, transit : 0 where they stop; None where they go on.
    chance : probability that one occurrence hits; None for that of the hazard.
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
    chance: Share | None = Field(
        default=None, description="probability that one occurrence hits this target; that of the hazard if left out"
    )


class Hazard(Part):
    """An on/off process that hits stages and customers while it is on."""

    choices = (("rate", "time_between"),)

    rate: Annotated[float, FREQUENCY] | None = Field(
        default=None, description="occurrences per time while there is none: the time between two is exponential"
    )
    time_between: _Time | None = Field(
        default=None, description="time from the end of one occurrence to the beginning of the next"
    )
    duration: _Time = Field(description="duration of one occurrence")
    ramp: Duration = Field(default=0.0, description="time of the linear recovery after an occurrence")
    chance: Share = Field(
        default=1.0, description="probability that one occurrence hits a target, drawn for each target"
    )
    hits: dict[str, Hit] = Field(
        description="the stages and customers that are hit, and how",
        examples=[{"press": {"capacity": 0}}],
        json_schema_extra=NOT_EMPTY,
    )

    @property
    def time_between_distribution(self) -> Distribution:
        """Periods from the end of one occurrence to the begin of the next."""
        if self.time_between is not None:
            return self.time_between
        assert self.rate is not None  # one of the two is given
        return build_distribution("exponential", mean=1.0 / self.rate)

    @field_validator("rate", "time_between")
    @classmethod
    def _check_time_between(cls, given: Any, info: ValidationInfo[Clock]) -> Any:
        mean = 1.0 / given if isinstance(given, float) else given.mean() if given else 1.0
        if mean < _SHORTEST_TIME_BETWEEN and info.context.known:
            allowed = f"expected at most {1 / _SHORTEST_TIME_BETWEEN:,.0f} occurrences per period of time between"
            raise build_refusal(f"{allowed}, found one every {mean:.2g} periods; {_OFTEN}")
        return given

    @field_validator("duration")
    @classmethod
    def _check_duration(cls, duration: Distribution, info: ValidationInfo[Clock]) -> Distribution:
        rate: Any = info.data.get("rate")
        between: Any = info.data.get("time_between")
        if (rate or between) and info.context.known:
            time_between = between or build_distribution("exponential", mean=1.0 / rate)
            cycle = compute_cycle_length(time_between, duration)
            if cycle < SHORTEST_CYCLE:
                most = f"expected at most {1 / SHORTEST_CYCLE:,.0f} occurrences per period"
                raise build_refusal(f"{most}, found one every {cycle:.2g} periods on average; {_OFTEN}")
        return duration

    @field_validator("hits")
    @classmethod
    def _check_hits(cls, hits: dict[str, Hit]) -> dict[str, Hit]:
        if not hits:
            raise build_refusal("expected at least one stage or customer that is hit, found an empty mapping")
        return hits
