"""Profiles: the factors by which season and trend change the demand of a customer from period to period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_SLACK = 1e-9  # part of a season's step that is rounding: a period at its end begins the next one


@dataclass(frozen=True)
class Profile:
    """Season and trend of one customer.

    Attributes
    ----------
    factors : factors on the demand, one after another and then again from the first.
    every : periods for which one factor holds.
    trend : change per period, as a share of period 0.
    """

    factors: tuple[float, ...] = (1.0,)
    every: float = 1.0
    trend: float = 0.0

    def compute_factors(self, start: int, stop: int) -> np.ndarray:
        """Return the factors of the periods from `start` up to and without `stop`, float64."""
        periods = np.arange(start, stop)
        steps = np.floor(periods / self.every + _SLACK).astype(np.int64) % len(self.factors)
        return np.asarray(np.array(self.factors)[steps] * (1.0 + self.trend * periods))
