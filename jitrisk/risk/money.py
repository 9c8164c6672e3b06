"""Costs from outcomes and prices: one product and one sum a component."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import xarray as xr

from jitrisk.risk.result import Array, path_array, prices, provenance, require, rows, weighted
from jitrisk.vocabulary import COSTS, OUTCOMES


@dataclass(frozen=True)
class Component:
    """One component of money: a price times outcomes.

    Attributes
    ----------
    price : the price.
    outcomes : what it is paid for; several are added.
    charge : "each" unit or period counted; "time": a time average, paid for every period; "holding": a time
        average of stock, of whose value the holding rate is paid for every period.
    """

    price: str
    outcomes: tuple[str, ...]
    charge: Literal["each", "time", "holding"] = "each"

    @property
    def thing(self) -> str:
        """Whether it falls on stages or on customers."""
        return OUTCOMES[self.outcomes[0]].dims[-1]


COMPONENTS = {
    "holding": Component("value", ("on_hand",), "holding"),
    "process_inventory": Component("value", ("wip",), "holding"),
    "purchase": Component("unit_cost", ("started",)),
    "ordering": Component("order_cost", ("orders",)),
    "expediting": Component("expedite_cost", ("expedited",)),
    "scrap": Component("scrap_cost", ("scrapped",)),
    "downtime": Component("downtime_cost", ("starved", "broken")),
    "backorder": Component("backorder_cost", ("backlog",), "time"),
    "lost_sales": Component("lost_cost", ("lost",)),
}
REVENUE = Component("price", ("shipped",))
WORKING_CAPITAL = Component("value", ("on_hand", "wip"))
_ALL = {**COMPONENTS, "revenue": REVENUE, "working_capital": WORKING_CAPITAL}
NEEDED = tuple(dict.fromkeys(["holding_rate", *(n for c in _ALL.values() for n in (c.price, *c.outcomes))]))


def costs(outcomes: xr.Dataset, resolved: bool = False) -> xr.Dataset:
    """Return what every path costs, in currency over the measured horizon.

    Parameters
    ----------
    outcomes : a result: outcomes and prices.
    resolved : whether each component keeps its stages or customers apart; total and profit never do.

    Returns
    -------
    xr.Dataset
        The variables of :data:`jitrisk.vocabulary.COSTS` with the dimensions (strategy, path), and stage or
        customer where `resolved`. Revenue and profit are there only where a price is set. The attribute
        ``per_year`` turns what adds up over the horizon into money a year.

    Raises
    ------
    ResultError
        When the Dataset is no result, or lacks an outcome or a price.
    """
    require(outcomes, NEEDED)
    selling = bool(np.any(prices(outcomes, REVENUE.price)))
    names = [*COMPONENTS, "working_capital"] + (["revenue"] if selling else [])
    parts = {name: _amount(outcomes, _ALL[name], resolved) for name in names}
    per_path = {name: part.sum(axis=1) if resolved else part for name, part in parts.items()}
    total = np.zeros((outcomes.sizes["strategy"], outcomes.sizes["path"]))
    for name in COMPONENTS:
        total += per_path[name]
    parts["total"] = total
    if selling:
        parts["profit"] = per_path["revenue"] - total
    arrays = {name: _labeled(name, parts[name], outcomes) for name in COSTS if name in parts}
    coords = {dim: outcomes.coords[dim] for dim in outcomes.coords if any(dim in a.dims for a in arrays.values())}
    return xr.Dataset(arrays, coords=coords, attrs=provenance(outcomes))


def _amount(outcomes: xr.Dataset, component: Component, resolved: bool) -> Array:
    weights = prices(outcomes, component.price)
    if component.charge == "holding":
        weights = weights * prices(outcomes, "holding_rate")[:, np.newaxis]
    if component.charge != "each":
        weights = weights * float(outcomes.attrs["periods"])
    shape = rows(outcomes, component.outcomes[0]).shape
    amount = np.zeros(shape if resolved else (shape[0], shape[2]))
    for name in component.outcomes:
        weighted(outcomes, name, weights, amount, resolved=resolved)
    return amount


def _labeled(name: str, values: Array, outcomes: xr.Dataset) -> xr.DataArray:
    variable = COSTS[name]
    if values.ndim == 3:
        variable = replace(variable, dims=(*variable.dims, _ALL[name].thing))
    return path_array(variable, values, outcomes)
