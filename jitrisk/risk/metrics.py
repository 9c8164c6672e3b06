"""Metrics per path: cost, profit, downtime, days short, fill rate, capital, units expired and in overtime."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from jitrisk.errors import ResultError
from jitrisk.provenance import read_stage_keys
from jitrisk.risk import money
from jitrisk.risk.inputs import (
    Array,
    ReadOutcome,
    Term,
    add_terms,
    build_path_array,
    build_path_coords,
    read_outcome,
    read_price,
    read_provenance,
    require,
)
from jitrisk.risk.pricing import Pricing, read_pricing, require_outcomes
from jitrisk.units import HOURS_PER_DAY
from jitrisk.vocabulary import (
    CYCLES,
    KEPT,
    KEPT_CYCLES,
    KEPT_METRICS,
    KEPT_STRATEGIES,
    METRICS,
    METRICS_OF_EVERY_PATH,
    METRICS_OF_FEATURES,
    PRICES,
)

# Outcomes that are read whatever the prices are.
_COUNTED = ("starved", "broken", "stockout", "filled", "demand", "backlog", "peak_backlog", "lost")
_SHOWN = 5

Objective = Literal["cost", "profit"]


def select_objective(metrics: xr.Dataset) -> Objective:
    """Return by which metric strategies are compared: profit where a price is set, else cost."""
    return "profit" if "profit" in metrics else "cost"


def metrics(outcomes: xr.Dataset) -> xr.Dataset:
    """Return every path's metrics over the measured horizon.

    Parameters
    ----------
    outcomes : a result: outcomes and prices, or the metrics that were kept in place of them.

    Returns
    -------
    xr.Dataset
        The variables of :data:`jitrisk.vocabulary.METRICS` with the dimensions (strategy, path). The fill rate of a
        path without demand is 1. Profit is there only where a price is set; gross margin, turns, days of inventory
        and cash cycle only where prices and values are set and every path has one; the cycle service level and the
        stock at a receipt only where stores are replenished in cycles and something arrived on every path; units
        expired only where some stage of the model has a shelf life, and units in overtime where one has overtime.

    Raises
    ------
    ResultError
        When the Dataset is no result, or lacks an outcome or a price.
    """
    if outcomes.attrs.get(KEPT) == KEPT_METRICS:
        return _read_kept_metrics(outcomes)
    has_cycles = bool(outcomes.attrs.get(KEPT_CYCLES, all(name in outcomes for name in CYCLES)))
    require_outcomes(outcomes, _list_counted(has_cycles, _find_features(outcomes)))
    formulas = read_formulas(outcomes, has_cycles)
    values = compute_metrics(formulas, partial(read_outcome, outcomes), outcomes.sizes["path"])
    return label_metrics(formulas, values, outcomes)


@dataclass(frozen=True, eq=False)
class MetricFormulas:
    """All that metrics are computed with beside the outcomes of the paths.

    Attributes
    ----------
    pricing : what outcomes cost and earn.
    sums : by metric or outcome, what is summed over stages or customers.
    has_cycles : whether stores are replenished in cycles.
    features : the metrics that there are because some stage of the model has a feature.
    members : by metric, the stages or customers that it is summed over.
    has_differing_prices : whether strategies set different prices, so that which metrics there are, and over which
        stages downtime is summed, depends on all of them.
    """

    pricing: Pricing
    sums: Mapping[str, tuple[Term, ...]]
    has_cycles: bool
    features: tuple[str, ...]
    members: Mapping[str, str]
    has_differing_prices: bool

    def list_metrics(self) -> list[str]:
        """Return the metrics that there are where every path has them."""
        known = {*METRICS_OF_EVERY_PATH, *self.features}
        terms = self.pricing.terms
        known |= {"profit"} if "revenue" in terms else set()
        if "cost_of_goods" in terms:
            known |= {"turns", "days_of_inventory"} | ({"gross_margin"} if "revenue" in terms else set())
            known |= {"cash_cycle"} if self.pricing.receivable.any() or self.pricing.payable.any() else set()
        known |= {"cycle_service_level", "stock_at_receipt"} if self.has_cycles else set()
        return [name for name in METRICS if name in known]

    def list_outcomes(self) -> list[str]:
        """Return the outcomes that metrics and costs are computed from."""
        return list(dict.fromkeys([*self.pricing.list_outcomes(), *_list_counted(self.has_cycles, self.features)]))


def _find_features(outcomes: xr.Dataset) -> tuple[str, ...]:
    """Return the metrics that there are because some stage of the model has a feature."""
    keys = read_stage_keys(outcomes.attrs)
    return tuple(name for name, key in METRICS_OF_FEATURES.items() if key in keys)


def _list_counted(has_cycles: bool, features: Sequence[str]) -> list[str]:
    """Return the outcomes that are read whatever the prices are."""
    return [*_COUNTED, *(CYCLES if has_cycles else ()), *features]


def read_formulas(outcomes: xr.Dataset, has_cycles: bool) -> MetricFormulas:
    """Return what metrics of a result are computed with.

    Parameters
    ----------
    outcomes : a result, or the prices of one without its outcomes.
    has_cycles : whether stores are replenished in cycles.

    Raises
    ------
    ResultError
        When the Dataset is no result, or lacks a price.
    """
    pricing, hours = read_pricing(outcomes), float(outcomes.attrs["period_hours"])
    # By pricing its downtime the model says which line counts; the same stages count for every strategy.
    counted = np.asarray(read_price(outcomes, "downtime_cost").any(axis=0), dtype=np.bool_)
    if not counted.any():
        counted = np.ones(counted.shape, dtype=np.bool_)
    strategies, stages, customers = (outcomes.sizes[dim] for dim in ("strategy", "stage", "customer"))
    lost = np.broadcast_to(np.where(counted, hours, 0.0), (strategies, stages))
    short, each = np.full((strategies, customers), hours / HOURS_PER_DAY), np.ones((strategies, customers))
    sums = {"downtime": (Term("starved", lost), Term("broken", lost)), "stockout": (Term("stockout", short),)}
    sums |= {name: (Term(name, each),) for name in ("filled", "demand", "backlog", "lost")}
    features = _find_features(outcomes)
    sums |= {name: (Term(name, np.ones((strategies, stages))),) for name in (*CYCLES, *features)}
    over = {"downtime": outcomes["stage"].values[counted], "stockout": outcomes["customer"].values}
    members = {name: _join_first_names(names) for name, names in over.items()}
    return MetricFormulas(pricing, sums, has_cycles, features, members, _find_differing_prices(outcomes))


def _find_differing_prices(outcomes: xr.Dataset) -> bool:
    """Return whether some price is set by one strategy and not by another."""
    prices = (read_price(outcomes, name) != 0 for name in PRICES)
    return any(bool((price != price[:1]).any()) for price in prices)


def compute_metrics(formulas: MetricFormulas, read: ReadOutcome, paths: int) -> dict[str, Array]:
    """Return the metrics of some paths by name, ``[strategy, path]``; those that a path lacks are left out.

    Parameters
    ----------
    formulas : what metrics are computed with.
    read : reads outcomes of so many paths.
    paths : how many paths.
    """
    spent = money.compute_costs(formulas.pricing, read, paths)
    shape = spent["total"].shape

    def add(name: str) -> Array:
        total = np.zeros(shape)
        add_terms(formulas.sums[name], read, total)
        return total

    taken = {"cost": "total", "profit": "profit", "working_capital": "working_capital"}
    values = {name: spent[component] for name, component in taken.items() if component in spent}
    values |= money.compute_ratios(formulas.pricing, spent)
    values |= {name: add(name) for name in ("downtime", "stockout", "backlog", "lost", *formulas.features)}
    values["fill_rate"] = _compute_fill_rate(add("filled"), add("demand"))
    values["peak_backlog"] = read("peak_backlog").max(axis=1, initial=0.0)
    if formulas.has_cycles:
        values |= _compute_cycle_metrics(*map(add, CYCLES))
    return {name: values[name] for name in METRICS if name in values}


def label_metrics(formulas: MetricFormulas, values: Mapping[str, Array], outcomes: xr.Dataset) -> xr.Dataset:
    """Return metrics with units, coordinates and provenance.

    Parameters
    ----------
    formulas : what they were computed with.
    values : the metrics by name, ``[strategy, path]``.
    outcomes : the result that they are of, for its coordinates, provenance and occurrences of hazards.
    """
    arrays = {name: build_path_array(METRICS[name], array, outcomes) for name, array in values.items()}
    for name, text in formulas.members.items():
        if name in arrays:
            arrays[name].attrs["over"] = text
    attrs = read_provenance(outcomes) | {"priced": int(formulas.pricing.is_priced)}
    return xr.Dataset(arrays, build_path_coords(outcomes), attrs)


def read_kept_strategies(outcomes: xr.Dataset) -> list[str]:
    """Return the strategies whose prices kept metrics depend on together; none where each depends on its own alone."""
    return [str(name) for name in json.loads(outcomes.attrs.get(KEPT_STRATEGIES, "[]"))]


def _require_kept_strategies(outcomes: xr.Dataset) -> None:
    """Raise where metrics that depend on the prices of other strategies are read without these."""
    together = read_kept_strategies(outcomes)
    if together and set(together) != set(outcomes["strategy"].values.tolist()):
        raise ResultError(
            f"the metrics of the strategies {', '.join(together)} were computed together, and these set different "
            "prices, so that the metrics of some of them alone are others: simulate those again, or keep all outcomes"
        )


def _read_kept_metrics(outcomes: xr.Dataset) -> xr.Dataset:
    """Return the metrics of a result that keeps them in place of outcomes."""
    require(outcomes, ())
    _require_kept_strategies(outcomes)
    priced = [name for name in PRICES if name in outcomes]
    if priced:
        raise ResultError(
            f"the result keeps the metrics of every path alone, and {priced[0]!r} cannot change them: simulate again "
            f"without outcomes={KEPT_METRICS!r}"
        )
    if absent := [name for name in METRICS_OF_EVERY_PATH if name not in outcomes]:
        raise ResultError(f"the Dataset lacks the metric {absent[0]!r}; use what jr.simulate or jr.open returned")
    arrays = {}
    for name in (name for name in METRICS if name in outcomes):
        array = outcomes[name]
        if set(array.dims) != {"strategy", "path"} or array.dtype.kind != "f":
            raise ResultError(
                f"{name} is of type {array.dtype} with the dimensions ({', '.join(map(str, array.dims))}), a metric "
                "has numbers of (strategy, path); to keep one strategy, select it as a list: sel(strategy=[...])"
            )
        arrays[name] = build_path_array(METRICS[name], array.transpose("strategy", "path").values, outcomes)
        arrays[name].attrs |= {"over": str(array.attrs["over"])} if "over" in array.attrs else {}
    return xr.Dataset(arrays, build_path_coords(outcomes), read_provenance(outcomes))


def compute_metric_changes(before: xr.Dataset, after: xr.Dataset) -> xr.Dataset:
    """Return how much every path's metrics change when a result gets other prices.

    Parameters
    ----------
    before, after : the :func:`metrics` of one result under the old and the new prices.

    Returns
    -------
    xr.Dataset
        After less before, with the dimensions (strategy, path), for the metrics that both have.
    """
    shared = {name: after[name] - before[name] for name in after if name in before}
    arrays = {name: array.assign_attrs(after[name].attrs) for name, array in shared.items()}
    return xr.Dataset(arrays, build_path_coords(after), after.attrs)


def _join_first_names(names: npt.NDArray[Any]) -> str:
    # Networks have thousands of stages, and an attribute is for people.
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(str(name) for name in names[:_SHOWN]) + more


def _compute_cycle_metrics(receipts: Array, short: Array, stock: Array) -> dict[str, Array]:
    """Return what replenishment cycles show, nothing where a path has none."""
    if not (receipts > 0).all():
        return {}
    return {"cycle_service_level": 1.0 - short / receipts, "stock_at_receipt": stock / receipts}


def _compute_fill_rate(filled: Array, demand: Array) -> Array:
    rate: Array = np.ones(demand.shape)
    np.divide(filled, demand, out=rate, where=demand > 0)
    return rate
