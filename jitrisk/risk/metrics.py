"""Metrics per path: cost, profit, downtime, days short, fill rate, capital."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from jitrisk.risk import money
from jitrisk.risk.inputs import (
    Array,
    add_weighted,
    build_path_array,
    build_path_coords,
    read_outcome,
    read_price,
    read_provenance,
    require,
)
from jitrisk.units import HOURS_PER_DAY
from jitrisk.vocabulary import CYCLES, METRICS, OUTCOMES

NEEDED = tuple(dict.fromkeys([*money.NEEDED, "stockout", "filled", "demand", "peak_backlog"]))
_SHOWN = 5

Objective = Literal["cost", "profit"]


def select_objective(metrics: xr.Dataset) -> Objective:
    """Return by which metric strategies are compared: profit where a price is set, else cost."""
    return "profit" if "profit" in metrics else "cost"


def metrics(outcomes: xr.Dataset) -> xr.Dataset:
    """Return every path's metrics over the measured horizon.

    Parameters
    ----------
    outcomes : a result: outcomes and prices.

    Returns
    -------
    xr.Dataset
        The variables of :data:`jitrisk.vocabulary.METRICS` with the dimensions (strategy, path). The fill rate of a
        path without demand is 1. Profit is there only where a price is set; gross margin, turns, days of inventory
        and cash cycle only where prices and values are set and every path has one; the cycle service level and the
        stock at a receipt only where stores are replenished in cycles and something arrived on every path.

    Raises
    ------
    ResultError
        When the Dataset is no result, or lacks an outcome or a price.
    """
    require(outcomes, NEEDED)
    period_hours = float(outcomes.attrs["period_hours"])
    counted = _find_downtime_stages(outcomes)
    spent = money.costs(outcomes)
    values = _compute_money_metrics(outcomes, spent) | {
        "downtime": _sum_outcomes(outcomes, ("starved", "broken"), np.where(counted, period_hours, 0.0)),
        "stockout": _sum_outcomes(outcomes, ("stockout",), period_hours / HOURS_PER_DAY),
        "fill_rate": _compute_fill_rate(outcomes),
        **_compute_cycle_metrics(outcomes),
        "backlog": _sum_outcomes(outcomes, ("backlog",)),
        "peak_backlog": read_outcome(outcomes, "peak_backlog").max(axis=1, initial=0.0),
        "lost": _sum_outcomes(outcomes, ("lost",)),
    }
    arrays = {name: build_path_array(METRICS[name], values[name], outcomes) for name in METRICS if name in values}
    arrays["downtime"].attrs["over"] = _join_first_names(outcomes["stage"].values[counted])
    arrays["stockout"].attrs["over"] = _join_first_names(outcomes["customer"].values)
    return xr.Dataset(
        arrays, build_path_coords(spent), read_provenance(outcomes) | {"priced": int(money.is_priced(outcomes))}
    )


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


def _compute_money_metrics(outcomes: xr.Dataset, spent: xr.Dataset) -> dict[str, Array]:
    taken = {"cost": "total", "profit": "profit", "working_capital": "working_capital"}
    sums = {name: spent[component].values for name, component in taken.items() if component in spent}
    return sums | money.compute_ratios(outcomes, spent)


def _find_downtime_stages(outcomes: xr.Dataset) -> npt.NDArray[np.bool_]:
    # By pricing its downtime the model says which line counts; the same stages count for every strategy.
    priced = np.asarray(read_price(outcomes, "downtime_cost").any(axis=0), dtype=np.bool_)
    return priced if priced.any() else np.ones(priced.shape, dtype=np.bool_)


def _join_first_names(names: npt.NDArray[Any]) -> str:
    # Networks have thousands of stages, and an attribute is for people.
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(str(name) for name in names[:_SHOWN]) + more


def _sum_outcomes(outcomes: xr.Dataset, names: tuple[str, ...], weights: Array | float = 1.0) -> Array:
    total = np.zeros((outcomes.sizes["strategy"], outcomes.sizes["path"]))
    size = outcomes.sizes[(OUTCOMES | CYCLES)[names[0]].dims[-1]]
    for name in names:
        add_weighted(outcomes, name, np.broadcast_to(weights, (len(total), size)), total)
    return total


def _compute_cycle_metrics(outcomes: xr.Dataset) -> dict[str, Array]:
    """Return what replenishment cycles show, nothing where there are none or a path has none."""
    if not all(name in outcomes for name in CYCLES):
        return {}
    require(outcomes, tuple(CYCLES))
    receipts, short, stock = (_sum_outcomes(outcomes, (name,)) for name in CYCLES)
    if not (receipts > 0).all():
        return {}
    return {"cycle_service_level": 1.0 - short / receipts, "stock_at_receipt": stock / receipts}


def _compute_fill_rate(outcomes: xr.Dataset) -> Array:
    filled, demand = (_sum_outcomes(outcomes, (name,)) for name in ("filled", "demand"))
    rate: Array = np.ones(demand.shape)
    np.divide(filled, demand, out=rate, where=demand > 0)
    return rate
