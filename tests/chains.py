"""Exact answers for small networks: the twin's Markov chain, enumerated state by state instead of sampled."""

from __future__ import annotations

import copy
import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from planned_levels import NEARLY, mean_draw, profile, round_up_periods, update_estimate
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

    def at(self, t: int) -> Dice:
        """Return the dice of one period."""
        return self


@dataclass(frozen=True)
class SeasonalDice(Dice):
    """A demand of whole units times the factor of its season and trend, rounded at random so that the mean is kept."""

    customer: Any = None

    def at(self, t: int) -> Dice:
        """Return the dice of one period."""
        factor = profile(self.customer, t)
        faces = [
            (units, weight * odds)
            for value, weight in zip(self.values, self.weights, strict=True)
            for units, odds in _round_at_random(value * factor)
        ]
        values, weights = zip(*faces, strict=True)
        return Dice(self.variable, self.thing, values, weights)


def _round_at_random(amount: float) -> list[tuple[float, float]]:
    """The whole numbers next to an amount, each with its probability."""
    nearest = round(amount)
    if abs(amount - nearest) <= NEARLY:
        return [(nearest, 1.0)]
    below = math.floor(amount)
    return [(below, below + 1 - amount), (below + 1, amount - below)]


@dataclass(frozen=True)
class Outage:
    """A stage that stops with probability `stops` after a good period and recovers with `recovers`; it starts well.

    What stops is its starts, or with `receiving` its arrivals, or with `transit` all that is in process.
    """

    stage: str
    stops: float
    recovers: float
    variable: str = "availability"


Draws = dict[str, dict[str, Any]]


class Signal(Protocol):
    """A draw that depends on the past: what it remembers, and the values that can follow in a period."""

    variable: str
    thing: str
    start: Any

    def follow(self, t: int, memory: Any, draws: Draws) -> list[tuple[float, Any, Any]]:
        """Return probability, value and memory afterwards of everything that can follow."""


@dataclass(frozen=True)
class HeldForecast:
    """The factor of a forecast, drawn every so many periods and held until the next draw."""

    thing: str
    values: tuple[float, ...]
    weights: tuple[float, ...]
    every: float
    variable: str = "forecast"
    start: float = 1.0

    def follow(self, t: int, memory: Any, draws: Draws) -> list[tuple[float, Any, Any]]:
        """Return probability, value and memory afterwards of everything that can follow."""
        held = t > 0 and math.floor(t / self.every + NEARLY) == math.floor((t - 1) / self.every + NEARLY)
        if held:
            return [(1.0, memory, memory)]
        return [(weight, phi, phi) for phi, weight in zip(self.values, self.weights, strict=True)]


class SmoothedForecast:
    """The factor of a forecast by exponential smoothing of the demand."""

    variable = "forecast"

    def __init__(self, thing: str, customer: Any) -> None:
        self.thing, self.customer = thing, customer
        self.start = mean_draw(customer)

    def follow(self, t: int, memory: Any, draws: Draws) -> list[tuple[float, Any, Any]]:
        """Return probability, value and memory afterwards of everything that can follow."""
        estimate = update_estimate(self.customer, t, memory, draws["demand"][self.thing])
        return [(1.0, estimate / self.start, estimate)]


class Opening:
    """Whether a standby source is open: it remembers how many periods running the other stage has failed in."""

    variable, start = "open", 0

    def __init__(self, thing: str, standby: Any) -> None:
        self.thing, self.standby = thing, standby
        self.needed = round_up_periods(standby.after) + 1

    def follow(self, t: int, memory: Any, draws: Draws) -> list[tuple[float, Any, Any]]:
        """Return probability, value and memory afterwards of everything that can follow."""
        failed = draws["availability"][self.standby.of] < self.standby.below
        failing = min(memory + 1, self.needed) if failed else 0
        return [(1.0, int(failing == self.needed), failing)]


class Chain:
    """The states a twin can reach under dice and outages, and what flows on the way, each with its probability.

    Where levels or dice depend on the period, the state holds the number of the period, and there is no long run.
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
        signals: Sequence[Signal] = (),
    ) -> None:
        self.twin, self.most_backlog = Twin(network, tolerance=NEARLY), most_backlog
        self.lead_times, self.dice, self.outages = lead_times, tuple(dice), tuple(outages)
        self.signals = tuple(signals)
        followed = any(stage.policy.followed for stage in network.stages.values())
        dated = followed or bool(self.signals) or any(isinstance(die, SeasonalDice) for die in dice)
        reviews = math.lcm(*(levels.review_period for levels in self.twin.levels.values()))
        self.cycle = network.horizon if dated else reviews
        self._known: dict[Key, list[tuple[tuple[int, ...], float, Flows, Key]]] = {}

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
        dice = [die.at(phase) for die in self.dice]
        for faces, odds, flows, after in self._known[key]:
            weight = odds * math.prod(die.weights[face] for die, face in zip(dice, faces, strict=True))
            for turn, following in turns:
                yield weight * turn, flows, ((phase + 1) % self.cycle, following, *after)

    def _periods(self, key: Key) -> Iterator[tuple[tuple[int, ...], float, Flows, Key]]:
        """Every way the dice can fall and the signals can follow in a state, what flows then, and the state after it.

        The probability is that of the signals, given how the dice fall.
        """
        t, working, memories, *before = key
        dice = [die.at(t) for die in self.dice]
        for faces in itertools.product(*(range(len(die.values)) for die in dice)):
            draws = self._draws(working, dice, faces)
            options = [signal.follow(t, memory, draws) for signal, memory in zip(self.signals, memories, strict=True)]
            for followed in itertools.product(*options):
                for signal, (_, value, _) in zip(self.signals, followed, strict=True):
                    draws.setdefault(signal.variable, {})[signal.thing] = value
                state = self._state(key)
                flows = self.twin.period(state, t, draws)
                cut = self.most_backlog is not None and max(state.backlog.values()) > self.most_backlog
                after = tuple(before) if cut else _frozen(state, t + 1)
                remembered = tuple(memory for _, _, memory in followed)
                yield faces, math.prod(odds for odds, _, _ in followed), flows, (remembered, *after)

    def _draws(self, working: tuple[bool, ...], dice: Sequence[Dice], faces: tuple[int, ...]) -> Draws:
        draws: Draws = {v: dict.fromkeys(self.twin.stages, x) for v, x in NEUTRAL.items()}
        draws |= {"lead_time": dict(self.lead_times), "demand": dict.fromkeys(self.twin.customers, 0)}
        for outage, works in zip(self.outages, working, strict=True):
            draws[outage.variable][outage.stage] = float(works)
        for die, face in zip(dice, faces, strict=True):
            draws[die.variable][die.thing] = die.values[face]
        return draws

    def _first(self) -> Key:
        memories = tuple(signal.start for signal in self.signals)
        return 0, (True,) * len(self.outages), memories, *_frozen(self.twin.start(), 0)

    def _state(self, key: Key) -> State:
        t, _, _, stores, backlog = key
        return State(
            {
                name: Store(
                    on_hand,
                    open_orders,
                    {t + after: units for after, units in pipeline},
                    t + last,
                    batches={t - age: units for age, units in batches},
                )
                for name, (on_hand, open_orders, pipeline, last, batches) in zip(self.twin.stages, stores, strict=True)
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
            tuple(sorted((t - received, units) for received, units in store.batches.items())),
        )
        for store in state.stores.values()
    )
    return stores, tuple(state.backlog.values())


def _turn(outage: Outage, works: bool, will_work: bool) -> float:
    stays = 1 - outage.stops if works else 1 - outage.recovers
    return stays if works == will_work else 1 - stays
