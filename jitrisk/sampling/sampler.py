"""The sampler: fills exogenous values for any block of paths, tile after tile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jitrisk.sampling import kernels
from jitrisk.sampling.layout import Clocks, Scratch
from jitrisk.sampling.plan import Planner
from jitrisk.sampling.series import Series


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
    """

    def __init__(self, series: Sequence[Series], seed: int) -> None:
        self.series = tuple(series)
        self._plan = Planner(self.series, seed).plan()

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
        )
        scratch = Scratch(
            words=np.empty((4, lanes), np.uint32),
            cells=np.empty(lanes, np.int64),
            drawn=np.empty((2, lanes), np.float32),
            blocks=np.empty(lanes, np.uint64),
            paths=np.empty(lanes, np.uint64),
            lanes=np.empty((2, lanes), np.uint64),
            spells=np.empty((3, lanes)),
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
        first_period : period of the tile's first row: where the last tile ended, or 0 to start anew. Best a multiple
            of 4, because four draws come at once.
        out : float32 [period, series, lane], C-contiguous; all of it is overwritten.

        Raises
        ------
        ValueError
            If the tile is not the next one, or is not as wide as the state.
        """
        if first_period not in (0, state.period):
            raise ValueError(f"the tile begins in period {first_period}, but must begin in {state.period} or 0")
        width = (len(self.series), len(state.clocks.paths))
        if out.shape[1:] != width:
            raise ValueError(f"the tile has series and lanes {out.shape[1:]}, but must have {width}")
        state.period = first_period + len(out)
        kernels.fill(self._plan, state.clocks, state.scratch, first_period, out)

    def bytes(self, lanes: int) -> int:
        """Return the memory that one state takes."""
        state = self.begin(0, lanes)
        return sum(array.nbytes for array in (*state.clocks, *state.scratch))
