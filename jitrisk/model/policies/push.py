"""Push: the stage starts whatever its inputs allow."""

from __future__ import annotations

from jitrisk.model.policies.base import Levels, Policy, StoreDemand


class Push(Policy):
    """Start whatever the inputs and the capacity allow; a store has no level."""

    kind = "push"
    summary = "starts whatever lies before it, as inside a line that is pushed or a loop of conwip"
    example = "{}"

    @property
    def pushes(self) -> bool:
        """Whether it starts whatever its inputs allow."""
        return True

    def compute_limited_levels(self, demand: StoreDemand) -> Levels:
        """Return levels of 0, which are not used: the inputs authorize every start."""
        return Levels(0.0, 0.0, 0.0, self.review_period, demand_signal=False)
