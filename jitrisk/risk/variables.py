"""Any variable of a result by its name: outcomes, metrics and costs, checked and with their bad ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from jitrisk.errors import ResultError, format_suggestion
from jitrisk.risk.inputs import Array, build_path_coords, compute_year_factor, is_about_a_year, read_provenance, require
from jitrisk.risk.metrics import metrics
from jitrisk.risk.money import costs
from jitrisk.vocabulary import COSTS, CYCLES, KEPT, KEPT_METRICS, METRICS, OCCURRENCES, OUTCOMES

_DERIVED = {"metric": (METRICS, metrics), "cost": (COSTS, costs)}


def select_variables(outcomes: xr.Dataset, names: Sequence[str] = ()) -> xr.Dataset:
    """Return variables of a result by their names.

    A name is looked for among the variables of the Dataset, then among the metrics, then among the costs: ``stockout``
    is each customer's outcome here, and the metric of that name stands in :func:`~jitrisk.risk.metrics`.

    Parameters
    ----------
    outcomes : a result.
    names : the names; by default every variable of the Dataset that has paths.

    Raises
    ------
    ResultError
        When the Dataset is no result, there is no such variable, or what it is computed from is missing.
    """
    require(outcomes, ())
    found = {str(name): array for name, array in outcomes.items() if "path" in array.dims}
    if KEPT in outcomes.attrs:
        # Outcomes and metrics may share a name, and a metric must not stand for the outcome that is not kept.
        require(outcomes, [name for name in names if name in OUTCOMES or name in CYCLES])
    if outcomes.attrs.get(KEPT) == KEPT_METRICS:
        found |= {str(name): array for name, array in metrics(outcomes).items()}
        if absent := [name for name in names if name in METRICS and name not in found]:
            raise ResultError(format_unknown_name("variable", absent[0], found))
    for table, computed in _DERIVED.values():
        if any(name in table and name not in found for name in names):
            found = {str(name): array for name, array in computed(outcomes).items()} | found
    for name in names:
        if name not in found:
            raise ResultError(format_unknown_name("variable", name, [*found, *METRICS, *COSTS]))
    kept = {name: found[name] for name in names or found}
    attrs = {name: value for name, value in read_provenance(outcomes).items() if name != "priced"}
    return xr.Dataset(kept, attrs=attrs).assign_coords(build_path_coords(outcomes))


def format_unknown_name(what: str, name: str, known: Iterable[str]) -> str:
    """Return the message that there is no such name, with those there are and the nearest of them."""
    names = list(dict.fromkeys(known))
    return f"unknown {what} {name!r}: there are {', '.join(names)}{format_suggestion(name, names)}"


def select_metric(metrics: xr.Dataset, name: str) -> xr.DataArray:
    """Return one variable of dimensions (strategy, path), or raise ResultError where there is none."""
    known = [str(other) for other, array in metrics.items() if set(array.dims) == {"strategy", "path"}]
    if name not in known:
        raise ResultError(format_unknown_name("metric", name, known))
    return complete_attrs(metrics[name], metrics)


def complete_attrs(array: xr.DataArray, dataset: xr.Dataset) -> xr.DataArray:
    """Return a variable with its bad end (``bad_tail``) and its factor to a value per year (``per_year``).

    Where it does not say so itself, the vocabulary does for outcomes, and anything else is taken to be bad when high
    and no total. A first stockout that never came is set to the end of the horizon, the last moment it is known for.

    Parameters
    ----------
    array : the variable.
    dataset : the Dataset it is from.
    """
    _require_paths(array)
    variable = (OUTCOMES | CYCLES | OCCURRENCES).get(str(array.name))
    if "bad_tail" in array.attrs or variable is None:
        return array.assign_attrs({"bad_tail": "upper", "per_year": 1.0} | array.attrs)
    attrs: dict[str, Any] = {**array.attrs, "bad_tail": variable.bad_tail}
    attrs["per_year"] = compute_year_factor(dataset) if variable.total else 1.0
    if variable.name == "first_stockout":
        end = int(dataset.attrs["warm_up"]) + int(dataset.attrs["periods"])
        attrs["long_name"] = f"first period in which the customer was short, {end} (the end) if none"
        array = array.where(array >= 0, end)
    return array.assign_attrs(attrs)


def _require_paths(array: xr.DataArray) -> None:
    others = [dim for dim in array.dims if dim not in ("strategy", "path")]
    if len(others) > 1 or array.ndim != len(others) + 2:
        raise ResultError(
            f"{array.name} has the dimensions ({', '.join(map(str, array.dims))}), it needs strategy, path and at most "
            "one more, such as stage; to keep one strategy, select it as a list: sel(strategy=[...])"
        )


def compute_losses(array: xr.DataArray) -> Array:
    """Return values as :func:`read_finite_rows` does, the sign reversed where low is bad: more is always worse."""
    return read_finite_rows(array) * (-1.0 if array.attrs["bad_tail"] == "lower" else 1.0)


def read_finite_rows(array: xr.DataArray) -> Array:
    """Return values as float64 ``[strategy, ..., path]``, or raise ResultError for no path or what is not finite."""
    turned = array.transpose("strategy", ..., "path")
    if not turned.sizes["path"]:
        raise ResultError(f"{array.name} has no path; select at least one")
    values = np.asarray(turned.values, dtype=np.float64)
    with np.errstate(all="ignore"):
        # One sum shows it, without memory for one flag per value.
        if np.isfinite(values.sum()):
            return values
    wrong = ~np.isfinite(values)
    if wrong.any():
        first = tuple(np.argwhere(wrong)[0])
        strategy, *_, path = (
            turned[dim].values[k] if dim in turned.coords else k for dim, k in zip(turned.dims, first, strict=True)
        )
        raise ResultError(
            f"{array.name} is {values[first]} in {wrong.sum():,} of {wrong.size:,} values, first on path "
            f"{path} of strategy {strategy}; look there for a price or an outcome that is not a finite number"
        )
    return values


def compute_horizon_factor(array: xr.DataArray) -> float:
    """Return what single paths of a variable are scaled by: to a year where they are about that long, else not at all.

    A mean over the paths may be scaled from any horizon to a year. What one path adds up to may not: a bad month is no
    twelfth of a bad year.
    """
    per_year = float(array.attrs["per_year"])
    return per_year if is_about_a_year(1 / per_year) else 1.0


def build_horizon_attrs(array: xr.DataArray) -> dict[str, Any]:
    """Return the attributes of a variable once it is scaled by its :func:`compute_horizon_factor`."""
    units, factor = str(array.attrs.get("units", "1")), compute_horizon_factor(array)
    if factor == 1.0:
        return dict(array.attrs)
    return {**array.attrs, "units": f"{units}/year", "per_year": 1.0}
