"""Exact answers for small networks: the twin's Markov chain, enumerated state by state instead of sampled."""

from __future__ import annotations

import copy
import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from reference import Flows, State, Store, Twin
from scipy import sparse
from scipy.sparse import linalg

Key = tuple[Any, ...]
NEUTRAL = {"availability": 1, "receiving": 1, "transit": 1, "yield": 1}


@dataclass(frozen=True)
class Dice:
    """Something drawn anew in every period, independent of the past."""

    variable: str
    thing: str
    values: tuple[float, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True)
class Outage:
    """A stage that stops with probability `stops` after a good period and recovers with `recovers`; it starts well.

    What stops is its starts, or with `receiving` its arrivals, or with `transit` all that is in process.
    """

    stage: str
    stops: float
    recovers: float
    variable: str = "availability"


class Chain:
    """The states a twin can reach under dice and outages, and what flows on the way, each with its probability.

    Where backlogs can grow without end, `most_backlog` cuts the chain: a period that would pass it
    leaves the stores and the backlogs as they are.
    """

    def __init__(
        self,
        network: Any,
        lead_times: dict[str, int],
        dice: Sequence[Dice],
        outages: Sequence[Outage] = (),
        most_backlog: float | None = None,
    ) -> None:
        self.twin, self.most_backlog = Twin(network), most_backlog
        self.lead_times, self.dice, self.outages = lead_times, tuple(dice), tuple(outages)
        self.cycle = math.lcm(*(levels.review_period for levels in self.twin.levels.values()))
        self._known: dict[Key, list[tuple[tuple[int, ...], Flows, Key]]] = {}

    def totals(self, periods: int) -> Flows:
        """Expected sum of every flow over the first `periods` periods."""
        totals: Flows = Counter()
        odds = {self._first(): 1.0}
        for _ in range(periods):
            following: dict[Key, float] = defaultdict(float)
            for key, weight in odds.items():
                for probability, flows, successor in self._steps(key):
                    if probability:
                        following[successor] += weight * probability
                    for name, amount in flows.items():
                        totals[name] += weight * probability * amount
            odds = following
        return totals

    def stationary(self) -> Flows:
        """Expected flows of one period in the long run; every review must be in every period."""
        queue = [self._first()]
        index = {queue[0]: 0}
        rows, columns, weights = [], [], []
        for key in queue:
            for probability, _, successor in self._steps(key):
                if successor not in index:
                    index[successor] = len(queue)
                    queue.append(successor)
                rows.append(index[successor])
                columns.append(index[key])
                weights.append(probability)
        size = len(queue)
        balance = sparse.csc_matrix((weights, (rows, columns)), shape=(size, size)) - sparse.identity(size)
        # One balance equation is redundant; the probabilities' sum takes its place.
        system = sparse.vstack([balance.tocsr()[1:], np.ones((1, size))]).tocsc()
        odds = linalg.spsolve(system, np.eye(1, size, size - 1).ravel())
        means: Flows = Counter()
        for key, weight in zip(queue, odds, strict=True):
            for probability, flows, _ in self._steps(key):
                for name, amount in flows.items():
                    means[name] += weight * probability * amount
        return means

    def reweighted(self, dice: Sequence[Dice]) -> Chain:
        """The same chain under other weights of the same faces; what is known of its periods is shared."""
        other = copy.copy(self)
        other.dice = tuple(dice)
        return other

    def _steps(self, key: Key) -> Iterator[tuple[float, Flows, Key]]:
        """Every period that can follow a state: its probability, what flows, and the state after it."""
        if key not in self._known:
            self._known[key] = list(self._periods(key))
        phase, working, *_ = key
        turns = [
            (math.prod(map(_turn, self.outages, working, following)), following)
            for following in itertools.product((True, False), repeat=len(self.outages))
        ]
        for faces, flows, after in self._known[key]:
            weight = math.prod(die.weights[face] for die, face in zip(self.dice, faces, strict=True))
            for turn, following in turns:
                yield weight * turn, flows, ((phase + 1) % self.cycle, following, *after)

    def _periods(self, key: Key) -> Iterator[tuple[tuple[int, ...], Flows, Key]]:
        """Every way the dice can fall in a state, what flows then, and the stores and backlogs afterwards."""
        t, working, *before = key
        for faces in itertools.product(*(range(len(die.values)) for die in self.dice)):
            state = self._state(key)
            flows = self.twin.period(state, t, self._draws(working, faces))
            cut = self.most_backlog is not None and max(state.backlog.values()) > self.most_backlog
            yield faces, flows, tuple(before) if cut else _frozen(state, t + 1)

    def _draws(self, working: tuple[bool, ...], faces: tuple[int, ...]) -> dict[str, dict[str, float]]:
        draws: dict[str, dict[str, float]] = {v: dict.fromkeys(self.twin.stages, x) for v, x in NEUTRAL.items()}
        draws |= {"lead_time": dict(self.lead_times), "demand": dict.fromkeys(self.twin.customers, 0)}
        for outage, works in zip(self.outages, working, strict=True):
            draws[outage.variable][outage.stage] = float(works)
        for die, face in zip(self.dice, faces, strict=True):
            draws[die.variable][die.thing] = die.values[face]
        return draws

    def _first(self) -> Key:
        return 0, (True,) * len(self.outages), *_frozen(self.twin.start(), 0)

    def _state(self, key: Key) -> State:
        t, _, stores, backlog = key
        return State(
            {
                name: Store(on_hand, open_orders, {t + after: units for after, units in pipeline}, t + last)
                for name, (on_hand, open_orders, pipeline, last) in zip(self.twin.stages, stores, strict=True)
            },
            dict(zip(self.twin.customers, backlog, strict=True)),
        )


def _frozen(state: State, t: int) -> Key:
    """The stores, with what is due counted from period `t`, and the backlogs."""
    stores = tuple(
        (
            store.on_hand,
            store.open_orders,
            tuple(sorted((due - t, units) for due, units in store.pipeline.items())),
            # A start of period `t` is due in the next one at the earliest: what was due before that holds up nothing.
            max(store.last_due - t, 0),
        )
        for store in state.stores.values()
    )
    return stores, tuple(state.backlog.values())


def _turn(outage: Outage, works: bool, will_work: bool) -> float:
    stays = 1 - outage.stops if works else 1 - outage.recovers
    return stays if works == will_work else 1 - stays
