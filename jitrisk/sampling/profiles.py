"""Profiles: known factors on the demand of every period, from a season that repeats and a straight trend."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EARLY = 1e-9
"""Part of a step by which a period may begin before it and still belong to it."""


@dataclass(frozen=True)
class Profile:
    """The factors on the demand of one customer, period by period.

    Attributes
    ----------
    every : periods for which one factor of the season holds; need not be whole.
    factors : factors of the season, one after another and then again from the first.
    trend : change per period, as a share of period 0.
    """

    every: float = math.inf
    factors: tuple[float, ...] = (1.0,)
    trend: float = 0.0

    def compute_factors(self, start: int, stop: int) -> Floats:
        """Return the factor of every period.

        Parameters
        ----------
        start, stop : the periods, the second left out.

        Returns
        -------
        ``factors[floor(t / every) mod n] * (1 + trend * t)``, shape (periods,).
        """
        season = np.array(self.factors, dtype=np.float64)[count_steps(self.every, start, stop) % len(self.factors)]
        return np.asarray(season * (1.0 + self.trend * np.arange(start, stop, dtype=np.float64)))


def count_steps(every: float, start: int, stop: int) -> NDArray[np.int64]:
    """Return how many steps of so many periods are over at the start of every period.

    Parameters
    ----------
    every : length of a step, periods; need not be whole.
    start, stop : the periods, the second left out.

    Returns
    -------
    ``floor(t / every)``, with a tolerance for rounding, shape (periods,).
    """
    steps = np.floor(np.arange(start, stop, dtype=np.float64) / every + EARLY)
    return np.asarray(steps.astype(np.int64))


@lru_cache(maxsize=256)
def stack_factors(profiles: tuple[Profile, ...], start: int, stop: int) -> Floats:
    """Return the factors of several profiles, read-only: the tiles of every block of paths cover the same periods.

    Parameters
    ----------
    profiles : any number of them.
    start, stop : the periods, the second left out.

    Returns
    -------
    Factors, shape (profiles, periods).
    """
    rows = np.empty((len(profiles), stop - start))
    for row, profile in zip(rows, profiles, strict=True):
        row[:] = profile.compute_factors(start, stop)
    rows.flags.writeable = False
    return rows
