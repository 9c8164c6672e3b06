"""What to simulate: the arrays of every strategy, the time axis, path numbers, a seed, and given series."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from jitrisk.lower import GivenSeries, NetworkArrays
from jitrisk.sampling.derived import DerivedSeries, Series
from jitrisk.sampling.rare import Mixture
from jitrisk.sampling.series import ExogenousSeries, HazardProcess, group_hits

if TYPE_CHECKING:
    from jitrisk.sampling.sampler import Sampler

Progress = Callable[[int, int], None]
"""Called with the number of path-strategies done and their total."""


@dataclass(frozen=True)
class Horizon:
    """The time axis of a run, in periods."""

    periods: int
    warm_up: int = 0

    @property
    def counted(self) -> int:
        """Periods that outcomes are summed or averaged over."""
        return self.periods - self.warm_up


@dataclass(frozen=True, eq=False)
class Job:
    """What to simulate.

    Attributes
    ----------
    strategies : the arrays of each strategy, by name; all of one network, so with as many stages and customers.
    horizon : the time axis.
    paths : path numbers, a range of step 1.
    seed : seed of every stream.
    given : series that are not drawn, by (kind, stage or customer): float32 arrays of shape (paths, periods).
    mixture : the rare hazards that some paths are drawn with; None where every path is natural.
    """

    strategies: Mapping[str, NetworkArrays]
    horizon: Horizon
    paths: range
    seed: int
    given: Mapping[tuple[str, str], np.ndarray] = field(default_factory=dict)
    mixture: Mixture | None = None

    @cached_property
    def series(self) -> list[Series | GivenSeries]:
        """Every series some strategy reads, once: those drawn first, then those given, then those derived."""
        found = dict.fromkeys(one for arrays in self.strategies.values() for one in arrays.series)
        types = (ExogenousSeries, GivenSeries, DerivedSeries)
        return [one for each in types for one in found if isinstance(one, each)]

    @cached_property
    def drawn(self) -> list[ExogenousSeries]:
        """Every series that is drawn, in the order of `series`."""
        return [one for one in self.series if isinstance(one, ExogenousSeries)]

    @cached_property
    def derived(self) -> list[DerivedSeries]:
        """Every series that follows from another one, in the order of `series`."""
        return [one for one in self.series if isinstance(one, DerivedSeries)]

    @property
    def sizes(self) -> Mapping[str, int]:
        """How many members each dim has: stages, customers; the same for every strategy."""
        return next(iter(self.strategies.values())).sizes

    @cached_property
    def has_cycles(self) -> bool:
        """Whether some store is replenished in cycles under some strategy."""
        return any(arrays.has_cycles.any() for arrays in self.strategies.values())

    @cached_property
    def hazards(self) -> list[HazardProcess]:
        """The hazards that hit a series that is drawn, in the order in which they are counted."""
        return [process for process, _ in group_hits(self.drawn)]

    @cached_property
    def sampler(self) -> Sampler:
        """The sampler of the series that are not given; built once, used by all workers."""
        from jitrisk.sampling.sampler import Sampler

        return Sampler(self.drawn, self.seed, self.mixture, (self.horizon.warm_up, self.horizon.periods))
