"""The exogenous rows of a job, tile after tile: series that are drawn, then those handed in, then those derived."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jitrisk.lower import GivenSeries
from jitrisk.run.job import Job

if TYPE_CHECKING:
    from jitrisk.sampling.sampler import State


@dataclass(frozen=True, eq=False)
class RowState:
    """Where the exogenous rows of some paths stand between two tiles; used by one thread at a time.

    Attributes
    ----------
    places : the places of the paths in the job.
    drawn : state of the sampler.
    derived : state of the derived series, float64, shape (series, lanes).
    """

    places: range
    drawn: State
    derived: np.ndarray


class RowSampler:
    """Fills the rows of all series of a job, in the order of `Job.series`.

    Parameters
    ----------
    job : what is simulated.
    """

    def __init__(self, job: Job) -> None:
        from jitrisk.sampling.derivation import Derivation

        self._job = job
        self._given = [(row, one.key) for row, one in enumerate(job.series) if isinstance(one, GivenSeries)]
        places = {one.key if isinstance(one, GivenSeries) else one: row for row, one in enumerate(job.series)}
        self._derivation = Derivation(job.derived, places)

    def begin(self, places: range) -> RowState:
        """Return the state of the paths at some places of the job, before period 0."""
        sampler = self._job.sampler
        drawn = sampler.begin(self._job.paths.start + places.start, len(places))
        return RowState(places, drawn, self._derivation.begin(len(places)))

    def fill(self, state: RowState, periods: range, rows: np.ndarray) -> None:
        """Fill the rows of the next periods.

        Parameters
        ----------
        state : from `begin`; it is moved to the end of the periods.
        periods : from where the last ones ended, or from 0.
        rows : float32, shape (periods, series, lanes), C-contiguous.
        """
        self._job.sampler.fill(state.drawn, periods.start, rows)
        for row, key in self._given:
            part = self._job.given[key][state.places.start : state.places.stop, periods.start : periods.stop]
            rows[:, row] = part.T
        if self._job.derived:
            self._derivation.fill(state.derived, periods.start, rows)

    def count_bytes(self, lanes: int) -> int:
        """Return the memory that the state of so many paths takes."""
        return self._job.sampler.count_bytes(lanes) + self._derivation.begin(lanes).nbytes
