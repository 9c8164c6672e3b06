"""The metrics that a figure draws, from a result or from its metrics."""

from __future__ import annotations

import xarray as xr

from jitrisk import risk
from jitrisk.errors import ResultError
from jitrisk.report.figures.style import check_count


def read_metrics(metrics: xr.Dataset, metric: str) -> xr.Dataset:
    """Return the metrics of a result, or the Dataset itself where it holds them already.

    Parameters
    ----------
    metrics : a result, or its metrics as :func:`jitrisk.risk.metrics` returns them.
    metric : the metric that is to be drawn.

    Raises
    ------
    ResultError
        When it has no such metric, or too many strategies for one figure.
    """
    found = risk.metrics(metrics) if "jitrisk_format" in metrics.attrs else metrics
    check_count(found.sizes.get("strategy", 0))
    if metric not in found.data_vars:
        raise ResultError(f"unknown metric {metric!r}: allowed are {', '.join(map(str, found.data_vars))}")
    return found
