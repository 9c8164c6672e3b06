"""Precision targets such as ``cost.cvar95:1%``: how precise an estimate is, and how many paths it needs."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import xarray as xr

from jitrisk.errors import ResultError
from jitrisk.risk.design import read_design
from jitrisk.risk.estimand import FORM, Estimand, parse_estimand
from jitrisk.risk.evidence import FEWEST, compute_path_evidence, compute_run_evidence
from jitrisk.risk.intervals import require_probability
from jitrisk.risk.statistics import describe
from jitrisk.vocabulary import RAREST

_FORM = re.compile(rf"(?P<estimand>{FORM})\s*:\s*(?P<width>[\d.]+)\s*(?P<percent>%?)")
_ENDS = {"mean": ("lower", "upper"), "var": ("var_lower", "var_upper"), "cvar": ("cvar_lower", "cvar_upper")}
_EXAMPLE = "write it like cost.cvar95:1%"


@dataclass(frozen=True)
class PrecisionTarget(Estimand):
    """A statistic of a metric, and the relative half-width its 95 % interval is to have.

    Attributes
    ----------
    width : half the interval, as a share of the estimate.
    """

    width: float

    def __str__(self) -> str:
        return f"{self.name}:{100 * self.width:.10g}%"


def parse_precision_target(text: str) -> PrecisionTarget:
    """Return the target that a text such as ``downtime.var99:2%`` stands for.

    Raises
    ------
    ResultError
        When the metric, the statistic, its level or the width is not one there can be.
    """
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise ResultError(f"the target {text!r} is no METRIC.STATISTIC:WIDTH: {_EXAMPLE}")
    estimand = parse_estimand(match["estimand"], _EXAMPLE)
    width = _parse_share(match["width"], match["percent"])
    if not 0 < width < 1:
        raise ResultError(f"the width {match['width'] + match['percent']!r} is not between 0 and 100 %: {_EXAMPLE}")
    return PrecisionTarget(**vars(estimand), width=width)


def select_target_metric(metrics: xr.Dataset, target: PrecisionTarget) -> xr.Dataset:
    """Return of some metrics that of a target alone, or raise ResultError where it is not among them."""
    if target.metric not in metrics:
        raise ResultError(f"there is no {target.metric} in this result: it holds {', '.join(map(str, metrics))}")
    return metrics[[target.metric]]


def assess_precision(metrics: xr.Dataset, target: PrecisionTarget) -> xr.Dataset:
    """Return how well the statistic of a target is known, strategy by strategy.

    Half an interval as a share of the estimate is unknown, NaN, where the interval is unknown and where the estimate
    is 0; but a value at risk whose interval is 0 alone is known.

    Parameters
    ----------
    metrics : metrics, such as :func:`~jitrisk.risk.metrics` returns.
    target : the statistic, and the width asked for.

    Returns
    -------
    xr.Dataset
        ``estimate``, ``lower`` and ``upper`` in the unit of the metric over the horizon, ``width`` (half the
        interval as a share of the estimate), ``needed`` (the paths that are likely to narrow it as asked), ``met``,
        ``zero`` (whether all that was seen is 0, so that there is nothing to take a share of) and ``unseen`` (whether
        a hazard is expected to have been seen too seldom for an interval), all of dimension strategy.

    Raises
    ------
    ResultError
        When the result does not hold the metric, or a value is not finite.
    """
    statistics = describe(select_target_metric(metrics, target), target.level, quantiles=())
    of = "" if target.statistic == "mean" else f"{target.statistic}_"
    names = (target.statistic, f"{of}lower", f"{of}upper")
    estimate, lower, upper = (statistics[target.metric].sel(statistic=name, drop=True) for name in names)
    zero = (estimate == 0) & (lower == 0) & (upper == 0)
    # Of values all 0, only order statistics say how far that can be trusted.
    exact = zero & (target.statistic == "var")
    enough = estimate_needed_paths(statistics, target.metric, target.width).sel(statistic=target.statistic, drop=True)
    width, paths = enough["width"].where(~exact, 0.0), enough["needed"].where(~exact, 0.0)
    least = xr.DataArray(compute_path_evidence(metrics), dims="strategy")
    unseen = width.isnull() & (compute_run_evidence(metrics, read_design(metrics)) < FEWEST)
    found = {"estimate": estimate, "lower": lower, "upper": upper, "width": width}
    found |= {"needed": paths.where(~unseen, np.ceil(FEWEST / least.values)), "met": width <= target.width}
    found |= {"zero": zero & ~exact, "unseen": unseen}
    attrs = {"target": str(target), "statistic": target.name, "asked": target.width, "paths": metrics.sizes["path"]}
    attrs |= {"rare": metrics.attrs["rare"]} if "rare" in metrics.attrs else {}
    coords = {
        name: metrics.coords[name] for name in RAREST if name in metrics.coords and "path" not in RAREST[name].dims
    }
    return xr.Dataset(found, coords, attrs)


def _parse_share(number: str, percent: str) -> float:
    try:
        value = float(number)
    except ValueError:  # two points
        return np.nan
    return value / 100 if percent else value


def estimate_needed_paths(statistics: xr.Dataset, metric: str = "cost", width: float = 0.01) -> xr.Dataset:
    """Return half the 95 % intervals of a metric's statistics, and how many paths narrow them as far as wanted.

    The interval of a mean, a quantile or a conditional value at risk narrows with the square root of the number of
    paths (central limit theorem; for quantiles Bahadur 1966).

    Parameters
    ----------
    statistics : from :func:`~jitrisk.risk.describe`.
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
    if metric not in statistics:
        raise ResultError(f"there is no {metric}: the statistics are of {', '.join(map(str, statistics))}")
    table = statistics[metric]
    columns = []
    for statistic, ends in _ENDS.items():
        estimate, lower, upper = (table.sel(statistic=name).values for name in (statistic, *ends))
        half = np.full(estimate.shape, np.nan)
        np.divide((upper - lower) / 2, np.abs(estimate), out=half, where=estimate != 0)
        columns.append(half)
    seen = np.stack(columns, axis=1)
    paths = float(statistics.attrs["paths"])
    dims = ("strategy", "statistic")
    arrays = {
        "width": (dims, seen, {"units": "1", "long_name": "half the 95 % interval, as a share of the estimate"}),
        "needed": (dims, paths * (seen / wanted) ** 2, {"units": "1", "long_name": "paths for the width wanted"}),
    }
    coords = {"strategy": statistics["strategy"], "statistic": list(_ENDS)}
    return xr.Dataset(arrays, coords, {"metric": metric, "wanted": wanted, "paths": statistics.attrs["paths"]})
