"""A density integrated and inverted in panels, with the same bits on every processor.

The logarithm of the density is given by its Taylor coefficients. A panel is so narrow that the density in it is a
power series that converges to the last bit; the series of neighbors are joined where they meet. Masses are added up
from both ends, so that both tails keep their relative precision, down to e**-120 of the highest density.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jitrisk.sampling.elementary import Floats, exp, polynomial

ORDER = 16
_DEEPEST = 120.0  # how far the logarithm of the density falls
_WIDEST = 0.2  # of a panel, relative to where it begins: the singularity at 0 stays ten half widths away
_STEPS = 4  # of Newton's method, from a straight line: the error is squared each time
_MOST_PANELS = 20_000

Slopes = Callable[[float], tuple[float, float]]
"""Of a place: the first derivative of the logarithm of the density and the second; rough values do."""

TaylorSeries = Callable[[Floats, Floats], list[Floats]]
"""Of centers and half widths h: Taylor coefficients 1 to `ORDER` of the logarithm of the density, n-th times h**n."""


@dataclass(frozen=True, eq=False)
class Panels:
    """A density in panels; masses are relative to each other.

    Attributes
    ----------
    edges : rising, shape (panels + 1,).
    half : half widths, shape (panels,).
    densities : coefficients of the density around each center, in half widths, shape (terms, panels).
    sums : those of its integral from the center, or of its sum over whole steps.
    below, above : mass on either side of each edge, shape (panels + 1,).
    """

    edges: Floats
    half: Floats
    densities: Floats
    sums: Floats
    below: Floats
    above: Floats

    @property
    def total(self) -> float:
        """All mass, that to the left of the first edge included."""
        return float(self.above[0] + self.below[0])

    def add_head(self, mass: float) -> Panels:
        """Return the panels with a mass to the left of the first edge."""
        return Panels(self.edges, self.half, self.densities, self.sums, self.below + mass, self.above)

    def tail(self, at: Floats, upper: bool) -> Floats:
        """Return the mass to the left of places (``upper``: to the right of them) between the first and last edge."""
        panel = np.clip(np.searchsorted(self.edges, at, side="right") - 1, 0, len(self.half) - 1)
        u = (at - (self.edges[panel] + self.half[panel])) / self.half[panel]
        here = polynomial(u, list(self.sums[:, panel]))
        ends = _evaluate_ends(self.sums)[int(upper)][panel]
        return np.asarray(self.above[panel + 1] + (ends - here) if upper else self.below[panel] + (here - ends))

    def find_place(self, mass: Floats, upper: bool) -> Floats:
        """Return where a mass lies to the left (``upper``: to the right), between the first and the last edge."""
        if upper:
            panel = len(self.half) - np.searchsorted(self.above[:0:-1], mass, side="right")
            beside = self.above[1:]
        else:
            panel = np.searchsorted(self.below[1:], mass, side="left")
            beside = self.below[:-1]
        panel = np.clip(panel, 0, len(self.half) - 1)
        terms, density = list(self.sums[:, panel]), list(self.densities[:, panel])
        left, right = (end[panel] for end in _evaluate_ends(self.sums))
        rest = mass - beside[panel]
        wanted = right - rest if upper else left + rest
        u = np.clip(2.0 * (wanted - left) / (right - left) - 1.0, -1.0, 1.0)
        for _ in range(_STEPS):
            u = u - (polynomial(u, terms) - wanted) / (self.half[panel] * polynomial(u, density))
            u = np.clip(u, -1.0, 1.0)
        return np.asarray((self.edges[panel] + self.half[panel]) + u * self.half[panel])


def _evaluate_ends(terms: Floats) -> tuple[Floats, Floats]:
    """Return polynomials at -1 and at 1."""
    one = np.ones(terms.shape[1])
    return polynomial(-one, list(terms)), polynomial(one, list(terms))


def build_panels(slopes: Slopes, series: TaylorSeries, mode: float, lowest: float, steps: bool = False) -> Panels:
    """Return a density in panels.

    Parameters
    ----------
    slopes, series : of the logarithm of the density.
    mode : where it is highest; the panels begin at `lowest` where that is not below.
    lowest : above 0; there the panels end on the left, unless the density is negligible before.
    steps : whether the density stands for a mass at each half, whose sums over whole steps are wanted: that up to a
        place between two masses is the integral less a 24th of the slope, by the rule of Euler and Maclaurin.
    """
    start = lowest if mode <= lowest else max(lowest, _round_edge(mode, _compute_width(slopes, mode)))
    left, right = _find_edges(slopes, start, -1.0, lowest), _find_edges(slopes, start, 1.0, math.inf)
    edges = np.array(left[:0:-1] + right)
    half = 0.5 * np.diff(edges)
    logs = series(edges[:-1] + half, half)
    densities = _exponentiate(logs)
    # Where two panels meet, both give the same density.
    last, first = _evaluate_ends(np.array([np.zeros_like(half), *logs]))[::-1]
    joined = np.concatenate([[0.0], np.cumsum(last[:-1] - first[1:])])
    densities = densities * exp(joined - joined.max())
    sums = np.array([np.zeros_like(half), *(half * densities[n] / (n + 1.0) for n in range(len(densities)))])
    if steps:
        for n in range(1, len(densities)):
            sums[n - 1] -= n * densities[n] / (24.0 * half)
    begin, end = _evaluate_ends(sums)
    masses = end - begin
    below = np.concatenate([[0.0], np.cumsum(masses)])
    above = np.concatenate([np.cumsum(masses[::-1])[::-1], [0.0]])
    return Panels(edges, half, densities, sums, below, above)


def _exponentiate(logs: list[Floats]) -> Floats:
    """Return the coefficients of the exponential of series without constant terms, shape (terms, panels)."""
    found = [np.ones_like(logs[0])]
    for n in range(1, len(logs) + 1):
        total = np.zeros_like(logs[0])
        for k in range(1, n + 1):
            total += k * logs[k - 1] * found[n - k]
        found.append(total / n)
    return np.array(found)


def _find_edges(slopes: Slopes, start: float, direction: float, last: float) -> list[float]:
    """Return edges from a place outward, until the density is negligible or `last` is reached."""
    edges, depth = [start], 0.0
    while depth < _DEEPEST and edges[-1] != last and len(edges) < _MOST_PANELS:
        at = edges[-1]
        slope, width = slopes(at)[0], _compute_width(slopes, at)
        following = _round_edge(at + direction * width, width)
        if direction * (following + direction * 0.5 * width - last) > 0.0:
            following = last
        depth += max(0.0, -0.5 * (slope + slopes(following)[0]) * (following - at))
        edges.append(following)
    return edges


def _compute_width(slopes: Slopes, at: float) -> float:
    slope, bend = slopes(at)
    return min(1.0 / max(abs(slope), 1e-300), 1.0 / math.sqrt(max(abs(bend), 1e-300)), _WIDEST * at)


def _round_edge(edge: float, width: float) -> float:
    """Return an edge of so few digits that widths and centers of panels are exact."""
    grain = math.ldexp(1.0, math.frexp(width)[1] - 7)
    return round(edge / grain) * grain


def powers(x: NDArray[np.float64], count: int) -> list[Floats]:
    """Return the powers 1 to `count` of an array, by repeated products."""
    found = [x]
    for _ in range(count - 1):
        found.append(found[-1] * x)
    return found
