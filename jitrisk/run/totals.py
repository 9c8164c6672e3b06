"""Outcomes of a run as arrays."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from jitrisk import _core, _core_double
from jitrisk.core_tables import DIMS, compute_digest, list_totals
from jitrisk.run.job import Job

if not _core.DIGEST == _core_double.DIGEST == compute_digest():
    raise ImportError("the compiled core was built from other tables than core_tables.py: build the package again")


@dataclass(frozen=True, eq=False)
class Totals(Mapping[str, np.ndarray]):
    """Outcomes as arrays, paths contiguous: a mapping from dim to array.

    Attributes
    ----------
    arrays : by dim, float64, shape (totals of the dim, strategies, its size, paths).
    occurrences : int32, shape (hazards, paths): occurrences that began after the warm-up, of the job's hazards.
    names : by dim, the names of its totals in their order: those of `jitrisk.core_tables.list_totals`, or some of them.
    """

    arrays: Mapping[str, np.ndarray]
    occurrences: np.ndarray
    names: Mapping[str, tuple[str, ...]]

    def __getitem__(self, dim: str) -> np.ndarray:
        return self.arrays[dim]

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)

    @property
    def paths(self) -> int:
        """How many paths there is room for."""
        return int(self.occurrences.shape[-1])

    def select_paths(self, places: range) -> Totals:
        """Return the totals of the paths at some places, a view."""
        part = slice(places.start, places.stop)
        return Totals({dim: array[..., part] for dim, array in self.items()}, self.occurrences[:, part], self.names)

    def select_strategy(self, place: int) -> dict[str, np.ndarray]:
        """Return the totals of one strategy by dim, a view of shape (totals of the dim, its size, paths)."""
        return {dim: array[:, place] for dim, array in self.items()}

    def read(self, name: str) -> np.ndarray:
        """Return one total, a view of shape (strategies, size of its dim, paths)."""
        dim = next(dim for dim, names in self.names.items() if name in names)
        found: np.ndarray = self.arrays[dim][self.names[dim].index(name)]
        return found

    def reset(self) -> None:
        """Set everything to zero."""
        for array in (*self.values(), self.occurrences):
            array.fill(0)


def allocate_totals(job: Job, paths: int, names: Collection[str] | None = None) -> Totals:
    """Return totals of so many paths, all zero: they take no memory until they are written.

    Parameters
    ----------
    job : what is to be simulated.
    paths : how many paths.
    names : the totals that are there; all of the job by default.
    """
    listed = {dim: [total.name for total in list_totals(dim, job.has_cycles)] for dim in DIMS}
    held = {dim: tuple(name for name in of_dim if names is None or name in names) for dim, of_dim in listed.items()}
    arrays = {dim: np.zeros((len(held[dim]), len(job.strategies), job.sizes[dim], paths)) for dim in DIMS}
    return Totals(arrays, np.zeros((len(job.hazards), paths), dtype=np.int32), held)


def compute_outcome_bytes(job: Job, names: Collection[str] | None = None) -> int:
    """Return the bytes of outcomes of one path, of all of them or of those named."""
    totals = allocate_totals(job, 1, names)
    return sum(array.nbytes for array in totals.values()) + totals.occurrences.nbytes
