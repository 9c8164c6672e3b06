"""Outcomes of a run as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    arrays : by dim, float64, shape (totals of the dim, strategies, its size, paths); the totals are those of
        `jitrisk.core_tables.list_totals`, the last ones, of cycles, only where a store is replenished in cycles.
    occurrences : int32, shape (hazards, paths): occurrences that began after the warm-up, of the job's hazards.
    """

    arrays: Mapping[str, np.ndarray]
    occurrences: np.ndarray

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
        return Totals({dim: array[..., part] for dim, array in self.items()}, self.occurrences[:, part])

    def select_strategy(self, place: int) -> dict[str, np.ndarray]:
        """Return the totals of one strategy by dim, a view of shape (totals of the dim, its size, paths)."""
        return {dim: array[:, place] for dim, array in self.items()}


def allocate_totals(job: Job, paths: int) -> Totals:
    """Return totals of so many paths, all zero: they take no memory until they are written."""
    return Totals(
        {
            dim: np.zeros((len(list_totals(dim, job.has_cycles)), len(job.strategies), job.sizes[dim], paths))
            for dim in DIMS
        },
        np.zeros((len(job.hazards), paths), dtype=np.int32),
    )


def compute_outcome_bytes(job: Job) -> int:
    """Return the bytes of outcomes of one path."""
    totals = allocate_totals(job, 1)
    return sum(array.nbytes for array in totals.values()) + totals.occurrences.nbytes
