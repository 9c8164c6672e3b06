"""The levels of every stage's policy, from the demand on its store."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jitrisk.errors import Fault, ModelError
from jitrisk.lower.bursts import compute_bursts, is_demand_whole
from jitrisk.lower.graph import compute_mean_yield, compute_multiplicities, find_sweep_order
from jitrisk.lower.lead_times import compute_mean_delay, compute_mean_lead_time
from jitrisk.lower.mean_demand import compute_mean_factor, explode_demand
from jitrisk.lower.outstanding import UncomputableError
from jitrisk.lower.service_level import CustomerDemands, build_loop, compute_service_level
from jitrisk.model.policies import LevelError, Levels
from jitrisk.model.policies.base import TOLERANCE

if TYPE_CHECKING:
    from jitrisk.model import Network, Stage

FARTHEST = 1e30
"""Mean demand on a store may be this many units per period, and as small as its inverse: far from the ends of doubles.
"""

MOST_LEVELS = 1_000
"""The strategies together may need this many different levels by service; each takes up to a second."""


@dataclass(frozen=True)
class StageDemand:
    """The demand on the store of one stage, as its policy needs it (`jitrisk.model.policies.StoreDemand`).

    Attributes
    ----------
    network : the model.
    stage : the stage.
    multiplicities : units of its item per unit of each customer's demand.
    mean : mean demand, units per period.
    burst : units by which the steady demand of some periods together exceeds their number times the mean.
    """

    network: Network
    stage: Stage
    multiplicities: Mapping[str, float]
    mean: float
    burst: float

    @property
    def lead_time(self) -> float:
        """Mean time from a start to its arrival, whole periods."""
        in_order = self.stage.deliveries == "in_order"
        return (compute_mean_delay if in_order else compute_mean_lead_time)(self.stage.lead_time)

    @property
    def mean_yield(self) -> float:
        """Mean share of good units of the stage."""
        return compute_mean_yield(self.stage)

    @property
    def is_whole(self) -> bool:
        """Whether every demand on the store is a whole number of units."""
        return is_demand_whole(self.network, self.multiplicities)

    def compute_service_level(self, service: float) -> float:
        """Return the least level that covers what is outstanding with a probability, units.

        Every draw of a customer with a season counts times the mean factor of a cycle, because the draws of single
        periods have different laws; the level of whole units is then rounded up to a whole one.
        """
        try:
            level = compute_service_level(self.stage, _list_demands(self.network, self.multiplicities), service)
        except UncomputableError as error:
            message = f"the level of this service cannot be computed: {error}; give `level` or `cover` instead"
            raise LevelError(message, "service") from error
        seasonal = any(compute_mean_factor(self.network.customers[name]) != 1.0 for name in self.multiplicities)
        return float(math.ceil(level * (1.0 - TOLERANCE))) if seasonal and self.is_whole else level


def compute_policy_levels(network: Network) -> dict[str, Levels]:
    """Return the levels of every stage's policy, by stage in declared order.

    Raises
    ------
    ModelError
        With every stage whose levels cross at the mean demand or cannot be computed.
    """
    return compute_levels(network, compute_multiplicities(network, find_sweep_order(network)))


def compute_levels(network: Network, multiplicities: dict[str, dict[str, float]]) -> dict[str, Levels]:
    """Return the levels of every stage's policy, by stage in declared order.

    Parameters
    ----------
    network : the model.
    multiplicities : units of each stage's item per unit of each customer's demand.

    Raises
    ------
    ModelError
        With every stage whose levels cross at the mean demand, are above its cap or cannot be computed.
    """
    levels: dict[str, Levels] = {}
    faults: list[Fault] = []
    for name, demand in describe_demands(network, multiplicities).items():
        try:
            levels[name] = _compute_levels_of_stage(demand)
        except LevelError as error:
            faults.append(build_policy_fault(network, name, str(error), error.key))
    if faults:
        raise ModelError(faults)
    return levels


def _compute_levels_of_stage(demand: StageDemand) -> Levels:
    """Return the levels of one stage's policy; of levels that follow the demand, those at its mean over a cycle."""
    policy = demand.stage.policy
    levels = policy.compute_levels(demand)
    if policy.followed is not None:
        safety = policy.safety_stock
        return replace(levels, reorder_point=levels.reorder_point + safety, order_up_to=levels.order_up_to + safety)
    return levels


def describe_demands(network: Network, multiplicities: Mapping[str, Mapping[str, float]]) -> dict[str, StageDemand]:
    """Return the demand on every store, by stage in declared order.

    Parameters
    ----------
    network : the model.
    multiplicities : units of each stage's item per unit of each customer's demand.

    Raises
    ------
    ModelError
        Where the bill of materials makes a mean demand too large or too small.
    """
    mean_demand = explode_demand(network, multiplicities)
    if beyond := [_build_demand_fault(network, name, rate) for name, rate in mean_demand.items() if not _is_sane(rate)]:
        raise ModelError(beyond)
    bursts = dict.fromkeys(network.stages, 0.0)
    if any(stage.policy.needs_burst for stage in network.stages.values()):
        bursts = compute_bursts(network, find_sweep_order(network), mean_demand, multiplicities)
    return {
        name: StageDemand(network, stage, multiplicities[name], mean_demand[name], bursts[name])
        for name, stage in network.stages.items()
    }


def _is_sane(rate: float) -> bool:
    """Return whether a mean demand is one that flows can be computed from."""
    return rate == 0.0 or 1.0 / FARTHEST <= rate <= FARTHEST


def _build_demand_fault(network: Network, name: str, rate: float) -> Fault:
    """Return the fault of a demand that the bill of materials makes too large or too small."""
    message = (
        f"the mean demand that reaches this stage is {rate:g} units per period, expected 0 or from "
        f"{1.0 / FARTHEST:g} to {FARTHEST:g}; change the quantities, shares or yields between the stage and its "
        "customers"
    )
    key, line = network.origin.locate(("stages", name))
    return Fault(message, key, network.origin.file, line)


def build_policy_fault(network: Network, name: str, message: str, field: str = "") -> Fault:
    """Return a fault of the policy of a stage, with its place in the file."""
    policy = ("stages", name, "policy", network.stages[name].policy.kind)
    key, line = network.origin.locate((*policy, field) if field else policy)
    return Fault(message, key, network.origin.file, line)


def require_few_levels(networks: Iterable[Network]) -> None:
    """Refuse strategies whose levels by service would take too long to compute.

    Parameters
    ----------
    networks : the network of each strategy.

    Raises
    ------
    ModelError
        Where they need more than `MOST_LEVELS` different levels.
    """
    needed = set()
    for network in networks:
        services = {
            name: service
            for name, stage in network.stages.items()
            if (service := stage.policy.service_probability) is not None
        }
        if not services:
            continue
        multiplicities = compute_multiplicities(network, find_sweep_order(network))
        for name, service in services.items():
            needed.add((build_loop(network.stages[name]), _list_demands(network, multiplicities[name]), service))
            if len(needed) > MOST_LEVELS:
                raise ModelError([_build_levels_fault(network, name, len(services))])


def _build_levels_fault(network: Network, name: str, stages: int) -> Fault:
    message = (
        f"the strategies need more than {MOST_LEVELS:,} different levels by `service` ({stages:,} stages under this "
        "strategy), too many to compute; give `level` or `cover` to some stages, or write several models"
    )
    return build_policy_fault(network, name, message, network.stages[name].policy.demand_key)


def _list_demands(network: Network, multiplicities: Mapping[str, float]) -> CustomerDemands:
    customers = ((network.customers[name], units) for name, units in multiplicities.items())
    return tuple(
        (customer.every, customer.demand, units * compute_mean_factor(customer)) for customer, units in customers
    )
