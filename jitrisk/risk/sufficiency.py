"""How precise an estimate is, and how many paths would make it as precise as wanted."""

from __future__ import annotations

import numpy as np
import xarray as xr

from jitrisk.errors import ResultError
from jitrisk.risk.intervals import require_probability

_STATISTICS = {"mean": ("lower", "upper"), "var": ("var_lower", "var_upper"), "cvar": ("cvar_lower", "cvar_upper")}


def estimate_needed_paths(measures: xr.Dataset, metric: str = "cost", width: float = 0.01) -> xr.Dataset:
    """Return half the 95 % intervals of a metric's statistics, and how many paths narrow them as far as wanted.

    The interval of a mean, a quantile or a conditional value at risk narrows with the square root of the number of
    paths (central limit theorem; for quantiles Bahadur 1966).

    Parameters
    ----------
    measures : from :func:`~jitrisk.risk.describe`.
    metric : the metric.
    width : half the interval that is wanted, as a share of the estimate.

    Returns
    -------
    xr.Dataset
        ``width``, half the interval as a share of the estimate, and ``needed``, the number of paths for the one
        wanted, both of dimensions (strategy, statistic) with the statistics mean, var and cvar. Both are NaN where
        the interval is unknown or the estimate is 0.

    Raises
    ------
    ResultError
        When there is no such metric, or the width is not between 0 and 1.
    """
    wanted = require_probability("width", width)
    if metric not in measures:
        raise ResultError(f"there is no {metric} to look at; the measures are {', '.join(map(str, measures))}")
    table = measures[metric]
    columns = []
    for statistic, ends in _STATISTICS.items():
        estimate, lower, upper = (table.sel(statistic=name).values for name in (statistic, *ends))
        half = np.full(estimate.shape, np.nan)
        np.divide((upper - lower) / 2, np.abs(estimate), out=half, where=estimate != 0)
        columns.append(half)
    seen = np.stack(columns, axis=1)
    paths = float(measures.attrs["paths"])
    dims = ("strategy", "statistic")
    arrays = {
        "width": (dims, seen, {"units": "1", "long_name": "half the 95 % interval, as a share of the estimate"}),
        "needed": (dims, paths * (seen / wanted) ** 2, {"units": "1", "long_name": "paths for the width wanted"}),
    }
    coords = {"strategy": measures["strategy"], "statistic": list(_STATISTICS)}
    return xr.Dataset(arrays, coords, {"metric": metric, "wanted": wanted, "paths": measures.attrs["paths"]})
