"""Base stock: every review orders up to a level."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator

from jitrisk.model.faults import build_refusal, suggest_name
from jitrisk.model.fields.measures import DURATION, SERVICE, UNITS
from jitrisk.model.fields.quantities import describe_found
from jitrisk.model.fields.readers import Clock, FunctionReader
from jitrisk.model.policies.base import UNLIMITED, WRITE_UNLIMITED, Levels, StoreDemand, is_endless
from jitrisk.model.policies.leveled import CAP, Cap, LeveledPolicy, refuse_followed_units


def _read_order_up_to(source: Any, clock: Clock) -> float:
    if source == UNLIMITED:
        return math.inf
    if is_endless(source):
        raise build_refusal(
            f"expected a number of units or `{UNLIMITED}`, found {describe_found(source)}{WRITE_UNLIMITED}"
        )
    return UNITS.read(source, clock, also=f" or `{UNLIMITED}`", hint=suggest_name(source, (UNLIMITED,)))


_ORDER_UP_TO = FunctionReader("OrderUpTo", _read_order_up_to, {"anyOf": [UNITS.wrap_schema(), {"const": UNLIMITED}]})


class BaseStock(LeveledPolicy):
    """Order what brings the position back to the level."""

    kind = "base_stock"
    summary = "orders up to a level at every review"
    example = "{cover: 3 d}"
    level_keys = ("level", "cover")
    choices = (("level", "cover", "service"),)
    level: Annotated[float | None, _ORDER_UP_TO] = Field(
        default=None, description="order-up-to level in units; or `unlimited`, for a stage with a capacity"
    )
    cover: Annotated[float, DURATION] | None = Field(
        default=None, description="order-up-to level as the time of mean demand that it covers"
    )
    service: Annotated[float, SERVICE] | None = Field(
        default=None, description="probability that the level covers what is outstanding"
    )
    cap: Cap = CAP

    @field_validator("level", "service")
    @classmethod
    def _check_follow(cls, given: float | None, info: ValidationInfo[Clock]) -> float | None:
        if given is not None:
            refuse_followed_units(info, "write `cover: 3 d`")
        return given

    @classmethod
    def _find_units(cls, fields: Mapping[str, Any]) -> float | None:
        level: float | None = fields.get("level")
        return level

    @property
    def is_unlimited(self) -> bool:
        """Whether there is no limit to the level."""
        return self.level == math.inf

    @property
    def service_probability(self) -> float | None:
        """The probability from which the level is computed, None where it is not."""
        return self.service

    @property
    def demand_key(self) -> str:
        """The key by which the level follows the mean demand, empty where it does not."""
        if self.level is not None:
            return ""
        return "cover" if self.cover is not None else "service"

    def compute_limited_levels(self, demand: StoreDemand) -> Levels:
        """Return the level as reorder point and order-up-to level, without a lot."""
        level = self._compute_order_up_to(demand)
        self.require_cap(level)
        return Levels(level, level, 0.0, self.review_period, demand_signal=True)

    def _compute_order_up_to(self, demand: StoreDemand) -> float:
        if self.service is not None:
            return demand.compute_service_level(self.service)
        return self.level if self.level is not None else (self.cover or 0.0) * demand.mean
