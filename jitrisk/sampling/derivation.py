"""The derivation: fills the series that follow from other series of a tile, and carries their state to the next one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from jitrisk.sampling import derivation_kernels
from jitrisk.sampling.derived import DerivedSeries, SeriesKey, SmoothedForecast, StandbyOpening
from jitrisk.sampling.profiles import Profile, stack_factors
from jitrisk.sampling.records import OPENING, SMOOTHED
from jitrisk.sampling.series import ExogenousSeries

_RELATIVE = 1e-6  # by which an availability must lie below its limit: the product of hazards' factors is rounded
_LONGEST = 2**62

Carried: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = Mapping[DerivedSeries | ExogenousSeries | SeriesKey, int]
"""The place of each series in a tile."""


class Derivation:
    """Computes derived series.

    Every value is a pure function of the source on the same lane, so values do not depend on blocks, tiles or threads.

    Parameters
    ----------
    derived : the series.
    rows : the place of each in a tile, and that of each source: a series that is drawn, or the key of one handed in.
    """

    def __init__(self, derived: Sequence[DerivedSeries], rows: Rows) -> None:
        smoothed = [one for one in derived if isinstance(one, SmoothedForecast)]
        openings = [one for one in derived if isinstance(one, StandbyOpening)]
        profiles = {one.profile or Profile(): None for one in smoothed}
        self._profiles = tuple(profiles)
        places = {profile: k for k, profile in enumerate(profiles)}
        self._smoothed = np.array([_pack_smoothed(one, rows, places) for one in smoothed], SMOOTHED)
        self._openings = np.array([_pack_opening(one, rows) for one in openings], OPENING)
        self._initial = np.array([one.mean for one in smoothed] + [0.0] * len(openings))

    def begin(self, lanes: int) -> Carried:
        """Return the state of so many paths before period 0, shape (series, lanes)."""
        return np.repeat(self._initial[:, None], lanes, axis=1)

    def fill(self, carried: Carried, first_period: int, rows: NDArray[np.float32]) -> None:
        """Fill the derived series of the next tile.

        Parameters
        ----------
        carried : from `begin`; it is moved to the end of the tile.
        first_period : period of the tile's first row: where the last tile ended.
        rows : float32 [period, series, lane], C-contiguous, with all sources filled.
        """
        factors = stack_factors(self._profiles, first_period, first_period + len(rows))
        derivation_kernels.derive(self._smoothed, self._openings, factors, first_period, carried, rows)


def _pack_smoothed(
    one: SmoothedForecast,
    rows: Rows,
    places: Mapping[Profile, int],
) -> tuple[Any, ...]:
    assert one.source is not None  # a customer has a demand
    profile = places[one.profile or Profile()]
    return rows[one], rows[one.source], one.every, profile, one.smoothing, one.mean


def _pack_opening(one: StandbyOpening, rows: Rows) -> tuple[Any, ...]:
    source = rows[one] if one.source is None else rows[one.source]
    # Nothing is below -inf: what stands in the row before it is filled does not matter.
    below = -np.inf if one.source is None else one.below * (1 - _RELATIVE)
    return rows[one], source, min(one.after, _LONGEST), below
