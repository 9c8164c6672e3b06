"""A plan as whole numbers, and the lattice of each level: its step, its bounds, and how coarse its neighbors are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from jitrisk.model.policies import Level

_FINE = 100  # a neighbor differs by about a hundredth of a level
_NICE = (1, 2, 5)


@dataclass(frozen=True)
class Plan:
    """A value for every decision.

    Attributes
    ----------
    levels : the place of every level on its lattice, in the order of the level decisions.
    choices : the number of the option of every choice, in the order of the choice decisions.
    """

    levels: tuple[int, ...]
    choices: tuple[int, ...] = ()

    def replace_level(self, index: int, place: int) -> Plan:
        """Return the plan with another value of one level."""
        return replace(self, levels=(*self.levels[:index], place, *self.levels[index + 1 :]))

    def replace_choice(self, index: int, option: int) -> Plan:
        """Return the plan with another option of one choice."""
        return replace(self, choices=(*self.choices[:index], option, *self.choices[index + 1 :]))


@dataclass(frozen=True)
class LevelDecision:
    """A level that may vary: its value is ``origin + place * step``, for the whole numbers from `low` to `high`.

    Attributes
    ----------
    key : its key in the model, such as ``stages.valve.policy.kanban.cards``.
    stage, kind, field : the stage, the kind of its policy, and the field of that.
    unit : ``"card"``, ``"unit"``, or ``"d"`` for a time of mean demand that is covered.
    step, origin : the lattice, in cards, units or periods.
    low, high : the first and the last place; no last one if None.
    is_step_given : whether neighbors are one step away whatever the level; otherwise about a hundredth of it.
    choice : the number of the choice decision and its option under which the stage has this policy; None for always.
    rate : units that a value of 1 stands for, at the mean demand where it is a time.
    """

    key: str
    stage: str
    kind: str
    field: str
    unit: str
    step: float
    origin: float = 0.0
    low: int = 0
    high: int | None = None
    is_step_given: bool = False
    choice: tuple[int, int] | None = None
    rate: float = 1.0

    def is_active(self, plan: Plan) -> bool:
        """Return whether the stage has this policy under a plan."""
        return self.choice is None or plan.choices[self.choice[0]] == self.choice[1]

    def compute_value(self, place: int) -> float:
        """Return the level at a place, in cards, units or periods."""
        return float(f"{self.origin + place * self.step:.12g}")

    def compute_units(self, place: int) -> float:
        """Return the level at a place in units, at the mean demand where it is a time."""
        return self.compute_value(place) * self.rate

    def build_level(self, place: int) -> float | Level:
        """Return the level at a place as the policy of a stage holds it."""
        value = self.compute_value(place)
        if self.field == "cards":
            return int(value)
        if self.field in ("level", "cover"):
            return value
        return Level(cover=value) if self.unit == "d" else Level(units=value)

    def find_place(self, value: float) -> int:
        """Return the allowed place nearest to a level."""
        return self.snap(round((value - self.origin) / self.step))

    def compute_resolution(self, place: int) -> int:
        """Return how many steps away the nearest neighbors of a place are: 1, 2, 5, 10, ..., a hundredth at most."""
        return 1 if self.is_step_given else _round_to_nice(abs(place) / _FINE)

    def snap(self, place: float) -> int:
        """Return the allowed place nearest to another, a multiple of its resolution unless a bound is nearer."""
        resolution = self.compute_resolution(round(place))
        return self.clip(round(place / resolution) * resolution)

    def clip(self, place: int) -> int:
        """Return a place, or the bound that it lies beyond."""
        place = max(place, self.low)
        return place if self.high is None else min(place, self.high)

    def move(self, place: int, toward: int, reach: float = 0.0) -> int:
        """Return the neighbor of a place, up or down, at a share of it or one resolution away, whichever is farther."""
        stride = max(self.compute_resolution(place), _round_to_nice(abs(place) * reach) if reach else 1)
        return self.clip(place + toward * stride)

    def find_bound(self, place: int) -> str:
        """Return which bound a place lies at: ``"lower"``, ``"upper"``, or none, empty."""
        return "lower" if place == self.low else "upper" if place == self.high else ""


@dataclass(frozen=True)
class ChoiceDecision:
    """One of several options: the policy of a stage, or an investment that is taken or not.

    Attributes
    ----------
    key : its key, such as ``stages.spare.policy`` or ``decisions.investments.second_source``.
    kind : ``"policy"`` or ``"investment"``.
    stage : the stage whose policy is chosen; empty for an investment.
    options : the options in words.
    patches : what each option changes, as the patch of a strategy.
    """

    key: str
    kind: str
    stage: str
    options: tuple[str, ...]
    patches: tuple[Mapping[str, Any], ...]


def _round_to_nice(number: float) -> int:
    """Return the largest of 1, 2, 5, 10, 20, ... that is not above a number, 1 at least."""
    if number < 1:
        return 1
    unit = 10 ** math.floor(math.log10(number))
    return int(max(factor * unit for factor in _NICE if factor * unit <= number))
