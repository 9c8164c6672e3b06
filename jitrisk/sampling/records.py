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


# QUANTILE_TABLE: shape (CONSTANT, LINES, ROUNDED, STAIRS), bits per octave, first cell, first step and number of steps,
#   first value, lowest and highest value.
# DRAW: series that is filled, series that is copied or NONE, table, whole periods between draws, periods for which a
#   draw holds or 0 where it does not, how a row is finished, key of the stream.
# PROFILED: series, periods between draws, row of the factors.
# HAZARD: key of the stream, tables of time between and duration, ramp in periods, its effects as a range, table of the
#   first time between in the paths of its component or NONE, and which paths those are: their number leaves
#   `component_remainder` when divided by `component_period`.
# SMOOTHED: series that is filled, series of the demand, periods between its draws, row of its known factors, weight of
#   the newest demand, mean of a draw in units.
# OPENING: series that is filled, series of the availability, periods that are waited for, availability of a failure.
# EFFECT: series, whether it closes, factor, key of the stream of hits, and the word below which an occurrence hits.
QUANTILE_TABLE = _build_dtype(
    "shape i8", "bits i8", "first_cell i8", "first_step i8", "steps i8", "first_value i8", "lowest f4", "highest f4"
)
DRAW = _build_dtype("series i8", "source i8", "table i8", "every i8", "hold f8", "finish i8", "key u8")
PROFILED = _build_dtype("series i8", "every i8", "profile i8")
HAZARD = _build_dtype(
    "key u8",
    "time_between i8",
    "duration i8",
    "ramp f8",
    "first_effect i8",
    "end_effect i8",
    "tilted i8",
    "component_period u8",
    "component_remainder u8",
)
SMOOTHED = _build_dtype("series i8", "source i8", "every i8", "profile i8", "smoothing f8", "mean f8")
OPENING = _build_dtype("series i8", "source i8", "after i8", "below f8")
EFFECT = _build_dtype("series i8", "closes i8", "factor f8", "coin u8", "enough u8")


class QuantileTables(NamedTuple):
    """Quantile tables, end to end; see :mod:`jitrisk.sampling.quantile_tables` for what a cell holds."""

    layout: Array  # QUANTILE_TABLE[table]
    cells: Array  # int64[cell]: a float32, and a float32 or an int32 above it
    steps: Array  # uint32[step]
    values: Array  # float32[value]


class Plan(NamedTuple):
    """All that a sampler draws; the same for every block of paths."""

    tables: QuantileTables
    draws: Array  # DRAW[series]: base draws
    profiles: Array  # PROFILED[entry]: series with known factors on their draws
    hazards: Array  # HAZARD[hazard]
    effects: Array  # EFFECT[effect]
    endings: Array  # DRAW[ending]: series that can be finished only after the hazards
    window: Array  # int64[2], periods: occurrences that begin in them, the second left out, are counted


class Clocks(NamedTuple):
    """The current or next occurrence of every hazard on every lane."""

    paths: Array  # uint64[lane]: numbers of the paths
    begins: Array  # float64[hazard, lane], periods
    ends: Array  # float64[hazard, lane], periods; the ramp comes after
    numbers: Array  # uint64[hazard, lane]: occurrences before this one
    soonest: Array  # float64[hazard], periods: earliest begin over the lanes
    occurred: Array  # int32[hazard, lane]: occurrences that began in the window


class Scratch(NamedTuple):
    """Work space; only `carried` is kept from one call to the next."""

    words: Array  # uint32[4, lane]: random words
    cells: Array  # int64[lane]: cells of a quantile table
    drawn: Array  # float32[3, lane], periods: time between, duration, and time between in a hazard's component
    blocks: Array  # uint64[lane]: counters of blocks of four draws
    paths: Array  # uint64[lane]: numbers of the paths at hand
    lanes: Array  # uint64[2, lane]: the lanes at hand, unsigned because Numba lets only signed indices wrap
    occurrences: Array  # float64[3, lane], periods: BEGIN, END and NEXT of the occurrences at hand
    hits: Array  # bool[lane]: whether the occurrence at hand hits
    carried: Array  # float64[effect of one hazard, lane]: coverage carried to the next occurrence, share of a period
    touched: Array  # bool[series]: whether a hazard has changed the series in this tile
