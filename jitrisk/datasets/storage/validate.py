"""What a Dataset read from a file must be before anything is made of it: whole, and of a format known here."""

from __future__ import annotations

import json
from collections import Counter
from itertools import chain
from typing import Any

import numpy as np
import xarray as xr

from jitrisk.datasets.labels import FORMAT, read_given_names
from jitrisk.errors import ResultError
from jitrisk.printable import find_unprintable
from jitrisk.vocabulary import (
    CYCLES,
    EXOGENOUS,
    EXTENSIONS,
    KEPT,
    KEPT_CYCLES,
    KEPT_METRICS,
    KEPT_STRATEGIES,
    LINKS,
    METRICS,
    METRICS_OF_EVERY_PATH,
    OCCURRENCES,
    OUTCOMES,
    PRICES,
    SAMPLING,
    TRACE,
)

_TEXTS = ("name", "currency", "contents", "model_hash", "jitrisk_version")
_SHOWN = ("name", "currency", "jitrisk_version")
_OBJECTS = ("model", "libraries", "repriced")
_COUNTS = ("seed", "first_path", "warm_up", "paths", "horizon", "periods")
_SHORTEST, _LONGEST = 1e-9, 1e9  # hours in a period; beyond, a year has no number of periods that means anything
_NUMBERS, _WHOLE, _TEXT = "biuf", "iu", "U"
_HANDED_IN = EXOGENOUS | EXTENSIONS
_KINDS = dict.fromkeys(OUTCOMES | CYCLES | PRICES | OCCURRENCES | SAMPLING | _HANDED_IN | TRACE, _NUMBERS)
_KINDS |= {"path": _WHOLE, "time": _WHOLE, **dict.fromkeys(LINKS, _TEXT)}
_NAMED = ("strategy", "stage", "customer", "hazard")


def require_sound(dataset: xr.Dataset) -> None:
    """Raise unless a Dataset is a result of this version that is whole.

    Raises
    ------
    ResultError
        When its format is unknown, an attribute is not of its kind, a name is missing, there twice or not printable,
        a variable is of a type that no result has, or there is no path, strategy or stage in it.
    """
    require_known_format(dataset)
    for name, value in dataset.attrs.items():
        if name in _SHOWN and (strange := find_unprintable(str(value))):
            raise ResultError(f"is refused: its {name} contains {strange}, which no name has")
        if wanted := _find_expected_type(str(name), value):
            raise ResultError(f"is damaged: its {name} is {_format_value(value)}, no {wanted}")
    _require_given_names(dataset)
    _require_kept(dataset)
    for dim in ("strategy", "path", "stage"):
        if dataset.sizes.get(dim) == 0:
            raise ResultError(f"is empty: it holds no {dim}")
    for dim in _NAMED:
        if dim in dataset.dims:
            _require_names(dataset, dim)
    for name, kinds in _KINDS.items():
        if name in dataset.variables and dataset[name].dtype.kind not in kinds:
            raise ResultError(f"is damaged: its {name} is of type {dataset[name].dtype}, which no result has")


def _require_kept(dataset: xr.Dataset) -> None:
    """Raise unless a result that does not hold all outcomes holds what it says."""
    kept = dataset.attrs.get(KEPT)
    if kept is None:
        return
    if kept == KEPT_METRICS:
        _require_metrics(dataset)
        return
    names = kept.split(", ") if isinstance(kept, str) else []
    known = OUTCOMES | CYCLES
    if not names or any(name not in known for name in names):
        raise ResultError(f"is damaged: its kept is {_format_value(kept)}, no list of outcomes")
    if (cycles := dataset.attrs.get(KEPT_CYCLES)) not in (0, 1):
        raise ResultError(f"is damaged: its {KEPT_CYCLES} is {_format_value(cycles)}, neither 0 nor 1")
    held = [name for name in known if name in dataset.variables]
    if not set(held) <= set(names):  # a user may have dropped some
        raise ResultError(f"is damaged: it says that it keeps {_format_value(kept)}, and holds {', '.join(held)}")


def _require_kept_strategies(dataset: xr.Dataset) -> None:
    text = dataset.attrs.get(KEPT_STRATEGIES, "[]")
    try:
        names = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ResultError(f"is damaged: its {KEPT_STRATEGIES} is {_format_value(text)}, no JSON list of names")
    if strange := find_unprintable("".join(names)):
        raise ResultError(f"is refused: its {KEPT_STRATEGIES} contains {strange}, which no name has")


def _require_metrics(dataset: xr.Dataset) -> None:
    """Raise unless a result that keeps metrics holds them and nothing that they are computed from."""
    if other := [name for name in OUTCOMES | CYCLES | PRICES if name in dataset.variables and name not in METRICS]:
        raise ResultError(f"is damaged: it says that it keeps metrics alone, and holds {other[0]!r}")
    if type(priced := dataset.attrs.get("priced")) not in (int, np.int64) or priced not in (0, 1):
        raise ResultError(f"is damaged: its priced is {_format_value(priced)}, neither 0 nor 1")
    _require_kept_strategies(dataset)
    for name in METRICS_OF_EVERY_PATH:
        if name not in dataset.variables:
            raise ResultError(f"is damaged: it lacks the metric {name!r}")
    for name in (name for name in METRICS if name in dataset.variables):
        array = dataset[name]
        if set(array.dims) != set(METRICS[name].dims) or array.dtype != np.float64:
            raise ResultError(f"is damaged: its metric {name!r} is of type {array.dtype} with dims {array.dims}")
        if strange := find_unprintable(str(array.attrs.get("over", ""))):
            raise ResultError(f"is refused: the attribute over of {name!r} contains {strange}, which no name has")


def require_known_format(dataset: xr.Dataset) -> None:
    """Raise ResultError unless a Dataset has the layout that this version writes."""
    version = dataset.attrs.get("jitrisk_format")
    if version is None:
        raise ResultError("is not a result of jitrisk: it has no jitrisk_format")
    if not isinstance(version, int | np.integer):
        raise ResultError(f"is not a result of jitrisk: its jitrisk_format is {version!r:.60}, no whole number")
    if version > FORMAT:
        raise ResultError(f"was written by a newer jitrisk (format {version}, this one reads {FORMAT})")
    if version < FORMAT:
        raise ResultError(
            f"was written by an older jitrisk (format {version}, this one reads {FORMAT}): simulate it again"
        )


def _require_given_names(dataset: xr.Dataset) -> None:
    """Raise unless every series that was handed in is an exogenous variable of a stage or customer of the model."""
    given = read_given_names(dataset.attrs)
    for text in chain.from_iterable(given):
        if strange := find_unprintable(text):
            raise ResultError(f"is refused: its exogenous contains {strange}, which no name has")
    for variable, name in given:
        if variable not in _HANDED_IN:
            known = ", ".join(_HANDED_IN)
            raise ResultError(f"is damaged: its exogenous has {variable!r:.60}, but exogenous series are {known}")
        dim = _HANDED_IN[variable].dims[-1]
        if name not in _list_members(dataset, dim):
            raise ResultError(f"is damaged: its exogenous has {variable} of {name!r:.60}, which is no {dim} of it")


def _list_members(dataset: xr.Dataset, dim: str) -> set[str]:
    """Return the names of all stages or customers: those in a result, and those of its model, where it is a part."""
    members = set(map(str, np.atleast_1d(dataset[dim].values))) if dim in dataset.coords else set()
    model = _parse_json(dataset.attrs.get("model"))
    section = model.get(f"{dim}s") if isinstance(model, dict) else None
    return members | (set(section) if isinstance(section, dict) else set())


def _find_expected_type(name: str, value: Any) -> str:
    """Return of what kind an attribute should be, where it is of another."""
    if name in _COUNTS:
        whole = isinstance(value, int | np.integer) and value >= 0
        return "" if whole else "whole number of at least 0"
    if name == "period_hours":
        number = isinstance(value, int | float | np.number) and _SHORTEST <= value <= _LONGEST
        return "" if number else f"number of hours from {_SHORTEST:g} to {_LONGEST:g}"
    if name in _TEXTS:
        return "" if isinstance(value, str) else "text"
    if name in _OBJECTS or name == "rare":
        found = _parse_json(value)
        if name == "rare":
            return "" if isinstance(found, list) else "JSON list"
        whole = isinstance(found, dict) and (name != "repriced" or all(map(_is_pair, found.values())))
        return "" if whole else "JSON object" + (" of pairs of prices" if name == "repriced" else "")
    return ""


def _parse_json(value: Any) -> Any:
    """Return what JSON says; None where it is none."""
    try:
        return json.loads(value)
    except (TypeError, ValueError, RecursionError):
        return None


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2


def _require_names(dataset: xr.Dataset, dim: str) -> None:
    if dim not in dataset.coords:
        raise ResultError(f"is damaged: it does not say which {dim} is which")
    names = [str(name) for name in dataset[dim].values]
    for name in names:
        if strange := find_unprintable(name):
            raise ResultError(f"is refused: the name of a {dim} contains {strange}, which no name has")
    twice, times = next(iter(Counter(names).most_common(1)), ("", 0))
    if times > 1:
        raise ResultError(f"is damaged: it has the {dim} {twice!r} twice")


def _format_value(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
