"""The last year of every path of a result, measured alone."""

from __future__ import annotations

import os
from dataclasses import replace

import xarray as xr

from jitrisk import datasets
from jitrisk.arguments import OutcomesAsked, build_backend, load_network, open_stored, parse_strategies
from jitrisk.errors import ResultError
from jitrisk.model import Network
from jitrisk.risk.inputs import is_longer_than_a_year, require
from jitrisk.run import engine
from jitrisk.run.backends import Backend
from jitrisk.run.job import Horizon
from jitrisk.studies.keeping import Keeping, read_kept_names
from jitrisk.studies.result_jobs import build_result_job
from jitrisk.units import HOURS_PER_YEAR
from jitrisk.vocabulary import OUTCOMES, PRICES


def measure_last_year(source: xr.Dataset | str | os.PathLike[str], *, threads: int | None = None) -> xr.Dataset:
    """Simulate the paths of a result again and measure the last year of each alone.

    Exceedance curves, return periods and the tail of a year need paths that measure a year.

    Parameters
    ----------
    source : a result of `simulate`, or a file of one.
    threads : threads to use; all cores by default.

    Returns
    -------
    A result with the same paths and prices that keeps the same, whose warm-up ends a year before the horizon; the
    result itself where it measures no more than about a year.

    Raises
    ------
    ResultError
        If the result does not carry its model, or its exogenous paths were handed in.
    """
    with open_stored(source) as result:
        if result is None:
            raise ResultError(f"{source}: is no result: hand in what simulate returned, or a file of it")
        kept = read_kept_names(result.attrs)
        require(result, OUTCOMES if kept is None else ())
        return simulate_last_year(result, load_network(result), build_backend(threads), kept)


def simulate_last_year(
    result: xr.Dataset, network: Network, backend: Backend, outcomes: OutcomesAsked = None
) -> xr.Dataset:
    """Return what `measure_last_year` does, for a result whose model is read already.

    Parameters
    ----------
    result : the result.
    network : its model.
    backend : what simulates the paths again.
    outcomes : what is kept of the last year.
    """
    hours = float(result.attrs["period_hours"])
    if not is_longer_than_a_year(int(result.attrs["periods"]) * hours / HOURS_PER_YEAR):
        return result
    if given := datasets.read_given_names(result.attrs):
        raise ResultError(
            f"the paths of the result were handed in ({datasets.format_given_names(given)}), and a result does not "
            "hold them, so that the last year of each cannot be measured alone"
        )
    chosen = parse_strategies(network, [str(name) for name in result["strategy"].values])
    job = build_result_job(result, network, list(chosen), _read_consecutive_paths(result))
    job = replace(job, horizon=Horizon(network.horizon, network.horizon - round(HOURS_PER_YEAR / hours)))
    prices = {price: result[price] for price in PRICES if price in result}
    keeping = Keeping(network, chosen, job, outcomes, prices=prices)
    engine.run_blocks(job, keeping.kept, backend)
    return keeping.label(job.paths).assign_attrs(measured="last year")


def _read_consecutive_paths(result: xr.Dataset) -> range:
    first, count = int(result["path"].values[0]), result.sizes["path"]
    if int(result["path"].values[-1]) != first + count - 1:
        raise ResultError("the paths of the result are not consecutive: hand in a range of them")
    return range(first, first + count)
