"""Min-max, the (s, S) policy: at or below the minimum, order up to the maximum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from jitrisk.model.faults import build_refusal
from jitrisk.model.fields.readers import Clock
from jitrisk.model.policies.base import Level, LevelError, LevelField, Levels, StoreDemand, find_cover_key
from jitrisk.model.policies.leveled import CAP, Cap, LeveledPolicy, refuse_followed_units


class MinMax(LeveledPolicy):
    """At or below the minimum, order up to the maximum."""

    kind = "min_max"
    summary = "orders up to the maximum when the position is at or below the minimum"
    example = "{min: 1 d, max: 3 d}"
    level_keys = ("min", "max")
    min: LevelField = Field(description="level at or below which an order is placed")
    max: LevelField = Field(description="level up to which the policy orders")
    cap: Cap = CAP

    @field_validator("min", "max")
    @classmethod
    def _check_follow(cls, level: Level, info: ValidationInfo[Clock]) -> Level:
        if level.units is not None:
            refuse_followed_units(info, "write a duration such as `3 d`")
        return level

    @field_validator("max")
    @classmethod
    def _check_max(cls, order_up_to: Level, info: ValidationInfo) -> Level:
        reorder_point: Level | None = info.data.get("min")
        if reorder_point is None or (reorder_point.units is None) != (order_up_to.units is None):
            return order_up_to
        if order_up_to.amount <= reorder_point.amount:
            raise build_refusal("`max` must be above `min`")
        return order_up_to

    @classmethod
    def _find_units(cls, fields: Mapping[str, Any]) -> float | None:
        order_up_to: Level | None = fields.get("max")
        return order_up_to.units if order_up_to else None

    @property
    def demand_key(self) -> str:
        """The key by which a level follows the mean demand, empty where none does."""
        return find_cover_key(min=self.min, max=self.max)

    def compute_limited_levels(self, demand: StoreDemand) -> Levels:
        """Return minimum and maximum as reorder point and order-up-to level, without a lot."""
        reorder_point = self.min.convert_to_units(demand.mean)
        order_up_to = self.max.convert_to_units(demand.mean)
        if reorder_point >= order_up_to:
            raise LevelError(
                f"at the mean demand, min is {reorder_point:g} units and max {order_up_to:g}: expected min below max; "
                "change one of them"
            )
        self.require_cap(order_up_to)
        return Levels(reorder_point, order_up_to, 0.0, self.review_period, demand_signal=True)

    def compute_lot_burst(self, mean_demand: float, whole: bool) -> float:
        """Return by how much an order exceeds the demand on the store, units."""
        return max(0.0, self.max.convert_to_units(mean_demand) - self.min.convert_to_units(mean_demand))
