"""Searches without a simulation: spaces of plain levels, and an evaluator whose objective is a given function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jitrisk.risk.design import EqualDesign
from jitrisk.studies.search.decisions import DecisionSpace
from jitrisk.studies.search.evaluation import Estimate, Limits
from jitrisk.studies.search.plan import LevelDecision, Plan


def build_space(size: int, low: int = 0, high: int | None = 200) -> DecisionSpace:
    """Return a space of so many levels, one stage each, whose steps are 1."""
    levels = tuple(
        LevelDecision(
            f"stages.s{i}.policy.base_stock.level", f"s{i}", "base_stock", "level", "unit", 1.0, 0.0, low, high
        )
        for i in range(size)
    )
    return DecisionSpace(None, {}, levels, (), Plan((low,) * size), {})  # type: ignore[arg-type]


@dataclass
class GivenEvaluator:
    """Estimates plans by a function, with noise of every path.

    Attributes
    ----------
    space : what may vary.
    value : the objective of the levels of a plan.
    violation : by how much they miss constraints.
    noise : standard deviation of the score of a path.
    shared : of the noise of a path, the share in which all plans have it alike.
    """

    space: DecisionSpace
    value: Callable[[np.ndarray], float]
    violation: Callable[[np.ndarray], float] = lambda _: 0.0
    noise: float = 0.0
    shared: float = 0.0
    seed: int = 0
    limits: Limits = field(default_factory=Limits)
    path_size: int = 1
    asked: dict[tuple[Plan, range], Estimate] = field(default_factory=dict)

    def evaluate(self, plans: Any, paths: range) -> list[Estimate]:
        """Return the estimate of every plan on some paths."""
        return [self._estimate(plan, paths) for plan in plans]

    def _estimate(self, plan: Plan, paths: range) -> Estimate:
        if (plan, paths) not in self.asked:
            levels = np.array(plan.levels)
            scores = np.full(len(paths), self.value(levels))
            if self.noise:
                common = np.random.default_rng([self.seed, paths.start]).standard_normal(len(paths))
                own = np.random.default_rng([self.seed, paths.start, *plan.levels]).standard_normal(len(paths))
                scores += self.noise * (self.shared * common + (1 - self.shared**2) ** 0.5 * own)
            self.limits.require_more()
            self.limits.spend(1, len(paths), 1)
            self.asked[plan, paths] = Estimate(
                plan,
                scores,
                float(scores.mean()),
                self.violation(levels),
                self.violation(levels),
                (),
                float(levels.sum()),
            )
        return self.asked[plan, paths]

    def forget(self) -> None:
        """Keep everything."""

    def build_job(self, networks: Mapping[str, Any], paths: range) -> range:
        """Return the paths themselves."""
        return paths

    def read_design(self, paths: range) -> EqualDesign:
        """Return the design of paths that are all alike."""
        return EqualDesign(len(paths))
