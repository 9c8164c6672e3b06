"""What a Dataset read from a file must be before anything is made of it: whole, and of a format known here."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import xarray as xr

from jitrisk.errors import ResultError
from jitrisk.outcomes.dataset import FORMAT
from jitrisk.printable import first_unprintable

_TEXTS = ("name", "currency", "model_hash", "jitrisk_version")
_SHOWN = ("name", "currency", "exogenous", "jitrisk_version")
_JSON = ("model", "libraries", "repriced", "rare")
_COUNTS = ("seed", "first_path", "warm_up", "paths", "horizon", "periods")
_NAMED = ("strategy", "stage", "customer", "hazard")


def require_sound(dataset: xr.Dataset) -> None:
    """Raise unless a Dataset is one that was written by this or an older version, and has not suffered since.

    Raises
    ------
    ResultError
        When its format is unknown, an attribute is not of its kind, a name is missing, there twice or not printable,
        or there is no path or strategy in it.
    """
    version = dataset.attrs.get("jitrisk_format")
    if version is None:
        raise ResultError("is not a result of jitrisk: it has no jitrisk_format")
    if not isinstance(version, int | np.integer):
        raise ResultError(f"is not a result of jitrisk: its jitrisk_format is {version!r}, no whole number")
    if version > FORMAT:
        raise ResultError(f"was written by a newer jitrisk (format {version}, this one reads {FORMAT})")
    for name, value in dataset.attrs.items():
        if name in _SHOWN and (strange := first_unprintable(str(value))):
            raise ResultError(f"is refused: its {name} contains {strange}, which no name has")
        if wanted := _wanted(str(name), value):
            raise ResultError(f"is damaged: its {name} is {_shown(value)}, no {wanted}")
    for dim in ("strategy", "path"):
        if dataset.sizes.get(dim) == 0:
            raise ResultError(f"is empty: it holds no {dim}")
    for dim in _NAMED:
        if dim in dataset.dims:
            _require_names(dataset, dim)


def _wanted(name: str, value: Any) -> str:
    """Return of what kind an attribute should be, where it is of another."""
    if name in _COUNTS:
        whole = isinstance(value, int | np.integer) and value >= 0
        return "" if whole else "whole number of at least 0"
    if name == "period_hours":
        number = isinstance(value, int | float | np.number) and 0 < value < math.inf
        return "" if number else "number above 0"
    if name in _TEXTS:
        return "" if isinstance(value, str) else "text"
    return "JSON" if name in _JSON and not _is_json(value) else ""


def _is_json(value: Any) -> bool:
    try:
        json.loads(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _require_names(dataset: xr.Dataset, dim: str) -> None:
    if dim not in dataset.coords:
        raise ResultError(f"is damaged: it does not say which {dim} is which")
    names = [str(name) for name in dataset[dim].values]
    for name in names:
        if strange := first_unprintable(name):
            raise ResultError(f"is refused: the name of a {dim} contains {strange}, which no name has")
    twice = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
    if twice is not None:
        raise ResultError(f"is damaged: it has the {dim} {twice!r} twice")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
