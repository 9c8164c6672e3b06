"""What is kept of the outcomes of a run, block by block; memory grows as it is written, and only for what is kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from threading import Lock
from typing import Protocol

import numpy as np

from jitrisk.run.job import Job
from jitrisk.run.totals import Totals, allocate_totals, compute_outcome_bytes

ComputeMetrics = Callable[[Totals], Mapping[str, np.ndarray]]
"""Returns metrics of some totals by name, each of shape (strategies, paths); those that a path lacks are left out."""


class Kept(Protocol):
    """What is kept of a run.

    Attributes
    ----------
    path_bytes : bytes of memory per path.
    """

    path_bytes: int

    def reserve(self, paths: int) -> None:
        """Make room for so many paths, if there is less; what was put there stays."""

    def put(self, places: range, block: Totals) -> None:
        """Keep what is wanted of the totals of a block, at some places; called by several threads."""


class KeptTotals:
    """Totals that are kept, all or some.

    Parameters
    ----------
    job : what is simulated.
    names : the totals that are kept; all by default.
    """

    def __init__(self, job: Job, names: Collection[str] | None = None) -> None:
        self.path_bytes = compute_outcome_bytes(job, names)
        self.totals = allocate_totals(job, 0, names)
        every = allocate_totals(job, 0).names
        self._rows = {
            dim: [every[dim].index(name) for name in self.totals.names[dim]] if names is not None else slice(None)
            for dim in every
        }

    def reserve(self, paths: int) -> None:
        """Make room for so many paths, if there is less."""
        if paths <= self.totals.paths:
            return
        arrays, occurrences = dict(self.totals.arrays), self.totals.occurrences
        for dim in arrays:
            # One after another, so that the old and the new memory of one dim alone is there at a time.
            arrays[dim] = extend_paths(arrays[dim], paths)
            self.totals = Totals(arrays, occurrences, self.totals.names)
        self.totals = Totals(arrays, extend_paths(occurrences, paths), self.totals.names)

    def put(self, places: range, block: Totals) -> None:
        """Keep totals; what is zero on all paths of a block is not written, and so takes no memory."""
        part = slice(places.start, places.stop)
        for dim, target in self.totals.items():
            source = block[dim][self._rows[dim]]
            total, strategy, member = np.nonzero(source.any(axis=-1))
            target[total, strategy, member, part] = source[total, strategy, member]
        self.totals.occurrences[:, part] = block.occurrences


class KeptMetrics:
    """Metrics that are kept in place of totals, and the occurrences of hazards.

    Parameters
    ----------
    job : what is simulated.
    names : the metrics that are kept, as far as every path has them.
    compute : computes metrics of a block.
    """

    def __init__(self, job: Job, names: Sequence[str], compute: ComputeMetrics) -> None:
        self._strategies, self._names, self._compute = len(job.strategies), tuple(names), compute
        self._arrays: dict[str, np.ndarray] = {}
        self._found: list[str] | None = None
        self._lock = Lock()
        self.occurrences = np.zeros((len(job.hazards), 0), dtype=np.int32)
        self.path_bytes = 8 * self._strategies * len(self._names) + self.occurrences.itemsize * len(job.hazards)

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """The metrics that are kept and that every path has, each of shape (strategies, paths)."""
        return {name: self._arrays[name] for name in self._names if name in self._arrays}

    def list_found(self) -> list[str]:
        """Return the metrics that every path has, kept or not."""
        return list(self._found or ())

    def reserve(self, paths: int) -> None:
        """Make room for so many paths, if there is less."""
        if paths <= self.occurrences.shape[-1]:
            return
        for name in self._arrays:
            self._arrays[name] = extend_paths(self._arrays[name], paths)
        self.occurrences = extend_paths(self.occurrences, paths)

    def put(self, places: range, block: Totals) -> None:
        """Compute and keep the metrics of a block."""
        part, found = slice(places.start, places.stop), self._compute(block)
        with self._lock:
            self._note_found(found)
        for name in self._names:
            # Another thread may have found a path meanwhile that lacks it.
            if (array := self._arrays.get(name)) is not None:
                array[:, part] = found[name]
        self.occurrences[:, part] = block.occurrences

    def _note_found(self, found: Mapping[str, np.ndarray]) -> None:
        """Note which metrics a block has: one that some path lacks is kept of none."""
        if self._found is None:
            self._found = list(found)
            size = (self._strategies, self.occurrences.shape[-1])
            self._arrays = {name: np.zeros(size) for name in self._names if name in found}
        self._found = [name for name in self._found if name in found]
        for name in self._names:
            if name not in self._found:
                self._arrays.pop(name, None)


class KeptTogether:
    """Several kinds of what is kept, of the same paths."""

    def __init__(self, *parts: Kept) -> None:
        self._parts = parts
        self.path_bytes = sum(part.path_bytes for part in parts)

    def reserve(self, paths: int) -> None:
        """Make room for so many paths in each."""
        for part in self._parts:
            part.reserve(paths)

    def put(self, places: range, block: Totals) -> None:
        """Keep a block in each."""
        for part in self._parts:
            part.put(places, block)


def extend_paths(array: np.ndarray, paths: int) -> np.ndarray:
    """Return an array with room for so many paths along its last axis, zero where it was not."""
    before = array.shape[-1]
    fresh = np.zeros((*array.shape[:-1], paths), dtype=array.dtype)
    for place in np.ndindex(array.shape[:-1]):
        # What is off stays zero, and zeros that are not written take no memory.
        if array[place].any():
            fresh[place][:before] = array[place]
    return fresh
