"""The outcomes of a run as one Dataset with names, units, prices and provenance."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from jitrisk import __version__
from jitrisk.core_tables import list_totals
from jitrisk.dataset_variables import Variable
from jitrisk.datasets.hazards import (
    build_evidence_arrays,
    build_mixture_attrs,
    build_mixture_coords,
    build_occurrence_array,
)
from jitrisk.errors import ResultError
from jitrisk.lower import list_members, list_names
from jitrisk.vocabulary import CYCLES, DIMENSIONS, KEPT, KEPT_CYCLES, LINKS, OCCURRENCES, OUTCOMES, PRICES

if TYPE_CHECKING:
    from jitrisk.model import Network, Stage
    from jitrisk.run.job import Job
    from jitrisk.run.totals import Totals

FORMAT = 6
"""Version of the Dataset's layout, raised with every change of it; files of another version are refused."""

_LIBRARIES = ("numpy", "numba", "xarray", "scipy")


def label_outcomes(network: Network, strategies: Mapping[str, Network], totals: Totals, job: Job) -> xr.Dataset:
    """Return the totals of a run as a Dataset with units, prices and provenance.

    Parameters
    ----------
    network : the model.
    strategies : the networks that were run, by name, in the order of the totals.
    totals : what was kept, all outcomes or some; the Dataset shares its memory.
    job : what was run: the paths, the seed, the hazards, and what was handed in.

    Returns
    -------
    Dataset with dims (strategy, path, stage | customer | hazard).
    """
    kept = {name for names in totals.names.values() for name in names}
    outcomes = {
        name: build_variable(variable, totals.read(name).transpose(0, 2, 1))
        for name, variable in (OUTCOMES | CYCLES).items()
        if name in kept
    }
    counted = label_occurrences(network, strategies, totals.occurrences, job)
    cycles = {name: outcomes.pop(name) for name in CYCLES if name in outcomes}
    variables: dict[Any, Any] = {
        **outcomes,
        **_build_price_variables(network, strategies),
        **counted.data_vars,
        **cycles,
    }
    if len(kept) < sum(len(list_totals(dim, job.has_cycles)) for dim in totals):
        counted.attrs |= {KEPT: ", ".join([*outcomes, *cycles]), KEPT_CYCLES: int(job.has_cycles)}
    return xr.Dataset(variables, counted.coords, counted.attrs)


def label_occurrences(
    network: Network, strategies: Mapping[str, Network], occurrences: np.ndarray, job: Job
) -> xr.Dataset:
    """Return what a result holds beside its outcomes and prices: coordinates, occurrences of hazards, and provenance.

    Parameters
    ----------
    network : the model.
    strategies : the networks that were run, by name.
    occurrences : int32, shape (hazards of the job, paths).
    job : what was run.
    """
    hazards = list(network.hazards)
    arrays = {"occurrences": build_occurrence_array(occurrences, job, hazards)} | build_evidence_arrays(job, hazards)
    variables = {name: build_variable(variable, arrays[name]) for name, variable in OCCURRENCES.items()}
    coords = build_coordinates(strategy=list(strategies), path=job.paths, **list_names(network), hazard=hazards)
    coords |= build_link_coordinates(strategies) | build_mixture_coords(job)
    attrs = build_provenance(network, job) | build_mixture_attrs(job)
    if job.given:
        attrs["exogenous"] = encode_given_names(job.given)
    return xr.Dataset(variables, coords=coords, attrs=attrs)


def label_prices(network: Network, strategies: Mapping[str, Network], job: Job) -> xr.Dataset:
    """Return the prices of a run, with the strategies, stages and customers that they are of, and its paths.

    Parameters
    ----------
    network : the model.
    strategies : the networks that are run, by name.
    job : what is run.
    """
    coords = build_coordinates(strategy=list(strategies), path=job.paths, **list_names(network))
    coords |= build_link_coordinates(strategies)
    return xr.Dataset(_build_price_variables(network, strategies), coords, build_provenance(network, job))


def _build_price_variables(network: Network, strategies: Mapping[str, Network]) -> dict[str, xr.Variable]:
    arrays = build_price_arrays(list(strategies.values()))
    return {name: build_variable(variable, arrays[name], network.currency) for name, variable in PRICES.items()}


def encode_given_names(given: Iterable[tuple[str, str]]) -> str:
    """Return the attribute ``exogenous``: a JSON list of (variable, stage or customer), sorted."""
    return json.dumps(sorted(given), ensure_ascii=False)


def read_given_names(attrs: Mapping[Any, Any]) -> tuple[tuple[str, str], ...]:
    """Return which exogenous series of a result were handed in, by (variable, stage or customer); empty if none.

    Parameters
    ----------
    attrs : attributes of a result.

    Raises
    ------
    ResultError
        If the attribute ``exogenous`` is not a JSON list of pairs of texts, or has a pair twice.
    """
    try:
        pairs = json.loads(attrs.get("exogenous", "[]"))
    except (TypeError, ValueError, RecursionError):
        pairs = None
    if not isinstance(pairs, list) or not all(map(_is_pair_of_texts, pairs)):
        raise ResultError(f"is damaged: its exogenous is {attrs['exogenous']!r:.60}, no JSON list of pairs of names")
    found = tuple((variable, name) for variable, name in pairs)
    if len(set(found)) < len(found):
        raise ResultError(f"is damaged: its exogenous is {attrs['exogenous']!r:.60}, which has a pair twice")
    return found


def _is_pair_of_texts(pair: Any) -> bool:
    # A text of two characters can be unpacked like a pair, and so can a mapping of two keys.
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair)


def format_given_names(given: Iterable[tuple[str, str]]) -> str:
    """Return exogenous series in words, such as ``demand of shop, yield of press``.

    Parameters
    ----------
    given : series by (variable, stage or customer).
    """
    return ", ".join(f"{variable} of {name}" for variable, name in sorted(given))


def build_variable(variable: Variable, array: np.ndarray, currency: str = "money") -> xr.Variable:
    """Return one variable with the dims, dtype and attributes of the vocabulary."""
    return xr.Variable(variable.dims, array.astype(variable.dtype, copy=False), variable.build_attrs(currency))


def build_coordinates(**values: Sequence[Any]) -> dict[str, xr.Variable]:
    """Return coordinate variables for the dimensions named, each with its long name."""
    return {
        name: xr.Variable(
            name,
            np.arange(value.start, value.stop) if isinstance(value, range) else np.array(value, dtype=np.str_),
            {"long_name": DIMENSIONS[name].sentence},
        )
        for name, value in values.items()
    }


def build_provenance(network: Network, job: Job) -> dict[str, Any]:
    """Return the attributes from which the run can be repeated."""
    return {
        "jitrisk_format": FORMAT,
        "jitrisk_version": __version__,
        "name": network.name,
        "period_hours": float(network.period),
        "horizon": job.horizon.periods,
        "warm_up": job.horizon.warm_up,
        "periods": job.horizon.counted,
        "currency": network.currency,
        "seed": job.seed,
        "paths": len(job.paths),
        "first_path": job.paths.start,
        "model": network.text,
        "model_hash": network.digest,
        "libraries": _list_versions(),
    }


@cache
def _list_versions() -> str:
    """Return the versions of the libraries as JSON; they are read once, which takes as long as some hundred paths."""
    return json.dumps({name: metadata.version(name) for name in _LIBRARIES})


def build_link_coordinates(strategies: Mapping[str, Network]) -> dict[str, xr.Variable]:
    """Return the coordinates that say what belongs to what, one row per strategy; `standby_of` where one has it."""
    networks = strategies.values()
    found = {
        "customer_stage": [[customer.stage for customer in network.customers.values()] for network in networks],
        "standby_of": [[_find_failed_stage(stage) for stage in network.stages.values()] for network in networks],
    }
    if not any(map(any, found["standby_of"])):
        del found["standby_of"]
    return {
        name: xr.Variable(LINKS[name].dims, np.array(rows, dtype=np.str_), {"long_name": LINKS[name].sentence})
        for name, rows in found.items()
    }


def _find_failed_stage(stage: Stage) -> str:
    """Return the stage whose failure opens a standby source, empty for other stages."""
    return "" if stage.standby is None else stage.standby.of


def build_price_arrays(networks: Sequence[Network]) -> dict[str, np.ndarray]:
    """Return every price, one row per strategy; where a stage has none of its own, that of its network holds."""

    def build_price_array(item: str, dim: str) -> np.ndarray:
        rows = [[getattr(one, item) for one in list_members(network)[dim].values()] for network in networks]
        return np.array(
            [
                [getattr(network, item) if price is None else price for price in row]
                for network, row in zip(networks, rows, strict=True)
            ]
        )

    prices = {}
    for name, variable in PRICES.items():
        if variable.dims == ("strategy",):
            prices[name] = np.array([getattr(network, name) for network in networks])
        else:
            prices[name] = build_price_array(name, variable.dims[-1])
    return prices
