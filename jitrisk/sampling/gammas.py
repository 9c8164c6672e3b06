"""Quantiles of the gamma distribution with the same bits on every processor."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from jitrisk.sampling import normal
from jitrisk.sampling.elementary import Floats, exp, log, polynomial
from jitrisk.sampling.panels import ORDER, Panels, build_panels, powers

# From 0 to here the distribution function is a power series.
_HEAD = 0.5
_TERMS = 16
_STEPS = 5  # of Newton's method in the head
# From this shape on, three terms of the expansion of Cornish and Fisher are exact.
_LARGE = 1e14


@dataclass(frozen=True, eq=False)
class _Gamma:
    """The gamma distribution of scale 1: its panels, and the mass to the left of them as a power series."""

    shape: float
    panels: Panels
    head: float
    terms: tuple[float, ...]


def quantile(shape: float, p: Floats, upper: bool) -> Floats:
    """Return the value of a gamma variable of scale 1 below which (``upper``: above which) the share p lies.

    Parameters
    ----------
    shape : above 0.
    p : probabilities in [0, 1], shape (n,).
    upper : measure p from the upper end.

    Notes
    -----
    Relative errors are a few times 1e-15 (differences to SciPy reach 3e-14), times the logarithm of the value where
    that is tiny. Values beyond a probability of about e**-120 are those at it.
    """
    if shape >= _LARGE:
        score = -normal.quantile(p) if upper else normal.quantile(p)
        return np.asarray(np.maximum(shape + np.sqrt(shape) * score + (score * score - 1.0) / 3.0, 0.0))
    gamma = _build_gamma(shape)
    total = gamma.panels.total
    if not upper:
        return np.where(p == 0.0, 0.0, np.where(p == 1.0, np.inf, _invert_mass(gamma, p * total)))
    mass, found = p * total, np.empty_like(p)
    high = mass <= gamma.panels.above[0]
    found[high] = gamma.panels.find_place(mass[high], True)
    found[~high] = _invert_mass(gamma, (1.0 - p[~high]) * total)
    return np.where(p == 0.0, np.inf, np.where(p == 1.0, 0.0, found))


@lru_cache(maxsize=16)
def _build_gamma(shape: float) -> _Gamma:
    power = shape - 1.0

    def compute_slopes(x: float) -> tuple[float, float]:
        return (power - x) / x, power / x / x

    def compute_series(center: Floats, half: Floats) -> list[Floats]:
        logs = [power * each / n for n, each in enumerate(powers(-half / center, ORDER), start=1)]
        return [(power - center) / center * half, *(-each for each in logs[1:])]

    panels = build_panels(compute_slopes, compute_series, power, _HEAD)
    terms, factor = [1.0], 1.0
    for n in range(1, _TERMS):
        factor /= -n
        terms.append(factor * shape / (shape + n))
    head = 0.0
    if panels.edges[0] == _HEAD:
        # The density at the end of the head, which is e**-x x**(shape - 1), gives the scale of its mass.
        density = polynomial(np.array([-1.0]), list(panels.densities[:, 0]))
        at = np.array([_HEAD])
        head = float((density * exp(at) * at / shape * polynomial(at, terms))[0])
    return _Gamma(shape, panels.add_head(head), head, tuple(terms))


def _invert_mass(gamma: _Gamma, mass: Floats) -> Floats:
    """Return the values below which masses lie."""
    found = np.empty_like(mass)
    low = mass < gamma.head
    found[~low] = gamma.panels.find_place(mass[~low], False)
    if low.any():
        found[low] = _invert_head(gamma, mass[low] / gamma.head)
    return found


def _invert_head(gamma: _Gamma, share: Floats) -> Floats:
    """Return the values below which shares of the mass of the head lie, by Newton's method on their logarithms."""
    wanted, least = log(share), np.full_like(share, -745.0)
    end = polynomial(np.array([_HEAD]), gamma.terms)
    position = np.maximum(wanted / gamma.shape, least)
    for _ in range(_STEPS):
        x = _HEAD * exp(position)
        sums = polynomial(x, gamma.terms)
        slope = gamma.shape * exp(-x) / sums
        position = position - (gamma.shape * position + log(sums / end) - wanted) / slope
        position = np.minimum(position, 0.0)
    return np.asarray(_HEAD * exp(position))
