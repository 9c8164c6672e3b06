"""Reading a result: what a Dataset must hold before anything is computed from it, and sums over stages or customers.

Arrays over paths are indexed ``[strategy, stage | customer, path]``, the order in which results lie in memory, so
that each pass runs along contiguous paths and copies nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from jitrisk.dataset_variables import Variable
from jitrisk.errors import ResultError
from jitrisk.units import HOURS_PER_YEAR
from jitrisk.vocabulary import CONTENTS, CYCLES, KEPT, KEPT_METRICS, OUTCOMES, PRICES, RAREST, SAMPLING

Array = npt.NDArray[np.float64]

ReadOutcome = Callable[[str], npt.NDArray[Any]]
"""Returns an outcome by its name, as ``[strategy, stage | customer, path]``."""

_ABOUT = 0.25
_CHUNK = 1 << 13  # paths of which sums are computed at a time, so that they stay in the cache
_PROVENANCE = (
    *("name", "currency", "period_hours", "warm_up", "periods", "seed", "rare", "priced"),
    *("model_hash", "jitrisk_version"),
)
_NEEDED_ATTRS = ("jitrisk_format", "period_hours", "periods")
# Prices that a Dataset may lack, each with its neutral value.
_LATER = {
    **{"days_receivable": 0.0, "days_payable": 0.0, "fixed_cost": 0.0},
    **{"owned_in_process": 1.0, "shortage_cost": 0.0},
}
_ADVICE = "use what jr.simulate or jr.open returned"


def require(outcomes: xr.Dataset, names: Iterable[str]) -> None:
    """Raise unless the Dataset is a result that holds these outcomes and prices.

    Parameters
    ----------
    outcomes : the Dataset a computation is about to read.
    names : variables it will read.

    Raises
    ------
    ResultError
        When attributes, dimensions or variables are missing or misshapen, or there is no path or strategy.
    """
    if (contents := outcomes.attrs.get("contents")) in CONTENTS:
        raise ResultError(f"not a result of jitrisk but {CONTENTS[contents]}; {_ADVICE}")
    absent = [name for name in _NEEDED_ATTRS if name not in outcomes.attrs]
    if absent:
        raise ResultError(f"not a result of jitrisk: the Dataset has no attribute {_join_names(absent)}; {_ADVICE}")
    for name in ("period_hours", "periods"):
        _require_positive(name, outcomes.attrs[name])
    if "path" not in outcomes.dims and "rare" in outcomes.attrs:
        raise ResultError(
            "the paths were sampled with rare=True, and an average over them needs their weights: "
            "use .risk, or outcomes.weighted(outcomes.weight).mean('path')"
        )
    for dim in ("strategy", "path"):
        if not outcomes.sizes.get(dim):
            raise ResultError(f"the Dataset has no {dim}; to keep one, select it as a list: sel({dim}=[...])")
    names = tuple(names)
    _require_kept(outcomes, names)
    absent = [name for name in names if name not in outcomes and name not in _LATER]
    if absent:
        raise ResultError(f"the Dataset lacks {_join_names(absent)}; {_ADVICE}")
    for name in (name for name in names if name in outcomes):
        _require_dims(outcomes[name], (OUTCOMES | CYCLES).get(name) or PRICES[name])


def _require_kept(outcomes: xr.Dataset, names: Iterable[str]) -> None:
    """Raise ResultError where a result was simulated without outcomes that are read."""
    kept, counted = outcomes.attrs.get(KEPT), OUTCOMES | CYCLES
    if kept == KEPT_METRICS and any(name in counted or name in PRICES for name in names):
        raise ResultError(
            "the result keeps the metrics of every path alone, and this is computed from outcomes and prices: simulate "
            f"again without outcomes={KEPT_METRICS!r}, on the command line with --keep outcomes"
        )
    absent = [name for name in dict.fromkeys(names) if name not in outcomes and name in counted]
    if kept is not None and absent:
        raise ResultError(
            f"the result keeps some outcomes alone, and this needs {_join_names(absent)} as well: simulate again with "
            "them in outcomes=[...], or with all"
        )


def _require_positive(name: str, value: Any) -> None:
    if not isinstance(value, int | float | np.number) or not 0 < value < np.inf:
        raise ResultError(f"the attribute {name} is {value!r}, it must be a number above 0; {_ADVICE}")


def _require_dims(array: xr.DataArray, variable: Variable) -> None:
    found, allowed = set(array.dims), set(variable.dims)
    if array.dtype.kind not in ("biuf" if variable.role == "price" else "iuf"):
        raise ResultError(f"{variable.name} is of type {array.dtype}, it must be numbers; {_ADVICE}")
    unnamed = [str(dim) for dim in array.dims if dim != "path" and dim not in array.coords]
    if unnamed:
        raise ResultError(f"{variable.name} does not say which {unnamed[0]} is which: it has no coordinate; {_ADVICE}")
    # A price may lack dimensions: it then holds for all of them.
    if found - allowed or (variable.role == "outcome" and found != allowed):
        raise ResultError(
            f"{variable.name} has the dimensions ({', '.join(map(str, array.dims))}), "
            f"it needs ({', '.join(variable.dims)}); to keep one, select it as a list: sel({variable.dims[-1]}=[...])"
        )


def _join_names(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)


def compute_year_factor(outcomes: xr.Dataset) -> float:
    """Return what turns a total over the measured horizon into one over a year of 365 days."""
    return HOURS_PER_YEAR / (float(outcomes.attrs["periods"]) * float(outcomes.attrs["period_hours"]))


def is_about_a_year(years: float) -> bool:
    """Return whether a horizon is so near a year that what one path adds up to may be scaled to a year."""
    return abs(years - 1) < _ABOUT


def is_longer_than_a_year(years: float) -> bool:
    """Return whether a horizon is so long that what one path adds up to is not that of a year."""
    return years > 1 and not is_about_a_year(years)


def read_provenance(outcomes: xr.Dataset) -> dict[str, Any]:
    """Return the attributes that a Dataset derived from a result carries on, and ``per_year``."""
    kept = {name: outcomes.attrs[name] for name in _PROVENANCE if name in outcomes.attrs}
    return {**kept, "per_year": compute_year_factor(outcomes)}


def read_outcome(outcomes: xr.Dataset, name: str) -> npt.NDArray[Any]:
    """Return an outcome as ``[strategy, stage | customer, path]``, a view where it lies in memory so."""
    dim = (OUTCOMES | CYCLES)[name].dims[-1]
    array = outcomes[name]
    # Read first, turned afterwards: a file not in memory is read in its own order many times faster.
    return np.asarray(array.values).transpose([array.dims.index(one) for one in ("strategy", dim, "path")])


def read_price(outcomes: xr.Dataset, name: str) -> Array:
    """Return a price as ``[strategy, stage | customer]`` or ``[strategy]``.

    A price without a dimension holds for all of it. A price that the Dataset lacks has its neutral value.
    """
    dims = PRICES[name].dims
    price = outcomes[name] if name in outcomes or name not in _LATER else xr.DataArray(_LATER[name])
    absent = {dim: outcomes.sizes[dim] for dim in dims if dim not in price.dims}
    return np.asarray(price.expand_dims(absent).transpose(*dims).values, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Term:
    """An outcome times a weight per strategy and stage or customer.

    Attributes
    ----------
    outcome : one of the vocabulary's outcomes.
    weights : ``[strategy, stage | customer]``; where 0, the outcome is not read.
    less : an outcome that is a part of this one and is taken off it first; none if empty.
    """

    outcome: str
    weights: Array
    less: str = ""

    @cached_property
    def columns(self) -> list[tuple[int, slice | npt.NDArray[np.intp], Array]]:
        """The stages or customers with a weight: their place, the strategies that have one, and these weights."""
        found: list[tuple[int, slice | npt.NDArray[np.intp], Array]] = []
        for place in np.flatnonzero(self.weights.any(axis=0)):
            scales = self.weights[:, place, np.newaxis]
            rows = slice(None) if scales.all() else np.flatnonzero(scales)
            found.append((int(place), rows, scales[rows]))
        return found


def add_terms(terms: Iterable[Term], read: ReadOutcome, out: Array, resolved: bool = False) -> None:
    """Add outcomes times their weights to `out`.

    Stages or customers are added one after another, so that the bits of a sum do not depend on the other
    paths.

    Parameters
    ----------
    terms : what is added.
    read : reads outcomes.
    out : float64 ``[strategy, path]``, or ``[strategy, stage | customer, path]`` where `resolved`; changed in place.
    resolved : whether stages or customers are kept apart.
    """
    for term in terms:
        if term.columns:
            _add_term(term, read(term.outcome), read(term.less) if term.less else None, out, resolved)


def _add_term(term: Term, values: npt.NDArray[Any], taken: npt.NDArray[Any] | None, out: Array, resolved: bool) -> None:
    paths = values.shape[-1]
    for start in range(0, paths, _CHUNK):
        part = slice(start, start + _CHUNK)
        for place, rows, scales in term.columns:
            if taken is None:
                found = np.multiply(values[rows, place, part], scales, dtype=np.float64)
            else:
                found = np.subtract(values[rows, place, part], taken[rows, place, part], dtype=np.float64)
                # The part can exceed the whole only by the rounding of sums.
                np.maximum(found, 0.0, out=found)
                found *= scales
            target = out[:, place, part] if resolved else out[:, part]
            if isinstance(rows, slice):
                target += found
            else:
                target[rows] += found


def build_path_coords(outcomes: xr.Dataset) -> dict[str, xr.Variable]:
    """Return the coordinates of metrics and costs: strategies, paths, their weights, and the rarest hazard."""
    coords = {name: outcomes[name].variable for name in ("strategy", "path", *SAMPLING) if name in outcomes.coords}
    if "evidence" not in outcomes.data_vars:
        kept = (name for name in RAREST if name in outcomes.coords)
        return coords | {name: outcomes[name].variable for name in kept}
    if not outcomes.sizes["hazard"]:
        return coords
    arrays = _read_rarest_hazard(outcomes)
    return coords | {name: xr.Variable(RAREST[name].dims, arrays[name], RAREST[name].build_attrs()) for name in RAREST}


def _read_rarest_hazard(outcomes: xr.Dataset) -> dict[str, npt.NDArray[Any]]:
    """Return the variables of :data:`jitrisk.vocabulary.RAREST`, of the hazard with the least evidence."""
    found, expected, occurrences = (
        outcomes[name].transpose("strategy", ..., "hazard").values
        for name in ("evidence", "expected_occurrences", "occurrences")
    )
    # A hazard that hits nothing that is drawn, or cannot begin within the horizon, is no limit.
    evidence = np.where(found > 0, found, np.inf)
    rarest, least = evidence.argmin(axis=1), evidence.min(axis=1)
    names = np.where(np.isfinite(least), outcomes["hazard"].values[rarest], "")
    # One that begins in the warm-up alone is not counted, and need not be seen.
    counted = [1 if expected[s, h] == 0 else occurrences[s, :, h] for s, h in enumerate(rarest)]
    paths = outcomes.sizes["path"]
    seen = np.stack([np.broadcast_to(row, paths) for row in counted]).astype(np.int32)
    return {"least_evidence": least, "rarest_hazard": names.astype(np.str_), "rarest_occurrences": seen}


def build_path_array(variable: Variable, values: Array, outcomes: xr.Dataset) -> xr.DataArray:
    """Label values per path with the vocabulary's attributes.

    Parameters
    ----------
    variable : what the values are.
    values : ``[strategy, path]``, or ``[strategy, stage | customer, path]`` as the variable's dimensions are.
    outcomes : the result they come from.
    """
    strategy, path, *dims = variable.dims
    attrs: Mapping[str, Any] = {
        **variable.build_attrs(str(outcomes.attrs.get("currency", "money"))),
        "bad_tail": variable.bad_tail,
        "per_year": compute_year_factor(outcomes) if variable.total else 1.0,
    }
    return xr.DataArray(values, dims=(strategy, *dims, path), attrs=attrs).transpose(*variable.dims)
