"""Outcomes of a run as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jitrisk._core import CUSTOMER_TOTALS, CYCLE_TOTALS, STAGE_TOTALS
from jitrisk.run.job import Job


@dataclass(frozen=True, eq=False)
class Totals:
    """Outcomes as arrays, paths contiguous.

    Attributes
    ----------
    stage : float64, shape (len(STAGE_TOTALS), strategies, stages, paths).
    customer : float64, shape (len(CUSTOMER_TOTALS), strategies, customers, paths).
    occurred : int32, shape (hazards, paths): occurrences that began after the warm-up, of the job's hazards.
    cycle : float64, shape (len(CYCLE_TOTALS), strategies, stages, paths); None where no store is replenished in cycles.
    """

    stage: np.ndarray
    customer: np.ndarray
    occurred: np.ndarray
    cycle: np.ndarray | None = None


def allocate_totals(job: Job, paths: int) -> Totals:
    """Return totals of so many paths, all zero: they take no memory until they are written."""
    strategies = list(job.strategies.values())
    stages, customers = strategies[0].stages, strategies[0].customers
    return Totals(
        np.zeros((len(STAGE_TOTALS), len(strategies), stages, paths)),
        np.zeros((len(CUSTOMER_TOTALS), len(strategies), customers, paths)),
        np.zeros((len(job.hazards), paths), dtype=np.int32),
        np.zeros((len(CYCLE_TOTALS), len(strategies), stages, paths)) if job.has_cycles else None,
    )


def compute_outcome_bytes(job: Job) -> int:
    """Return the bytes of outcomes of one path."""
    of_stage = len(STAGE_TOTALS) + len(CYCLE_TOTALS) * job.has_cycles
    outcomes = sum(
        of_stage * arrays.stages + len(CUSTOMER_TOTALS) * arrays.customers for arrays in job.strategies.values()
    )
    return 8 * outcomes + 4 * len(job.hazards)
