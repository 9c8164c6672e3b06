"""Kernels for series that follow from other series of the same lane, in the order of time.

Axes and the marks IN, OUT and INOUT are those of `jitrisk.sampling.kernels`; P stands for profiles, and D for derived
series, the smoothed forecasts first. All state is float64, so that nothing depends on where a tile ends.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitrisk.sampling.compilation import compile_entry, compile_inline, widen_vectors
from jitrisk.sampling.records import Array

# A smaller factor or mean counts as 0: a float32 demand holds no digits of it.
LEAST = float(np.finfo(np.float32).tiny)


# IN    entry    SMOOTHED record
# IN    factors  float64 (P, T)    known factors on demand
# IN    start    int               first period of the tile
# INOUT level    float64 (L,)      expected demand of a draw without known factors, units
# INOUT out      float32 (T, S, L) IN row `entry.source`, units; OUT row `entry.series`, a factor
@compile_inline
def smooth(entry: Any, factors: Array, start: int, level: Array, out: Array) -> None:
    """Smooth the demand of one customer: one step in every period of a draw with a factor above 0."""
    if entry.mean <= LEAST:
        out[:, entry.series] = np.float32(1)
        return
    # Products, because a division takes as long as all the rest.
    smoothing, scale = entry.smoothing, 1.0 / entry.mean
    for t in range(out.shape[0]):
        demand, row, factor = out[t, entry.source], out[t, entry.series], factors[entry.profile, t]
        if (start + t) % entry.every == 0 and factor > LEAST:
            inverse = 1.0 / factor
            for i in range(row.shape[0]):
                level[i] += smoothing * (demand[i] * inverse - level[i])
        for i in range(row.shape[0]):
            row[i] = np.float32(level[i] * scale)


# IN    entry    OPENING record
# INOUT failed   float64 (L,)      periods for which the other stage has failed
# INOUT out      float32 (T, S, L) IN row `entry.source`, a share; OUT row `entry.series`, 1 is open, 0 closed
@compile_inline
def count_periods_below(entry: Any, failed: Array, out: Array) -> None:
    """Count the periods failed in a row: a source opens when there are more than it waits for."""
    below, after = np.float32(entry.below), np.float64(entry.after)
    for t in range(out.shape[0]):
        availability, row = out[t, entry.source], out[t, entry.series]
        for i in range(row.shape[0]):
            failed[i] = failed[i] + 1.0 if availability[i] < below else 0.0
        for i in range(row.shape[0]):
            row[i] = np.float32(1) if failed[i] > after else np.float32(0)


# IN    smoothed  SMOOTHED records
# IN    openings  OPENING records
# IN    factors   float64 (P, T)    known factors on demand
# IN    start     int               first period of the tile
# INOUT carried   float64 (D, L)    state of each series
# INOUT out       float32 (T, S, L) sources are read, derived series are filled
@compile_entry
def derive(smoothed: Array, openings: Array, factors: Array, start: int, carried: Array, out: Array) -> None:
    """Fill the derived series of one tile."""
    widen_vectors()
    for j in range(smoothed.shape[0]):
        smooth(smoothed[j], factors, start, carried[j], out)
    for j in range(openings.shape[0]):
        count_periods_below(openings[j], carried[smoothed.shape[0] + j], out)
