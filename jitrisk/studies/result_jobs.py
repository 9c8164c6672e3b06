"""The paths of a result simulated again: the same job, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from jitrisk import datasets
from jitrisk.arguments import parse_strategies, read_draws
from jitrisk.errors import ResultError
from jitrisk.lower import lower_all
from jitrisk.model import Network
from jitrisk.run.job import Horizon, Job


def build_result_job(
    result: xr.Dataset,
    network: Network,
    strategies: Sequence[str],
    paths: int | range | None,
    exogenous: xr.Dataset | None = None,
) -> Job:
    """Return the job of some paths of a result.

    Parameters
    ----------
    result : the result, whose seed, warm-up and mixture of rare hazards the job has.
    network : its model.
    strategies : names of the strategies to run.
    paths : path numbers; None for those handed in.
    exogenous : the exogenous paths, where they were handed in.

    Raises
    ------
    ResultError
        If the result lacks a strategy or its seed, or was simulated with other exogenous paths.
    """
    chosen = parse_strategies(network, strategies)
    mixture = datasets.read_mixture(result.attrs)
    draws = read_draws(network, paths, result.attrs.get("seed", 0), exogenous, mixture)
    _require_same(result, strategies, draws.given)
    # A result can measure another part of its paths than its model says.
    horizon = Horizon(network.horizon, int(result.attrs.get("warm_up", network.warm_up)))
    return replace(draws, horizon=horizon).build_job(lower_all(chosen, draws.ranges))


def _require_same(result: xr.Dataset, strategies: Sequence[str], given: Mapping[tuple[str, str], np.ndarray]) -> None:
    """Raise ResultError unless a result has the strategies, a seed, and the same series handed in."""
    known = [str(name) for name in result["strategy"].values] if "strategy" in result.dims else []
    for name in strategies:
        if known and name not in known:
            raise ResultError(f"there is no strategy {name!r} in the result: it has {', '.join(known)}")
    if "seed" not in result.attrs:
        raise ResultError("the Dataset does not say with which seed it was simulated: use what jr.simulate returned")
    then, now = set(datasets.read_given_names(result.attrs)), set(given)
    if then == now:
        return
    before = datasets.format_given_names(then)
    if not now:
        raise ResultError(
            f"the result was simulated with {before} handed in: hand the same paths in again, "
            "as jr.replay(..., exogenous=paths)"
        )
    after = datasets.format_given_names(now)
    raise ResultError(f"the result was simulated with {before or 'nothing'} handed in, and this time it is {after}")
