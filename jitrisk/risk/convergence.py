"""How an estimate and its error settle as paths are added."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from jitrisk.errors import ResultError
from jitrisk.risk.design import read_design
from jitrisk.risk.evidence import compute_run_evidence
from jitrisk.risk.inputs import Array
from jitrisk.risk.intervals import CONFIDENCE, find_rank_interval, require_probability
from jitrisk.risk.statistics import RequestedStatistics, compute_statistics
from jitrisk.risk.variables import read_finite_rows, select_metric

_NAMES = {
    "mean": ("mean", "standard_error", "lower", "upper"),
    "var": ("var", "var_standard_error", "var_lower", "var_upper"),
    "cvar": ("cvar", "cvar_standard_error", "cvar_lower", "cvar_upper"),
}
_COLUMNS = {
    "estimate": "estimate from the sub-sample alone",
    "standard_error": "its standard error",
    "lower": "lower end of its interval",
    "upper": "upper end of its interval",
}
_FEWEST, _MOST_SAMPLES = 50, 12


def convergence(
    metrics: xr.Dataset,
    metric: str = "cost",
    statistic: str = "mean",
    level: float = 0.95,
    confidence: float = CONFIDENCE,
) -> xr.Dataset:
    """Return a statistic from disjoint sub-samples, each twice as large as the one before, and from all paths.

    The sub-samples share no path, so their estimates are independent: about one interval in twenty should miss the
    truth, and their widths should shrink by the root of two. Where they do not, the errors are not to be trusted.

    Parameters
    ----------
    metrics : metrics of dimensions (strategy, path), such as :func:`~jitrisk.risk.metrics` returns.
    metric : the variable.
    statistic : ``"mean"``, ``"var"`` or ``"cvar"``.
    level : level of the value at risk.
    confidence : probability that an interval covers the true value.

    Returns
    -------
    xr.Dataset
        ``estimate``, ``standard_error``, ``lower`` and ``upper`` of dimensions (strategy, sample), with the
        coordinate ``size``, and the same from all paths as ``all_estimate`` and so on, of dimension strategy. Over
        the horizon; times the attribute ``per_year`` they are per year.

    Raises
    ------
    ResultError
        When there is no such metric or statistic, a probability is not between 0 and 1, or a value is not finite.
    """
    if statistic not in _NAMES:
        raise ResultError(f"unknown statistic {statistic!r}: allowed are {', '.join(_NAMES)}")
    asked = RequestedStatistics(require_probability("level", level), (), require_probability("confidence", confidence))
    array = select_metric(metrics, metric)
    every, paths = read_finite_rows(array), array.sizes["path"]
    design = read_design(metrics)
    sizes = _compute_sizes(paths, 2 if statistic == "mean" else _compute_min_paths(asked), design.period)
    starts = np.cumsum([0, *sizes])

    def estimate_samples(spans: list[tuple[int, int]]) -> Array:
        low, names = array.attrs["bad_tail"] == "lower", _NAMES[statistic]
        columns = []
        for start, stop in spans:
            part = design.select_paths(start, stop)
            shown = compute_run_evidence(metrics.isel(path=slice(start, stop)), part)
            pairs = zip(every[:, start:stop], shown, strict=True)
            found = [compute_statistics(row, part, asked, low, float(evidence))[0] for row, evidence in pairs]
            columns.append([[one[name] for name in names] for one in found])
        return np.array(columns).transpose(1, 0, 2)

    parts = estimate_samples(list(zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)))
    whole = estimate_samples([(0, paths)])[:, 0]
    arrays: dict[str, Any] = {}
    for k, (name, sentence) in enumerate(_COLUMNS.items()):
        attrs = {**array.attrs, "long_name": f"{sentence} of the {statistic} of {metric}"}
        arrays[name] = (("strategy", "sample"), parts[..., k], attrs)
        arrays[f"all_{name}"] = ("strategy", whole[:, k], attrs)
    coords = {
        "strategy": array["strategy"].variable,
        "size": ("sample", sizes, {"units": "1", "long_name": "paths of the sub-sample"}),
    }
    known = {"metric": metric, "statistic": statistic, "level": level, "confidence": confidence, "paths": paths}
    return xr.Dataset(arrays, coords, {**metrics.attrs, **known})


def _compute_sizes(paths: int, fewest: int, step: int) -> list[int]:
    """Return sizes n, 2 n, 4 n, ... that together use nearly all paths, n not too small and a multiple of a step."""
    samples = int(np.log2(paths / max(fewest, _FEWEST, step) + 1))
    samples = min(max(samples, 1), _MOST_SAMPLES)
    first = paths // (2**samples - 1)
    return [first // min(step, first) * min(step, first) * 2**k for k in range(samples)]


def _compute_min_paths(asked: RequestedStatistics) -> int:
    """Return from about how many paths on a value at risk has an interval."""
    fewest = _FEWEST
    while find_rank_interval(fewest, asked.level, asked.confidence) is None:
        fewest = fewest + fewest // 8
    return fewest
