"""Make to order: the store keeps no stock."""

from __future__ import annotations

from jitrisk.model.policies.base import Levels, Policy, StoreDemand


class MakeToOrder(Policy):
    """Keep no stock; order what customers and consuming stages have ordered."""

    kind = "make_to_order"
    summary = "keeps no stock: orders what its customers and stages have ordered"
    example = "{}"

    def compute_limited_levels(self, demand: StoreDemand) -> Levels:
        """Return reorder point and order-up-to level 0, without a lot."""
        return Levels(0.0, 0.0, 0.0, self.review_period, demand_signal=True)
