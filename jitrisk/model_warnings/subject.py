"""The subject of the checks: the network of one strategy, with its mean demand and its bare numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from jitrisk.lower import compute_mean_demand, find_downstream_customers
from jitrisk.model import BareRate, Network, find_bare_rates
from jitrisk.model.faults import KeyPath


class CheckFinding(NamedTuple):
    """A finding of a check.

    Attributes
    ----------
    key_path : the key path of its cause, from the top of the model.
    message : what was found, with its numbers.
    """

    key_path: KeyPath
    message: str


@dataclass(frozen=True)
class AllStrategies:
    """The networks of all strategies of a model, for what is a warning only where it holds under each.

    Attributes
    ----------
    networks : the networks.
    """

    networks: tuple[Network, ...]

    @cached_property
    def followed_forecasts(self) -> frozenset[str]:
        """The customers whose forecast a policy follows under some strategy."""
        followed: set[str] = set()
        for network in self.networks:
            stages = [name for name, stage in network.stages.items() if stage.policy.followed == "forecast"]
            downstream = find_downstream_customers(network) if stages else {}
            followed.update(*(downstream[name] for name in stages))
        return frozenset(followed)


@dataclass(frozen=True)
class Subject:
    """The network of one strategy.

    Attributes
    ----------
    network : the network, all times in periods.
    all_strategies : the networks of all strategies.
    """

    network: Network
    all_strategies: AllStrategies

    @cached_property
    def model(self) -> dict[str, Any]:
        """The model as it is written, with the patch of the strategy applied."""
        model: dict[str, Any] = json.loads(self.network.text)
        return model

    @cached_property
    def bare_rates(self) -> tuple[BareRate, ...]:
        """Every bare number per time."""
        return tuple(find_bare_rates(self.model))

    @cached_property
    def mean_demand(self) -> dict[str, float]:
        """Mean demand on each store, units per period."""
        return compute_mean_demand(self.network)

    @cached_property
    def downstream_customers(self) -> dict[str, frozenset[str]]:
        """The customers whose demand reaches each store by the shares of the sources."""
        return find_downstream_customers(self.network)

    @property
    def per_day(self) -> float:
        """Periods in a day."""
        return 24.0 / self.network.period


Check = Callable[[Subject], Iterator[CheckFinding]]
"""Finds one kind of warning in the network of one strategy."""
