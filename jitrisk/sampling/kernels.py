"""Everything that is compiled: Philox words, table look-up, base draws and hazards, row by row.

Layout. A tile of exogenous values is ``out[period, series, lane]``, float32 and C-contiguous; a lane is one path,
and every loop that matters runs over lanes. Callers allocate everything, kernels only fill. All jitted functions
stand in this one file with the constants they use; what is compiled is stored on disk (`kernel_cache`).

Sources: Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3" (Philox 4x32-10).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic

from jitrisk.sampling.kernel_cache import keep_compiled
from jitrisk.sampling.records import Array, Clocks, Plan, QuantileTables, Scratch

Function = TypeVar("Function", bound=Callable[..., Any])

# Kernels allocate nothing, so they need none of Numba's reference counts, which cost more than a row of lanes.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False, "no_cfunc_wrapper": True}


def compile_entry(function: Function, **more: Any) -> Function:
    """Compile on first call, or load what an earlier process compiled."""
    return cast(Function, keep_compiled(numba.njit(**OPTIONS, **more)(function)))


def compile_inner(function: Function) -> Function:
    """Compile for other kernels only: reading arguments from Python takes longer to compile than the loops do."""
    return compile_entry(function, no_cpython_wrapper=True)


def compile_inline(function: Function) -> Function:
    """Put a function's text where it is called: for those called once, or LLVM would optimize them many times."""
    return compile_entry(function, inline="always")


# Shapes of a table.
CONSTANT, LINES, ROUNDED, STAIRS = range(4)
# How a drawn row is finished.
KEEP, AT_LEAST_ZERO, SHARE, WHOLE, ROUND = range(5)
# No steps to search, no values (the rank is the value), no source (drawn, not copied).
NONE = -1
# All words of a coin hit.
SURE = 1 << 32
# Rows of Scratch.spells.
BEGIN, END, NEXT = range(3)


def _build_bitcast(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))


def _cast_to_bits(context: Any, value: Any) -> Any:
    """Return the bits of a float32 as an int32."""
    return types.int32(types.float32), _build_bitcast


def _cast_to_float(context: Any, value: Any) -> Any:
    """Return the float32 that has the bits of an int32."""
    return types.float32(types.int32), _build_bitcast


pattern_of: Any = intrinsic(_cast_to_bits)
float_of: Any = intrinsic(_cast_to_float)


@compile_entry
def philox(key: Any, blocks: Array, paths: Array, words: Array) -> None:
    """Fill words[0:4, i] from the 128-bit counter (blocks[i], paths[i]) and a 64-bit key.

    Everything stays in 64-bit lanes, of which a multiplication reads the lower half: so it vectorizes.
    """
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


@compile_inner
def look_up(tables: QuantileTables, which: int, words: Array, cells: Array, row: Array) -> None:
    """Turn words into values of one distribution: row[i] from words[i].

    As a signed integer a word measures how far it is from the nearer end of the unit interval, and its sign says
    which end that is. As a float its exponent is the octave, and its leading fraction bits the cell in the octave.
    """
    table = tables.layout[which]
    # Read once, because a store to a row might change what a record holds for all that the compiler knows.
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


@compile_inline
def climb(steps: Array, lowest: Any, words: Array, row: Array) -> None:
    """Search the staircase where a cell holds several steps, which the table marks with NaN."""
    for i in range(row.shape[0]):
        if row[i] != row[i]:
            low, high = 0, steps.shape[0]
            while low < high:
                middle = (low + high) >> 1
                low, high = (middle + 1, high) if steps[middle] <= words[i] else (low, middle)
            row[i] = lowest + np.float32(low)


@compile_inner
def finish(how: int, row: Array) -> None:
    """Bring drawn values into the range that their meaning allows."""
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


@compile_inline
def draw(job: Any, tables: QuantileTables, paths: Array, scratch: Scratch, start: int, out: Array) -> None:
    """Fill one series; a Philox call gives four words, which are four consecutive draws of each path."""
    series, every, source = job.series, job.every, job.source
    constant, value = tables.layout[job.table].shape == CONSTANT, tables.layout[job.table].lowest
    if source != NONE or constant or every > 1:
        for t in range(out.shape[0]):
            drawn = every == 1 or (start + t) % every == 0
            fill_row(out[t, series], value if drawn else np.float32(0), out[t, source], source != NONE)
    if source != NONE or constant:
        return
    begin, end = -(-start // every), -(-(start + out.shape[0]) // every)
    for block in range(begin >> 2, (end + 3) >> 2):
        for i in range(paths.shape[0]):
            scratch.blocks[i] = block
        philox(job.key, scratch.blocks, paths, scratch.words)
        for number in range(max(begin, 4 * block), min(end, 4 * block + 4)):
            row = out[number * every - start, series]
            look_up(tables, job.table, scratch.words[number & 3], scratch.cells, row)
            if job.finish != KEEP:
                finish(job.finish, row)


@compile_inline
def fill_row(row: Array, value: Any, source: Array, copied: bool) -> None:
    """Fill a row with one value, or with a copy."""
    if copied:
        for i in range(row.shape[0]):
            row[i] = source[i]
    else:
        for i in range(row.shape[0]):
            row[i] = value


@compile_inner
def draw_occurrences(hazard: Any, tables: QuantileTables, paths: Array, count: int, scratch: Scratch) -> None:
    """Draw quiet and active times of spell scratch.blocks[i] of paths[i]: words 0 and 1 of that block."""
    philox(hazard.key, scratch.blocks[:count], paths[:count], scratch.words)
    for which, table in enumerate((hazard.quiet, hazard.active)):
        row = scratch.drawn[which, :count]
        if tables.layout[table].shape == CONSTANT:
            for i in range(count):
                row[i] = tables.layout[table].lowest
        else:
            look_up(tables, table, scratch.words[which], scratch.cells, row)
            finish(AT_LEAST_ZERO, row)


@compile_inner
def tilt(hazard: Any, tables: QuantileTables, paths: Array, scratch: Scratch) -> None:
    """Draw the first quiet time anew, from the same word, in the paths of the hazard's component."""
    if hazard.tilted == NONE:
        return
    row = scratch.drawn[2]
    if tables.layout[hazard.tilted].shape == CONSTANT:
        for i in range(row.shape[0]):
            row[i] = tables.layout[hazard.tilted].lowest
    else:
        look_up(tables, hazard.tilted, scratch.words[0], scratch.cells, row)
        finish(AT_LEAST_ZERO, row)
    for i in range(row.shape[0]):
        if paths[i] % hazard.period == hazard.place and scratch.blocks[i] == 0:
            scratch.drawn[0, i] = row[i]


@compile_entry
def list_occurrences(hazard: Any, tables: QuantileTables, paths: Array, scratch: Scratch) -> None:
    """Draw the spells numbered in scratch.blocks, one a lane; the numbers are those that `fill` draws."""
    draw_occurrences(hazard, tables, paths, paths.shape[0], scratch)
    tilt(hazard, tables, paths, scratch)


@compile_inline
def begin_occurrences(plan: Plan, h: int, clocks: Clocks, scratch: Scratch) -> None:
    """Draw the first spell of a hazard on every lane."""
    lanes = clocks.paths.shape[0]
    for i in range(lanes):
        scratch.blocks[i] = 0
    draw_occurrences(plan.hazards[h], plan.tables, clocks.paths, lanes, scratch)
    tilt(plan.hazards[h], plan.tables, clocks.paths, scratch)
    soonest, opened, closed = np.inf, plan.window[0], plan.window[1]
    for i in range(lanes):
        clocks.numbers[h, i] = 0
        clocks.begins[h, i] = scratch.drawn[0, i]
        clocks.occurred[h, i] = opened <= clocks.begins[h, i] < closed
        clocks.ends[h, i] = clocks.begins[h, i] + scratch.drawn[1, i]
        soonest = min(soonest, clocks.begins[h, i])
    clocks.soonest[h] = soonest


@compile_inline
def split(begins: Array, ends: Array, ramp: float, stop: int, count: int, lanes: Array) -> tuple[int, int]:
    """Keep the lanes whose spell begins before the tile's stop: first those it leaves before, then the rest."""
    over, rest = 0, 0
    for i in range(count):
        lane = lanes[0, i]
        inside, ended = begins[lane] < stop, ends[lane] + ramp < stop
        lanes[0, over] = lane
        over += inside & ended
        lanes[1, rest] = lane
        rest += inside & (not ended)
    for i in range(rest):
        lanes[0, over + i] = lanes[1, i]
    return over, over + rest


@compile_inline
def toss(effect: Any, numbers: Array, paths: Array, scratch: Scratch, struck: int) -> None:
    """Decide for every spell at hand whether it hits: the coin of spell n is draw n of the coin's stream."""
    for i in range(struck):
        lane = scratch.lanes[0, i]
        scratch.paths[i] = paths[lane]
        scratch.blocks[i] = numbers[lane] >> np.uint64(2)
    philox(effect.coin, scratch.blocks[:struck], scratch.paths[:struck], scratch.words)
    for i in range(struck):
        word = scratch.words[numbers[scratch.lanes[0, i]] & np.uint64(3), i]
        scratch.hits[i] = np.uint64(word) < effect.enough


@compile_inline
def close(scratch: Scratch, struck: int, start: int, rows: Array) -> None:
    """Set to zero the periods whose start lies in the active time of a spell."""
    for i in range(struck):
        if scratch.hits[i]:
            first = max(np.ceil(scratch.spells[BEGIN, i]), start)
            stop = min(np.ceil(scratch.spells[END, i]), start + rows.shape[0])
            for t in range(np.int64(first) - start, np.int64(stop) - start):
                rows[np.uint64(t), scratch.lanes[0, i]] = 0


@compile_inline
def weaken(scratch: Scratch, struck: int, carried: Array, hazard: Any, cost: float, start: int, rows: Array) -> None:
    """Multiply the periods that a spell covers by 1 - coverage * cost.

    Where the next spell begins in the period in which this one ends, their coverage must be added before it is
    applied: it is carried over to the next round, which treats that spell.
    """
    ramp, keep, last = hazard.ramp, np.float32(1 - cost), start + rows.shape[0]
    for i in range(struck):
        lane, hit = scratch.lanes[0, i], scratch.hits[i]
        begin, end = scratch.spells[BEGIN, i], scratch.spells[END, i]
        before, carried[lane] = carried[lane], 0.0
        t, stop = np.int64(max(begin, start)), np.int64(min(np.ceil(end + ramp), last))
        if not hit:
            stop = min(stop, t + (before > 0))
        full = np.int64(min(end, last))
        while t < stop:
            if begin <= t < full and hit and before == 0:
                rows[np.uint64(t - start), lane] *= keep
            else:
                share = before + (compute_coverage(begin, end, ramp, t) if hit else 0.0)
                before = 0.0
                if t + 1 == stop and scratch.spells[NEXT, i] < stop:
                    carried[lane] = share
                else:
                    rows[np.uint64(t - start), lane] *= np.float32(1 - min(share, 1.0) * cost)
            t += 1


@compile_inline
def compute_coverage(begin: float, end: float, ramp: float, t: Any) -> Any:
    """Integrate the intensity of a spell over period t: 1 in the active time, then a straight line down to 0."""
    share = max(min(end, t + 1) - max(begin, t), 0.0)
    if end < t + 1 and ramp > 0:
        near, far = min(max(t - end, 0.0), ramp), min(t + 1 - end, ramp)
        share += (far - near) * (1 - (near + far) / (2 * ramp))
    return share


@compile_inline
def apply_effects(plan: Plan, h: int, clocks: Clocks, scratch: Scratch, struck: int, start: int, out: Array) -> None:
    """Apply the spells at hand to every series that the hazard hits."""
    hazard = plan.hazards[h]
    for i in range(struck):
        scratch.hits[i] = True
    for e in range(hazard.first_effect, hazard.end_effect):
        effect = plan.effects[e]
        last = plan.effects[max(e - 1, hazard.first_effect)]
        same = e > hazard.first_effect and effect.coin == last.coin and effect.enough == last.enough
        if effect.enough != SURE and not same:
            toss(effect, clocks.numbers[h], clocks.paths, scratch, struck)
        scratch.touched[effect.series] = True
        rows = out[:, effect.series]
        if effect.closes:
            close(scratch, struck, start, rows)
        else:
            carried = scratch.carried[e - hazard.first_effect]
            weaken(scratch, struck, carried, hazard, 1 - effect.factor, start, rows)


@compile_inline
def apply_hazard(plan: Plan, h: int, clocks: Clocks, scratch: Scratch, start: int, out: Array) -> None:
    """Apply one hazard in rounds: each round takes the current spell of every lane that has one in the tile."""
    hazard, begins, ends = plan.hazards[h], clocks.begins[h], clocks.ends[h]
    lanes, spells, count = scratch.lanes, scratch.spells, clocks.paths.shape[0]
    occurred, opened, closed = clocks.occurred[h], plan.window[0], plan.window[1]
    for i in range(count):
        lanes[0, i] = i
    while count:
        over, struck = split(begins, ends, hazard.ramp, start + out.shape[0], count, lanes)
        for i in range(struck):
            spells[BEGIN, i], spells[END, i], spells[NEXT, i] = begins[lanes[0, i]], ends[lanes[0, i]], np.inf
        for i in range(over):
            scratch.paths[i] = clocks.paths[lanes[0, i]]
            scratch.blocks[i] = clocks.numbers[h, lanes[0, i]] + np.uint64(1)
        draw_occurrences(hazard, plan.tables, scratch.paths, over, scratch)
        for i in range(over):
            spells[NEXT, i] = spells[END, i] + hazard.ramp + scratch.drawn[0, i]
            begins[lanes[0, i]] = spells[NEXT, i]
            occurred[lanes[0, i]] += opened <= spells[NEXT, i] < closed
            ends[lanes[0, i]] = spells[NEXT, i] + scratch.drawn[1, i]
        apply_effects(plan, h, clocks, scratch, struck, start, out)
        for i in range(over):
            clocks.numbers[h, lanes[0, i]] += np.uint64(1)
        count = over
    soonest = np.inf
    for i in range(begins.shape[0]):
        soonest = min(soonest, begins[i])
    clocks.soonest[h] = soonest


@compile_inline
def round_at_random(key: Any, number: int, paths: Array, scratch: Scratch, row: Array) -> None:
    """Round up with the probability of the fraction, so that whole units stay whole and the mean is kept."""
    lanes = scratch.lanes[0]
    broken = 0
    for i in range(row.shape[0]):
        lanes[broken] = i
        broken += row[i] != np.floor(row[i])
    for i in range(broken):
        scratch.paths[i] = paths[lanes[i]]
        scratch.blocks[i] = number >> 2
    philox(key, scratch.blocks[:broken], scratch.paths[:broken], scratch.words)
    for i in range(broken):
        whole = np.floor(row[lanes[i]])
        up = scratch.words[number & 3, i] * 2.0**-32 < row[lanes[i]] - whole
        row[lanes[i]] = whole + np.float32(up)


@compile_entry
def fill(plan: Plan, clocks: Clocks, scratch: Scratch, start: int, out: Array) -> None:
    """Fill one tile: what is drawn, then what hazards do to it, then what can be finished only after them."""
    for j in range(plan.jobs.shape[0]):
        scratch.touched[j] = False
        draw(plan.jobs[j], plan.tables, clocks.paths, scratch, start, out)
    for h in range(plan.hazards.shape[0]):
        if start == 0:
            begin_occurrences(plan, h, clocks, scratch)
        if clocks.soonest[h] < start + out.shape[0]:
            apply_hazard(plan, h, clocks, scratch, start, out)
    for j in range(plan.endings.shape[0]):
        job = plan.endings[j]
        if job.finish != ROUND:
            for t in range(out.shape[0]):
                finish(job.finish, out[t, job.series])
        elif scratch.touched[job.series]:
            for t in range(-start % job.every, out.shape[0], job.every):
                round_at_random(job.key, (start + t) // job.every, clocks.paths, scratch, out[t, job.series])
