"""Series packed for the kernels: which table, which stream and which hazards belong to each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from jitrisk.sampling import kernels, quantile_tables
from jitrisk.sampling.distributions import Distribution, build_constant
from jitrisk.sampling.kernels import NONE
from jitrisk.sampling.rare import Mixture
from jitrisk.sampling.records import EFFECT, HAZARD, JOB, Array, Plan
from jitrisk.sampling.series import ExogenousSeries, HazardProcess, group_hits
from jitrisk.sampling.streams import derive_stream_key

# These are open or closed; the others are multiplied by a share.
CLOSING = frozenset({"receiving", "transit"})

# The stream of yields keeps the name it was first given: another one would draw other numbers.
_STREAMS = {"yield": "good"}


class Planner:
    """Packs series; each ``pack`` method returns one part of the plan.

    Parameters
    ----------
    series : what to draw.
    seed : any integer.
    mixture : the rare hazards that some paths are drawn with; none by default.
    """

    def __init__(self, series: Sequence[ExogenousSeries], seed: int, mixture: Mixture | None = None) -> None:
        self._series = series
        self._seed = seed
        self._mixture = mixture
        # Each distribution with the share of its probability that is kept.
        self._laws: dict[tuple[Distribution, float], int] = {}

    def plan(self, window: tuple[int, int]) -> Plan:
        """Return everything packed; occurrences of hazards that begin in the window are counted."""
        jobs, endings, (hazards, effects) = self._pack_draws(), self._pack_endings(), self._pack_hazards()
        compiled = [
            quantile_tables.compile_table(law) if share == 1 else quantile_tables.compile_lower_part(law, share)
            for law, share in self._laws
        ]
        return Plan(quantile_tables.pack(compiled), jobs, hazards, effects, endings, np.array(window, np.int64))

    def _add_table(self, law: Distribution, share: float = 1.0) -> int:
        return self._laws.setdefault((law, share), len(self._laws))

    def _pack_draws(self) -> Array:
        """Pack the base draws; of series that agree on theirs the first is drawn and the others are copies."""
        rows = []
        drawn: dict[tuple[object, ...], int] = {}
        for number, series in enumerate(self._series):
            law, how = series.base, _choose_finish(series)
            if law.family == "constant":
                law = build_constant(_finish_constant(law.mean(), how))
            source = drawn.setdefault((series.kind, series.thing, law, series.every, how), number)
            copied = source != number and law.family != "constant"
            key = derive_stream_key(self._seed, _STREAMS.get(series.kind, series.kind), series.thing)
            rows.append((number, source if copied else NONE, self._add_table(law), series.every, how, key))
        return np.array(rows, JOB)

    def _pack_endings(self) -> Array:
        """Pack what can be finished only after the hazards."""
        rows = []
        for number, series in enumerate(self._series):
            if series.effects and series.kind == "lead_time":
                rows.append((number, NONE, NONE, 1, kernels.WHOLE, 0))
            elif series.effects and series.kind == "demand" and series.base.is_integer:
                key = derive_stream_key(self._seed, "round", series.thing)
                rows.append((number, NONE, NONE, series.every, kernels.ROUND, key))
        return np.array(rows, JOB)

    def _pack_hazards(self) -> tuple[Array, Array]:
        """Pack hazards in the order of their names, so that products are the same whatever else is drawn."""
        hazards: list[tuple[Any, ...]] = []
        effects: list[tuple[Any, ...]] = []
        for spells, hits in group_hits(self._series):
            first = len(effects)
            # Those that are sure to hit first, then coin after coin: the kernel tosses again where the coin changes.
            for number, effect in sorted(hits, key=lambda hit: (-hit[1].chance, self._series[hit[0]].thing)):
                series = self._series[number]
                coin = derive_stream_key(self._seed, "chance", spells.name, series.thing)
                enough = round(min(effect.chance, 1.0) * kernels.SURE)
                effects.append((number, series.kind in CLOSING, effect.factor, coin, enough))
            key, tables_of = derive_stream_key(self._seed, "hazard", spells.name), (spells.quiet, spells.active)
            hazards.append(
                (key, *map(self._add_table, tables_of), spells.ramp, first, len(effects), *self._pack_component(spells))
            )
        return np.array(hazards, HAZARD), np.array(effects, EFFECT)

    def _pack_component(self, spells: HazardProcess) -> tuple[int, int, int]:
        """Return the table of a hazard's first quiet time in its component, and which paths are in that."""
        if self._mixture is None or spells.name not in self._mixture.hazards:
            return NONE, 1, 0
        place = self._mixture.find_remainder(spells.name)
        return self._add_table(spells.quiet, self._mixture.find_probability(spells.name)), self._mixture.period, place


def _choose_finish(series: ExogenousSeries) -> int:
    """Return what to do with a base draw; a line may undershoot zero by a rounding error, a staircase not."""
    law = series.base
    if series.kind == "lead_time":
        done = series.effects or (law.is_integer and law.lowest >= 1)
        return kernels.KEEP if done else kernels.WHOLE
    if series.kind != "demand":
        return kernels.SHARE
    return kernels.KEEP if law.is_integer else kernels.AT_LEAST_ZERO


def _finish_constant(value: float, how: int) -> float:
    """Do to a constant what the kernel does to a draw."""
    if how == kernels.SHARE:
        return min(value, 1.0)
    return max(math.ceil(value * (1 - 1e-6)), 1.0) if how == kernels.WHOLE else value
