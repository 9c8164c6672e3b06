"""Kernels for tiles: base draws, known factors, hazards, and what can be finished only after them, row by row.

Axes. In the shapes below, L stands for the lanes of a block (a lane is one path), T for the periods of a tile, S for
series, H for hazards, and N for the first lanes of a row, those that a call works on. A tile of exogenous values is
``out[T, S, L]``, float32 and C-contiguous; every loop that takes time runs over lanes.

Arrays. Above each kernel, IN marks what it reads, OUT what it fills and INOUT what it reads and changes, each with
type, shape and unit; `records` describes the tuples and records. Callers allocate every array; kernels only fill them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitrisk.sampling.base_kernels import apply_profile, draw, round_draws
from jitrisk.sampling.compilation import compile_entry, compile_inline, compile_inner, widen_vectors
from jitrisk.sampling.draw_kernels import AT_LEAST_ZERO, CONSTANT, NONE, ROUND, ROUND_ALL, finish, look_up, philox
from jitrisk.sampling.records import Array, Clocks, Plan, QuantileTables, Scratch

# Every word of a hit is below it: the chance is 1.
SURE = 1 << 32
# Rows of Scratch.occurrences.
BEGIN, END, NEXT = range(3)


# ---- Hazards: clocks [H, L] in periods since time 0, effects on rows[T, L] of one series ----


# IN    hazard   HAZARD record   stream, tables of time between and duration
# IN    tables   QuantileTables
# IN    paths    uint64 (N,)     numbers of the paths
# IN    count    int             N
# INOUT scratch  Scratch         IN blocks (N,): number of the occurrence on each lane
#                                OUT drawn[0:2, N]: time between and duration, periods; words and cells
@compile_inner
def draw_occurrences(hazard: Any, tables: QuantileTables, paths: Array, count: int, scratch: Scratch) -> None:
    """Draw time between and duration of occurrence scratch.blocks[i] of paths[i]: words 0 and 1 of that block."""
    widen_vectors()
    philox(hazard.key, scratch.blocks[:count], paths[:count], scratch.words)
    for which, table in enumerate((hazard.time_between, hazard.duration)):
        row = scratch.drawn[which, :count]
        if tables.layout[table].shape == CONSTANT:
            for i in range(count):
                row[i] = tables.layout[table].lowest
        else:
            look_up(tables, table, scratch.words[which], scratch.cells, row)
            finish(AT_LEAST_ZERO, row)


# IN    hazard   HAZARD record   table of the first time between in its component, or NONE
# IN    tables   QuantileTables
# IN    paths    uint64 (L,)     numbers of the paths
# INOUT scratch  Scratch         IN words[0], blocks; OUT drawn[2]; INOUT drawn[0, L]: time between, periods
@compile_inner
def tilt(hazard: Any, tables: QuantileTables, paths: Array, scratch: Scratch) -> None:
    """Draw the first time between again, from the same word, in the paths of the hazard's component."""
    widen_vectors()
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
        if paths[i] % hazard.component_period == hazard.component_remainder and scratch.blocks[i] == 0:
            scratch.drawn[0, i] = row[i]


# IN    hazard   HAZARD record
# IN    tables   QuantileTables
# IN    paths    uint64 (L,)     numbers of the paths
# INOUT scratch  Scratch         IN blocks (L,): number of the occurrence on each lane
#                                OUT drawn[0:2, L]: time between and duration, periods
@compile_entry
def list_occurrences(hazard: Any, tables: QuantileTables, paths: Array, scratch: Scratch) -> None:
    """Draw the occurrences numbered in scratch.blocks, one per lane; the values are those that `fill` draws."""
    widen_vectors()
    draw_occurrences(hazard, tables, paths, paths.shape[0], scratch)
    tilt(hazard, tables, paths, scratch)


# IN  plan     Plan
# IN  h        int      number of the hazard
# OUT clocks   Clocks   IN paths; OUT row h of begins, ends (periods), numbers, occurred, soonest
# OUT scratch  Scratch  blocks, words, cells and drawn are overwritten
@compile_inline
def begin_occurrences(plan: Plan, h: int, clocks: Clocks, scratch: Scratch) -> None:
    """Draw the first occurrence of a hazard on every lane."""
    lanes = clocks.paths.shape[0]
    for i in range(lanes):
        scratch.blocks[i] = 0
    draw_occurrences(plan.hazards[h], plan.tables, clocks.paths, lanes, scratch)
    tilt(plan.hazards[h], plan.tables, clocks.paths, scratch)
    soonest, window_begin, window_end = np.inf, plan.window[0], plan.window[1]
    for i in range(lanes):
        clocks.numbers[h, i] = 0
        clocks.begins[h, i] = scratch.drawn[0, i]
        clocks.occurred[h, i] = window_begin <= clocks.begins[h, i] < window_end
        clocks.ends[h, i] = clocks.begins[h, i] + scratch.drawn[1, i]
        soonest = min(soonest, clocks.begins[h, i])
    clocks.soonest[h] = soonest


# IN  row   float64 (L,)
# OUT work  float64 (L,)  work space
@compile_inline
def find_least(row: Array, work: Array) -> Any:
    """Find the least value of a row, half against half: one running minimum waits for every comparison."""
    count = row.shape[0]
    for i in range(count):
        work[i] = row[i]
    while count > 1:
        half = (count + 1) >> 1
        for i in range(count - half):
            work[i] = min(work[i], work[i + half])
        count = half
    return work[0]


# IN  begins  float64 (L,)     begin of the current occurrence, periods
# IN  stop    int              end of the tile, periods
# OUT lanes   uint64 (2, L)    [0, N]: the lanes that are kept
@compile_inline
def select_lanes(begins: Array, stop: int, lanes: Array) -> int:
    """Select the N lanes with an occurrence that begins before the tile ends: few, where a hazard is rare."""
    kept = 0
    for i in range(begins.shape[0]):
        lanes[0, kept] = i
        kept += begins[i] < stop
    return kept


# IN    begins  float64 (L,)     begin of the current occurrence, periods
# IN    ends    float64 (L,)     its end, periods
# IN    ramp    float64          recovery after the end, periods
# IN    stop    int              end of the tile, periods
# IN    count   int              N, lanes in lanes[0]
# INOUT lanes   uint64 (2, L)    IN [0, N]: lanes to look at; OUT [0]: lanes that are kept; [1] is work space
@compile_inline
def split(begins: Array, ends: Array, ramp: float, stop: int, count: int, lanes: Array) -> tuple[int, int]:
    """Keep the lanes with an occurrence that begins before the tile ends; those where it is over by then come first."""
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


# IN    effect   EFFECT record   stream of the hits, and the word below which an occurrence hits
# IN    numbers  uint64 (L,)     number of the current occurrence
# IN    paths    uint64 (L,)     numbers of the paths
# INOUT scratch  Scratch         IN lanes[0, N]; OUT hits (N,); paths, blocks and words are overwritten
# IN    at_hand  int             N, occurrences at hand
@compile_inline
def toss(effect: Any, numbers: Array, paths: Array, scratch: Scratch, at_hand: int) -> None:
    """Draw for every occurrence at hand whether it hits: occurrence n uses draw n of the effect's stream."""
    for i in range(at_hand):
        lane = scratch.lanes[0, i]
        scratch.paths[i] = paths[lane]
        scratch.blocks[i] = numbers[lane] >> np.uint64(2)
    philox(effect.coin, scratch.blocks[:at_hand], scratch.paths[:at_hand], scratch.words)
    for i in range(at_hand):
        word = scratch.words[numbers[scratch.lanes[0, i]] & np.uint64(3), i]
        scratch.hits[i] = np.uint64(word) < effect.enough


# IN    scratch  Scratch         lanes[0, N], occurrences[BEGIN and END, N] in periods, hits (N,)
# IN    at_hand  int             N, occurrences at hand
# IN    start    int             first period of the tile
# INOUT rows     float32 (T, L)  1 is open, 0 closed
@compile_inline
def close(scratch: Scratch, at_hand: int, start: int, rows: Array) -> None:
    """Set to zero the periods whose start lies within an occurrence."""
    for i in range(at_hand):
        if scratch.hits[i]:
            first = max(np.ceil(scratch.occurrences[BEGIN, i]), start)
            stop = min(np.ceil(scratch.occurrences[END, i]), start + rows.shape[0])
            for t in range(np.int64(first) - start, np.int64(stop) - start):
                rows[np.uint64(t), scratch.lanes[0, i]] = 0


# IN    scratch  Scratch         lanes[0, N], occurrences[:, N] in periods, hits (N,)
# IN    at_hand  int             N, occurrences at hand
# INOUT carried  float64 (L,)    coverage of the last period that the next occurrence adds to, share of the period
# IN    hazard   HAZARD record   length of the ramp, periods
# IN    cost     float           1 - factor of the effect
# IN    start    int             first period of the tile
# INOUT rows     float32 (T, L)  values of the series, in its unit
@compile_inline
def weaken(scratch: Scratch, at_hand: int, carried: Array, hazard: Any, cost: float, start: int, rows: Array) -> None:
    """Multiply the periods that an occurrence covers by 1 - coverage * cost.

    Where the next occurrence begins in the period in which this one ends, the coverage of both is added before it is
    applied: it is carried over to the next round, which treats that occurrence.
    """
    ramp, keep, last = hazard.ramp, np.float32(1 - cost), start + rows.shape[0]
    for i in range(at_hand):
        lane, hit = scratch.lanes[0, i], scratch.hits[i]
        begin, end = scratch.occurrences[BEGIN, i], scratch.occurrences[END, i]
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
                if t + 1 == stop and scratch.occurrences[NEXT, i] < stop:
                    carried[lane] = share
                else:
                    rows[np.uint64(t - start), lane] *= np.float32(1 - min(share, 1.0) * cost)
            t += 1


@compile_inline
def compute_coverage(begin: float, end: float, ramp: float, t: Any) -> Any:
    """Integrate the intensity of an occurrence over period t: 1 up to its end, then a straight line down to 0."""
    share = max(min(end, t + 1) - max(begin, t), 0.0)
    if end < t + 1 and ramp > 0:
        near, far = min(max(t - end, 0.0), ramp), min(t + 1 - end, ramp)
        share += (far - near) * (1 - (near + far) / (2 * ramp))
    return share


# IN    plan     Plan
# IN    h        int               number of the hazard
# IN    clocks   Clocks            paths and numbers of row h
# INOUT scratch  Scratch           IN lanes[0, N], occurrences; OUT hits, touched; INOUT carried
# IN    at_hand  int               N, occurrences at hand
# IN    start    int               first period of the tile
# INOUT out      float32 (T, S, L) the series that the hazard hits are changed
@compile_inline
def apply_effects(plan: Plan, h: int, clocks: Clocks, scratch: Scratch, at_hand: int, start: int, out: Array) -> None:
    """Apply the occurrences at hand to every series that the hazard hits."""
    hazard = plan.hazards[h]
    for i in range(at_hand):
        scratch.hits[i] = True
    for e in range(hazard.first_effect, hazard.end_effect):
        effect = plan.effects[e]
        last = plan.effects[max(e - 1, hazard.first_effect)]
        same = e > hazard.first_effect and effect.coin == last.coin and effect.enough == last.enough
        if effect.enough != SURE and not same:
            toss(effect, clocks.numbers[h], clocks.paths, scratch, at_hand)
        scratch.touched[effect.series] = True
        rows = out[:, effect.series]
        if effect.closes:
            close(scratch, at_hand, start, rows)
        else:
            carried = scratch.carried[e - hazard.first_effect]
            weaken(scratch, at_hand, carried, hazard, 1 - effect.factor, start, rows)


# IN    plan     Plan
# IN    h        int               number of the hazard
# INOUT clocks   Clocks            row h moves past every occurrence that is over before the end of the tile
# OUT   scratch  Scratch
# IN    start    int               first period of the tile
# INOUT out      float32 (T, S, L) the series that the hazard hits are changed
@compile_inline
def apply_hazard(plan: Plan, h: int, clocks: Clocks, scratch: Scratch, start: int, out: Array) -> None:
    """Apply one hazard in rounds: each round treats the current occurrence of every lane that has one in the tile."""
    hazard, begins, ends = plan.hazards[h], clocks.begins[h], clocks.ends[h]
    lanes, occurrences = scratch.lanes, scratch.occurrences
    occurred, window_begin, window_end = clocks.occurred[h], plan.window[0], plan.window[1]
    count = select_lanes(begins, start + out.shape[0], lanes)
    while count:
        over, at_hand = split(begins, ends, hazard.ramp, start + out.shape[0], count, lanes)
        for i in range(at_hand):
            lane = lanes[0, i]
            occurrences[BEGIN, i], occurrences[END, i], occurrences[NEXT, i] = begins[lane], ends[lane], np.inf
        for i in range(over):
            scratch.paths[i] = clocks.paths[lanes[0, i]]
            scratch.blocks[i] = clocks.numbers[h, lanes[0, i]] + np.uint64(1)
        draw_occurrences(hazard, plan.tables, scratch.paths, over, scratch)
        for i in range(over):
            occurrences[NEXT, i] = occurrences[END, i] + hazard.ramp + scratch.drawn[0, i]
            begins[lanes[0, i]] = occurrences[NEXT, i]
            occurred[lanes[0, i]] += window_begin <= occurrences[NEXT, i] < window_end
            ends[lanes[0, i]] = occurrences[NEXT, i] + scratch.drawn[1, i]
        apply_effects(plan, h, clocks, scratch, at_hand, start, out)
        for i in range(over):
            clocks.numbers[h, lanes[0, i]] += np.uint64(1)
        count = over
    clocks.soonest[h] = find_least(begins, occurrences[NEXT])


# ---- A tile: out[T, S, L] ----


# IN    key      uint64        key of the stream
# IN    number   int           number of the draw
# IN    paths    uint64 (L,)   numbers of the paths
# OUT   scratch  Scratch       lanes, paths, blocks and words are overwritten
# INOUT row      float32 (L,)  units
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


# IN    plan     Plan
# INOUT clocks   Clocks
# OUT   scratch  Scratch
# IN    factors  float64 (P, T)    factors of each profile
# IN    start    int               first period of the tile
# OUT   out      float32 (T, S, L) every value of the series drawn, in its unit
@compile_entry
def fill(plan: Plan, clocks: Clocks, scratch: Scratch, factors: Array, start: int, out: Array) -> None:
    """Fill one tile: base draws, known factors, the effects of hazards, and what can be finished only after them."""
    widen_vectors()
    for j in range(plan.draws.shape[0]):
        scratch.touched[j] = False
        draw(plan.draws[j], plan.tables, clocks.paths, scratch, start, out)
    for j in range(plan.profiles.shape[0]):
        apply_profile(plan.profiles[j], factors, start, out)
    for h in range(plan.hazards.shape[0]):
        if start == 0:
            begin_occurrences(plan, h, clocks, scratch)
        if clocks.soonest[h] < start + out.shape[0]:
            apply_hazard(plan, h, clocks, scratch, start, out)
    for j in range(plan.endings.shape[0]):
        entry = plan.endings[j]
        if entry.finish == ROUND_ALL:
            round_draws(entry, clocks.paths, scratch, start, out)
        elif entry.finish != ROUND:
            for t in range(out.shape[0]):
                finish(entry.finish, out[t, entry.series])
        elif scratch.touched[entry.series]:
            for t in range(-start % entry.every, out.shape[0], entry.every):
                round_at_random(entry.key, (start + t) // entry.every, clocks.paths, scratch, out[t, entry.series])
