"""The line in stockpyl (MIT), whose simulation is of multi-echelon inventory: a serial system of three nodes.

Its own are the network, the pipelines, Poisson demand, backorders, the chain of disruptions and the record of every
state in every period. It has no cards, no containers and no stock position without backorders, and its capacity limits
what is ordered, not what is started: a supplier ships its backorders above the capacity and during a disruption. So the
rule of the line is a subclass of its Policy, which keeps the open cards and orders from the supplier what the stage can
start now; then nothing is ever backordered between stages, and the line is the same. Totals are read from the states
that it records; those of the cards are counted by the policy.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy_line import Line
from stockpyl.disruption_process import DisruptionProcess
from stockpyl.policy import Policy
from stockpyl.sim import simulation
from stockpyl.supply_chain_network import SupplyChainNetwork, serial_system

COUNTED = ("ordered", "orders", "starved", "broken", "shortage")


def simulate(line: Line, paths: int, seed: int) -> dict[str, np.ndarray]:
    """Return the totals of every path: stage outcomes (stages, paths), customer outcomes (paths,)."""
    rng = np.random.default_rng(seed)
    runs = []
    for _ in range(paths):
        network = _build(line)
        simulation(network, line.periods, int(rng.integers(2**32)), progress_bar=False, consistency_checks="N")
        runs.append(_collect(network, line))
    return {name: np.stack([run[name] for run in runs], axis=-1) for name in runs[0]}


class Kanban(Policy):
    """Order whole containers up to a full store, and start what capacity, breakdowns and the supplier's store allow."""

    def __init__(self, line: Line) -> None:
        super().__init__(type="BS", base_stock_level=line.cards * line.container)
        self.line = line
        self.open_orders = 0.0
        self.ordered, self.orders, self.starved, self.broken, self.shortage = 0.0, 0, 0.0, 0, 0

    def get_order_quantity(self, **asked: Any) -> Any:
        """Return what is started as stockpyl wants to have it: by supplier and by material."""
        amount = self._start()
        quantities: dict[Any, dict[Any, float]] = {None: {None: amount}}
        for supplier, material in self.node.supplier_raw_material_pairs_by_product(return_indices=True):
            quantities.setdefault(supplier, {})[material] = amount
        return quantities

    def _start(self) -> float:
        # With a lead time of one period, all that is under way has arrived when orders are placed.
        now = self.node.state_vars_current
        on_hand = max(0.0, _count_arrived(self.node) - now.get_inbound_order())
        lacking = self.base_stock_level - on_hand - self.open_orders
        order = math.floor(lacking / self.line.container) * self.line.container
        self.open_orders += order
        self.ordered += order
        self.orders += order > 0
        full = min(self.open_orders, self.line.capacity)
        if self.node.disrupted:
            self.broken += full > 0
            return 0.0
        amount = full
        for supplier in self.node.predecessors():
            amount = min(full, _count_arrived(supplier))
            supplier.inventory_policy.shortage += amount < full
        if full:
            self.starved += (full - amount) / full
        self.open_orders -= amount
        return amount


class Breakdowns(DisruptionProcess):
    """A chain that starts quiet: stockpyl would let it change before the first period."""

    def update_disruption_state(self, period: int | None = None) -> None:
        if period:
            super().update_disruption_state(period)


def _count_arrived(node: Any) -> float:
    """Return the stock of a node before it serves, backlog negative; stockpyl books arrivals after orders."""
    now = node.state_vars_current
    return now.get_inventory_level() + now.get_inbound_shipment_pipeline(0)


def _build(line: Line) -> SupplyChainNetwork:
    network = serial_system(
        line.stages,
        demand_type="P",
        mean=line.mean_demand,
        shipment_lead_time=1,
        initial_inventory_level=line.cards * line.container,
        policy_type="BS",
    )
    for node in network.nodes:
        node.inventory_policy = Kanban(line)
        # No effect of its own: the policy asks whether the node is disrupted.
        node.disruption_process = Breakdowns(
            random_process_type="M",
            disruption_type=None,
            disruption_probability=1 / line.mean_up,
            recovery_probability=1 / line.mean_down,
        )
    return network


def _collect(network: SupplyChainNetwork, line: Line) -> dict[str, np.ndarray]:
    nodes = sorted(network.nodes, key=lambda node: node.index)
    states = [node.state_vars[: line.periods] for node in nodes]
    level = np.array([[state.get_inventory_level() for state in row] for row in states])
    started = np.array([[state.get_order_quantity_fg() for state in row] for row in states])
    totals = {name: np.array([getattr(n.inventory_policy, name) for n in nodes], float) for name in COUNTED}
    totals["on_hand"] = np.maximum(level, 0).mean(axis=1)
    totals["started"] = started.sum(axis=1)
    totals["wip"] = started.mean(axis=1)  # what is started is under way until the next period
    backlog = np.maximum(-level[-1], 0)
    totals["shortage"][-1] = (backlog > 0).sum()
    customer = {
        "demand": sum(state.get_inbound_order() for state in states[-1]),
        "filled": sum(state.get_demand_met_from_stock() for state in states[-1]),
        "shipped": sum(state.get_outbound_shipment() for state in states[-1]),
        "stockout": (backlog > 0).sum(),
        "mean_backlog": backlog.mean(),
        "peak_backlog": backlog.max(),
        "first_stockout": np.argmax(backlog > 0) if backlog.any() else -1,
    }
    return totals | {name: np.array(value, float) for name, value in customer.items()}
