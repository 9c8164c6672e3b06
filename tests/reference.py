"""The plain twin of the dynamics: one path of one strategy, the rules of the model almost sentence by sentence.

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

from planned_levels import Levels, Plan, consumers, explicit_levels, loop_factors, round_up_periods

from jitrisk.core_tables import TOTALS, Total, list_totals

__all__ = ["Flows", "Levels", "State", "Store", "Twin", "consumers", "explicit_levels", "sweep_order"]

Draws = Mapping[str, Mapping[str, Any]]
"""Variable -> stage or customer -> value: what one period holds in store."""

Flows = Counter[tuple[str, str]]
"""(outcome, stage or customer) -> amount in one period; a time average adds its state at the end of the period."""

STAGE_OUTCOMES = [total.name for total in list_totals("stage", cycles=False)]
CYCLE_OUTCOMES = [total.name for total in TOTALS if total.source == "cycles"]
CUSTOMER_OUTCOMES = [total.name for total in list_totals("customer")]


@dataclass
class Store:
    """The state of one stage: I, A and P[t], and the period that the latest start is due in.

    Of a store whose goods expire, `batches` holds what came in by the period of its receipt, as of the latest expiry.
    """

    on_hand: Any
    open_orders: Any
    pipeline: dict[int, Any] = field(default_factory=dict)
    last_due: int = 0
    cycle_short: bool = False
    arrived: bool = False
    batches: dict[int, Any] = field(default_factory=dict)

    @property
    def wip(self) -> Any:
        """W is the sum of P, at every moment."""
        return sum(self.pipeline.values())


@dataclass
class State:
    """Everything that is carried from one period to the next."""

    stores: dict[str, Store]
    backlog: dict[str, Any]


def sweep_order(stages: Mapping[str, Any]) -> list[str]:
    """Again and again the first declared stage whose consumers are all done."""
    order: list[str] = []
    while len(order) < len(stages):
        for name in stages:
            if name not in order and all(v in order for v, _ in consumers(stages, name)):
                order.append(name)
                break
    return order


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
        self.plan = Plan(network)
        self.levels = levels or {name: self.plan.constant_levels(name) for name in self.stages}
        self.order = sweep_order(self.stages)
        self.loops = {
            name: loop_factors(self.stages, name, stage.policy.last_stage or name)
            for name, stage in self.stages.items()
        }

    def start(self) -> State:
        """At t = 0: I is the stage's `on_hand` if given, else its policy's full store S; everything else is 0.

        A loop of conwip and a stage that is pushed start empty, a level that follows starts at S(0) as first planned.
        """
        stores = {}
        for name, stage in self.stages.items():
            on_hand = stage.on_hand
            if on_hand is None:
                empty = stage.policy.kind in ("conwip", "push")
                on_hand = 0 if empty else self._levels_in_force(name, 0, {}).initial
            stores[name] = Store(self.number(on_hand), self.number(0))
            if stage.shelf_life is not None:
                stores[name].batches[0] = stores[name].on_hand
        return State(stores, {name: self.number(0) for name in self.customers})

    def _levels_in_force(self, name: str, t: int, phi: Mapping[str, Any]) -> Levels:
        if self.stages[name].policy.followed is None:
            return self.levels[name]
        return self.plan.levels(name, t, phi, self.number)

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
            self._expire(name, state.stores[name], t, flows)
            if t % self.levels[name].review_period == 0:
                self._review(name, state, t, draws, flows)
            self._start(name, state, t, draws, flows, short)
        for name, store in state.stores.items():
            flows["on_hand", name] = store.on_hand
            flows["wip", name] = store.wip
            flows["open_orders", name] = store.open_orders
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
        if self.stages[name].shelf_life is not None:
            store.batches[t] = store.batches.get(t, self.number(0)) + good
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

    def _expire(self, name: str, store: Store, t: int, flows: Flows) -> None:
        """Throw away what was received so long ago that this was the last period to use it in."""
        life = self.stages[name].shelf_life
        if life is None:
            return
        # First in, first out: what has left since the last look was the oldest.
        gone = sum(store.batches.values()) - store.on_hand
        for received in sorted(store.batches):
            left = min(gone, store.batches[received])
            store.batches[received] -= left
            gone -= left
        old = [received for received in store.batches if received + life - 1 <= t]
        expired = sum((store.batches[received] for received in old), self.number(0))
        store.batches = {r: units for r, units in store.batches.items() if r not in old and units > 0}
        store.on_hand -= expired
        flows["expired", name] = expired

    def _review(self, name: str, state: State, t: int, draws: Draws, flows: Flows) -> None:
        store, stage = state.stores[name], self.stages[name]
        if stage.policy.pushes:
            # Authorized for whatever lies before it.
            store.open_orders = min(self._allowed(given, state.stores) for given in stage.inputs.values())
            return
        levels = self._levels_in_force(name, t, draws.get("forecast", {}))
        if math.isinf(levels.order_up_to):
            # Unlimited: what is open is always enough for one period's capacity.
            most = self.number(stage.capacity) * self.number(stage.overtime.factor if stage.overtime else 1)
            self._order(name, store, most - store.open_orders, flows)
            return
        s, big_s, lot = self.number(levels.reorder_point), self.number(levels.order_up_to), self.number(levels.lot)
        position = self._loop_content(name, state.stores)
        if not levels.physical:
            position -= self._owed(name, state)
        gap = big_s - position
        if position <= s + self.tolerance and gap > self.tolerance:
            units = lot * math.floor((gap + self.tolerance) / lot) if lot else gap
            if math.isfinite(stage.policy.order_cap):
                room = self.number(stage.policy.order_cap) - store.on_hand - store.wip - store.open_orders
                units = min(units, room if room > self.tolerance else self.number(0))
            self._order(name, store, units, flows)

    def _loop_content(self, name: str, stores: Mapping[str, Store]) -> Any:
        """What is ordered, in process and on hand between the start of this stage and the last store of its loop."""
        inside = sum(
            self.number(per_unit) * (stores[member].on_hand + stores[member].wip)
            for member, per_unit in self.loops[name].items()
        )
        return stores[name].open_orders + inside

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

    def _start(self, name: str, state: State, t: int, draws: Draws, flows: Flows, short: set[str]) -> None:
        stage, stores, store = self.stages[name], state.stores, state.stores[name]
        full, able, regular = self._able(name, store, draws)
        short.update(self._asked_too_much(stage, stores, able))
        q = min([able, *(self._allowed(given, stores) for given in stage.inputs.values())])
        if q <= self.tolerance:
            q = self.number(0)  # rounding is not started
        for given in stage.inputs.values():
            self._take(given, q, stores, flows)
        store.open_orders -= q
        if stage.policy.pushes:
            # What it did not start is no order: the next review looks at the inputs anew.
            store.open_orders = self.number(0)
            flows["ordered", name], flows["orders", name] = q, int(q > 0)
        expedited = self._send(name, state, t, q, int(draws["lead_time"][name]))
        flows["started", name] = q
        flows["expedited", name] = expedited
        beyond = self.number(0) if regular is None else q - regular
        flows["overtime", name] = beyond if beyond > self.tolerance else self.number(0)
        flows["broken", name] = (full - able) / full if full > self.tolerance else self.number(0)
        flows["starved", name] = (able - q) / full if full > self.tolerance else self.number(0)

    def _able(self, name: str, store: Store, draws: Draws) -> tuple[Any, Any, Any]:
        """`full`, `able`, and what could be started at the regular capacity, None without a capacity."""
        stage = self.stages[name]
        availability = self.number(draws["availability"][name])
        is_open = self.number(draws.get("open", {}).get(name, 1))
        if stage.capacity is None:
            return is_open * store.open_orders, is_open * store.open_orders * availability, None
        regular = capacity = self.number(stage.capacity)
        if stage.overtime is not None and store.on_hand < self.number(stage.overtime.below) - self.tolerance:
            capacity = regular * self.number(stage.overtime.factor)
        full = is_open * min(store.open_orders, capacity)
        return full, is_open * min(store.open_orders, capacity * availability), regular * availability

    def _send(self, name: str, state: State, t: int, q: Any, lead_time: int) -> Any:
        """Put a start into the pipeline; return how much of it takes the short lead time."""
        stage, store = self.stages[name], state.stores[name]
        short_lead_time, expedited = lead_time, self.number(0)
        if stage.expedite is not None:
            expedite_in = max(1, round_up_periods(stage.expedite.lead_time))
            short_lead_time = min(lead_time, expedite_in)
            if stage.expedite.up_to is not None:
                near = sum(units for due, units in store.pipeline.items() if t < due <= t + expedite_in)
                lacking = self.number(stage.expedite.up_to) - store.on_hand - near + self._owed(name, state)
                expedited = min(q, lacking) if lacking > self.tolerance else self.number(0)
            elif store.on_hand < self.number(stage.expedite.below):
                expedited = q
        for units, later in ((expedited, short_lead_time), (q - expedited, lead_time)):
            if units <= 0:
                continue
            due = t + later
            if stage.deliveries == "in_order":
                # No start arrives before an earlier one.
                due = store.last_due = max(due, store.last_due)
            store.pipeline[due] = store.pipeline.get(due, self.number(0)) + units
        return expedited

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
