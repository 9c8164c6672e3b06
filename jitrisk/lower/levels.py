"""What each policy means in units: reorder point, order-up-to level, lot and review interval."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jitrisk.errors import Fault, ModelError
from jitrisk.lower.atoms import compute_clipped_mean
from jitrisk.lower.cards import (
    compute_bursts,
    compute_classical_cards,
    compute_covering_cards,
    convert_to_units,
    is_demand_whole,
)
from jitrisk.lower.graph import compute_multiplicities, find_sweep_order
from jitrisk.lower.outstanding import UncomputableError
from jitrisk.lower.service_level import Asked, build_loop, compute_service_level
from jitrisk.model import BaseStock, Kanban, MinMax, ReorderPoint

if TYPE_CHECKING:
    from jitrisk.model import Network, Policy

# As many cards as a model may name.
_MOST_CARDS = 1_000_000_000


FARTHEST = 1e30
"""Mean demand on a store may be this many units a period, and as small as its inverse: far from where doubles end."""

MOST_LEVELS = 1_000
"""The strategies together may need this many different levels of a service; each takes up to a second."""


@dataclass(frozen=True)
class Levels:
    """The one rule every policy is an instance of.

    Attributes
    ----------
    reorder_point : order when the position is at or below it, units.
    order_up_to : the full store, units.
    lot : order in whole multiples of this many units; 0 for any amount.
    review : periods between reviews.
    by_demand : whether backlog and orders of consumers count in the position.
    """

    reorder_point: float
    order_up_to: float
    lot: float
    review: int
    by_demand: bool

    @property
    def has_cycles(self) -> bool:
        """Whether the store is replenished now and then: (s, S), (r, Q), or a review every few periods."""
        waits = self.by_demand and (self.lot > 0.0 or self.reorder_point < self.order_up_to)
        return waits or (self.review > 1 and math.isfinite(self.order_up_to))

    @property
    def initial(self) -> float:
        """Stock at the start where the model gives none: the full store, nothing where there is no limit, units."""
        return self.order_up_to if math.isfinite(self.order_up_to) else 0.0


def compute_mean_demand(network: Network) -> dict[str, float]:
    """Return the mean demand on each store, exploded through the bill of materials, units a period.

    Hazards are left out: levels are set for normal times.
    """
    return _explode_demand(network, compute_multiplicities(network, find_sweep_order(network)))


def find_downstream_customers(network: Network) -> dict[str, frozenset[str]]:
    """Return the customers whose demand reaches each store through sources with a share."""
    return {
        name: frozenset(units) for name, units in compute_multiplicities(network, find_sweep_order(network)).items()
    }


def _explode_demand(network: Network, behind: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    rates = compute_customer_demand(network)
    return {name: sum(count * rates[customer] for customer, count in behind[name].items()) for name in network.stages}


def compute_customer_demand(network: Network) -> dict[str, float]:
    """Return the mean demand of every customer, units a period, hazards left out; a demand below 0 is none."""
    return {
        name: compute_clipped_mean(customer.demand) / customer.every for name, customer in network.customers.items()
    }


def compute_policy_levels(network: Network) -> dict[str, Levels]:
    """Return the levels of every stage's policy, by stage in declared order.

    Raises
    ------
    ModelError
        With every stage whose levels cross at the mean demand or cannot be computed.
    """
    return compute_levels(network, compute_multiplicities(network, find_sweep_order(network)))


def compute_levels(network: Network, behind: dict[str, dict[str, float]]) -> dict[str, Levels]:
    """Return the policies' levels, given the units of each stage's item behind one unit of each customer's demand.

    Raises
    ------
    ModelError
        With every stage whose levels cross at the mean demand or cannot be computed.
    """
    demand = _explode_demand(network, behind)
    if beyond := [_build_demand_fault(network, name, rate) for name, rate in demand.items() if not _is_sane(rate)]:
        raise ModelError(beyond)
    has_auto = any(_is_auto(stage.policy) for stage in network.stages.values())
    ahead = (
        compute_bursts(network, find_sweep_order(network), demand, behind)
        if has_auto
        else dict.fromkeys(network.stages, 0.0)
    )
    levels: dict[str, Levels] = {}
    faults: list[Fault] = []
    for name in network.stages:
        try:
            levels[name] = _compute_stage_levels(network, name, demand[name], ahead[name], behind[name])
        except ModelError as error:
            faults += error.faults
    if faults:
        raise ModelError(faults)
    return levels


def _compute_stage_levels(network: Network, name: str, demand: float, ahead: float, behind: dict[str, float]) -> Levels:
    """Return the levels of one stage's policy.

    Parameters
    ----------
    network : the model.
    name : the stage.
    demand : mean demand on its store, units a period.
    ahead : the burst of steady demand on it, units.
    behind : units of its item behind one unit of each customer's demand.
    """
    match network.stages[name].policy:
        case policy if policy.is_unlimited:
            return Levels(math.inf, math.inf, 0.0, policy.review, by_demand=False)
        case Kanban() as policy:
            lot = policy.container
            whole = _is_auto(policy) and is_demand_whole(network, behind)
            cards = _compute_cards(network, name, policy, demand, ahead, whole)
            return Levels((cards - 1) * lot, cards * lot, lot, policy.review, by_demand=False)
        case BaseStock() as policy:
            level = _compute_base_stock_level(network, name, policy, demand, behind)
            return Levels(level, level, 0.0, policy.review, by_demand=True)
        case MinMax() as policy:
            least, most = convert_to_units(policy.min, demand), convert_to_units(policy.max, demand)
            if least >= most:
                raise ModelError([_build_crossed_fault(network, name, least, most)])
            return Levels(least, most, 0.0, policy.review, by_demand=True)
        case ReorderPoint() as policy:
            point, quantity = convert_to_units(policy.point, demand), convert_to_units(policy.quantity, demand)
            return Levels(point, point + quantity, quantity, policy.review, by_demand=True)
        case policy:
            return Levels(0.0, 0.0, 0.0, policy.review, by_demand=True)


def _is_sane(rate: float) -> bool:
    """Return whether a mean demand is one that flows can be computed from."""
    return rate == 0.0 or 1.0 / FARTHEST <= rate <= FARTHEST


def _build_demand_fault(network: Network, name: str, rate: float) -> Fault:
    """Return the fault of a demand that the bill of materials makes too large or too small."""
    message = (
        f"the mean demand that reaches this stage is {rate:g} units a period, expected 0 or from {1.0 / FARTHEST:g} to "
        f"{FARTHEST:g}; change the quantities, shares or yields between the stage and its customers"
    )
    key, line = network.origin.locate(("stages", name))
    return Fault(message, key, network.origin.file, line)


def _is_auto(policy: Policy) -> bool:
    return isinstance(policy, Kanban) and policy.cards is None


def _build_fault(network: Network, name: str, kind: str, message: str, field: str = "") -> Fault:
    """Return a fault of the policy of a stage, with its place in the file."""
    path = ("stages", name, "policy", kind, field) if field else ("stages", name, "policy", kind)
    key, line = network.origin.locate(path)
    return Fault(message, key, network.origin.file, line)


def _build_crossed_fault(network: Network, name: str, least: float, most: float) -> Fault:
    """Return the fault that only the mean demand shows: one level in units, the other as cover."""
    message = f"at the mean demand, min is {least:g} units and max {most:g}: expected min below max; change one of them"
    return _build_fault(network, name, "min_max", message)


def _compute_cards(network: Network, name: str, policy: Kanban, demand: float, ahead: float, whole: bool) -> int:
    if isinstance(policy.cards, int):
        return policy.cards
    stage = network.stages[name]
    if policy.cards == "formula":
        cards = compute_classical_cards(stage, policy, demand)
    else:
        cards = compute_covering_cards(stage, policy, demand, ahead, whole)
    if cards > _MOST_CARDS:
        message = (
            f"the card formula gives {cards:.3g} cards, at most {_MOST_CARDS:,} are possible; "
            "give a number of cards or a larger container"
        )
        raise ModelError([_build_fault(network, name, "kanban", message, "cards")])
    return int(cards)


def require_few_levels(networks: Iterable[Network]) -> None:
    """Refuse strategies whose levels of a service would take too long to compute.

    Parameters
    ----------
    networks : the network of each strategy.

    Raises
    ------
    ModelError
        Where they need more than `MOST_LEVELS` different levels.
    """
    wanted = set()
    for network in networks:
        by_service = {
            name: stage.policy.service
            for name, stage in network.stages.items()
            if isinstance(stage.policy, BaseStock) and stage.policy.service is not None
        }
        if not by_service:
            continue
        behind = compute_multiplicities(network, find_sweep_order(network))
        for name, service in by_service.items():
            wanted.add((build_loop(network.stages[name]), _list_demands(network, behind[name]), service))
            if len(wanted) > MOST_LEVELS:
                raise ModelError([_build_levels_fault(network, name, len(by_service))])


def _build_levels_fault(network: Network, name: str, stages: int) -> Fault:
    message = (
        f"the strategies need more than {MOST_LEVELS:,} different levels by `service` ({stages:,} stages under this "
        "strategy), too many to compute; give `level` or `cover` to some stages, or write several models"
    )
    return _build_fault(network, name, "base_stock", message, "service")


def _list_demands(network: Network, behind: Mapping[str, float]) -> Asked:
    customers = ((network.customers[name], units) for name, units in behind.items())
    return tuple((customer.every, customer.demand, units) for customer, units in customers)


def _compute_base_stock_level(
    network: Network, name: str, policy: BaseStock, demand: float, behind: dict[str, float]
) -> float:
    if policy.service is None:
        return policy.level if policy.level is not None else (policy.cover or 0.0) * demand
    customers = [(network.customers[customer], units) for customer, units in behind.items()]
    try:
        return compute_service_level(network.stages[name], customers, policy.service)
    except UncomputableError as refused:
        message = f"the level of this service cannot be computed: {refused}; give `level` or `cover` instead"
        raise ModelError([_build_fault(network, name, "base_stock", message, "service")]) from refused
