"""The yardstick: a three-stage kanban line as an expert would write it in NumPy, for this one network only.

Vectorized over paths, in blocks that fit a core's cache, in place, single precision, with every outcome that jitrisk
returns for such a line. It has no graphs, no other policies, hazards or signals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BLOCK = 4096


@dataclass(frozen=True)
class Line:
    """A line of stages, the last of which serves the customer; levels in units, times in periods."""

    cards: int = 4
    container: float = 10.0
    capacity: float = 30.0
    stages: int = 3
    mean_demand: float = 20.0
    mean_up: float = 50.0
    mean_down: float = 3.0
    periods: int = 365

    def model(self, strategies: int = 1) -> dict:
        """Return the same line as a jitrisk model, with strategies that differ in cards."""
        names = [f"s{i}" for i in range(self.stages)]
        stages = {
            name: {
                "lead_time": 1,
                "capacity": self.capacity,
                "policy": {"kanban": {"cards": self.cards, "container": self.container}},
                **({"inputs": {names[i - 1]: 1}} if i else {}),
            }
            for i, name in enumerate(names)
        }
        hazards = {
            f"{name}_down": {
                "time_between": {"geometric": {"mean": self.mean_up}},
                "duration": {"geometric": {"mean": self.mean_down}},
                "hits": {name: {"capacity": 0}},
            }
            for name in names
        }
        model = {
            "name": "kanban line",
            "period": "1 d",
            "horizon": f"{self.periods} d",
            "stages": stages,
            "customers": {"buyer": {"stage": names[-1], "demand": {"poisson": {"mean": self.mean_demand}}}},
            "hazards": hazards,
        }
        if strategies > 1:
            model["strategies"] = {
                f"cards{k}": {
                    "stages": {
                        name: {"policy": {"kanban": {"cards": self.cards + k, "container": self.container}}}
                        for name in names
                    }
                }
                for k in range(strategies)
            }
        return model


def simulate(line: Line, paths: int, seed: int) -> dict[str, np.ndarray]:
    """Return the totals of every path: stage outcomes (stages, paths), customer outcomes (paths,)."""
    rng = np.random.default_rng(seed)
    blocks = [_block(line, min(BLOCK, paths - start), rng) for start in range(0, paths, BLOCK)]
    return {name: np.concatenate([block[name] for block in blocks], axis=-1) for name in blocks[0]}


def _block(line: Line, n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    full_store = np.float32(line.cards * line.container)
    container, capacity = np.float32(line.container), np.float32(line.capacity)
    fail, repair = np.float32(1 / line.mean_up), np.float32(1 / line.mean_down)
    on_hand = np.full((line.stages, n), full_store, np.float32)
    due, wip, open_orders = (np.zeros_like(on_hand) for _ in range(3))
    up = np.ones((line.stages, n), bool)
    backlog = np.zeros(n, np.float32)
    sums = {
        name: np.zeros((line.stages, n), np.float32)
        for name in ("started", "ordered", "orders", "starved", "broken", "shortage", "on_hand", "wip")
    }
    customer = {
        name: np.zeros(n, np.float32) for name in ("demand", "filled", "shipped", "stockout", "backlog", "peak_backlog")
    }
    customer["first_stockout"] = np.full(n, -1, np.float32)
    a, b, c, u = (np.empty(n, np.float32) for _ in range(4))
    flag = np.empty(n, bool)
    for t in range(line.periods):
        on_hand += due
        wip -= due
        demand = rng.poisson(line.mean_demand, n).astype(np.float32)
        _serve(demand, on_hand[-1], backlog, customer, sums["shortage"][-1], t, (a, b, c, flag))
        for i in range(line.stages - 1, -1, -1):
            # Review: order whole containers up to the full store.
            np.add(on_hand[i], wip[i], out=a)
            a += open_orders[i]
            np.subtract(full_store, a, out=a)
            np.divide(a, container, out=a)
            np.floor(a, out=a)
            a *= container
            open_orders[i] += a
            sums["ordered"][i] += a
            np.greater(a, 0, out=flag)
            sums["orders"][i] += flag
            # Breakdown: a geometric number of periods up, then down.
            if t > 0:
                rng.random(dtype=np.float32, out=u)
                np.less(u, np.where(up[i], fail, repair), out=flag)
                up[i] ^= flag
            # Start.
            np.minimum(open_orders[i], capacity, out=a)
            np.multiply(a, up[i], out=b)
            if i:
                np.greater(b, on_hand[i - 1], out=flag)
                sums["shortage"][i - 1] += flag
                np.minimum(b, on_hand[i - 1], out=c)
                on_hand[i - 1] -= c
            else:
                np.copyto(c, b)
            open_orders[i] -= c
            wip[i] += c
            due[i] = c
            sums["started"][i] += c
            np.subtract(b, c, out=c)
            np.subtract(a, b, out=b)
            np.maximum(a, np.float32(1e-30), out=a)
            c /= a
            b /= a
            sums["starved"][i] += c
            sums["broken"][i] += b
            sums["on_hand"][i] += on_hand[i]
            sums["wip"][i] += wip[i]
    for name in ("on_hand", "wip"):
        sums[name] /= line.periods
    customer["backlog"] /= line.periods
    totals = {name: array.astype(float) for name, array in sums.items()}
    return totals | {("mean_backlog" if k == "backlog" else k): v.astype(float) for k, v in customer.items()}


def _serve(demand, store, backlog, customer, shortage, t, work) -> None:
    wanted, shipped, old, flag = work
    np.add(backlog, demand, out=wanted)
    np.minimum(store, wanted, out=shipped)
    np.minimum(backlog, shipped, out=old)
    store -= shipped
    customer["demand"] += demand
    customer["shipped"] += shipped
    np.greater(wanted, shipped, out=flag)
    customer["stockout"] += flag
    shortage += flag
    flag &= customer["first_stockout"] < 0
    customer["first_stockout"][flag] = t
    np.subtract(wanted, shipped, out=backlog)
    shipped -= old
    customer["filled"] += shipped
    customer["backlog"] += backlog
    np.maximum(customer["peak_backlog"], backlog, out=customer["peak_backlog"])
