"""How stock and backlog run over time: quantiles over the paths of a trace, period by period."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from jitrisk.errors import ResultError
from jitrisk.risk.design import read_design
from jitrisk.risk.intervals import require_probability

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_MEMBER_DIMS = ("stage", "customer")


def compute_trace_quantiles(trace: xr.Dataset, variable: str, quantiles: Sequence[float] = QUANTILES) -> xr.DataArray:
    """Return the quantiles over the paths of one variable of a trace, in every period.

    Parameters
    ----------
    trace : from :func:`jitrisk.trace`: variables with the dimensions (strategy, path, time, stage | customer).
    variable : one of its variables, such as ``"on_hand"`` or ``"backlog"``.
    quantiles : their probabilities; each quantile is the least value that the empirical distribution reaches it at.

    Returns
    -------
    xr.DataArray
        Dimensions (strategy, quantile, time, stage | customer), in the units of the variable.

    Raises
    ------
    ResultError
        When the Dataset is no trace, has no such variable or holds a number that is not finite, or a probability
        is not between 0 and 1.
    """
    points = [require_probability("a quantile", q) for q in quantiles]
    array = _select_variable(trace, variable)
    if not np.isfinite(array.values).all():
        raise ResultError(f"{variable} of the trace holds numbers that are not finite; trace the model again")
    axis, design = array.get_axis_num("path"), read_design(trace)
    ranked = design.rank_values(np.moveaxis(array.values, axis, -1))
    values = np.array([ranked.quantile(point) for point in points])
    dims = [str(dim) for dim in array.dims if dim != "path"]
    coords = {dim: array.coords[dim] for dim in dims if dim in array.coords}
    found = xr.DataArray(values, dims=("quantile", *dims), coords={"quantile": points, **coords}, attrs=array.attrs)
    found.attrs["paths"] = design.paths
    if "rare" in trace.attrs:
        found.attrs["rare"] = trace.attrs["rare"]
    return found.transpose("strategy", "quantile", "time", ...).rename(variable)


def find_widest(ranges: xr.DataArray) -> str:
    """Return the stage or customer whose bands are the widest, relative to the highest value they reach.

    Parameters
    ----------
    ranges : from :func:`compute_trace_quantiles`.
    """
    dim = str(ranges.dims[-1])
    values = ranges.values
    width = (values[:, -1] - values[:, 0]).mean(axis=(0, 1))
    top = np.abs(values).max(axis=(0, 1, 2))
    relative = np.divide(width, top, out=np.zeros_like(width, dtype=np.float64), where=top > 0)
    return str(ranges[dim].values[int(np.argmax(relative))])


def _select_variable(trace: xr.Dataset, variable: str) -> xr.DataArray:
    known = [str(name) for name, array in trace.data_vars.items() if {"path", "time"} <= set(array.dims)]
    if not known or "period_hours" not in trace.attrs:
        raise ResultError("not a trace: no variable has the dimensions path and time; use what jr.trace returned")
    if variable not in known:
        raise ResultError(f"the trace has no variable {variable!r}: allowed are {', '.join(known)}")
    array = trace[variable]
    if not {"strategy", "path"} <= set(array.dims) or array.dims[-1] not in _MEMBER_DIMS:
        raise ResultError(
            f"{variable} has the dimensions ({', '.join(map(str, array.dims))}), it needs strategy, path, time and a "
            "stage or customer; to keep one, select it as a list: sel(strategy=[...])"
        )
    for dim in array.dims:
        if not array.sizes[dim]:
            raise ResultError(f"the trace has no {dim}; trace at least one")
    return array
