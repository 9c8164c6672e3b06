"""The rank of a path among those of its run, and the path of a given rank."""

from __future__ import annotations

import numpy as np
import xarray as xr

from jitrisk.errors import ResultError, format_suggestion
from jitrisk.risk.design import Point, read_design
from jitrisk.risk.inputs import Array
from jitrisk.risk.intervals import CONFIDENCE, require_probability
from jitrisk.risk.variables import read_finite_rows
from jitrisk.vocabulary import PATH_RANK


def find_worst_path(metrics: xr.Dataset, strategy: str, metric: str) -> int:
    """Return the number of the path on which a metric is worst, the lowest of several.

    Parameters
    ----------
    metrics : every path's metrics, as :func:`jitrisk.risk.metrics` returns them.
    strategy : the strategy.
    metric : the metric; the one at its bad end is the worst, so the least profit and the greatest cost.

    Raises
    ------
    ResultError
        If there is no such metric or strategy, or a value is not finite.
    """
    return _read_path_number(metrics, int(np.argmax(_compute_losses(metrics, strategy, metric))))


def find_quantile_path(metrics: xr.Dataset, strategy: str, metric: str, quantile: float) -> int:
    """Return the number of the path at a quantile of a metric, the lowest of several with its value.

    Parameters
    ----------
    metrics, strategy, metric : as in :func:`find_worst_path`.
    quantile : a probability; the path is the one whose value is the least that the distribution reaches it at.
    """
    column = _select_metric(metrics, strategy, metric)
    wanted, *_ = read_design(metrics).quantiles(column, [Point(require_probability("quantile", quantile))], CONFIDENCE)
    return _read_path_number(metrics, int(np.argmax(column == wanted.value)))


def rank_path(metrics: xr.Dataset, strategy: str, path: int, ranked: bool = True) -> xr.Dataset:
    """Return the metrics of one path and its rank among all.

    Parameters
    ----------
    metrics, strategy : as in :func:`find_worst_path`.
    path : number of the path.
    ranked : whether the paths are those of a run; otherwise the rank is left out.

    Returns
    -------
    The variables of :data:`jitrisk.vocabulary.PATH_RANK`, dim metric. The rank counts the paths that are worse, plus 1,
    each as one, whatever its weight.
    """
    at = int(np.flatnonzero(metrics["path"].values == path)[0])
    names = [str(name) for name in metrics]
    arrays = {
        "metric_value": np.array([_select_metric(metrics, strategy, name)[at] for name in names]),
        "metric_unit": np.array([metrics[name].attrs["units"] for name in names], dtype=np.str_),
        "metric_per_year": np.array([metrics[name].attrs["per_year"] for name in names]),
    }
    if ranked:
        losses = (_compute_losses(metrics, strategy, name) for name in names)
        worse, design = [loss > loss[at] for loss in losses], read_design(metrics)
        arrays["metric_rank"] = np.array([1 + int(each.sum()) for each in worse])
        arrays["metric_worse_probability"] = np.array([float(design.mean(each)) for each in worse])
    variables = {name: ("metric", array, PATH_RANK[name].build_attrs()) for name, array in arrays.items()}
    attrs = {"run_paths": metrics.sizes["path"]} if ranked else {}
    return xr.Dataset(variables, {"metric": np.array(names, dtype=np.str_)}, attrs)


def _compute_losses(metrics: xr.Dataset, strategy: str, metric: str) -> Array:
    column = _select_metric(metrics, strategy, metric)
    return -column if metrics[metric].attrs["bad_tail"] == "lower" else column


def _select_metric(metrics: xr.Dataset, strategy: str, metric: str) -> Array:
    if metric not in metrics:
        names = [str(name) for name in metrics]
        raise ResultError(
            f"there is no metric {metric!r}: the result has {', '.join(names)}{format_suggestion(metric, names)}"
        )
    column: Array = read_finite_rows(metrics[metric].sel(strategy=[strategy]))[0]
    return column


def _read_path_number(metrics: xr.Dataset, at: int) -> int:
    return int(metrics["path"].values[at])
