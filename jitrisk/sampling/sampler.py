"""The sampler: fills exogenous values for any block of paths, tile after tile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jitrisk.sampling import draw_kernels, kernels
from jitrisk.sampling.packing import Planner
from jitrisk.sampling.profiles import stack_factors
from jitrisk.sampling.rare import Mixture
from jitrisk.sampling.records import Array, Clocks, Scratch
from jitrisk.sampling.series import ExogenousSeries, Occurrence, SeriesKind, group_hits

_AT_ONCE = 64  # occurrences of one path drawn at a time
_WHENEVER = (0, 2**62)

Hit = tuple[SeriesKind, str, float]


@dataclass(eq=False)
class State:
    """Where a block of paths stands between two tiles; used by one thread at a time."""

    clocks: Clocks
    scratch: Scratch
    period: int = 0


class Sampler:
    """Draws exogenous series.

    Every draw is a pure function of the seed, the name of its stream, the path and the number of the draw, so values
    do not depend on blocks, tiles, threads or on what else is drawn. Threads may share a sampler: what changes is in
    the state.

    Parameters
    ----------
    series : what to draw; the second axis of a tile.
    seed : any integer.
    mixture : the rare hazards that some paths are drawn with; none by default.
    window : periods, the second left out, in which occurrences of hazards are counted as they begin.
    """

    def __init__(
        self,
        series: Sequence[ExogenousSeries],
        seed: int,
        mixture: Mixture | None = None,
        window: tuple[int, int] = _WHENEVER,
    ) -> None:
        self.series = tuple(series)
        planner = Planner(self.series, seed, mixture)
        self._plan = planner.plan(window)
        self._profiles = planner.profiles
        self._hazards = [process for process, _ in group_hits(self.series)]

    def begin(self, first_path: int, lanes: int) -> State:
        """Return the state of ``lanes`` paths from ``first_path`` on, before period 0."""
        hazards = len(self._plan.hazards)
        effects = self._plan.hazards["end_effect"] - self._plan.hazards["first_effect"]
        clocks = Clocks(
            paths=np.arange(first_path, first_path + lanes, dtype=np.uint64),
            begins=np.empty((hazards, lanes)),
            ends=np.empty((hazards, lanes)),
            numbers=np.empty((hazards, lanes), np.uint64),
            soonest=np.empty(hazards),
            occurred=np.zeros((hazards, lanes), np.int32),
        )
        scratch = Scratch(
            words=np.empty((4, lanes), np.uint32),
            cells=np.empty(lanes, np.int64),
            drawn=np.empty((3, lanes), np.float32),
            blocks=np.empty(lanes, np.uint64),
            paths=np.empty(lanes, np.uint64),
            lanes=np.empty((2, lanes), np.uint64),
            occurrences=np.empty((3, lanes)),
            hits=np.empty(lanes, np.bool_),
            carried=np.zeros((int(effects.max(initial=0)), lanes)),
            touched=np.empty(len(self.series), np.bool_),
        )
        return State(clocks, scratch)

    def fill(self, state: State, first_period: int, out: NDArray[np.float32]) -> None:
        """Fill the next tile.

        Parameters
        ----------
        state : from :meth:`begin`.
        first_period : period of the tile's first row: where the last tile ended, or 0 to start anew. A
            multiple of 4 is fastest, because four draws are made together.
        out : float32 [period, series, lane], C-contiguous; all of it is overwritten but for series beyond those drawn,
            of which there may be some.

        Raises
        ------
        ValueError
            If the tile is not the next one, or is not as wide as the state.
        """
        if first_period not in (0, state.period):
            raise ValueError(f"the tile begins in period {first_period}, but must begin in {state.period} or 0")
        width = (len(self.series), len(state.clocks.paths))
        if out.shape[1] < width[0] or out.shape[2] != width[1]:
            raise ValueError(f"the tile has series and lanes {out.shape[1:]}, but must have {width}")
        state.period = first_period + len(out)
        factors = stack_factors(self._profiles, first_period, state.period)
        kernels.fill(self._plan, state.clocks, state.scratch, factors, first_period, out)

    def list_occurrences(self, path: int, periods: int) -> Iterator[Occurrence]:
        """Yield the occurrences of every hazard on one path that begin before so many periods are over.

        They are those that `fill` applies. An occurrence may hit nothing: each hit has its chance.
        """
        for number, hazard in enumerate(self._hazards):
            first, clock = 0, 0.0
            while clock < periods:
                for time_between, duration, hits in self._draw_occurrences(number, path, first):
                    begin = clock + time_between
                    if begin < periods:
                        yield Occurrence(hazard.name, begin, begin + duration, begin + duration + hazard.ramp, hits)
                    clock = begin + duration + hazard.ramp
                first += _AT_ONCE

    def _draw_occurrences(self, number: int, path: int, first: int) -> list[tuple[float, float, tuple[Hit, ...]]]:
        """Return time between, duration and hits of some occurrences of a hazard, from number `first` on."""
        hazard = self._plan.hazards[number]
        state = self.begin(path, _AT_ONCE)
        state.clocks.paths[:] = path
        state.scratch.blocks[:] = np.arange(first, first + _AT_ONCE)
        kernels.list_occurrences(hazard, self._plan.tables, state.clocks.paths, state.scratch)
        hits: list[tuple[Hit, ...]] = [()] * _AT_ONCE
        for effect in self._plan.effects[hazard["first_effect"] : hazard["end_effect"]]:
            series = self.series[effect["series"]]
            hit = (series.kind, series.stage_or_customer, float(effect["factor"]))
            is_hit = self._toss(effect["coin"], path, first) < effect["enough"]
            hits = [(*before, hit) if hits_it else before for before, hits_it in zip(hits, is_hit, strict=True)]
        return list(zip(*state.scratch.drawn[:2].tolist(), hits, strict=True))

    def _toss(self, coin: int, path: int, first: int) -> Array:
        """Return the words of a coin for some occurrences, from number `first` on."""
        numbers = np.arange(first, first + _AT_ONCE, dtype=np.uint64)
        words = np.empty((4, _AT_ONCE), np.uint32)
        draw_kernels.philox(coin, numbers >> np.uint64(2), np.full(_AT_ONCE, path, np.uint64), words)
        chosen: Array = words[numbers & np.uint64(3), np.arange(_AT_ONCE)]
        return chosen.astype(np.uint64)

    def count_bytes(self, lanes: int) -> int:
        """Return the memory that one state takes."""
        state = self.begin(0, lanes)
        return sum(array.nbytes for array in (*state.clocks, *state.scratch))
