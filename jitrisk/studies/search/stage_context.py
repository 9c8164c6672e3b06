"""What the lattice of a stage's levels follows from: where a level stands, in which steps it moves, and how far."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from jitrisk.errors import JitriskError
from jitrisk.lower import Levels, compute_mean_demand, compute_policy_levels
from jitrisk.model import LevelRange, Network
from jitrisk.studies.search.plan import LevelDecision

FOLLOWING_FIELDS: Mapping[str, tuple[str, ...]] = {"base_stock": ("cover",), "min_max": ("min", "max")}
"""The levels of policies that follow the demand, which are times."""

_AT_LEAST_ONE = ("cards", "max", "quantity")
_DIGITS = 3  # a level begins with at least a thousand steps
_SLACK = 1e-9


@dataclass(frozen=True)
class StageContext:
    """What the lattice of a level follows from: the stage as it is, its levels and the demand on it.

    Attributes
    ----------
    stage : its name.
    levels : its levels; those at the mean demand where they follow it.
    mean_demand : units per period.
    lead_time : mean, periods.
    is_whole : whether all demands and quantities of the network are whole.
    safety_stock : units added to levels that follow the demand.
    order_cap : units that an order may bring its position to; infinite without a cap.
    is_following : whether its levels follow the demand, and so vary as times.
    """

    stage: str
    levels: Levels
    mean_demand: float
    lead_time: float
    is_whole: bool
    safety_stock: float
    order_cap: float
    is_following: bool

    @classmethod
    def read(cls, network: Network, stage: str) -> StageContext:
        """Return the context of a stage of the network of one strategy."""
        whole = all(customer.demand.is_integer for customer in network.customers.values())
        whole = whole and all(
            item.quantity == math.floor(item.quantity)
            for one in network.stages.values()
            for item in one.inputs.values()
        )
        mean, lead_time = compute_mean_demand(network)[stage], network.stages[stage].lead_time.mean()
        levels, policy = compute_policy_levels(network)[stage], network.stages[stage].policy
        is_following = policy.followed is not None and policy.kind in FOLLOWING_FIELDS
        return cls(stage, levels, mean, lead_time, whole, policy.safety_stock, policy.order_cap, is_following)

    @property
    def is_bound_by_season(self) -> bool:
        """Whether its levels do not vary: a cap bounds the largest of a season, which the mean demand does not say."""
        return self.is_following and math.isfinite(self.order_cap)

    def find_level(self, field: str, is_cover: bool = False) -> float:
        """Return a level as it is now, in cards, units or periods; one without limit as twice that of steady flow."""
        levels = self.levels
        lot = levels.lot or 1.0
        up_to = levels.order_up_to if math.isfinite(levels.order_up_to) else 2.0 * self.mean_demand * self.lead_time
        point = levels.reorder_point if math.isfinite(levels.reorder_point) else up_to
        found = {"cards": up_to / lot, "level": up_to, "min": point, "max": up_to, "point": point, "quantity": lot}
        found["cover"] = up_to
        if is_cover:
            # Of a level that follows the demand, safety stock is no part of the time that it covers.
            covered = max(0.0, found[field] - self.safety_stock)
            return covered / self.mean_demand if self.mean_demand else 0.0
        return found[field]

    def build_decision(self, kind: str, field: str, within: LevelRange | None) -> LevelDecision:
        """Return the decision about a level, within bounds if there are some."""
        self._require_time(kind, field, within)
        within = within or LevelRange()
        is_cover = within.is_cover or field == "cover" or self.is_following
        unit = "card" if field == "cards" else "d" if is_cover else "unit"
        step = within.step or self._select_step(field, is_cover)
        origin = (within.low or 0.0) if within.step else 0.0
        least = float(field in _AT_LEAST_ONE) * (1.0 if unit == "card" else step)
        low = math.ceil((max(within.low or 0.0, least) - origin) / step - _SLACK)
        rate = self.levels.lot if unit == "card" else self.mean_demand if unit == "d" else 1.0
        highest = math.inf if within.high is None else within.high
        if field in ("level", "cover", "max") and rate:
            highest = min(highest, (self.order_cap - self.safety_stock) / rate)
        high = math.floor((highest - origin) / step + _SLACK) if math.isfinite(highest) else None
        key = f"stages.{self.stage}.policy.{kind}.{field}"
        if high is not None and high < low:
            raise JitriskError(f"{key} has no value between {within.low or 0.0:g} and {highest:g}: widen its bounds")
        return LevelDecision(
            *(key, self.stage, kind, field, unit, step, origin, low, high),
            is_step_given=within.step is not None,
            rate=rate,
        )

    def _require_time(self, kind: str, field: str, within: LevelRange | None) -> None:
        """Refuse a level in units of a policy that follows the demand, and one that a cap bounds as well."""
        if self.is_bound_by_season:
            raise JitriskError(
                f"stages.{self.stage}.policy.{kind}.{field} cannot vary, as the level follows the demand below a cap: "
                "leave out `cap` or `follow`"
            )
        is_in_units = within not in (None, LevelRange()) and not within.is_cover
        if self.is_following and (field == "level" or (field != "cover" and is_in_units)):
            key = f"stages.{self.stage}.policy.{kind}.{'cover' if field == 'level' else field}"
            raise JitriskError(f"{self.stage} follows the demand, so its levels are times: vary `{key}=3 d..9 d`")

    def limit_by_fixed_level(self, decision: LevelDecision) -> LevelDecision:
        """Return the decision about a level of a pair of which the other does not vary: below it, or above."""
        if decision.field not in ("min", "max") or not decision.rate:
            return decision
        fixed = self.levels.order_up_to if decision.field == "min" else self.levels.reorder_point
        place = ((fixed - self.safety_stock) / decision.rate - decision.origin) / decision.step
        low, high = decision.low, decision.high
        if decision.field == "min":
            most = math.ceil(place - _SLACK) - 1
            high = most if high is None else min(high, most)
        else:
            low = max(low, math.floor(place + _SLACK) + 1)
        if high is not None and high < low:
            side = "below the max" if decision.field == "min" else "above the min"
            raise JitriskError(f"{decision.key} has no value {side} of {fixed:g} units: widen its bounds, or vary both")
        return replace(decision, low=low, high=high)

    def _select_step(self, field: str, is_cover: bool) -> float:
        """Return the step of a level: 1 for whole units and cards, otherwise a thousandth of the level or less."""
        if field == "cards" or (self.is_whole and not is_cover):
            return 1.0
        level = self.find_level(field, is_cover) or self.lead_time * (1.0 if is_cover else self.mean_demand)
        return float(10.0 ** (math.floor(math.log10(level)) - _DIGITS)) if level > 0 else 1.0
