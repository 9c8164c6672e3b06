"""Money from outcomes and prices: one product and one sum per component, and their totals and ratios."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

import numpy as np
import xarray as xr

from jitrisk.risk.inputs import (
    Array,
    add_weighted,
    build_path_array,
    build_path_coords,
    compute_year_factor,
    read_price,
    read_provenance,
    require,
)
from jitrisk.units import DAYS_PER_YEAR
from jitrisk.vocabulary import COSTS, LINKS, OUTCOMES, OWNERSHIP


@dataclass(frozen=True)
class Component:
    """One component of money: a price times outcomes.

    Attributes
    ----------
    price : the price.
    outcomes : what it is paid for; several are added.
    less : a part of the outcome that it is not paid for; none if empty.
    charge : "each" unit or period counted; "time": a time average, paid for every period; "holding": a time
        average of stock, of whose value the holding rate is paid for every period; "goods": each unit that a
        customer gets, at the price of the stage it comes from.
    """

    price: str
    outcomes: tuple[str, ...]
    charge: Literal["each", "time", "holding", "goods"] = "each"
    less: str = ""

    @property
    def stage_or_customer(self) -> str:
        """Whether it falls on stages or on customers."""
        return OUTCOMES[self.outcomes[0]].dims[-1]


COMPONENTS = {
    "holding": Component("value", ("on_hand",), "holding"),
    "process_inventory": Component("value", ("wip",), "holding"),
    "purchase": Component("unit_cost", ("started",)),
    "ordering": Component("order_cost", ("orders",)),
    "expediting": Component("expedite_cost", ("expedited",)),
    "scrap": Component("scrap_cost", ("scrapped",)),
    "downtime_starved": Component("downtime_cost", ("starved",)),
    "downtime_broken": Component("downtime_cost", ("broken",)),
    "backorder": Component("backorder_cost", ("backlog",), "time"),
    "lost_sales": Component("lost_cost", ("lost",)),
    "unmet_demand": Component("shortage_cost", ("demand",), less="filled"),
}
_BESIDE = {
    "revenue": Component("price", ("shipped",)),
    "cost_of_goods": Component("value", ("shipped",), "goods"),
    "working_capital": Component("value", ("on_hand", "wip")),
}
_ALL = {**COMPONENTS, **_BESIDE}
_TERMS = ("days_receivable", "days_payable")
# Outcomes of which only what is owned costs anything, each with the price variable that says whether it is.
_OWNED = {"wip": "owned_in_process"}
_READ = (name for c in _ALL.values() for name in (c.price, *c.outcomes, c.less) if name)
NEEDED = tuple(dict.fromkeys(["holding_rate", *_TERMS, *_OWNED.values(), *_READ]))


def costs(outcomes: xr.Dataset, resolved: bool = False) -> xr.Dataset:
    """Return what every path costs, in currency over the measured horizon.

    Parameters
    ----------
    outcomes : a result: outcomes and prices.
    resolved : whether each component keeps its stages or customers apart; total and profits never do.

    Returns
    -------
    xr.Dataset
        The variables of :data:`jitrisk.vocabulary.COSTS` with the dimensions (strategy, path), and stage or
        customer where `resolved`. Revenue and profit are there only where a price is set; the cost of goods only
        where every customer's goods have a value; gross profit where both are. The attribute ``per_year`` turns
        what adds up over the horizon into money per year.

    Raises
    ------
    ResultError
        When the Dataset is no result, or lacks an outcome or a price.
    """
    require(outcomes, NEEDED)
    parts = {
        name: _compute_amount(outcomes, _ALL[name], weights, resolved)
        for name, weights in _list_known_components(outcomes)
    }
    per_path = {name: part.sum(axis=1) if resolved else part for name, part in parts.items()}
    parts["total"] = total = _sum_components(per_path)
    if "revenue" in parts:
        parts["profit"] = per_path["revenue"] - total
        if "cost_of_goods" in parts:
            parts["gross_profit"] = per_path["revenue"] - per_path["cost_of_goods"]
    return _label_money({name: parts[name] for name in COSTS if name in parts}, outcomes)


def is_priced(outcomes: xr.Dataset) -> bool:
    """Return whether anything costs or earns anything in a model, whatever happened on its paths."""
    charged = (*COMPONENTS.values(), _BESIDE["revenue"])
    return any(bool(_compute_weights(outcomes, component).any()) for component in charged)


def ownership(outcomes: xr.Dataset) -> xr.Dataset:
    """Return who bears the total cost: the total cost of ownership of every stage, and what customers cost.

    The total cost of ownership of a stage (Ellram 1995) is all that is paid for having it: holding, process
    inventory, purchase, ordering, expediting, scrap and downtime.

    Parameters
    ----------
    outcomes : a result: outcomes and prices.

    Returns
    -------
    xr.Dataset
        The variables of :data:`jitrisk.vocabulary.OWNERSHIP`: ``stage_cost`` (strategy, path, stage) and
        ``customer_cost`` (strategy, path, customer), in currency over the measured horizon. Together they are the
        total cost.

    Raises
    ------
    ResultError
        When the Dataset is no result, or lacks an outcome or a price.
    """
    require(outcomes, NEEDED)
    borne = {}
    for name, variable in OWNERSHIP.items():
        dim = variable.dims[-1]
        borne[name] = np.zeros([outcomes.sizes[one] for one in ("strategy", dim, "path")])
        for component in (component for component in COMPONENTS.values() if component.stage_or_customer == dim):
            _add(outcomes, component, _compute_weights(outcomes, component), borne[name], resolved=True)
    return _label_money(borne, outcomes)


def compute_ratios(outcomes: xr.Dataset, spent: xr.Dataset) -> dict[str, Array]:
    """Return the ratios of every path's money, ``[strategy, path]``, those that are defined on every path.

    Inventory turns and days of inventory as in Cachon & Terwiesch (2013), Matching Supply with Demand, chapter 2;
    the cash conversion cycle as in Richards & Laughlin (1980), Financial Management 9(1).

    Parameters
    ----------
    outcomes : a result.
    spent : its :func:`costs`.
    """
    if "cost_of_goods" not in spent:
        return {}
    values = {name: spent[name].values for name in spent}
    goods, capital = values["cost_of_goods"] * compute_year_factor(outcomes), values["working_capital"]
    days = DAYS_PER_YEAR * capital
    found = {"turns": _compute_ratio(goods, capital), "days_of_inventory": _compute_ratio(days, goods)}
    if "revenue" in values:
        found["gross_margin"] = _compute_ratio(values["gross_profit"], values["revenue"])
    receivable, payable = (read_price(outcomes, name)[:, np.newaxis] for name in _TERMS)
    if found["days_of_inventory"] is not None and (receivable.any() or payable.any()):
        found["cash_cycle"] = found["days_of_inventory"] + receivable - payable
    return {name: ratio for name, ratio in found.items() if ratio is not None}


def _compute_ratio(above: Array, below: Array) -> Array | None:
    """Return a ratio, None where a path has none: nothing that is not finite may reach a statistic."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio: Array = above / below
    return ratio if np.isfinite(ratio).all() else None


def _list_known_components(outcomes: xr.Dataset) -> Iterator[tuple[str, Array]]:
    """Yield every component with its weights, but those of which the model says too little."""
    for name, component in _ALL.items():
        weights = _compute_weights(outcomes, component)
        # Goods of which some have no value would cost too little, and seem to earn too much.
        enough = {"revenue": weights.any(), "cost_of_goods": weights.size and weights.all()}
        if enough.get(name, True):
            yield name, weights


def _sum_components(per_path: dict[str, Array]) -> Array:
    total = np.zeros_like(per_path["holding"])
    # What one price is paid for is added first: downtime is one amount, whatever its cause.
    for _, names in groupby(COMPONENTS, key=lambda name: COMPONENTS[name].price):
        total += sum(per_path[name] for name in names)
    return total


def _compute_amount(outcomes: xr.Dataset, component: Component, weights: Array, resolved: bool) -> Array:
    shape = [outcomes.sizes[dim] for dim in ("strategy", component.stage_or_customer, "path")]
    amount = np.zeros(shape if resolved else shape[::2])
    _add(outcomes, component, weights, amount, resolved)
    return amount


def _add(outcomes: xr.Dataset, component: Component, weights: Array, amount: Array, resolved: bool) -> None:
    for name in component.outcomes:
        owned = read_price(outcomes, _OWNED[name]) if name in _OWNED else 1.0
        add_weighted(outcomes, name, weights * owned, amount, resolved=resolved, less=component.less)


def _compute_weights(outcomes: xr.Dataset, component: Component) -> Array:
    """Return what one unit of a component's outcomes costs, ``[strategy, stage | customer]``."""
    weights = read_price(outcomes, component.price)
    if component.charge == "goods":
        return _map_to_customers(outcomes, weights)
    if component.charge == "holding":
        weights = weights * read_price(outcomes, "holding_rate")
    if component.charge != "each":
        weights = weights * float(outcomes.attrs["periods"])
    return weights


def _map_to_customers(outcomes: xr.Dataset, weights: Array) -> Array:
    """Return for every customer the weight of the stage whose store it asks, 0 where that is not known."""
    link = LINKS["customer_stage"]
    if link.name not in outcomes.coords:
        return np.zeros((outcomes.sizes["strategy"], outcomes.sizes["customer"]))
    stages = outcomes[link.name].transpose(*link.dims).values
    at = outcomes["stage"].to_index().get_indexer(stages.ravel()).reshape(stages.shape)
    return np.where(at < 0, 0.0, np.take_along_axis(weights, np.maximum(at, 0), axis=1))


def _label_money(parts: dict[str, Array], outcomes: xr.Dataset) -> xr.Dataset:
    arrays = {}
    for name, values in parts.items():
        variable = OWNERSHIP.get(name) or COSTS[name]
        if values.ndim > len(variable.dims):
            variable = replace(variable, dims=(*variable.dims, _ALL[name].stage_or_customer))
        arrays[name] = build_path_array(variable, values, outcomes)
    coords = {dim: outcomes.coords[dim] for dim in outcomes.coords if any(dim in a.dims for a in arrays.values())}
    return xr.Dataset(arrays, {**build_path_coords(outcomes), **coords}, read_provenance(outcomes))
