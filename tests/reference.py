"""The plain twin of the dynamics: one path of one strategy, MODEL.md sections 2 to 4 almost sentence by sentence.

Slow on purpose and independent of the compiled core, it is the oracle of the tests. It takes the network, the
policies' levels and one path of everything random, and adds up what section 6 calls outcomes. The arithmetic is
that of `number`: `float`, or `Fraction` where every digit matters.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jitrisk.core_tables import TOTALS, Total, list_totals

Draws = Mapping[str, Mapping[str, Any]]
"""Variable -> stage or customer -> value: what one period holds in store."""

Flows = Counter[tuple[str, str]]
"""(outcome, stage or customer) -> amount in one period; a time average adds its state at the end of the period."""

STAGE_OUTCOMES = [total.name for total in list_totals("stage", cycles=False)]
CYCLE_OUTCOMES = [total.name for total in TOTALS if total.source == "cycles"]
CUSTOMER_OUTCOMES = [total.name for total in list_totals("customer")]


@dataclass(frozen=True)
class Levels:
    """Section 3's parameters: reorder point s, order-up-to S, lot Q (0: no rounding), review period R, signal."""

    reorder_point: Any
    order_up_to: Any
    lot: Any
    review_period: int
    physical: bool

    @property
    def initial(self) -> Any:
        """The stock at the start: S, nothing where there is no limit."""
        return 0 if math.isinf(self.order_up_to) else self.order_up_to


@dataclass
class Store:
    """The state of one stage: I, A and P[t], and the period that the latest start is due in."""

    on_hand: Any
    open_orders: Any
    pipeline: dict[int, Any] = field(default_factory=dict)
    last_due: int = 0
    cycle_short: bool = False
    arrived: bool = False

    @property
    def wip(self) -> Any:
        """W is the sum of P, at every moment."""
        return sum(self.pipeline.values())


@dataclass
class State:
    """Everything that is carried from one period to the next."""

    stores: dict[str, Store]
    backlog: dict[str, Any]


def explicit_levels(policy: Any) -> Levels:
    """Section 3's table, for policies whose levels are given in units."""
    if policy.is_unlimited:
        return Levels(math.inf, math.inf, 0, 1, physical=True)
    if policy.kind == "kanban":
        s, big_s, lot = (policy.cards - 1) * policy.container, policy.cards * policy.container, policy.container
    elif policy.kind == "base_stock":
        s, big_s, lot = policy.level, policy.level, 0
    elif policy.kind == "min_max":
        s, big_s, lot = policy.min.units, policy.max.units, 0
    elif policy.kind == "reorder_point":
        s, lot = policy.point.units, policy.quantity.units
        big_s = s + lot
    else:
        s, big_s, lot = 0, 0, 0
    return Levels(s, big_s, lot, policy.review_period, physical=policy.kind == "kanban")


def sweep_order(stages: Mapping[str, Any]) -> list[str]:
    """Again and again the first declared stage whose consumers are all done."""
    order: list[str] = []
    while len(order) < len(stages):
        for name in stages:
            if name not in order and all(v in order for v, _ in consumers(stages, name)):
                order.append(name)
                break
    return order


def consumers(stages: Mapping[str, Any], name: str) -> list[tuple[str, Any]]:
    """Every consumer of a store with `share * quantity`: the units it asks of the store for one unit started."""
    return [
        (consumer, share * given.quantity)
        for consumer, stage in stages.items()
        for given in stage.inputs.values()
        for source, share in given.sources
        if source == name
    ]


class Twin:
    """One strategy's network, ready to be walked through period by period.

    `tolerance` is what may be rounding, in units: 0 where the arithmetic of `number` is exact.
    """

    def __init__(
        self,
        network: Any,
        levels: Mapping[str, Levels] | None = None,
        number: Callable[[Any], Any] = float,
        tolerance: float = 0,
    ) -> None:
        self.stages, self.customers = network.stages, network.customers
        self.horizon, self.warm_up = network.horizon, network.warm_up
        self.number, self.tolerance = number, number(tolerance)
        self.levels = levels or {name: explicit_levels(stage.policy) for name, stage in self.stages.items()}
        self.order = sweep_order(self.stages)

    def start(self) -> State:
        """At t = 0: I is the stage's `on_hand` if given, else its policy's full store S; everything else is 0."""
        stores = {}
        for name, stage in self.stages.items():
            on_hand = self.levels[name].initial if stage.on_hand is None else stage.on_hand
            stores[name] = Store(self.number(on_hand), self.number(0))
        return State(stores, {name: self.number(0) for name in self.customers})

    def period(self, state: State, t: int, draws: Draws) -> Flows:
        """Section 4, one period: receive, sweep, account. Changes `state`, returns what flowed."""
        flows: Flows = Counter()
        short: set[str] = set()
        for name in self.stages:
            self._receive(name, state.stores[name], t, draws, flows)
        first = [name for name in self.order if self.stages[name].customers == "first"]
        for name in first:
            self._serve(name, state, draws, flows, short)
        for name in self.order:
            if name not in first:
                self._serve(name, state, draws, flows, short)
            if t % self.levels[name].review_period == 0:
                self._review(name, state, flows)
            self._start(name, state.stores, t, draws, flows, short)
        for name, store in state.stores.items():
            flows["on_hand", name] = store.on_hand
            flows["wip", name] = store.wip
            flows["shortage", name] = int(name in short)
            store.cycle_short |= name in short
        for name, waiting in state.backlog.items():
            flows["backlog", name] = waiting
        return flows

    def _receive(self, name: str, store: Store, t: int, draws: Draws, flows: Flows) -> None:
        arrived, store.arrived = store.arrived, False
        if not draws["transit"][name]:
            # The whole pipeline stands still: every unit becomes due one period later.
            store.pipeline = {due + 1: units for due, units in store.pipeline.items()}
            if store.last_due >= t:
                store.last_due += 1
            return
        due_now = store.pipeline.pop(t, self.number(0))
        if not draws["receiving"][name]:
            # Arrivals are closed: due next period instead, together with what is due then.
            if due_now:
                store.pipeline[t + 1] = store.pipeline.get(t + 1, self.number(0)) + due_now
            return
        store.arrived = bool(due_now > self.tolerance)
        if store.arrived and not arrived:
            # A receipt ends a replenishment cycle; one over several periods in a row is one.
            flows["receipts", name] = 1
            flows["short_cycles", name] = int(store.cycle_short)
            flows["stock_at_receipts", name] = store.on_hand
            store.cycle_short = False
        good = due_now * self.number(draws["yield"][name])
        store.on_hand += good
        flows["received", name] = due_now
        flows["scrapped", name] = due_now - good

    def _serve(self, name: str, state: State, draws: Draws, flows: Flows, short: set[str]) -> None:
        store = state.stores[name]
        for customer, terms in self.customers.items():
            if terms.stage != name:
                continue
            waiting, demand = state.backlog[customer], self.number(draws["demand"][customer])
            shipped = min(store.on_hand, waiting + demand)
            filled = max(self.number(0), shipped - waiting)  # old backlog first
            lost = (1 - self.number(terms.unmet)) * (demand - filled)
            if self._exceeds(waiting + demand, shipped):
                flows["stockout", customer] = 1
                short.add(name)
            store.on_hand -= shipped
            state.backlog[customer] = waiting + demand - shipped - lost
            for outcome, units in (("demand", demand), ("filled", filled), ("shipped", shipped), ("lost", lost)):
                flows[outcome, customer] = units

    def _review(self, name: str, state: State, flows: Flows) -> None:
        store, levels = state.stores[name], self.levels[name]
        if math.isinf(levels.order_up_to):
            # Unlimited: what is open is always enough for one period's capacity.
            self._order(name, store, self.number(self.stages[name].capacity) - store.open_orders, flows)
            return
        s, big_s, lot = self.number(levels.reorder_point), self.number(levels.order_up_to), self.number(levels.lot)
        owed = self.number(0) if levels.physical else self._owed(name, state)
        position = store.on_hand + store.wip + store.open_orders - owed
        gap = big_s - position
        if position <= s + self.tolerance and gap > self.tolerance:
            self._order(name, store, lot * math.floor((gap + self.tolerance) / lot) if lot else gap, flows)

    def _order(self, name: str, store: Store, units: Any, flows: Flows) -> None:
        store.open_orders += units
        flows["ordered", name] = units
        flows["orders", name] = int(units > 0)

    def _owed(self, name: str, state: State) -> Any:
        """Backlogs of the stage's customers, and the orders that its consumers have not yet started."""
        to_customers = sum(state.backlog[customer] for customer, terms in self.customers.items() if terms.stage == name)
        to_consumers = sum(
            self.number(per_unit) * state.stores[consumer].open_orders
            for consumer, per_unit in consumers(self.stages, name)
        )
        return to_customers + to_consumers

    def _start(self, name: str, stores: dict[str, Store], t: int, draws: Draws, flows: Flows, short: set[str]) -> None:
        stage, store = self.stages[name], stores[name]
        availability = self.number(draws["availability"][name])
        if stage.capacity is None:
            full, able = store.open_orders, store.open_orders * availability
        else:
            capacity = self.number(stage.capacity)
            full, able = min(store.open_orders, capacity), min(store.open_orders, capacity * availability)
        short.update(self._asked_too_much(stage, stores, able))
        q = min([able, *(self._allowed(given, stores) for given in stage.inputs.values())])
        if q <= self.tolerance:
            q = self.number(0)  # rounding is not started
        for given in stage.inputs.values():
            self._take(given, q, stores, flows)
        store.open_orders -= q
        lead_time, expedited = draws["lead_time"][name], False
        if stage.expedite is not None and store.on_hand < self.number(stage.expedite.below):
            lead_time, expedited = min(lead_time, max(1, math.ceil(stage.expedite.lead_time))), True
        if q > 0:
            if stage.deliveries == "in_order":
                # No start arrives before an earlier one.
                lead_time = max(t + lead_time, store.last_due) - t
                store.last_due = t + int(lead_time)
            store.pipeline[t + int(lead_time)] = store.pipeline.get(t + int(lead_time), self.number(0)) + q
        flows["started", name] = q
        flows["expedited", name] = q if expedited else self.number(0)
        flows["broken", name] = (full - able) / full if full > self.tolerance else self.number(0)
        flows["starved", name] = (able - q) / full if full > self.tolerance else self.number(0)

    def _exceeds(self, asked: Any, given: Any) -> bool:
        return bool(asked - given > self.tolerance)

    def _asked_too_much(self, stage: Any, stores: dict[str, Store], able: Any) -> Iterable[str]:
        """The stores that hold less than what the able start takes from them."""
        for given in stage.inputs.values():
            for source, share in given.sources:
                if self._exceeds(self.number(share) * self.number(given.quantity) * able, stores[source].on_hand):
                    yield source

    def _allowed(self, given: Any, stores: dict[str, Store]) -> Any:
        """The start that the stores of one input allow."""
        quantity = self.number(given.quantity)
        if given.failover:
            return sum(stores[source].on_hand for source, _ in given.sources) / quantity
        return min(stores[source].on_hand / (self.number(share) * quantity) for source, share in given.sources if share)

    def _take(self, given: Any, q: Any, stores: dict[str, Store], flows: Flows) -> None:
        """Take each alternate's share as far as its store reaches, then the rest in order of preference."""
        rest = wanted = q * self.number(given.quantity)
        shares = [(source, self.number(share) * wanted) for source, share in given.sources]
        fallbacks = [(source, wanted) for source, _ in given.sources] if given.failover else []
        for source, asked in shares + fallbacks:
            taken = min(asked, rest, stores[source].on_hand)
            stores[source].on_hand -= taken
            rest -= taken
            flows["used", source] += taken

    def run(self, path: Mapping[str, Mapping[str, Any]]) -> tuple[dict[tuple[str, str], Any], list[Flows], State]:
        """Walk one path of `path[variable][name][t]`; return the outcomes of section 6, all flows, the last state."""
        state, trace = self.start(), []
        for t in range(self.horizon):
            draws = {variable: {name: row[t] for name, row in rows.items()} for variable, rows in path.items()}
            trace.append(self.period(state, t, draws))
        return self._outcomes(trace), trace, state

    def _outcomes(self, trace: list[Flows]) -> dict[tuple[str, str], Any]:
        members = {"stage": self.stages, "customer": self.customers}
        return {(total.name, name): self._close(total, name, trace) for total in TOTALS for name in members[total.dim]}

    def _close(self, total: Total, name: str, trace: list[Flows]) -> Any:
        """One outcome of one stage or customer from all flows."""
        counted = trace[self.warm_up :]
        if total.closes == "maximum":
            return max(flows[total.of, name] for flows in counted)
        if total.closes == "first":
            periods = (t for t, flows in enumerate(trace) if t >= self.warm_up and flows[total.of, name])
            return next(periods, -1)
        summed = sum(flows[total.name, name] for flows in counted)
        return summed / len(counted) if total.closes == "average" else summed
