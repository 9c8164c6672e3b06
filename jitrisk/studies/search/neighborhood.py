"""The plans around a plan: one level one step up or down, one choice changed, and pairs of levels moved together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jitrisk.studies.search.decisions import DecisionSpace
from jitrisk.studies.search.plan import Plan


@dataclass(frozen=True)
class Move:
    """One step of one level.

    Attributes
    ----------
    index : the number of the level.
    toward : 1 for up, -1 for down.
    plan : the plan after the step.
    """

    index: int
    toward: int
    plan: Plan


@dataclass(frozen=True)
class Neighborhood:
    """The neighbors of plans, at a distance.

    Attributes
    ----------
    space : what may vary.
    reach : the distance as a share of a level; the nearest neighbors where it is 0.
    """

    space: DecisionSpace
    reach: float = 0.0

    def list_moves(self, plan: Plan) -> list[Move]:
        """Return every allowed step of one level."""
        return [
            Move(index, toward, moved)
            for index in self.space.list_active(plan)
            for toward in (-1, 1)
            if (moved := self.step(plan, index, toward)) != plan and self.space.is_allowed(moved)
        ]

    def step(self, plan: Plan, index: int, toward: int) -> Plan:
        """Return a plan with one level moved one step up or down."""
        decision = self.space.levels[index]
        return plan.replace_level(index, decision.move(plan.levels[index], toward, self.reach))

    def combine(self, plan: Plan, moves: Sequence[Move]) -> Plan | None:
        """Return a plan with several steps made, None where that is not allowed."""
        for move in moves:
            plan = self.step(plan, move.index, move.toward)
        return plan if self.space.is_allowed(plan) else None


def list_choice_changes(space: DecisionSpace, plan: Plan) -> Iterator[tuple[int, int, Plan]]:
    """Yield every plan that differs in one choice, with the number of the choice and of its option."""
    for index, decision in enumerate(space.choices):
        for option in range(len(decision.options)):
            changed = plan.replace_choice(index, option)
            if option != plan.choices[index] and space.is_allowed(changed):
                yield index, option, changed
