"""What one unit or period of every outcome costs or earns: all of money that no path changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr

from jitrisk.risk.inputs import Array, Term, compute_year_factor, read_price, require
from jitrisk.vocabulary import KEPT, LINKS, OUTCOMES


@dataclass(frozen=True)
class Component:
    """One component of money: a price times outcomes, or times the measured time alone.

    Attributes
    ----------
    price : the price.
    outcomes : what it is paid for; several are added. None for a price that is paid whatever happens.
    less : a part of the outcome that it is not paid for; none if empty.
    charge : "each" unit or period counted; "time": a time average, paid for every period; "holding": a time
        average of stock, of whose value the holding rate is paid for every period; "goods": each unit that a
        customer gets, at the price of the stage it comes from.
    """

    price: str
    outcomes: tuple[str, ...] = ()
    charge: Literal["each", "time", "holding", "goods"] = "each"
    less: str = ""

    @property
    def stage_or_customer(self) -> str:
        """Whether it falls on stages or on customers; empty where on neither."""
        return OUTCOMES[self.outcomes[0]].dims[-1] if self.outcomes else ""


COMPONENTS = {
    "holding": Component("value", ("on_hand",), "holding"),
    "process_inventory": Component("value", ("wip",), "holding"),
    "purchase": Component("unit_cost", ("started",)),
    "ordering": Component("order_cost", ("orders",)),
    "expediting": Component("expedite_cost", ("expedited",)),
    "overtime": Component("overtime_cost", ("overtime",)),
    "scrap": Component("scrap_cost", ("scrapped",)),
    "expiry": Component("expire_cost", ("expired",)),
    "downtime_starved": Component("downtime_cost", ("starved",)),
    "downtime_broken": Component("downtime_cost", ("broken",)),
    "backorder": Component("backorder_cost", ("backlog",), "time"),
    "lost_sales": Component("lost_cost", ("lost",)),
    "unmet_demand": Component("shortage_cost", ("demand",), less="filled"),
    "fixed": Component("fixed_cost", charge="time"),
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
_PRICES = tuple(dict.fromkeys(["holding_rate", *_TERMS, *_OWNED.values(), *(one.price for one in _ALL.values())]))
_READ = (name for one in _ALL.values() for name in (one.price, *one.outcomes, one.less) if name)
_NEEDED = tuple(dict.fromkeys(["holding_rate", *_TERMS, *_OWNED.values(), *_READ]))


def find_stage_or_customer(component: str) -> str:
    """Return whether a component of money falls on stages or on customers; an empty text where on neither."""
    return _ALL[component].stage_or_customer


@dataclass(frozen=True, eq=False)
class Pricing:
    """The prices of a result as weights of its outcomes.

    Attributes
    ----------
    terms : for every component of outcomes that the model says enough of, the terms that are added.
    fixed : by component, what is paid whatever happens, over the measured horizon, ``[strategy, 1]``.
    receivable, payable : days that customers take to pay, and that are taken to pay suppliers, ``[strategy, 1]``.
    per_year : what turns a total over the measured horizon into one per year.
    is_priced : whether anything costs or earns anything, whatever happens on the paths.
    """

    terms: Mapping[str, tuple[Term, ...]]
    fixed: Mapping[str, Array]
    receivable: Array
    payable: Array
    per_year: float
    is_priced: bool

    def list_outcomes(self) -> list[str]:
        """Return the outcomes that are read: those that cost or earn something."""
        used = [term for terms in self.terms.values() for term in terms if term.weights.any()]
        return list(dict.fromkeys(name for term in used for name in (term.outcome, term.less) if name))


def read_pricing(outcomes: xr.Dataset) -> Pricing:
    """Return the prices of a result as weights.

    Parameters
    ----------
    outcomes : a result, or the prices of one without its outcomes.

    Raises
    ------
    ResultError
        When the Dataset is no result, or lacks a price.
    """
    require(outcomes, _PRICES)
    terms = dict(_list_known_components(outcomes))
    fixed = {
        name: _compute_weights(outcomes, one)[:, np.newaxis] for name, one in COMPONENTS.items() if not one.outcomes
    }
    charged = [term.weights for name in (*COMPONENTS, "revenue") for term in terms.get(name, ())]
    receivable, payable = (read_price(outcomes, name)[:, np.newaxis] for name in _TERMS)
    is_priced = any(bool(weights.any()) for weights in (*charged, *fixed.values()))
    return Pricing(terms, fixed, receivable, payable, compute_year_factor(outcomes), is_priced)


def require_outcomes(outcomes: xr.Dataset, also: Sequence[str] = ()) -> None:
    """Raise ResultError unless a result holds the prices and outcomes of money; if some are kept, those that cost.

    Parameters
    ----------
    outcomes : a result.
    also : outcomes that it must hold beside them.
    """
    if KEPT in outcomes.attrs:
        require(outcomes, [*read_pricing(outcomes).list_outcomes(), *also])
    else:
        require(outcomes, [*_NEEDED, *also])


def _list_known_components(outcomes: xr.Dataset) -> Iterator[tuple[str, tuple[Term, ...]]]:
    """Yield every component of outcomes with its terms, but those of which the model says too little."""
    for name, component in ((name, one) for name, one in _ALL.items() if one.outcomes):
        weights = _compute_weights(outcomes, component)
        # Goods of which some have no value would cost too little, and seem to earn too much.
        enough = {"revenue": weights.any(), "cost_of_goods": weights.size and weights.all()}
        if enough.get(name, True):
            yield name, tuple(_list_terms(outcomes, component, weights))


def _list_terms(outcomes: xr.Dataset, component: Component, weights: Array) -> Iterator[Term]:
    for name in component.outcomes:
        owned = read_price(outcomes, _OWNED[name]) if name in _OWNED else 1.0
        yield Term(name, weights * owned, component.less)


def _compute_weights(outcomes: xr.Dataset, component: Component) -> Array:
    """Return what one unit of a component's outcomes costs, ``[strategy, stage | customer]`` or ``[strategy]``."""
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
