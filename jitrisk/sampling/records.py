"""What kernels read and write: records, and tuples of arrays.

No constants here: Numba's cache would not see them change, but it does see types change.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def _build_dtype(*fields: str) -> np.dtype[Any]:
    return np.dtype([tuple(field.split()) for field in fields])


TABLE = _build_dtype(
    "shape i8", "bits i8", "first_cell i8", "first_step i8", "steps i8", "first_value i8", "lowest f4", "highest f4"
)
JOB = _build_dtype("series i8", "source i8", "table i8", "every i8", "finish i8", "key u8")
HAZARD = _build_dtype(
    "key u8",
    "quiet i8",
    "active i8",
    "ramp f8",
    "first_effect i8",
    "end_effect i8",
    "tilted i8",  # table of the first quiet time in the paths of the hazard's component, or NONE
    "period u8",  # those paths are the ones whose number leaves the remainder `place` by `period`
    "place u8",
)
EFFECT = _build_dtype("series i8", "closes i8", "factor f8", "coin u8", "enough u8")


class QuantileTables(NamedTuple):
    """Quantile tables, end to end; see :mod:`jitrisk.sampling.quantile_tables` for what a cell holds."""

    layout: Array  # TABLE[table]
    cells: Array  # int64[cell]: a float32, and a float32 or an int32 above it
    steps: Array  # uint32[step]
    values: Array  # float32[value]


class Plan(NamedTuple):
    """All that a sampler draws; the same for every block of paths."""

    tables: QuantileTables
    jobs: Array  # JOB[series]
    hazards: Array  # HAZARD[hazard]
    effects: Array  # EFFECT[effect]
    endings: Array  # JOB[job]: series that can be finished only after the hazards
    window: Array  # int64[2]: occurrences that begin in these periods, the second left out, are counted


class Clocks(NamedTuple):
    """Where every hazard stands on every lane: its current or next spell."""

    paths: Array  # uint64[lane]
    begins: Array  # float64[hazard, lane]
    ends: Array  # float64[hazard, lane]: of the active time; the ramp comes after
    numbers: Array  # uint64[hazard, lane]: spells before this one
    soonest: Array  # float64[hazard]: earliest begin over the lanes
    occurred: Array  # int32[hazard, lane]: occurrences that began in the window


class Scratch(NamedTuple):
    """Rows to work in; nothing is kept from one call to the next."""

    words: Array  # uint32[4, lane]
    cells: Array  # int64[lane]
    drawn: Array  # float32[3, lane]: quiet and active times, and quiet times of a hazard's component
    blocks: Array  # uint64[lane]
    paths: Array  # uint64[lane]
    lanes: Array  # uint64[2, lane]: the lanes at hand, unsigned because Numba lets only signed indices wrap
    spells: Array  # float64[3, lane]: BEGIN, END and NEXT of the spells at hand
    hits: Array  # bool[lane]
    carried: Array  # float64[effect of one hazard, lane]
    touched: Array  # bool[series]
