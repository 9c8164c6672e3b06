"""Series packed for the kernels: which table, which stream and which hazards belong to each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from jitrisk.sampling import draw_kernels, kernels, quantile_tables
from jitrisk.sampling.distributions import Distribution, build_constant
from jitrisk.sampling.draw_kernels import NONE
from jitrisk.sampling.profiles import Profile
from jitrisk.sampling.rare import Mixture
from jitrisk.sampling.records import DRAW, EFFECT, HAZARD, PROFILED, Array, Plan
from jitrisk.sampling.series import CLOSING, Effect, ExogenousSeries, HazardProcess, group_hits
from jitrisk.sampling.streams import derive_stream_key

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
        self._distributions: dict[tuple[Distribution, float], int] = {}
        self._profiles: dict[Profile, int] = {}

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """The distinct profiles of the series that are packed, in the order of their rows."""
        return tuple(self._profiles)

    def plan(self, window: tuple[int, int]) -> Plan:
        """Return everything packed; occurrences of hazards that begin in the window are counted."""
        draws, profiled, endings = self._pack_draws(), self._pack_profiled(), self._pack_endings()
        hazards, effects = self._pack_hazards()
        compiled = [
            quantile_tables.compile_table(distribution)
            if share == 1
            else quantile_tables.compile_lower_part(distribution, share)
            for distribution, share in self._distributions
        ]
        tables = quantile_tables.pack(compiled)
        return Plan(tables, draws, profiled, hazards, effects, endings, np.array(window, np.int64))

    def _add_table(self, distribution: Distribution, share: float = 1.0) -> int:
        return self._distributions.setdefault((distribution, share), len(self._distributions))

    def _pack_draws(self) -> Array:
        """Pack the base draws; of series that agree on theirs the first is drawn and the others are copies."""
        rows: list[tuple[Any, ...]] = []
        drawn: dict[tuple[object, ...], int] = {}
        for number, series in enumerate(self._series):
            distribution, how = series.base, _choose_finish(series)
            if distribution.family == "constant":
                distribution = build_constant(_finish_constant(distribution.mean(), how))
            source = drawn.setdefault((*series.key, distribution, series.every, how), number)
            copied = source != number and distribution.family != "constant"
            key = derive_stream_key(self._seed, _STREAMS.get(series.kind, series.kind), series.stage_or_customer)
            every, hold = (1, series.every) if series.kind == "forecast" else (int(series.every), 0.0)
            rows.append((number, source if copied else NONE, self._add_table(distribution), every, hold, how, key))
        return np.array(rows, DRAW)

    def _pack_profiled(self) -> Array:
        """Pack the series with known factors on their draws; copies of draws are made before."""
        rows = [
            (number, series.every, self._profiles.setdefault(series.profile, len(self._profiles)))
            for number, series in enumerate(self._series)
            if series.profile is not None
        ]
        return np.array(rows, PROFILED)

    def _pack_endings(self) -> Array:
        """Pack what can be finished only after known factors and hazards."""
        rows = []
        for number, series in enumerate(self._series):
            if series.effects and series.kind == "lead_time":
                rows.append((number, NONE, NONE, 1, 0.0, draw_kernels.WHOLE, 0))
            elif series.kind == "demand" and series.base.is_integer and (series.effects or series.profile):
                key = derive_stream_key(self._seed, "round", series.stage_or_customer)
                how = draw_kernels.ROUND if series.profile is None else draw_kernels.ROUND_ALL
                rows.append((number, NONE, NONE, int(series.every), 0.0, how, key))
        return np.array(rows, DRAW)

    def _pack_hazards(self) -> tuple[Array, Array]:
        """Pack hazards in the order of their names, so that products are the same whatever else is drawn."""
        hazards: list[tuple[Any, ...]] = []
        effects: list[tuple[Any, ...]] = []
        for process, hits in group_hits(self._series):
            first = len(effects)
            # By chance and target: the kernel draws again where the stream of the hits changes.
            for number, effect in sorted(hits, key=self._sort_key):
                series = self._series[number]
                coin = derive_stream_key(self._seed, "chance", process.name, series.stage_or_customer)
                enough = round(min(effect.chance, 1.0) * kernels.SURE)
                effects.append((number, series.kind in CLOSING, effect.factor, coin, enough))
            key = derive_stream_key(self._seed, "hazard", process.name)
            tables = map(self._add_table, (process.time_between, process.duration))
            hazards.append((key, *tables, process.ramp, first, len(effects), *self._pack_component(process)))
        return np.array(hazards, HAZARD), np.array(effects, EFFECT)

    def _sort_key(self, hit: tuple[int, Effect]) -> tuple[float, str]:
        number, effect = hit
        return -effect.chance, self._series[number].stage_or_customer

    def _pack_component(self, process: HazardProcess) -> tuple[int, int, int]:
        """Return the table of a hazard's first time between in its component, and which paths are in that."""
        if self._mixture is None or process.name not in self._mixture.hazards:
            return NONE, 1, 0
        table = self._add_table(process.time_between, self._mixture.find_probability(process.name))
        return table, self._mixture.period, self._mixture.find_remainder(process.name)


def _choose_finish(series: ExogenousSeries) -> int:
    """Return the last operation on a base draw: a draw of a continuous distribution may be below 0 by rounding."""
    distribution = series.base
    if series.kind == "lead_time":
        done = series.effects or (distribution.is_integer and distribution.lowest >= 1)
        return draw_kernels.KEEP if done else draw_kernels.WHOLE
    if series.kind not in ("demand", "forecast"):
        return draw_kernels.SHARE
    is_counted = series.kind == "demand" and distribution.is_integer
    return draw_kernels.KEEP if is_counted else draw_kernels.AT_LEAST_ZERO


def _finish_constant(value: float, how: int) -> float:
    """Apply to a constant the last operation that the kernel applies to a draw."""
    if how == draw_kernels.SHARE:
        return min(value, 1.0)
    return max(math.ceil(value * (1 - 1e-6)), 1.0) if how == draw_kernels.WHOLE else value
