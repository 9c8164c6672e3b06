"""Kernels for the draws of one series in a tile: base draws, draws that hold, known factors, and their rounding.

Axes and the marks IN, OUT and INOUT are those of `jitrisk.sampling.kernels`; P stands for profiles.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitrisk.sampling.compilation import compile_inline
from jitrisk.sampling.draw_kernels import CONSTANT, KEEP, NONE, finish, look_up, philox
from jitrisk.sampling.profiles import EARLY
from jitrisk.sampling.records import Array, QuantileTables, Scratch


# IN  entry    DRAW record       series, table, stream and periods between draws
# IN  tables   QuantileTables
# IN  paths    uint64 (L,)       numbers of the paths
# OUT scratch  Scratch           words, cells and blocks are overwritten
# IN  start    int               first period of the tile
# OUT out      float32 (T, S, L) row `entry.series` of every period is filled, in the unit of the series
@compile_inline
def draw(entry: Any, tables: QuantileTables, paths: Array, scratch: Scratch, start: int, out: Array) -> None:
    """Fill one series; a Philox call gives four words, which are four consecutive draws of each path."""
    series, every, source = entry.series, entry.every, entry.source
    constant, value = tables.layout[entry.table].shape == CONSTANT, tables.layout[entry.table].lowest
    if source != NONE or constant or every > 1:
        for t in range(out.shape[0]):
            drawn = every == 1 or (start + t) % every == 0
            fill_row(out[t, series], value if drawn else np.float32(0), out[t, source], source != NONE)
    if source != NONE or constant:
        return
    if entry.hold > 0:
        draw_steps(entry, tables, paths, scratch, start, out)
        return
    begin, end = -(-start // every), -(-(start + out.shape[0]) // every)
    for block in range(begin >> 2, (end + 3) >> 2):
        for i in range(paths.shape[0]):
            scratch.blocks[i] = block
        philox(entry.key, scratch.blocks, paths, scratch.words)
        for number in range(max(begin, 4 * block), min(end, 4 * block + 4)):
            row = out[number * every - start, series]
            look_up(tables, entry.table, scratch.words[number & 3], scratch.cells, row)
            if entry.finish != KEEP:
                finish(entry.finish, row)


# IN  entry    DRAW record       series, table, stream and periods for which a draw holds
# IN  tables   QuantileTables
# IN  paths    uint64 (L,)       numbers of the paths
# OUT scratch  Scratch           words, cells and blocks are overwritten
# IN  start    int               first period of the tile
# OUT out      float32 (T, S, L) row `entry.series` of every period is filled, in the unit of the series
@compile_inline
def draw_steps(entry: Any, tables: QuantileTables, paths: Array, scratch: Scratch, start: int, out: Array) -> None:
    """Fill one series of which every draw holds until the next; see `jitrisk.sampling.profiles.count_steps`."""
    block: Any = -1
    number: Any = -1
    for t in range(out.shape[0]):
        row, step = out[t, entry.series], np.int64(np.floor((start + t) / entry.hold + EARLY))
        if step == number:
            fill_row(row, np.float32(0), out[t - 1, entry.series], True)
            continue
        number = step
        if number >> 2 != block:
            block = number >> 2
            for i in range(paths.shape[0]):
                scratch.blocks[i] = block
            philox(entry.key, scratch.blocks, paths, scratch.words)
        look_up(tables, entry.table, scratch.words[number & 3], scratch.cells, row)
        finish(entry.finish, row)


# IN    entry    PROFILED record   series, periods between draws, row of the factors
# IN    factors  float64 (P, T)    factors of each profile
# IN    start    int               first period of the tile
# INOUT out      float32 (T, S, L) row `entry.series` of every period of a draw is multiplied
@compile_inline
def apply_profile(entry: Any, factors: Array, start: int, out: Array) -> None:
    """Multiply draws by known factors, in float64: a whole product of decimal factors is whole."""
    for t in range(-start % entry.every, out.shape[0], entry.every):
        row, factor = out[t, entry.series], factors[entry.profile, t]
        for i in range(row.shape[0]):
            row[i] = np.float32(row[i] * factor)


# IN    entry    DRAW record       series, stream and periods between draws
# IN    paths    uint64 (L,)       numbers of the paths
# OUT   scratch  Scratch           words and blocks are overwritten
# IN    start    int               first period of the tile
# INOUT out      float32 (T, S, L) row `entry.series` of every period of a draw, units
@compile_inline
def round_draws(entry: Any, paths: Array, scratch: Scratch, start: int, out: Array) -> None:
    """Round every draw as `jitrisk.sampling.kernels.round_at_random` does, four draws with the words of one call."""
    every = entry.every
    begin, end = -(-start // every), -(-(start + out.shape[0]) // every)
    for block in range(begin >> 2, (end + 3) >> 2):
        for i in range(paths.shape[0]):
            scratch.blocks[i] = block
        philox(entry.key, scratch.blocks, paths, scratch.words)
        for number in range(max(begin, 4 * block), min(end, 4 * block + 4)):
            row, words = out[number * every - start, entry.series], scratch.words[number & 3]
            for i in range(row.shape[0]):
                whole = np.floor(row[i])
                row[i] = whole + np.float32(words[i] * 2.0**-32 < row[i] - whole)


# OUT row     float32 (L,)
# IN  value   float32       value of every lane, where nothing is copied
# IN  source  float32 (L,)  row that is copied
# IN  copied  bool
@compile_inline
def fill_row(row: Array, value: Any, source: Array, copied: bool) -> None:
    """Fill a row with one value, or with a copy."""
    if copied:
        for i in range(row.shape[0]):
            row[i] = source[i]
    else:
        for i in range(row.shape[0]):
            row[i] = value
