"""Statistics over the paths of any Dataset of values per strategy and path."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from jitrisk.errors import ResultError
from jitrisk.risk.precision import deviation, rank, standard_error
from jitrisk.risk.result import Array
from jitrisk.risk.tails import tail_risk
from jitrisk.vocabulary import STATISTICS

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def describe(values: xr.Dataset, level: float = 0.95, quantiles: Sequence[float] = QUANTILES) -> xr.Dataset:
    """Return mean, spread, tail risk and quantiles of every variable.

    Parameters
    ----------
    values : variables of dimensions (strategy, path) that say in ``bad_tail`` which end is the bad one, such as
        :func:`~jitrisk.risk.metrics` and :func:`~jitrisk.risk.costs` return.
    level : probability of the part of the paths that is not the tail.
    quantiles : probabilities of the quantiles, each the least value its distribution reaches it at.

    Returns
    -------
    xr.Dataset
        Each variable with the dimensions (strategy, statistic), see :data:`jitrisk.vocabulary.STATISTICS`, and
        beside it its ``_quantile`` with the dimensions (strategy, quantile).

    Raises
    ------
    ResultError
        When a probability is not between 0 and 1, or a value is not finite.
    """
    level = probability("level", level)
    points = [probability("a quantile", q) for q in quantiles]
    arrays: dict[str, xr.DataArray] = {}
    for name, array in values.items():
        table = np.empty((values.sizes["strategy"], len(STATISTICS)))
        points_table = np.empty((values.sizes["strategy"], len(points)))
        for s, row in enumerate(finite_rows(array)):
            table[s], points_table[s] = _row(row, level, points, low=array.attrs["bad_tail"] == "lower")
        arrays[str(name)] = xr.DataArray(table, dims=("strategy", "statistic"), attrs=array.attrs)
        arrays[f"{name}_quantile"] = xr.DataArray(points_table, dims=("strategy", "quantile"), attrs=array.attrs)
    coords = {"strategy": values["strategy"], "statistic": list(STATISTICS), "quantile": points}
    return xr.Dataset(arrays, coords, {**values.attrs, "level": level, "paths": values.sizes["path"]})


def _row(values: Array, level: float, points: Sequence[float], low: bool) -> tuple[list[float], list[float]]:
    # One sort serves all; sums over sorted values do not depend on the order of the paths.
    ordered = np.sort(values)
    losses = -ordered[::-1] if low else ordered
    tail, sign = tail_risk(losses, level), -1.0 if low else 1.0
    statistics = {
        "mean": float(ordered.mean()),
        "standard_deviation": deviation(ordered),
        "standard_error": standard_error(ordered),
        "var": sign * tail.var,
        "var_standard_error": tail.var_standard_error,
        "cvar": sign * tail.cvar,
        "cvar_standard_error": tail.cvar_standard_error,
    }
    return [statistics[name] for name in STATISTICS], [float(ordered[rank(ordered.size, q) - 1]) for q in points]


def probability(what: str, value: float) -> float:
    """Return a probability strictly between 0 and 1, or raise ResultError."""
    if not 0 < value < 1:
        raise ResultError(f"{what} is {value!r}, it must lie between 0 and 1, such as 0.95")
    return float(value)


def finite_rows(array: xr.DataArray) -> Array:
    """Return values as float64 ``[strategy, path]``, or raise ResultError where one is not finite."""
    values = np.asarray(array.transpose("strategy", "path").values, dtype=np.float64)
    wrong = ~np.isfinite(values)
    if wrong.any():
        strategy, path = np.argwhere(wrong)[0]
        raise ResultError(
            f"{array.name} is {values[strategy, path]} in {wrong.sum():,} of {wrong.size:,} values, first on path "
            f"{array['path'].values[path]} of strategy {array['strategy'].values[strategy]}; "
            "look there for a price or an outcome that is not a finite number"
        )
    return values
