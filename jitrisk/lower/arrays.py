"""From a network to the arrays the dynamics run on."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from jitrisk.core_tables import DIMS
from jitrisk.errors import MOST_FAULTS, Fault, ModelError
from jitrisk.lower.draw_order import find_draw_order
from jitrisk.lower.exogenous import list_effects, list_series_given_effects, require_few_occurrences
from jitrisk.lower.extensions import expedites_up_to, lower_extensions
from jitrisk.lower.followed_levels import FollowedLevels, compute_followed_levels
from jitrisk.lower.graph import compute_multiplicities, find_sweep_order
from jitrisk.lower.lead_times import round_to_periods
from jitrisk.lower.levels import compute_levels, require_few_levels
from jitrisk.lower.loops import Loops, find_loops
from jitrisk.lower.network_arrays import GivenSeries, NetworkArrays
from jitrisk.lower.rounding import Range, Rounding, round_flows
from jitrisk.model.policies import Levels
from jitrisk.sampling.derived import DerivedSeries, Series
from jitrisk.sampling.series import ExogenousSeries

if TYPE_CHECKING:
    from jitrisk.model import Customer, Network, Stage

_FAR = float(np.finfo(np.float32).max)  # more than any capacity

Ranges = Mapping[tuple[str, str], Range]


def lower(network: Network, given: Ranges | None = None) -> NetworkArrays:
    """Turn one strategy's network into arrays.

    Parameters
    ----------
    network : a validated network, its patch applied.
    given : exogenous series that are not drawn, by (kind, stage or customer), each with its range; where its
        least and its largest value are the same, the feature is as good as off.

    Returns
    -------
    The arrays of the network.
    """
    given = given or {}
    require_few_occurrences(network)
    order = find_sweep_order(network)
    behind = compute_multiplicities(network, order)
    effects = list_effects(network)
    series = _select_series(list_series_given_effects(network, effects), given)
    place = {one.key: k for k, one in enumerate(series)}
    levels = compute_levels(network, behind)
    followed, loops = compute_followed_levels(network, order, behind), find_loops(network)
    rounding = round_flows(network, order, levels, effects, given, followed)
    arrays = (
        _lower_policies(network, order, levels, followed, loops, rounding)
        | _lower_processes(network, order, series, place, given)
        | _lower_inputs(network, order, levels)
        | _lower_consumers(network, order, levels)
        | _lower_customers(network, order, place)
    )
    extensions = lower_extensions(network, order, place, arrays, followed, loops, rounding)
    arrays |= find_draw_order(arrays | {"shelf_life": extensions.shelf_life})
    return NetworkArrays(_find_places(network, order), rounding.double, series, extensions, **arrays)


def list_members(network: Network) -> dict[str, Mapping[str, Stage | Customer]]:
    """Return the members of each dim of a network by name, in the order of the model: its stages, its customers."""
    return {dim: getattr(network, f"{dim}s") for dim in DIMS}


def list_names(network: Network) -> dict[str, list[str]]:
    """Return the names of the members of each dim of a network, in the order of the model."""
    return {dim: list(members) for dim, members in list_members(network).items()}


def _find_places(network: Network, order: list[str]) -> dict[str, np.ndarray]:
    """Return by dim the place of each member in the order of the model; other dims than these keep that order."""
    orders = {"stage": order, "customer": _list_served(network, order)}
    places = {}
    for dim, names in list_names(network).items():
        place = {name: i for i, name in enumerate(names)}
        places[dim] = _build_ints([place[name] for name in orders.get(dim, names)])
    return places


def lower_all(strategies: Mapping[str, Network], given: Ranges | None = None) -> dict[str, NetworkArrays]:
    """Turn every strategy's network into arrays; strategies with equal networks share them.

    Raises
    ------
    ModelError
        With the faults of all strategies that only the numbers show.
    """
    require_few_levels(strategies.values())
    lowered: dict[str, NetworkArrays] = {}
    faults: list[Fault] = []
    done: dict[str, NetworkArrays] = {}
    for name, network in strategies.items():
        try:
            lowered[name] = done[network.text] if network.text in done else lower(network, given)
        except ModelError as error:
            faults += [replace(fault, message=f"with strategy {name}, {fault.message}") for fault in error.faults]
            if len(faults) > MOST_FAULTS:
                break
            continue
        if network.text:
            done[network.text] = lowered[name]
    if faults:
        raise ModelError(faults)
    return lowered


def _build_floats(values: Sequence[float]) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def _build_ints(values: Sequence[int]) -> np.ndarray:
    return np.array(values, dtype=np.int32)


def _build_flags(values: Sequence[bool]) -> np.ndarray:
    return np.array(values, dtype=np.uint8)


def _select_series(read: Sequence[Series], given: Ranges) -> tuple[Series | GivenSeries, ...]:
    not_drawn = [
        GivenSeries(kind, name)
        for (kind, name), held in given.items()
        if kind == "demand" or held.lowest != held.largest or (kind != "lead_time" and held.lowest != 1.0)
    ]
    kept = {one.key for one in not_drawn}
    drawn = [
        one.replace_source(given, kept) if isinstance(one, DerivedSeries) else one
        for one in read
        if one.key not in given
    ]
    return (*drawn, *not_drawn)


def _lower_policies(
    network: Network,
    order: list[str],
    levels: Mapping[str, Levels],
    followed: Mapping[str, FollowedLevels],
    loops: Loops,
    rounding: Rounding,
) -> dict[str, np.ndarray]:
    rules = [levels[name] for name in order]
    limited = np.array([math.isfinite(rule.order_up_to) for rule in rules])
    # An unlimited store has no level: what is open is kept at one period's capacity instead.
    full = np.array(
        [
            followed[name].initial if name in followed else rule.order_up_to if is_limited else 0.0
            for name, rule, is_limited in zip(order, rules, limited, strict=True)
        ]
    )
    stages = [network.stages[name] for name in order]
    empty = np.array([rule.starts_empty for rule in rules])
    given = np.array([math.nan if stage.on_hand is None else stage.on_hand for stage in stages])
    initial = rounding.round_to_grains(np.where(np.isnan(given), np.where(empty, 0.0, full), given))
    order_up_to = rounding.round_to_grains(full)
    below = full - np.array([rule.reorder_point for rule in rules])
    least_gap = rounding.tolerance + rounding.grain
    return {
        "initial": initial,
        "initial_gap": order_up_to - _sum_loop_stock(loops, order, initial),
        # An order is placed at the reorder point or below it, and never at the order-up-to level.
        "reorder_gap": np.maximum(rounding.round_to_grains(below) - rounding.tolerance, least_gap),
        "least_gap": least_gap,
        "order_up_to": order_up_to,
        "lot": rounding.round_to_grains(np.array([rule.lot for rule in rules])),
        "capacity": rounding.round_to_grains(np.array([_FAR if s.capacity is None else s.capacity for s in stages])),
        # Whole lots are counted by a product, whose own rounding is less than half a grain.
        "lot_slack": np.maximum(rounding.tolerance, 0.5 * rounding.grain),
        "tolerance": rounding.tolerance.copy(),
        "rounding_offset": rounding.coarse,
        "unlimited_orders": _build_flags((~limited).tolist()),
        "review_period": _build_ints(
            [1 if math.isinf(rule.order_up_to) else min(rule.review_period, network.horizon) for rule in rules]
        ),
    }


def _sum_loop_stock(loops: Loops, order: list[str], initial: np.ndarray) -> np.ndarray:
    """Return the stock at the start that counts in the position of each stage: its own, or that of its loop."""
    stock = dict(zip(order, initial.tolist(), strict=True))
    return np.array([sum(units * stock[member] for member, units in loops.get(name, [(name, 1.0)])) for name in order])


def _lower_processes(
    network: Network,
    order: list[str],
    series: tuple[Series | GivenSeries, ...],
    place: Mapping[tuple[str, str], int],
    given: Ranges,
) -> dict[str, np.ndarray]:
    kinds = ("availability", "receiving", "transit", "lead_time", "yield")
    rows = {kind: _build_ints([place.get((kind, name), -1) for name in order]) for kind in kinds}
    stages = [network.stages[name] for name in order]
    expedite = [stage.expedite for stage in stages]
    expedite_lead_time = _build_floats(
        [0.0 if one is None else float(round_to_periods(one.lead_time)) for one in expedite]
    )
    deterministic = (expedite_lead_time == 0) & np.all([rows[kind] < 0 for kind in kinds[1:]], axis=0)
    # A lead time past the horizon is as good as the horizon: nothing arrives.
    never = network.horizon + 1
    longest = _build_ints(
        [
            int(min(never, _find_longest_lead_time(network, name, series[row] if row >= 0 else None, given)))
            for name, row in zip(order, rows["lead_time"], strict=True)
        ]
    )
    ring = np.where(deterministic, longest, longest + 1).astype(np.int32)
    yields = rows.pop("yield")
    return rows | {
        "yield_": yields,
        "unlimited_capacity": _build_flags([stage.capacity is None for stage in stages]),
        "deterministic": _build_flags(deterministic.tolist()),
        "longest_lead_time": longest,
        "ring": ring,
        "slot": (np.cumsum(ring) - ring).astype(np.int32),
        "in_order": _build_flags(
            [stages[i].deliveries == "in_order" and rows["lead_time"][i] >= 0 for i in range(len(order))]
        ),
        "expedite_below": _build_floats([0.0 if one is None else one.below or 0.0 for one in expedite]),
        "expedite_lead_time": expedite_lead_time,
    }


def _find_longest_lead_time(network: Network, name: str, series: Series | GivenSeries | None, given: Ranges) -> float:
    """Return the longest lead time there can be, periods; the 32-bit uniform reaches no further."""
    if ("lead_time", name) in given:
        return given["lead_time", name].largest
    if not isinstance(series, ExogenousSeries):
        return float(round_to_periods(network.stages[name].lead_time.mean()))
    top: Any = series.base.quantile(2.0**-33, upper=True)
    for effect in series.effects:
        top *= max(1.0, effect.factor)
    return float(round_to_periods(top)) + 1.0


def _lower_inputs(network: Network, order: list[str], levels: Mapping[str, Levels]) -> dict[str, np.ndarray]:
    index = {name: i for i, name in enumerate(order)}
    inputs = [list(network.stages[name].inputs.values()) for name in order]
    flat = [item for items in inputs for item in items]
    sources = [source for item in flat for source in item.sources]
    # Stores, one entry for each customer and each consumer that draws on them.
    drawn_on = [index[customer.stage] for customer in network.customers.values()]
    drawn_on += [index[name] for name, share in sources if share > 0]
    has_cycles = np.array([levels[name].has_cycles for name in order])
    return {
        "has_cycles": _build_flags(has_cycles.tolist()),
        # A cycle reads the shortages of a period from the row where they are gathered.
        "gathers_shortage": _build_flags(((np.bincount(drawn_on, minlength=len(order)) > 1) | has_cycles).tolist()),
        "input_start": _build_ints(np.cumsum([0, *map(len, inputs)]).tolist()),
        "quantity": _build_floats([item.quantity for item in flat]),
        "failover": _build_flags([item.failover for item in flat]),
        "source_start": _build_ints(np.cumsum([0, *(len(item.sources) for item in flat)]).tolist()),
        "source": _build_ints([index[name] for name, _ in sources]),
        "share": _build_floats([share for _, share in sources]),
    }


def _lower_consumers(network: Network, order: list[str], levels: Mapping[str, Levels]) -> dict[str, np.ndarray]:
    index = {name: i for i, name in enumerate(order)}
    consumers: list[list[tuple[int, float]]] = [[] for _ in order]
    for name in order:
        for item in network.stages[name].inputs.values():
            for source, share in item.sources:
                if share > 0 and (levels[source].demand_signal or expedites_up_to(network.stages[source])):
                    consumers[index[source]].append((index[name], share * item.quantity))
    flat = [one for found in consumers for one in found]
    return {
        "demand_signal": _build_flags([levels[name].demand_signal for name in order]),
        "consumer_start": _build_ints(np.cumsum([0, *map(len, consumers)]).tolist()),
        "consumer": _build_ints([stage for stage, _ in flat]),
        "consumer_quantity": _build_floats([quantity for _, quantity in flat]),
    }


def _lower_customers(network: Network, order: list[str], place: Mapping[tuple[str, str], int]) -> dict[str, np.ndarray]:
    served = _list_served(network, order)
    customers = [network.customers[name] for name in served]
    count = Counter(customer.stage for customer in customers)
    return {
        "customers_first": _build_flags([network.stages[name].customers == "first" for name in order]),
        "customer_start": _build_ints(np.cumsum([0, *(count[name] for name in order)]).tolist()),
        "demand": _build_ints([place["demand", name] for name in served]),
        "backorder_share": _build_floats([customer.unmet for customer in customers]),
    }


def _list_served(network: Network, order: list[str]) -> list[str]:
    """Return the customers in the order they are served: those of one stage in the order of the model."""
    index = {name: i for i, name in enumerate(order)}
    return sorted(network.customers, key=lambda name: index[network.customers[name].stage])
