"""The line in jitrisk itself, with the signature of the others; one thread."""

from __future__ import annotations

import functools

import numpy as np
from numpy_line import Line

import jitrisk as jr

STAGE_TOTALS = ("started", "ordered", "orders", "starved", "broken", "shortage", "on_hand", "wip")
CUSTOMER_TOTALS = ("demand", "filled", "stockout", "backlog", "peak_backlog", "first_stockout")
EIGHT = 8

load = functools.cache(lambda line, strategies: jr.load(line.model(strategies)))


def simulate(line: Line, paths: int, seed: int) -> dict[str, np.ndarray]:
    """Return the totals of every path: stage outcomes (stages, paths), customer outcomes (paths,)."""
    outcomes = jr.simulate(load(line, 1), paths=paths, seed=seed, threads=1).isel(strategy=0)
    totals = {name: outcomes[name].values.T for name in STAGE_TOTALS}
    customer = {name: outcomes[name].values[:, 0] for name in CUSTOMER_TOTALS}
    customer["mean_backlog"] = customer.pop("backlog")
    return totals | customer


def simulate_eight(line: Line, paths: int, seed: int) -> None:
    """Simulate eight strategies that differ in their cards, on the same paths."""
    jr.simulate(load(line, EIGHT), paths=paths, seed=seed, threads=1)
