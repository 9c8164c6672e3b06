"""Demand as it is planned: that of the customers by season and trend, passed up the network period by period.

A consumer plans to order what is asked of it in a period and the change of its own level: with a level that covers n
periods this is what will be asked of it n periods later, the offset by the lead time of material requirements planning
(Hopp & Spearman 2011, section 3.1). So a stage looks ahead by the covers of all stages between it and a customer that
follow the demand.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from jitrisk.errors import Fault, ModelError
from jitrisk.lower.exogenous import build_profile
from jitrisk.lower.graph import compute_mean_yield, list_supplies
from jitrisk.lower.mean_demand import compute_base_rate, compute_customer_demand
from jitrisk.sampling.profiles import Profile

if TYPE_CHECKING:
    from jitrisk.model import Network

MOST_PLANNED = 20_000_000
"""Planned demand may have so many numbers: pairs of a stage and a customer with a forecast, times periods."""

OTHERS = ""
"""The part of a planned demand that no forecast multiplies; the other parts have the names of customers."""


def sum_cover(planned: np.ndarray, duration: float, periods: int) -> np.ndarray:
    """Return the demand planned for some time from every period on: the sum over t + 1, ..., t + duration.

    Parameters
    ----------
    planned : demand of every period from 0 on, units, (..., periods + duration rounded up) or longer.
    duration : its length in periods; a part of a period counts in part.
    periods : for t = 0, ..., periods - 1.

    Returns
    -------
    Units, (..., periods).
    """
    whole = math.floor(duration)
    ahead, begin = np.zeros((*planned.shape[:-1], periods)), 1
    # Sums over 1, 2, 4, ... periods: in contrast to differences of running totals, none loses digits.
    sums, width = planned, 1
    while width <= whole:
        if whole & width:
            ahead += sums[..., begin : begin + periods]
            begin += width
        if 2 * width <= whole:
            sums = sums[..., :-width] + sums[..., width:]
        width *= 2
    if part := duration - whole:
        ahead += part * planned[..., begin : begin + periods]
    return ahead


class DemandPlan:
    """The planned demand on the stores that follow it, walked consumers before suppliers.

    Parameters
    ----------
    network : one strategy's network.
    order : its stages, consumers before their suppliers.
    multiplicities : units of each stage's item per unit of each customer's demand.
    ahead : by stage whose level follows the demand, the time by which it looks ahead, periods.

    Attributes
    ----------
    periods : levels that are computed of each stage that follows, and else the periods that its suppliers ask for;
        0 where nobody asks.
    parts : by stage, what the parts of its planned demand are due to: `OTHERS`, then customers with a forecast.

    Raises
    ------
    ModelError
        Where planned demand has more than `MOST_PLANNED` numbers, or a trend makes a demand negative.
    """

    def __init__(
        self,
        network: Network,
        order: Sequence[str],
        multiplicities: Mapping[str, Mapping[str, float]],
        ahead: Mapping[str, float],
    ) -> None:
        self.network = network
        self.periods, self._reach = _find_periods(network, order, ahead)
        forecast = any(network.stages[name].policy.followed == "forecast" for name in ahead)
        scaled = {name for name, one in network.customers.items() if one.forecast is not None and forecast}
        self.parts = {
            name: [OTHERS, *(customer for customer in multiplicities[name] if customer in scaled)]
            for name in order
            if self._reach[name]
        }
        self._means = self._compute_means(multiplicities)
        self._require_few()
        self._planned = {name: np.zeros((len(parts), self._reach[name])) for name, parts in self.parts.items()}
        self._add_customers()

    def take(self, name: str) -> np.ndarray:
        """Return the planned demand on a store, units per period, (parts, periods); its consumers have passed theirs.

        It is given away: what is planned for one stage is not needed for others.
        """
        return self._planned.pop(name)

    def add_orders(self, name: str, orders: np.ndarray) -> None:
        """Add what a stage plans to order, good units per period, (parts, periods), to the demand on its sources."""
        stage = self.network.stages[name]
        per_good_unit = 1.0 / compute_mean_yield(stage)
        for source, quantity in list_supplies(stage):
            if reach := self._reach[source]:
                place = {part: k for k, part in enumerate(self.parts[source])}
                rows = [place[part] for part in self.parts[name]]
                self._planned[source][rows] += quantity * per_good_unit * orders[:, :reach]

    def compute_shares(self, name: str, planned: np.ndarray) -> np.ndarray:
        """Return the shares of the parts of a planned demand, (parts, periods).

        They are those of the mean demand over a cycle in periods in which nothing is planned, or less than nothing of
        one part.
        """
        total = planned.sum(axis=0)
        means = self._means[name]
        usual = (means / means.sum() if means.sum() > 0.0 else np.zeros_like(means))[:, np.newaxis]
        divisible = (total > 0.0) & (planned >= 0.0).all(axis=0)
        return np.where(divisible, planned / np.where(divisible, total, 1.0), usual)

    def _compute_means(self, multiplicities: Mapping[str, Mapping[str, float]]) -> dict[str, np.ndarray]:
        """Return the mean demand over a cycle that is due to each part, units per period, by stage."""
        rates = compute_customer_demand(self.network)
        means = {name: np.zeros(len(parts)) for name, parts in self.parts.items()}
        for name, parts in self.parts.items():
            place = {part: k for k, part in enumerate(parts)}
            for customer, units in multiplicities[name].items():
                means[name][place.get(customer, 0)] += units * rates[customer]
        return means

    def _add_customers(self) -> None:
        faults = []
        for name, customer in self.network.customers.items():
            reach = self._reach[customer.stage]
            if not reach and customer.trend >= 0.0:
                continue
            factors = (build_profile(customer) or Profile()).compute_factors(0, max(reach, self.network.horizon))
            if factors.min() < 0.0:
                faults.append(self._build_trend_fault(name, int(np.argmax(factors < 0.0)), len(factors)))
            elif reach:
                parts = self.parts[customer.stage]
                row = parts.index(name) if name in parts else 0
                self._planned[customer.stage][row] += compute_base_rate(customer) * factors[:reach]
        if faults:
            raise ModelError(faults)

    def _build_trend_fault(self, name: str, first: int, periods: int) -> Fault:
        message = (
            f"this trend makes the demand negative from period {first:,} on, expected 0 or more in the "
            f"{periods:,} periods that the horizon and the levels that follow the demand need; choose a weaker trend "
            "or a shorter horizon"
        )
        key, line = self.network.origin.locate(("customers", name, "trend"))
        return Fault(message, key, self.network.origin.file, line)

    def _require_few(self) -> None:
        sizes = {name: len(parts) * self._reach[name] for name, parts in self.parts.items()}
        if sum(sizes.values()) <= MOST_PLANNED:
            return
        largest = max(sizes, key=sizes.__getitem__)
        message = (
            f"the levels that follow the demand need {sum(sizes.values()):.3g} numbers (customers with a forecast, "
            f"times stages, times periods up to the horizon and the cover), most of them this stage; at most "
            f"{MOST_PLANNED:,} are possible; let fewer stages `follow`, or shorten the horizon or the cover"
        )
        key, line = self.network.origin.locate(("stages", largest))
        raise ModelError([Fault(message, key, self.network.origin.file, line)])


def _find_periods(
    network: Network, order: Sequence[str], ahead: Mapping[str, float]
) -> tuple[dict[str, int], dict[str, int]]:
    """Return for how many periods levels are computed, and planned demand is needed, by stage; see `DemandPlan`."""
    periods: dict[str, int] = {}
    reach: dict[str, int] = {}
    for name in reversed(order):
        asked = max((reach[source] for source, _ in list_supplies(network.stages[name])), default=0)
        periods[name] = max(asked, network.horizon) if name in ahead else asked
        reach[name] = periods[name] + math.ceil(ahead.get(name, 0.0))
    return periods, reach
