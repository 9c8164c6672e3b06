"""Published values of shelf life, seasons, pull and levers, and the long run of chains that a test writes down itself.

The chains share nothing with the product or its twin: a state is a tuple, and a test says in plain Python what one
period makes of it. So a published value is held twice: against the chain, to all digits, and against the product, in
standard errors.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from oracle import DATA, Network, Rates, Reading, assert_mean, run
from scipy import sparse
from scipy.sparse import linalg
from scipy.stats import poisson

State = tuple[Any, ...]
Faces = Sequence[tuple[Any, float]]
"""What chance can bring in one period, each with its probability."""

Step = Callable[[State, Any], tuple[State, Mapping[str, float]]]
"""What one period makes of a state: the next state, and what is counted."""


@cache
def theory() -> dict[str, float]:
    """Every value of `extensions_theory.json`, by its id."""
    return {case["id"]: case["oracle"] for case in json.loads((DATA / "extensions_theory.json").read_text())}


def long_run(step: Step, start: State, faces: Faces) -> dict[str, float]:
    """Means per period in the stationary distribution of the chain that can be reached from `start`."""
    index, queue = {start: 0}, [start]
    rows, columns, weights = [], [], []
    counts: list[dict[str, float]] = []
    for state in queue:
        expected: dict[str, float] = defaultdict(float)
        for face, weight in faces:
            successor, counted = step(state, face)
            if successor not in index:
                index[successor] = len(queue)
                queue.append(successor)
            rows.append(index[successor])
            columns.append(index[state])
            weights.append(weight)
            for name, amount in counted.items():
                expected[name] += weight * amount
        counts.append(expected)
    size = len(queue)
    balance = sparse.csc_matrix((weights, (rows, columns)), shape=(size, size)) - sparse.identity(size)
    # One balance equation is redundant; the probabilities' sum takes its place.
    system = sparse.vstack([balance.tocsr()[1:], np.ones((1, size))]).tocsc()
    odds = linalg.spsolve(system, np.eye(1, size, size - 1).ravel())
    return {name: sum(p * c[name] for p, c in zip(odds, counts, strict=True)) for name in counts[0]}


def poisson_faces(mean: float, most: int) -> Faces:
    """Return a Poisson law whose probability above `most` is that of `most`."""
    odds = poisson.pmf(np.arange(most + 1), mean)
    odds[most] += poisson.sf(most, mean)
    return list(zip(range(most + 1), odds.tolist(), strict=True))


def coins(*chances: float) -> Faces:
    """Every combination of successes, 1 or 0, of independent trials with the given chances."""
    faces: Faces = [((), 1.0)]
    for chance in chances:
        faces = [((*luck, x), p * (chance if x else 1 - chance)) for luck, p in faces for x in (1, 0)]
    return faces


def combine(first: Faces, second: Faces) -> Faces:
    """Pairs of what two independent sources of chance bring."""
    return [((a, b), p * q) for a, p in first for b, q in second]


def empirical(faces: Faces) -> Network:
    """The same law as a distribution of a model."""
    return {"empirical": {"values": [value for value, _ in faces], "weights": [weight for _, weight in faces]}}


def assert_rates(network: Network, answers: Mapping[str, float], readings: Mapping[str, Reading], paths: int) -> None:
    """Sampled means per period lie within four standard errors of their answers."""
    rates = Rates(run(network, paths))
    for name, reading in readings.items():
        assert_mean(reading(rates), answers[name], name)
