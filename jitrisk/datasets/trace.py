"""Time series as Datasets: the trace of many paths, and the replay of one path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from jitrisk.datasets.hazards import build_mixture_attrs, build_mixture_coords
from jitrisk.datasets.labels import build_coordinates, build_provenance, build_variable
from jitrisk.datasets.outline import list_factors
from jitrisk.lower import list_names
from jitrisk.lower.exogenous import CUSTOMER_EFFECTS, STAGE_EFFECTS
from jitrisk.model import Hit
from jitrisk.run.tracing import TRACED
from jitrisk.vocabulary import CYCLES, EXOGENOUS, EXTENSIONS, OUTCOMES, PRICES, REPLAYED_OCCURRENCES, TRACE

if TYPE_CHECKING:
    from jitrisk.model import Network
    from jitrisk.run.job import Job
    from jitrisk.run.tracing import Trace
    from jitrisk.sampling.series import Occurrence

_EFFECTS = STAGE_EFFECTS | CUSTOMER_EFFECTS


def label_trace(network: Network, trace: Trace, job: Job) -> xr.Dataset:
    """Return what happened in every period as a Dataset.

    Parameters
    ----------
    network : the model.
    trace : what was recorded; the Dataset shares its memory.
    job : what was run.

    Returns
    -------
    Dataset with the variables of :data:`jitrisk.vocabulary.TRACE`, dims (strategy, path, time, stage | customer).
    """
    arrays = {
        name: array for dim, names in TRACED.items() for name, array in zip(names, trace.arrays[dim], strict=True)
    }
    variables = {
        name: build_variable(variable, arrays[name].transpose(0, 3, 2, 1), network.currency)
        for name, variable in TRACE.items()
    }
    coords = build_coordinates(
        strategy=list(job.strategies), path=job.paths, time=range(network.horizon), **list_names(network)
    )
    attrs = build_provenance(network, job) | build_mixture_attrs(job) | {"contents": "trace"}
    return xr.Dataset(variables, coords | build_mixture_coords(job), attrs)


def label_replay(
    network: Network, run: xr.Dataset, exogenous: xr.Dataset, occurrences: Sequence[Occurrence]
) -> xr.Dataset:
    """Return what the replay of one path holds beside its trace: occurrences, exogenous series, prices and outcomes.

    Parameters
    ----------
    network : the strategy's network.
    run : the outcomes of the path, as `label_outcomes` returns them, without the dims strategy and path.
    exogenous : its exogenous series, as `label_paths` returns them, without the dim path.
    occurrences : the occurrences of the strategy's hazards on the path.
    """
    names = [name for name in (*network.stages, *network.customers) if _is_hit_by_hazard(network, name)]
    effect = np.full((len(occurrences), len(names), len(Hit.needed)), np.nan)
    for k, occurrence in enumerate(occurrences):
        for at, name in enumerate(names):
            effect[k, at] = _list_acting_factors(network, occurrence, name)
    arrays: dict[str, Any] = {
        "hazard": np.array([occurrence.hazard for occurrence in occurrences], dtype=np.str_),
        "hit": np.isfinite(effect).any(axis=-1),
        "effect": effect,
    }
    for name in ("begin", "end", "recovered"):
        arrays[name] = np.array([min(getattr(one, name), network.horizon) for one in occurrences], dtype=float)
    variables: dict[str, Any] = {
        name: build_variable(variable, arrays[name]) for name, variable in REPLAYED_OCCURRENCES.items()
    }
    variables |= {name: exogenous[name].variable for name in (*EXOGENOUS, *EXTENSIONS) if name in exogenous}
    variables |= {name: run[name].variable for name in PRICES if name in run}
    for name, variable in (OUTCOMES | CYCLES).items():
        if name not in run:
            continue
        values = run[name].variable
        variables[f"path_{name}"] = xr.Variable(
            values.dims, values.values, {**values.attrs, "long_name": f"of the whole path: {variable.sentence}"}
        )
    links = {name: coord.variable for name, coord in run.coords.items() if coord.dims and name not in run.dims}
    return xr.Dataset(variables, build_coordinates(stage_or_customer=names, effect_kind=Hit.needed) | links)


def _is_hit_by_hazard(network: Network, name: str) -> bool:
    return any(name in hazard.hits for hazard in network.hazards.values())


def _list_acting_factors(network: Network, occurrence: Occurrence, name: str) -> list[float]:
    """Return the factors of an occurrence on a stage or customer by kind of effect, NaN for those that do not act.

    An occurrence does not act on a series that was given.
    """
    acting = {kind for kind, stage_or_customer, _ in occurrence.hits if stage_or_customer == name}
    if not acting:
        return list_factors(None)
    idle = {field: None for field, kind in _EFFECTS.items() if kind not in acting}
    return list_factors(network.hazards[occurrence.hazard].hits[name].model_copy(update=idle))


def find_differing_outcomes(one: xr.Dataset, other: xr.Dataset) -> list[str]:
    """Return the outcomes that both hold and that have not the same bits in both."""
    shared = (name for name in (*OUTCOMES, *CYCLES, "occurrences") if name in one and name in other)
    return [name for name in shared if not np.array_equal(one[name].values, other[name].values)]
