"""The exogenous part alone: drawn paths as a Dataset, and a Dataset handed in as arrays."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from jitrisk.dataset_variables import Variable
from jitrisk.datasets.hazards import build_mixture_attrs, build_mixture_coords
from jitrisk.datasets.labels import build_coordinates, build_provenance, build_variable
from jitrisk.errors import ExogenousError
from jitrisk.lower import list_members, list_names, list_series
from jitrisk.lower.lead_times import round_to_periods
from jitrisk.vocabulary import EXOGENOUS, EXTENSIONS, SAMPLING

if TYPE_CHECKING:
    from jitrisk.lower import GivenSeries
    from jitrisk.model import Network
    from jitrisk.run.job import Job
    from jitrisk.sampling.derived import Series

_ALLOWED = EXOGENOUS | EXTENSIONS
_BOUNDS = {"demand": (0.0, np.inf), "forecast": (0.0, np.inf), "lead_time": (1.0, np.inf)}
_SHARE = (0.0, 1.0)


def label_paths(network: Network, drawn: Mapping[Series | GivenSeries, np.ndarray], job: Job) -> xr.Dataset:
    """Return series as a Dataset, drawn, derived or handed in; what is not random is there as a constant.

    Variables of features that no stage or customer has are left out.

    Parameters
    ----------
    network : one strategy's network.
    drawn : arrays of shape (paths, periods), by series.
    job : what was drawn.

    Returns
    -------
    Dataset with dims (path, time, stage | customer).
    """
    by_name: dict[tuple[str, str], np.ndarray] = {one.key: array for one, array in drawn.items()}
    shape, names = (len(job.paths), network.horizon), list_names(network)
    variables = {}
    for kind, variable in _ALLOWED.items():
        if kind in EXTENSIONS and not any(key[0] == kind for key in by_name):
            continue
        rows = [
            by_name.get((kind, name), np.broadcast_to(_compute_default(network, kind, name), shape))
            for name in names[variable.dims[-1]]
        ]
        array = np.stack(rows, axis=-1) if rows else np.empty((*shape, 0))
        variables[kind] = build_variable(variable, array)
    coords = build_coordinates(path=job.paths, time=range(network.horizon), **names)
    attrs = build_provenance(network, job) | build_mixture_attrs(job)
    return xr.Dataset(variables, coords=coords | build_mixture_coords(job), attrs=attrs)


def is_weighted(paths: xr.Dataset) -> bool:
    """Return whether exogenous paths carry weights, or raise ExogenousError where they should and do not."""
    found = [name for name in SAMPLING if name in paths.coords]
    if not found and "rare" not in paths.attrs:
        return False
    lost = [f"the coordinate {name}" for name in SAMPLING if name not in found]
    if "rare" not in paths.attrs:
        lost.append("the attribute rare")
    if lost:
        raise ExogenousError(
            f"the exogenous paths were sampled with rare=True and have lost {', '.join(lost)}: no average over them "
            "would be right; hand in what jr.sample returned, or a selection of its paths"
        )
    return True


def copy_weights(result: xr.Dataset, paths: xr.Dataset | None) -> xr.Dataset:
    """Return a result with the weights of the exogenous paths that were handed in, where they have any."""
    if paths is None or not is_weighted(paths):
        return result
    coords = {name: ("path", paths[name].values, paths[name].attrs) for name in SAMPLING}
    return result.assign_coords(coords).assign_attrs(rare=paths.attrs["rare"])


def _compute_default(network: Network, kind: str, name: str) -> np.float32:
    constant = float(round_to_periods(network.stages[name].lead_time.mean())) if kind == "lead_time" else 1.0
    return np.float32(constant)


def read_given_series(network: Network, paths: xr.Dataset) -> dict[tuple[str, str], np.ndarray]:
    """Return the series of a Dataset handed in, checked, by (kind, stage or customer).

    Parameters
    ----------
    network : the model they are for.
    paths : Dataset with any of the exogenous variables, dims (path, time, stage | customer).

    Returns
    -------
    Arrays of shape (paths, periods), float32.

    Raises
    ------
    ExogenousError
        If a variable, stage or customer is unknown, dimensions or the number of periods do not fit, or a
        value is not finite or not allowed.
    """
    unknown = [str(name) for name in paths.data_vars if name not in _ALLOWED]
    if unknown:
        raise ExogenousError(f"unknown exogenous variable {unknown[0]!r}: allowed are {', '.join(_ALLOWED)}")
    if not paths.data_vars:
        raise ExogenousError(f"no exogenous variable found: hand in one of {', '.join(_ALLOWED)}")
    given = dict(pair for name in paths.data_vars for pair in _read_series(network, paths[name], _ALLOWED[str(name)]))
    drawn = {series.key for series in list_series(network)}
    # A constant of the model is not drawn: each strategy keeps its own.
    return {
        key: values
        for key, values in given.items()
        if key in drawn or key[0] == "demand" or (values != _compute_default(network, *key)).any()
    }


def warn_of_patches(
    network: Network, strategies: Mapping[str, Network], given: Mapping[tuple[str, str], np.ndarray]
) -> None:
    """Warn where a strategy patches a series that was handed in: it is used as it is, for all strategies."""
    if not given:
        return
    usual = set(list_series(network))
    for name, patched in strategies.items():
        own = [one for one in list_series(patched) if one not in usual and one.key in given]
        if own:
            what = ", ".join(f"{one.kind} of {one.stage_or_customer}" for one in own)
            warnings.warn(f"strategy {name} patches {what}, but the paths handed in replace it", stacklevel=3)


def _read_series(
    network: Network, array: xr.DataArray, variable: Variable
) -> Iterator[tuple[tuple[str, str], np.ndarray]]:
    if set(array.dims) != set(variable.dims):
        raise ExogenousError(f"{variable.name} has dims {array.dims}: allowed are {variable.dims}")
    if array.sizes["time"] != network.horizon:
        raise ExogenousError(
            f"{variable.name} covers {array.sizes['time']} periods: the horizon of the model is {network.horizon}"
        )
    if "time" in array.coords and array["time"].values.tolist() != list(range(network.horizon)):
        raise ExogenousError(f"{variable.name} has times that do not count from 0 to {network.horizon - 1} in order")
    dim = variable.dims[-1]
    known = list_members(network)[dim]
    if dim not in array.coords:
        raise ExogenousError(f"{variable.name} does not say which {dim} is which: give it a {dim!r} coordinate")
    if not array.indexes[dim].is_unique:
        raise ExogenousError(f"{variable.name} names a {dim} twice")
    values = array.transpose(dim, "path", "time").values
    for k, name in enumerate(array[dim].values.tolist()):
        if name not in known:
            raise ExogenousError(f"{variable.name} names an unknown {dim} {name!r}: allowed are {', '.join(known)}")
        yield (variable.name, name), _check_series(values[k], variable, name)


def _check_series(values: np.ndarray, variable: Variable, name: str) -> np.ndarray:
    lowest, highest = _BOUNDS.get(variable.name, _SHARE)
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(values, dtype=np.float32)
    if not np.isfinite(values).all():
        raise ExogenousError(f"{variable.name} of {name!r} has values that are not finite")
    if values.size and (values.min() < lowest or values.max() > highest):
        raise ExogenousError(
            f"{variable.name} of {name!r} lies between {values.min():g} and {values.max():g}: "
            f"allowed is {lowest:g} to {highest:g}"
        )
    if variable.name == "lead_time" and (values != np.floor(values)).any():
        raise ExogenousError(f"lead_time of {name!r} is not in whole periods")
    if variable.name == "open" and ((values != 0) & (values != 1)).any():
        raise ExogenousError(f"open of {name!r} has values between 0 and 1: allowed are 0 and 1")
    return values
