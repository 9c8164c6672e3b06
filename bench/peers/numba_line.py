"""The line as a scalar loop over paths, periods and stages, compiled by Numba (BSD-2-Clause), with its own randomness.

One path at a time, so that its state stays in the first-level cache; every outcome is counted. Demand is inverted from
a table, which is faster than ``np.random.poisson``; a machine draws the length of a spell when the spell begins, not a
number in every period; where a branch would be mispredicted, there is none. One function holds the whole loop: arrays
handed to another one in every period cost reference counts, and more than twice the time. It has no graphs, no other
policies, hazards or signals.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy_line import Line
from scipy import stats

STAGE_TOTALS = ("started", "ordered", "orders", "starved", "broken", "shortage", "on_hand", "wip")
STARTED, ORDERED, ORDERS, STARVED, BROKEN, SHORTAGE, SUM_ON_HAND, SUM_WIP = range(len(STAGE_TOTALS))
CUSTOMER_TOTALS = ("demand", "filled", "shipped", "stockout", "mean_backlog", "peak_backlog", "first_stockout")
GUIDE = 1024


def simulate(line: Line, paths: int, seed: int) -> dict[str, np.ndarray]:
    """Return the totals of every path: stage outcomes (stages, paths), customer outcomes (paths,)."""
    of_stages = np.zeros((paths, line.stages, len(STAGE_TOTALS)))
    of_customer = np.zeros((paths, len(CUSTOMER_TOTALS)))
    numbers = (line.cards * line.container, line.container, line.capacity, 1 / line.mean_up, 1 / line.mean_down)
    _run_paths(seed, line.periods, numbers, _tabulate_demand(line.mean_demand), of_stages, of_customer)
    totals = {name: of_stages[:, :, k].T for k, name in enumerate(STAGE_TOTALS)}
    return totals | {name: of_customer[:, k] for k, name in enumerate(CUSTOMER_TOTALS)}


def _tabulate_demand(mean: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the cumulative probabilities of Poisson demand, and where in them each 1,024th of [0, 1) begins."""
    cumulative = stats.poisson.cdf(np.arange(int(stats.poisson.isf(1e-16, mean)) + 2), mean)
    cumulative[-1] = 1.0
    return cumulative, np.searchsorted(cumulative, np.arange(GUIDE) / GUIDE, side="right")


@numba.njit(error_model="numpy", cache=True)
def _run_paths(seed, periods, numbers, table, of_stages, of_customer):
    np.random.seed(seed)
    for path in range(len(of_stages)):
        of_customer[path] = _run_path(periods, numbers, table, of_stages[path])


@numba.njit(error_model="numpy", cache=True)
def _run_path(periods, numbers, table, sums):
    full_store, container, capacity, fail, repair = numbers
    cumulative, guide = table
    stages = len(sums)
    on_hand, due, wip, open_orders = np.full(stages, full_store), np.zeros(stages), np.zeros(stages), np.zeros(stages)
    up, change = np.ones(stages), np.random.geometric(fail, stages)
    backlog = demanded = filled = shipped = stockout = sum_backlog = peak = 0.0
    first = -1.0
    for t in range(periods):
        for i in range(stages):
            on_hand[i] += due[i]
            wip[i] -= due[i]
        uniform = np.random.random()
        demand = guide[int(uniform * GUIDE)]
        while uniform >= cumulative[demand]:
            demand += 1
        # Serve, old backlog first.
        wanted = backlog + demand
        served = min(on_hand[stages - 1], wanted)
        on_hand[stages - 1] -= served
        demanded += demand
        shipped += served
        filled += served - min(backlog, served)
        backlog = wanted - served
        if backlog > 0:
            stockout += 1
            sums[stages - 1, SHORTAGE] += 1
            if first < 0:
                first = t
        sum_backlog += backlog
        peak = max(peak, backlog)
        for i in range(stages - 1, -1, -1):
            # Review: order whole containers up to the full store.
            held, waiting = on_hand[i], open_orders[i]
            order = np.floor((full_store - held - wip[i] - waiting) / container) * container
            waiting += order
            sums[i, ORDERED] += order
            sums[i, ORDERS] += order > 0
            if t == change[i]:
                up[i] = 1 - up[i]
                change[i] += np.random.geometric(fail if up[i] else repair)
            # Start what capacity, breakdowns and the inputs allow.
            full = min(waiting, capacity)
            able = full * up[i]
            start = able
            if i:
                start = min(able, on_hand[i - 1])
                on_hand[i - 1] -= start
                sums[i - 1, SHORTAGE] += able > start
                sums[i, STARVED] += (able - start) / max(full, 1e-30)
            sums[i, BROKEN] += (full > able) * (1 - up[i])
            open_orders[i] = waiting - start
            wip[i] += start
            due[i] = start
            sums[i, STARTED] += start
            sums[i, SUM_ON_HAND] += held
            sums[i, SUM_WIP] += wip[i]
    sums[:, SUM_ON_HAND] /= periods
    sums[:, SUM_WIP] /= periods
    return np.array([demanded, filled, shipped, stockout, sum_backlog / periods, peak, first])
