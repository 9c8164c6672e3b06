"""Kernels for one row of draws: Philox words, and the quantiles that they stand for.

Axes and the marks IN, OUT and INOUT are those of `jitrisk.sampling.kernels`.

Sources: Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3" (Philox 4x32-10).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitrisk.sampling.compilation import (
    compile_entry,
    compile_inline,
    compile_inner,
    float_of,
    pattern_of,
    widen_vectors,
)
from jitrisk.sampling.records import Array, QuantileTables

# Shapes of a table.
CONSTANT, LINES, ROUNDED, STAIRS = range(4)
# How a drawn row is finished; ROUND_ALL is ROUND where most values of a row are not whole.
KEEP, AT_LEAST_ZERO, SHARE, WHOLE, ROUND, ROUND_ALL = range(6)
# No steps to search, no values (the rank is the value), no source (drawn, not copied).
NONE = -1


# ---- Random words and quantile tables: one row of L lanes at a time ----


# IN  key     uint64         key of a stream
# IN  blocks  uint64 (L,)    lower half of the counter: number of the block of four draws
# IN  paths   uint64 (L,)    upper half of the counter: number of the path
# OUT words   uint32 (4, L)  four random words per lane
@compile_entry
def philox(key: Any, blocks: Array, paths: Array, words: Array) -> None:
    """Fill words[0:4, i] from the 128-bit counter (blocks[i], paths[i]) and a 64-bit key.

    Everything stays in 64-bit lanes, of which a multiplication reads the lower half: so it vectorizes.
    """
    widen_vectors()
    low, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    for i in range(blocks.shape[0]):
        k0, k1 = key & low, key >> half
        c0, c1 = blocks[i] & low, blocks[i] >> half
        c2, c3 = paths[i] & low, paths[i] >> half
        for _ in range(10):
            p = np.uint64(0xD2511F53) * (c0 & low)
            q = np.uint64(0xCD9E8D57) * (c2 & low)
            c0, c1, c2, c3 = (q >> half) ^ c1 ^ k0, q, (p >> half) ^ c3 ^ k1, p
            k0 = (k0 + np.uint64(0x9E3779B9)) & low
            k1 = (k1 + np.uint64(0xBB67AE85)) & low
        words[0, i] = np.uint32(c0)
        words[1, i] = np.uint32(c1)
        words[2, i] = np.uint32(c2)
        words[3, i] = np.uint32(c3)


# IN  tables  QuantileTables
# IN  which   int            number of the table
# IN  words   uint32 (L,)    random words: uniform numbers times 2**32
# OUT cells   int64 (L,)     work space
# OUT row     float32 (L,)   quantiles, in the unit of the distribution
@compile_inner
def look_up(tables: QuantileTables, which: int, words: Array, cells: Array, row: Array) -> None:
    """Turn words into values of one distribution: row[i] from words[i].

    As a signed integer a word is the distance from the nearer end of the unit interval, and its sign stands for that
    end. As a float its exponent is the octave, and its leading fraction bits the cell in the octave.
    """
    widen_vectors()
    table = tables.layout[which]
    # Read once: the compiler cannot exclude that a store to a row changes a record.
    shape, lowest, highest = table.shape, table.lowest, table.highest
    first_cell, first_value = np.uint64(table.first_cell), np.uint64(table.first_value)
    # Widths are named at every step, or Numba computes in 64 bits and half the lanes of a vector are lost.
    shift, magnitude = np.int32(23 - table.bits), np.int32((256 << table.bits) - 1)
    origin, side = np.int32(126 << table.bits), np.int32((32 << table.bits) + 1)
    half, sign, lanes = np.float32(0.5), np.int32(31), row.shape[0]
    # A loop of loads alone between loops of arithmetic: for processors whose gathers are slow.
    for i in range(lanes):
        pattern = pattern_of(np.float32(np.int32(words[i])) + half)
        place = np.int32(np.int32(np.int32(pattern >> shift) & magnitude) - origin)
        cells[i] = np.int32(place + np.int32(np.int32(pattern >> sign) & side))
    for i in range(lanes):
        cells[i] = tables.cells[first_cell + np.uint64(cells[i])]
    if shape == STAIRS:
        for i in range(lanes):
            up = np.int32(words[i]) >= np.int32(cells[i] >> 32)
            row[i] = float_of(np.int32(cells[i])) + np.float32(up)
    else:
        for i in range(lanes):
            tail = np.float32(np.int32(words[i])) + half
            row[i] = float_of(np.int32(cells[i])) + float_of(np.int32(cells[i] >> 32)) * tail
    if shape == ROUNDED:
        for i in range(lanes):
            row[i] = min(max(np.ceil(row[i]), lowest), highest)
    if table.first_step != NONE:
        climb(tables.steps[table.first_step : table.first_step + table.steps], lowest, words, row)
    if table.first_value != NONE:
        for i in range(lanes):
            row[i] = tables.values[first_value + np.uint64(row[i])]


# IN    steps   uint32 (steps,)  words at which the staircase rises
# IN    lowest  float32          lowest value
# IN    words   uint32 (L,)      random words
# INOUT row     float32 (L,)     NaN is replaced by a value
@compile_inline
def climb(steps: Array, lowest: Any, words: Array, row: Array) -> None:
    """Search the staircase where a cell holds several steps, which the table marks with NaN."""
    for i in range(row.shape[0]):
        if np.isnan(row[i]):
            low, high = 0, steps.shape[0]
            while low < high:
                middle = (low + high) >> 1
                low, high = (middle + 1, high) if steps[middle] <= words[i] else (low, middle)
            row[i] = lowest + np.float32(low)


# IN    how  int            KEEP, AT_LEAST_ZERO, SHARE, WHOLE or ROUND
# INOUT row  float32 (L,)   drawn values: units, a share or periods
@compile_inner
def finish(how: int, row: Array) -> None:
    """Bring drawn values into the range that their meaning allows."""
    widen_vectors()
    if how == AT_LEAST_ZERO:
        for i in range(row.shape[0]):
            row[i] = max(row[i], np.float32(0))
    elif how == SHARE:
        for i in range(row.shape[0]):
            row[i] = min(max(row[i], np.float32(0)), np.float32(1))
    elif how == WHOLE:
        # Whole periods, with a tolerance so that 3 periods in float arithmetic stay 3.
        for i in range(row.shape[0]):
            row[i] = max(np.ceil(row[i] * np.float32(1 - 1e-6)), np.float32(1))
