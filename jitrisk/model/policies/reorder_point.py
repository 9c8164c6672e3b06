"""Reorder point, the (r, Q) policy: at or below the point, order whole lots."""

from __future__ import annotations

from pydantic import Field, field_validator

from jitrisk.model.faults import build_refusal
from jitrisk.model.policies.base import (
    Level,
    LevelField,
    Levels,
    Policy,
    StoreDemand,
    compute_grain,
    find_cover_key,
)


class ReorderPoint(Policy):
    """At or below the point, order whole lots of the quantity."""

    kind = "reorder_point"
    summary = "orders whole lots when the position is at or below a point"
    example = "{point: 3 d, quantity: 500}"
    level_keys = ("point", "quantity")
    point: LevelField = Field(description="level at or below which an order is placed")
    quantity: LevelField = Field(description="size of one lot")

    @field_validator("quantity")
    @classmethod
    def _check_quantity(cls, quantity: Level) -> Level:
        if quantity.amount <= 0.0:
            raise build_refusal("the quantity of an order must be above 0")
        return quantity

    @property
    def demand_key(self) -> str:
        """The key by which a level follows the mean demand, empty where none does."""
        return find_cover_key(point=self.point, quantity=self.quantity)

    def compute_limited_levels(self, demand: StoreDemand) -> Levels:
        """Return the point, the point plus the quantity, and the quantity as lot."""
        point, quantity = self.point.convert_to_units(demand.mean), self.quantity.convert_to_units(demand.mean)
        return Levels(point, point + quantity, quantity, self.review_period, demand_signal=True)

    def compute_lot_burst(self, mean_demand: float, whole: bool) -> float:
        """Return by how much whole lots make starts exceed the demand on the store, units."""
        lot = self.quantity.convert_to_units(mean_demand)
        return lot - compute_grain(lot, whole)
