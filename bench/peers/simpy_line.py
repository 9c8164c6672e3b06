"""The line in SimPy (MIT): stores are Containers; stages, their breakdowns and the customer are processes.

SimPy knows events, resources and stock, but neither cards nor a sweep from the customer upward: the stages review at
half past each period in the order in which their processes were created, and deliveries arrive on the hour. Demand is
drawn with NumPy for a whole path at once. Every outcome of `numpy_line.py` is counted.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass, field

import numpy as np
import simpy
from numpy_line import Line

STAGE_TOTALS = ("started", "ordered", "orders", "starved", "broken", "shortage", "on_hand", "wip")
CUSTOMER_TOTALS = ("demand", "filled", "shipped", "stockout", "mean_backlog", "peak_backlog", "first_stockout")
HALF = 0.5

Process = Generator[simpy.Event, None, None]


def simulate(line: Line, paths: int, seed: int) -> dict[str, np.ndarray]:
    """Return the totals of every path: stage outcomes (stages, paths), customer outcomes (paths,)."""
    rng = np.random.default_rng(seed)
    runs = [_run_path(line, rng) for _ in range(paths)]
    stages = [[[getattr(stage, name) for stage in run[0]] for run in runs] for name in STAGE_TOTALS]
    totals = {name: np.array(rows, float).T for name, rows in zip(STAGE_TOTALS, stages, strict=True)}
    for name in ("on_hand", "wip"):
        totals[name] /= line.periods
    customer = {name: np.array([getattr(run[1], name) for run in runs], float) for name in CUSTOMER_TOTALS}
    customer["mean_backlog"] /= line.periods
    return totals | customer


def _run_path(line: Line, rng: np.random.Generator) -> tuple[list[Stage], Customer]:
    env = simpy.Environment()
    stages: list[Stage] = []
    for _ in range(line.stages):
        stages.append(Stage(env, line, stages[-1] if stages else None))
    customer = Customer(env, stages[-1])
    env.process(customer.buy(rng.poisson(line.mean_demand, line.periods).tolist()))
    for stage in reversed(stages):
        env.process(stage.make())
        env.process(stage.break_down(rng))
    env.run(until=line.periods)
    return stages, customer


@dataclass
class Stage:
    """A stage, its store and its cards."""

    env: simpy.Environment
    line: Line
    supplier: Stage | None
    store: simpy.Container = field(init=False)
    up: bool = True
    in_process: float = 0.0
    open_orders: float = 0.0
    started: float = 0.0
    ordered: float = 0.0
    orders: int = 0
    starved: float = 0.0
    broken: float = 0.0
    shortage: int = 0
    on_hand: float = 0.0
    wip: float = 0.0

    def __post_init__(self) -> None:
        full_store = self.line.cards * self.line.container
        self.store = simpy.Container(self.env, capacity=full_store, init=full_store)

    def break_down(self, rng: np.random.Generator) -> Process:
        while True:
            yield self.env.timeout(int(rng.geometric(1 / self.line.mean_up)))
            self.up = False
            yield self.env.timeout(int(rng.geometric(1 / self.line.mean_down)))
            self.up = True

    def make(self) -> Process:
        yield self.env.timeout(HALF)
        while True:
            self.review()
            self.start()
            self.on_hand += self.store.level
            self.wip += self.in_process
            yield self.env.timeout(1)

    def review(self) -> None:
        """Order whole containers up to the full store."""
        lacking = self.store.capacity - self.store.level - self.in_process - self.open_orders
        order = math.floor(lacking / self.line.container) * self.line.container
        if order > 0:
            self.open_orders += order
            self.ordered += order
            self.orders += 1

    def start(self) -> None:
        """Start what capacity, breakdowns and the supplier's store allow; it arrives at the next period's beginning."""
        full = min(self.open_orders, self.line.capacity)
        if not full:
            return
        if not self.up:
            self.broken += 1
            return
        amount = full
        if self.supplier is not None:
            amount = min(full, self.supplier.store.level)
            if amount < full:
                self.starved += (full - amount) / full
                self.supplier.shortage += 1
            if amount > 0:
                self.supplier.store.get(amount)
        if amount > 0:
            self.open_orders -= amount
            self.in_process += amount
            self.started += amount
            self.env.timeout(HALF, amount).callbacks.append(self.receive)

    def receive(self, delivery: simpy.Event) -> None:
        self.in_process -= delivery.value
        self.store.put(delivery.value)


@dataclass
class Customer:
    """The customer of the last stage; unmet demand waits."""

    env: simpy.Environment
    stage: Stage
    demand: float = 0.0
    filled: float = 0.0
    shipped: float = 0.0
    stockout: int = 0
    mean_backlog: float = 0.0
    peak_backlog: float = 0.0
    first_stockout: float = -1.0

    def buy(self, demands: list[int]) -> Process:
        store, backlog = self.stage.store, 0.0
        yield self.env.timeout(HALF)
        for t, demand in enumerate(demands):
            wanted = backlog + demand
            served = min(store.level, wanted)
            if served > 0:
                store.get(served)
            self.demand += demand
            self.shipped += served
            self.filled += max(0.0, served - backlog)
            backlog = wanted - served
            if backlog > 0:
                self.stockout += 1
                self.stage.shortage += 1
                self.mean_backlog += backlog
                self.peak_backlog = max(self.peak_backlog, backlog)
                if self.first_stockout < 0:
                    self.first_stockout = t
            yield self.env.timeout(1)
