"""Rare hazards sampled more often than they occur, with weights that undo it: a defensive mixture.

Half of the paths are natural, and each rare hazard has a share of the others, in which its first occurrence always
begins within the horizon. A path's weight is the ratio of the natural density of its uniform numbers to that of the
mixture, the balance heuristic (Veach & Guibas 1995; Hesterberg 1995, Technometrics 37; Owen & Zhou 2000, Journal of
the American Statistical Association 95). Because natural paths are part of the mixture, no weight exceeds 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jitrisk.sampling.elementary import expm1, log1p
from jitrisk.sampling.renewal import compute_begin_probability
from jitrisk.sampling.series import HazardProcess
from jitrisk.sampling.streams import derive_stream_key
from jitrisk.vocabulary import RARE_BELOW

NATURAL_SHARE = 0.5
"""Share of the paths that are drawn as they would be without a mixture."""

_WORDS = 2.0**32


@dataclass(frozen=True)
class Mixture:
    """The rare hazards of a run.

    Attributes
    ----------
    hazards : names of the rare hazards, in order.
    probabilities : probability of each that it begins within the horizon, the largest over the strategies compared.

    Notes
    -----
    Of every ``2 * len(hazards)`` consecutive path numbers the even ones are natural, component 0, and each odd one
    belongs to one hazard, in their order: components 1, 2, ...
    """

    hazards: tuple[str, ...]
    probabilities: tuple[float, ...]

    @property
    def period(self) -> int:
        """After how many paths the pattern of the components repeats."""
        return 2 * len(self.hazards)

    @property
    def shares(self) -> NDArray[np.float64]:
        """Nominal share of the paths in every component, the natural one first."""
        rare = (1 - NATURAL_SHARE) / len(self.hazards)
        return np.array([NATURAL_SHARE, *[rare] * len(self.hazards)])

    @property
    def rare_probability(self) -> float:
        """Probability that a natural path holds a rare hazard, under the strategy where each is the most frequent."""
        return float(-expm1(log1p(-np.array(self.probabilities)).sum()))

    def find_remainder(self, hazard: str) -> int:
        """Return the remainder, by the period, of the numbers of the paths in the component of a hazard."""
        return 2 * self.hazards.index(hazard) + 1

    def find_probability(self, hazard: str) -> float:
        """Return the probability that a rare hazard begins within the horizon."""
        return self.probabilities[self.hazards.index(hazard)]

    def assign_components(self, paths: range) -> NDArray[np.int16]:
        """Return the component of every path, shape (paths,)."""
        # Numbers go up to 2**63, so remainders are taken before they become an array.
        places = (paths.start % self.period + np.arange(len(paths), dtype=np.int64)) % self.period
        return np.where(places % 2 == 0, 0, (places + 1) // 2).astype(np.int16)

    def compute_weights(self, seed: int, paths: range) -> NDArray[np.float64]:
        """Return the weight of every path, natural density over that of the mixture, shape (paths,).

        Parameters
        ----------
        seed : seed of the run.
        paths : the path numbers.
        """
        components, shares = self.assign_components(paths), self.shares
        density = np.full(len(paths), shares[0])
        for number, (hazard, probability) in enumerate(zip(self.hazards, self.probabilities, strict=True), start=1):
            early = _draw_first_words(seed, hazard, paths) < round(probability * _WORDS)
            density += np.where(early | (components == number), shares[number] / probability, 0.0)
        return 1.0 / density


def _draw_first_words(seed: int, hazard: str, paths: range) -> NDArray[np.uint32]:
    """Return the words that give the first time between of a hazard, one per path."""
    from jitrisk.sampling import draw_kernels

    numbers = np.arange(paths.start, paths.stop, dtype=np.uint64)
    words = np.empty((4, len(paths)), np.uint32)
    key = np.uint64(derive_stream_key(seed, "hazard", hazard))
    draw_kernels.philox(key, np.zeros(len(paths), np.uint64), numbers, words)
    first: NDArray[np.uint32] = words[0]
    return first


def build_mixture(
    hazards: Iterable[Sequence[HazardProcess]], periods: int, below: float = RARE_BELOW
) -> Mixture | None:
    """Return the mixture for the hazards of a run, None where none of them is rare.

    Parameters
    ----------
    hazards : the hazards of every strategy; those of one name share their random numbers.
    periods : the horizon.
    below : a hazard is rare that begins within the horizon with a smaller probability.
    """
    largest: dict[str, float] = {}
    for process in (one for each in hazards for one in each):
        largest[process.name] = max(
            largest.get(process.name, 0.0), compute_begin_probability(process.time_between, periods)
        )
    rare = {name: largest[name] for name in sorted(largest) if 0 < largest[name] < below}
    return Mixture(tuple(rare), tuple(rare.values())) if rare else None
