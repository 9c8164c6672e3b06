"""The arrays the dynamics run on, as values: C-contiguous, read-only, in sweep order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from jitrisk.lower.extensions import ExtensionArrays, convert_arrays
from jitrisk.sampling.derived import Series


@dataclass(frozen=True)
class GivenSeries:
    """An exogenous series given instead of drawn.

    Attributes
    ----------
    kind : name of the exogenous variable.
    stage_or_customer : its name.
    """

    kind: str
    stage_or_customer: str

    @property
    def key(self) -> tuple[str, str]:
        """Kind of series, and name of the stage or customer."""
        return self.kind, self.stage_or_customer


@dataclass(frozen=True, eq=False)
class NetworkArrays:
    """One strategy's network as arrays; `n` stages in sweep order, `m` customers in the order they are served.

    Attributes
    ----------
    places : by dim, the place in the order of the model of each member: stages (n,), customers (m,).
    double : whether the state is float64; the arrays of numbers below are of its type.
    series : the exogenous series it reads; -1 in the arrays below marks a feature that is off.
    extensions : the arrays of features that are off unless a stage asks for them.
    initial : stock on hand at t = 0, units, (n,).
    initial_gap : what stock on hand, work in process and open orders lack of the order-up-to level at t = 0, units; for
        the first stage of a loop, what all the loop lacks of its cards, (n,).
    capacity, unlimited_capacity : units per period, and whether there is no limit, (n,).
    least_gap : the least gap that is not rounding, units, (n,).
    reorder_gap, order_up_to, lot, lot_slack : the policy, units, (n,): order when the position lacks `reorder_gap` or
        more of `order_up_to`, up to it, in multiples of `lot` unless that is 0; a gap that lacks a multiple by
        `lot_slack` counts as one.
    tolerance, rounding_offset : difference of two flows that may be rounding, and the number that rounds a flow to
        whole grains when it is added and subtracted, units, (n,); see `jitrisk.lower.rounding`.
    unlimited_orders : whether cards are unlimited, so that what can start is always ordered, (n,).
    review_period : periods between reviews, (n,).
    demand_signal : whether the position counts what the store owes, (n,).
    deterministic : whether starts arrive all good after a constant lead time that nothing holds up, (n,).
    longest_lead_time : periods, the lead time itself where it is constant, (n,).
    ring, slot : length of the pipeline in periods, and its first row, (n,).
    in_order : whether no start arrives before an earlier one, (n,).
    expedite_below, expedite_lead_time : expediting trigger in units and lead time in periods, 0 when off, (n,).
    availability, receiving, transit, lead_time, yield_ : series of each stage, (n,).
    gathers_shortage : whether several customers or consumers can find the store short in one period, or cycles are
        counted, (n,).
    customers_first : whether customers are served before any stage starts, (n,).
    has_cycles : whether replenishment cycles are counted, because the policy does not order in every period, (n,).
    input_start : inputs of stage i are input_start[i]:input_start[i + 1], (n + 1,).
    quantity, failover : units per unit started, and whether alternates stand in for each other, (inputs,).
    source_start, source, share : stores each input is taken from, in order of preference.
    consumer_start, consumer, consumer_quantity : consumers of each store with a demand signal, and the units that each
        takes per unit started.
    customer_start : customers of stage i are customer_start[i]:customer_start[i + 1], (n + 1,).
    demand, backorder_share : series of each customer, and share of unmet demand that is backordered, (m,).
    received_late : whether what is due enters the store in the act that draws on it first in a period, (n,).
    draws_first, served_first : whether that act is the start of a stage, (n,), or serves a customer, (m,).
    only_customer : the customer that alone draws on a store, -1 where there is none, (n,).
    """

    places: Mapping[str, np.ndarray]
    double: bool
    series: tuple[Series | GivenSeries, ...]
    extensions: ExtensionArrays
    initial: np.ndarray
    initial_gap: np.ndarray
    least_gap: np.ndarray
    capacity: np.ndarray
    unlimited_capacity: np.ndarray
    reorder_gap: np.ndarray
    order_up_to: np.ndarray
    lot: np.ndarray
    lot_slack: np.ndarray
    tolerance: np.ndarray
    rounding_offset: np.ndarray
    unlimited_orders: np.ndarray
    review_period: np.ndarray
    demand_signal: np.ndarray
    deterministic: np.ndarray
    longest_lead_time: np.ndarray
    ring: np.ndarray
    slot: np.ndarray
    in_order: np.ndarray
    expedite_below: np.ndarray
    expedite_lead_time: np.ndarray
    availability: np.ndarray
    receiving: np.ndarray
    transit: np.ndarray
    lead_time: np.ndarray
    yield_: np.ndarray
    gathers_shortage: np.ndarray
    customers_first: np.ndarray
    has_cycles: np.ndarray
    input_start: np.ndarray
    quantity: np.ndarray
    failover: np.ndarray
    source_start: np.ndarray
    source: np.ndarray
    share: np.ndarray
    consumer_start: np.ndarray
    consumer: np.ndarray
    consumer_quantity: np.ndarray
    customer_start: np.ndarray
    demand: np.ndarray
    backorder_share: np.ndarray
    received_late: np.ndarray
    draws_first: np.ndarray
    served_first: np.ndarray
    only_customer: np.ndarray

    def __post_init__(self) -> None:
        for place in self.places.values():
            place.flags.writeable = False
        convert_arrays(self, self.float_type)
        convert_arrays(self.extensions, self.float_type)

    @property
    def sizes(self) -> dict[str, int]:
        """How many members there are of each dim: stages, customers."""
        return {dim: len(place) for dim, place in self.places.items()}

    @property
    def float_type(self) -> type[np.floating[Any]]:
        """The type that state is held in."""
        return np.float64 if self.double else np.float32
