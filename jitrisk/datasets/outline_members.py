"""The stages and customers of one strategy as rows of an outline: levels, times and features, one value per member."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from jitrisk.lower import compute_customer_demand, compute_mean_demand, compute_policy_levels, compute_takt
from jitrisk.lower.graph import compute_mean_yield
from jitrisk.units import HOURS_PER_DAY, HOURS_PER_YEAR

if TYPE_CHECKING:
    from jitrisk.lower import Levels
    from jitrisk.model import Customer, Network
    from jitrisk.model.policies import Policy

Rows = dict[str, list[Any]]


def build_stage_rows(network: Network) -> Rows:
    """Return what one strategy says of every stage, in declared order, times in days.

    Parameters
    ----------
    network : the network of the strategy.

    Raises
    ------
    ModelError
        When the levels of a policy cross at the mean demand or cannot be computed.
    """
    days = network.period / HOURS_PER_DAY
    demand = compute_mean_demand(network)
    stages = list(network.stages.values())
    return {
        **_build_policy_rows(network, demand, days),
        "lead_time": [stage.lead_time.mean() * days for stage in stages],
        "capacity": [math.inf if stage.capacity is None else stage.capacity / days for stage in stages],
        "yield": [compute_mean_yield(stage) for stage in stages],
        "deliveries": [stage.deliveries for stage in stages],
        "customers_served": [stage.customers for stage in stages],
        "mean_demand": [demand[name] / days for name in network.stages],
        "shelf_life": [math.inf if stage.shelf_life is None else stage.shelf_life * days for stage in stages],
        **_build_takt_rows(network),
        **_build_lever_rows(network, days),
    }


def _build_policy_rows(network: Network, demand: Mapping[str, float], days: float) -> Rows:
    levels = list(compute_policy_levels(network).values())
    stages = list(network.stages.values())
    policies = [stage.policy for stage in stages]
    # The levels of a push policy are not used.
    order_up_to = [math.nan if policy.pushes else level.order_up_to for policy, level in _pair(policies, levels)]
    return {
        "policy_kind": [policy.kind for policy in policies],
        "reorder_point": [
            math.nan if policy.pushes else level.reorder_point for policy, level in _pair(policies, levels)
        ],
        "order_up_to": order_up_to,
        "lot_size": [level.lot for level in levels],
        "cards": [_count_cards(policy, level) for policy, level in _pair(policies, levels)],
        "loop_end": [policy.last_stage for policy in policies],
        "follow": [policy.followed or "" for policy in policies],
        "safety_stock": [policy.safety_stock for policy in policies],
        "order_cap": [policy.order_cap for policy in policies],
        "review_period": [level.review_period * days for level in levels],
        "initial": [
            level.initial if stage.on_hand is None else stage.on_hand
            for stage, level in zip(stages, levels, strict=True)
        ],
        "cover_days": [
            _compute_cover(full, demand[name]) * days for name, full in zip(network.stages, order_up_to, strict=True)
        ],
    }


def _pair(policies: Iterable[Policy], levels: Iterable[Levels]) -> Iterable[tuple[Policy, Levels]]:
    return zip(policies, levels, strict=True)


def _compute_cover(order_up_to: float, mean_demand: float) -> float:
    """Return the periods of mean demand in a level, NaN where there is no level."""
    if math.isnan(order_up_to):
        return math.nan
    return order_up_to / mean_demand if mean_demand else math.inf


def _count_cards(policy: Policy, levels: Levels) -> float:
    if policy.kind not in ("kanban", "conwip"):
        return math.nan
    return math.inf if policy.is_unlimited else round(levels.order_up_to / levels.lot)


def _build_takt_rows(network: Network) -> Rows:
    found = compute_takt(network).values()
    return {
        "availability": [one.availability for one in found],
        "takt_time": [one.takt_time / HOURS_PER_DAY for one in found],
        "cycle_time": [one.cycle_time / HOURS_PER_DAY for one in found],
        "slower_than_takt": [one.is_slower for one in found],
    }


def _build_lever_rows(network: Network, days: float) -> Rows:
    """Return by which means a stage answers a low store or a failed source; NaN and empty where it has none."""
    stages = list(network.stages.values())
    expedites = [stage.expedite for stage in stages]
    overtimes = [stage.overtime for stage in stages]
    standbys = [stage.standby for stage in stages]
    return {
        "expedite_below": [math.nan if one is None or one.below is None else one.below for one in expedites],
        "expedite_up_to": [math.nan if one is None or one.up_to is None else one.up_to for one in expedites],
        "expedite_lead_time": [math.nan if one is None else one.lead_time * days for one in expedites],
        "overtime_below": [math.nan if one is None else one.below for one in overtimes],
        "overtime_factor": [math.nan if one is None else one.factor for one in overtimes],
        "standby_of": ["" if one is None else one.of for one in standbys],
        "standby_after": [math.nan if one is None else one.after * days for one in standbys],
        "standby_below": [math.nan if one is None else one.below for one in standbys],
    }


def count_season_factors(networks: Iterable[Network]) -> int:
    """Return the number of factors in the longest season of any customer, 0 without a season.

    Parameters
    ----------
    networks : the networks of all strategies.
    """
    seasons = (customer.season for network in networks for customer in network.customers.values())
    return max((len(season.factors) for season in seasons if season is not None), default=0)


def build_customer_rows(network: Network, factors: int) -> Rows:
    """Return what one strategy says of every customer, in declared order, times in days and years.

    Parameters
    ----------
    network : the network of the strategy.
    factors : number of factors in the longest season; shorter ones are filled up with NaN.
    """
    days = network.period / HOURS_PER_DAY
    demand = compute_customer_demand(network)
    customers = list(network.customers.values())
    seasons = [one.season for one in customers]
    forecasts = [one.forecast for one in customers]
    given = [() if one is None else one.factors for one in seasons]
    return {
        "customer_stage": [customer.stage for customer in customers],
        "customer_demand": [demand[name] / days for name in network.customers],
        "season": [[*one, *[math.nan] * (factors - len(one))] for one in given],
        "season_period": [math.nan if one is None else one.every * days for one in seasons],
        "trend": [one.trend * HOURS_PER_YEAR / network.period for one in customers],
        "forecast_kind": [_name_forecast(one) for one in customers],
        "forecast_period": [math.nan if one is None or one.error is None else one.every * days for one in forecasts],
        "forecast_smoothing": [
            math.nan if one is None or one.smoothing is None else one.smoothing for one in forecasts
        ],
        "backorder_share": [customer.unmet for customer in customers],
    }


def _name_forecast(customer: Customer) -> str:
    if customer.forecast is None:
        return ""
    return "smoothing" if customer.forecast.error is None else "error"
