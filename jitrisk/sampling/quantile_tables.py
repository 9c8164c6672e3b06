"""Distributions compiled to quantile tables that a 32-bit word indexes.

A word is a uniform number, and half a unit above it so that neither 0 nor 1 is ever reached. The unit interval is
cut at every halving of either tail's probability, 32 octaves a side, and each octave into ``2**bits`` cells of equal
width, so that cells refine toward both ends and the last one is reached by one word. In a cell, a continuous
distribution is a straight line, placed so that the mean of the cell is right; a discrete one has at most one step,
at an exact word. Only where a cell holds several steps are they searched for, and only where steps are finer than
the finest cells is a discrete distribution a rounded line.

Tables have the same bits on every processor: what they hold comes from :mod:`jitrisk.sampling.elementary` and from
sums, products, quotients and square roots alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from jitrisk.sampling import draw_kernels
from jitrisk.sampling.distributions import FAMILIES, Distribution
from jitrisk.sampling.elementary import interpolate
from jitrisk.sampling.records import QUANTILE_TABLE, QuantileTables

Floats = NDArray[np.float64]
Words = NDArray[np.int64]
Quantile = Callable[[Floats, bool], Floats]

COARSEST_BITS, FINEST_LINES, FINEST_STAIRS = 5, 8, 9
WORDS = 2.0**32
# Most that a line may be off, relative to the value.
TOLERANCE = 4e-4
# Largest share of words whose step is searched for: 15 ns each, against 1 ns.
SEARCHED = 2e-3
# What a float32 can hold.
LARGEST = 1e37


@dataclass(frozen=True, eq=False)
class QuantileTable:
    """One compiled distribution.

    Attributes
    ----------
    shape : ``CONSTANT``, ``LINES``, ``ROUNDED`` (lines rounded up) or ``STAIRS``.
    lowest, highest : least and greatest value, or rank where there are values.
    bits : cells an octave, as a power of two.
    cells : int32[2 * side, 2]: bits of a float32 intercept and slope over the tail's words, or of a float32 value
        and the int32 word at which it goes up by one; NaN where it goes up more than once.
    steps : every word at which a staircase goes up.
    values : the values that the ranks stand for; empty if the rank itself is the value.
    """

    shape: int
    lowest: float
    highest: float
    bits: int = 0
    cells: NDArray[np.int32] = field(default_factory=lambda: np.empty((0, 2), np.int32))
    steps: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, np.uint32))
    values: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))

    @property
    def has_gaps(self) -> bool:
        """Whether steps are searched for in some cells."""
        return self.shape == draw_kernels.STAIRS and bool(np.isnan(self.cells[:, 0].view(np.float32)).any())


@lru_cache(maxsize=512)
def compile_table(distribution: Distribution) -> QuantileTable:
    """Return the quantile table of a distribution."""
    if distribution.lowest == distribution.highest:
        return QuantileTable(draw_kernels.CONSTANT, distribution.lowest, distribution.highest)
    family, parameters = FAMILIES[distribution.family], dict(distribution.parameters)
    scale, unit = family.split_scale(parameters)
    if scale != 1:
        table = compile_table(Distribution(distribution.family, tuple(sorted(unit.items()))))
        return replace(table, cells=(table.cells.view(np.float32) * np.float32(scale)).view(np.int32))
    ladder = family.list_steps(parameters)
    if ladder is not None:
        return _build_stairs(*ladder)
    if distribution.is_integer:
        # So wide that one unit is nothing: the middles of the steps, rounded up to whole numbers again.
        return _build_lines(
            lambda p, upper: distribution.quantile(p, upper) - 0.5,
            distribution.sd() * 1e-3,
            (distribution.lowest, distribution.highest),
        )
    # Where the quantiles cross zero no line is good relative to the value.
    return _build_lines(distribution.quantile, distribution.sd() * (0.1 if distribution.lowest < 0 else 1e-3), None)


@lru_cache(maxsize=512)
def compile_lower_part(distribution: Distribution, share: float) -> QuantileTable:
    """Return the table of a distribution restricted to the lowest `share` of its probability.

    A word that stands for the uniform number v gives the quantile of ``share * v``, with as many different values as
    any table has, however small the share is.

    Parameters
    ----------
    distribution : the distribution.
    share : probability of the part that is kept, above 0 and below 1.
    """

    def quantile(p: Floats, upper: bool) -> Floats:
        return distribution.quantile(share * (1 - p if upper else p))

    lowest, highest = (float(distribution.quantile(end)) for end in (share * 0.5 / WORDS, share))
    ladder = FAMILIES[distribution.family].list_steps(dict(distribution.parameters))
    if ladder is not None:
        values, cumulative = ladder
        kept = int(np.count_nonzero(cumulative < share))
        return _build_stairs(values[: kept + 1], cumulative[:kept] / share)
    if lowest == highest:
        return QuantileTable(draw_kernels.CONSTANT, lowest, highest)
    if distribution.is_integer:
        return _build_lines(lambda p, upper: quantile(p, upper) - 0.5, distribution.sd() * 1e-3, (lowest, highest))
    return _build_lines(quantile, highest * 1e-3, None)


def _build_lines(
    quantile: Quantile, scale: float, rounded: tuple[float, float] | None, bits: int = COARSEST_BITS
) -> QuantileTable:
    sides = [_fit_lines(quantile, upper, bits, scale) for upper in (False, True)]
    if bits < FINEST_LINES and max(error for _, error in sides) > TOLERANCE:
        return _build_lines(quantile, scale, rounded, bits + 1)
    cells = np.concatenate([lines for lines, _ in sides]).astype(np.float32).view(np.int32)
    if rounded is None:
        return QuantileTable(draw_kernels.LINES, -np.inf, np.inf, bits, cells)
    return QuantileTable(draw_kernels.ROUNDED, *rounded, bits, cells)


def _fit_lines(quantile: Quantile, upper: bool, bits: int, scale: float) -> tuple[Floats, float]:
    """Return intercepts and slopes of one side, and the largest error of the lines."""
    points = _list_points(bits)
    value = np.clip(quantile(points / WORDS, upper), -LARGEST, LARGEST)
    left, middle, right = value[:-2:2], value[1::2], value[2::2]
    slope = (right - left) / (points[2::2] - points[:-2:2])
    # By Simpson's rule the mean over the cell lies two thirds of the way from the chord to the curve.
    chord = (left + right) / 2
    intercept = chord + 2 / 3 * (middle - chord) - slope * points[1::2]
    error = np.abs(middle - chord) / (np.abs(middle) + scale) * 2 / 3
    # Words of the upper side are negative.
    return np.column_stack([intercept, -slope if upper else slope]), float(error[points[1::2] >= 4].max())


def _list_points(bits: int) -> Floats:
    """Return borders and middles of one side's cells, as counts of words from the end of the tail."""
    octaves = np.ldexp(1.0, np.arange(-1, 32))[:, None]
    points: Floats = np.ravel(octaves * (1 + np.arange(2 << bits) / (2 << bits)))[: (64 << bits) + 3]
    return points


def _build_stairs(values: Floats, cumulative: Floats) -> QuantileTable:
    lattice = bool((np.diff(values) == 1).all())
    first, listed = (float(values[0]), values[:0]) if lattice else (0.0, values)
    steps = np.floor(cumulative * WORDS + 0.5)
    steps = steps[steps < WORDS].astype(np.uint32)
    if len(steps) == 0:
        return QuantileTable(draw_kernels.CONSTANT, values[0], values[0])
    for bits in range(COARSEST_BITS, FINEST_STAIRS + 1):
        starts, stops, order = list_intervals(bits)
        below = np.searchsorted(steps, starts, side="right")
        inside = np.maximum(np.searchsorted(steps, stops, side="left") - below, 0)
        if float((stops - starts)[inside > 1].sum()) <= SEARCHED * WORDS:
            break
    else:
        return _build_rounded(cumulative, first, listed)
    cells = np.empty((len(starts), 2), np.int32)
    # Where there is no step, one rank below and a step at the least word: always up, whatever the word.
    ranks = np.where(inside > 1, np.nan, first + below - (inside == 0))
    words = np.where(inside == 0, np.uint32(1 << 31), steps[np.minimum(below, len(steps) - 1)])
    cells[order, 0] = ranks.astype(np.float32).view(np.int32)
    cells[order, 1] = words.astype(np.uint32).view(np.int32)
    return QuantileTable(draw_kernels.STAIRS, first, np.inf, bits, cells, steps, listed.astype(np.float32))


def _build_rounded(cumulative: Floats, first: float, listed: Floats) -> QuantileTable:
    """Return lines through the corners of a staircase, which rounded up give the staircase again."""
    corners = np.concatenate([[0.0], cumulative, [1.0]])
    ranks: Floats = first - 1.0 + np.arange(float(len(corners)))

    def quantile(p: Floats, upper: bool) -> Floats:
        return interpolate(1 - p if upper else p, corners, ranks)

    table = _build_lines(quantile, np.inf, (first, ranks[-1]), FINEST_LINES)
    return replace(table, values=listed.astype(np.float32))


@lru_cache(maxsize=8)
def list_intervals(bits: int) -> tuple[Words, Words, Words]:
    """Return for the cells in rising order of their words: first word, last word + 1, and where the cell is stored."""
    side = (32 << bits) + 1
    order = np.concatenate([np.arange(side), np.arange(2 * side - 1, side - 1, -1)])
    rank = np.argsort(order)
    low, high = np.zeros(2 * side, np.int64), np.full(2 * side, 1 << 32)
    while (low < high).any():
        middle = (low + high) // 2
        reached = (middle == 1 << 32) | (rank[locate(middle % (1 << 32), bits)] >= np.arange(2 * side))
        low, high = np.where(reached, low, middle + 1), np.where(reached, middle, high)
    return low, np.append(low[1:], 1 << 32), order


def locate(words: Words, bits: int) -> Words:
    """Return the cell of every word, by the same arithmetic as the kernel's."""
    tails = words.astype(np.uint32).view(np.int32).astype(np.float32) + np.float32(0.5)
    place: Words = np.abs(tails).view(np.int32).astype(np.int64) >> (23 - bits)
    return place - (126 << bits) + (tails < 0) * ((32 << bits) + 1)


def pack(tables: Sequence[QuantileTable]) -> QuantileTables:
    """Lay tables end to end for the kernels."""
    rows, counts = [], np.zeros(3, np.int64)
    for table in tables:
        first_step = counts[1] if table.has_gaps else draw_kernels.NONE
        first_value = counts[2] if len(table.values) else draw_kernels.NONE
        limits = np.float32(table.lowest), np.float32(table.highest)
        rows.append((table.shape, table.bits, counts[0], first_step, len(table.steps), first_value, *limits))
        counts += (len(table.cells), len(table.steps), len(table.values))
    cells = np.concatenate([np.empty((0, 2), np.int32), *(table.cells for table in tables)]).astype(np.int64)
    steps = np.concatenate([np.empty(0, np.uint32), *(table.steps for table in tables)])
    values = np.concatenate([np.empty(0, np.float32), *(table.values for table in tables)])
    layout = np.array(rows, QUANTILE_TABLE)
    return QuantileTables(layout, cells[:, 0] & 0xFFFFFFFF | cells[:, 1] << 32, steps, values)
