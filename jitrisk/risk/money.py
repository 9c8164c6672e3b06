"""Money from outcomes and prices: one product and one sum per component, and their totals and ratios."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import groupby

import numpy as np
import xarray as xr

from jitrisk.risk.inputs import (
    Array,
    ReadOutcome,
    Term,
    add_terms,
    build_path_array,
    build_path_coords,
    read_outcome,
    read_provenance,
)
from jitrisk.risk.pricing import (
    COMPONENTS,
    Pricing,
    find_stage_or_customer,
    read_pricing,
    require_outcomes,
)
from jitrisk.units import DAYS_PER_YEAR
from jitrisk.vocabulary import COSTS, OWNERSHIP


def costs(outcomes: xr.Dataset, resolved: bool = False) -> xr.Dataset:
    """Return what every path costs, in currency over the measured horizon.

    Parameters
    ----------
    outcomes : a result: outcomes and prices.
    resolved : whether each component keeps its stages or customers apart; fixed cost, total and profits never do.

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
    require_outcomes(outcomes)
    pricing = read_pricing(outcomes)
    parts = compute_costs(pricing, partial(read_outcome, outcomes), outcomes.sizes["path"], resolved)
    return _label_money(parts, outcomes)


def compute_costs(pricing: Pricing, read: ReadOutcome, paths: int, resolved: bool = False) -> dict[str, Array]:
    """Return what some paths cost, as :func:`costs` does, as arrays by name.

    Parameters
    ----------
    pricing : what outcomes cost.
    read : reads outcomes of so many paths.
    paths : how many paths.
    resolved : whether each component keeps its stages or customers apart.
    """
    parts = {name: _compute_amount(terms, read, paths, resolved) for name, terms in pricing.terms.items()}
    per_path = {name: part.sum(axis=1) if resolved else part for name, part in parts.items()}
    fixed = {name: np.repeat(amount, paths, axis=1) for name, amount in pricing.fixed.items()}
    parts, per_path = parts | fixed, per_path | fixed
    parts["total"] = total = _sum_components(per_path)
    if "revenue" in parts:
        parts["profit"] = per_path["revenue"] - total
        if "cost_of_goods" in parts:
            parts["gross_profit"] = per_path["revenue"] - per_path["cost_of_goods"]
    return {name: parts[name] for name in COSTS if name in parts}


def ownership(outcomes: xr.Dataset) -> xr.Dataset:
    """Return who bears the total cost: the total cost of ownership of every stage, and what customers cost.

    The total cost of ownership of a stage (Ellram 1995) is all that is paid for having it: holding, process
    inventory, purchase, ordering, expediting, overtime, scrap, expiry and downtime. The fixed cost is paid for the plan
    as a whole: it is divided among no stages, as no rule to divide it follows from the model.

    Parameters
    ----------
    outcomes : a result: outcomes and prices.

    Returns
    -------
    xr.Dataset
        The variables of :data:`jitrisk.vocabulary.OWNERSHIP`: ``stage_cost`` (strategy, path, stage) and
        ``customer_cost`` (strategy, path, customer), and ``plan_cost`` (strategy, path), in currency over the
        measured horizon. Together they are the total cost.

    Raises
    ------
    ResultError
        When the Dataset is no result, or lacks an outcome or a price.
    """
    require_outcomes(outcomes)
    pricing, read, borne = read_pricing(outcomes), partial(read_outcome, outcomes), {}
    for name, variable in OWNERSHIP.items():
        strategy, path, *dims = variable.dims
        borne[name] = np.zeros([outcomes.sizes[one] for one in (strategy, *dims, path)])
        bearer = "".join(dims)
        for component in (name for name, one in COMPONENTS.items() if one.stage_or_customer == bearer):
            if component in pricing.fixed:
                borne[name] += pricing.fixed[component]
            else:
                add_terms(pricing.terms[component], read, borne[name], resolved=True)
    return _label_money(borne, outcomes)


def compute_ratios(pricing: Pricing, spent: Mapping[str, Array]) -> dict[str, Array]:
    """Return the ratios of every path's money, ``[strategy, path]``, those that are defined on every path.

    Inventory turns and days of inventory as in Cachon & Terwiesch (2013), Matching Supply with Demand, chapter 2;
    the cash conversion cycle as in Richards & Laughlin (1980), Financial Management 9(1).

    Parameters
    ----------
    pricing : the prices.
    spent : what the paths cost, from :func:`compute_costs`.
    """
    if "cost_of_goods" not in spent:
        return {}
    goods, capital = spent["cost_of_goods"] * pricing.per_year, spent["working_capital"]
    days = DAYS_PER_YEAR * capital
    found = {"turns": _compute_ratio(goods, capital), "days_of_inventory": _compute_ratio(days, goods)}
    if "revenue" in spent:
        found["gross_margin"] = _compute_ratio(spent["gross_profit"], spent["revenue"])
    receivable, payable = pricing.receivable, pricing.payable
    if found["days_of_inventory"] is not None and (receivable.any() or payable.any()):
        found["cash_cycle"] = found["days_of_inventory"] + receivable - payable
    return {name: ratio for name, ratio in found.items() if ratio is not None}


def _compute_ratio(above: Array, below: Array) -> Array | None:
    """Return a ratio, None where a path has none: nothing that is not finite may reach a statistic."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio: Array = above / below
    return ratio if np.isfinite(ratio).all() else None


def _sum_components(per_path: dict[str, Array]) -> Array:
    total = np.zeros_like(per_path["holding"])
    # What one price is paid for is added first: downtime is one amount, whatever its cause.
    for _, names in groupby(COMPONENTS, key=lambda name: COMPONENTS[name].price):
        total += sum(per_path[name] for name in names)
    return total


def _compute_amount(terms: tuple[Term, ...], read: ReadOutcome, paths: int, resolved: bool) -> Array:
    shape = terms[0].weights.shape
    amount = np.zeros((*shape, paths) if resolved else (shape[0], paths))
    add_terms(terms, read, amount, resolved)
    return amount


def _label_money(parts: dict[str, Array], outcomes: xr.Dataset) -> xr.Dataset:
    arrays = {}
    for name, values in parts.items():
        variable = OWNERSHIP.get(name) or COSTS[name]
        if values.ndim > len(variable.dims):
            variable = replace(variable, dims=(*variable.dims, find_stage_or_customer(name)))
        arrays[name] = build_path_array(variable, values, outcomes)
    coords = {dim: outcomes.coords[dim] for dim in outcomes.coords if any(dim in a.dims for a in arrays.values())}
    return xr.Dataset(arrays, {**build_path_coords(outcomes), **coords}, read_provenance(outcomes))
