"""What a NetCDF file must be before its values are read: plain variables in the file itself, all of them stored."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py

from jitrisk.datasets.storage.hdf5_layout import find_value_ranges
from jitrisk.datasets.storage.proportion import require_proportion
from jitrisk.errors import ResultError

_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
_DIMENSION_ONLY = b"This is a netCDF dimension but not a netCDF variable"
_MOST_OBJECTS = 500  # variables of a file, or attributes of one of them; opening takes time for each
_MOST_READ = 2**28  # bytes of text that may be in memory while it is measured


def read_netcdf_attributes(path: Path) -> dict[str, Any]:
    """Return the attributes of a NetCDF file that are numbers or text, without a look at its variables."""
    with h5py.File(path, "r") as file:
        _check_attributes(file, path.stat().st_size)
        return dict(file.attrs)


def require_safe_netcdf(path: Path) -> dict[str, int]:
    """Raise ResultError unless a NetCDF file is safe to read and holds all that it declares.

    Returns
    -------
    The first byte of every variable whose values stand in one piece as this machine holds them, by name.
    """
    size = path.stat().st_size
    with h5py.File(path, "r") as file:
        _check_attributes(file, size)
        if len(file) > _MOST_OBJECTS:
            raise ResultError(f"is refused: it holds {len(file):,} variables, of which no result has {_MOST_OBJECTS}")
        declared = stored = 0
        native = set()
        for name in file:
            if not isinstance(file.get(name, getlink=True), h5py.HardLink):
                raise ResultError(f"is refused: {name!r:.60} is a link to elsewhere, which no result holds")
            variable = file[name]
            if not isinstance(variable, h5py.Dataset):
                raise ResultError(f"is refused: {name!r:.60} is no variable")
            _check_attributes(variable, size)
            if not _is_dimension_only(variable):
                declared, stored = declared + _check_variable(variable, size), stored + variable.id.get_storage_size()
                if variable.dtype.kind in "iuf" and variable.dtype.isnative:
                    native.add(name)
        places = {name: start for name, (start, _) in find_value_ranges(file).items() if name in native}
    require_proportion(declared, stored)
    return places


def _is_dimension_only(variable: h5py.Dataset) -> bool:
    """Return whether a variable only states the length of a dimension, and has no values."""
    return bytes(variable.attrs.get("NAME", b"")).startswith(_DIMENSION_ONLY)


def _check_variable(variable: h5py.Dataset, size: int) -> int:
    """Return the bytes that a variable declares, or raise where it is not to be read."""
    name = variable.name
    if variable.is_virtual or variable.external:
        raise ResultError(f"is refused: {name!r:.60} lies in another file")
    text = h5py.check_string_dtype(variable.dtype)
    if text is None and variable.dtype.kind not in "iufb":
        raise ResultError(f"is refused: {name!r:.60} has the dtype {variable.dtype!s:.60}, which no result has")
    properties = variable.id.get_create_plist()
    used = {properties.get_filter(number)[0] for number in range(properties.get_nfilters())}
    if used - _FILTERS:
        raise ResultError(f"is refused: {name!r:.60} is coded by the filter {min(used - _FILTERS)}")
    if variable.size and not _is_stored(variable, bool(used)):
        raise ResultError(f"is damaged: a part of {name!r:.60} is not stored")
    if text is not None and text.length is None:
        _check_text(variable, size)
    return int(variable.nbytes)


def _is_stored(variable: h5py.Dataset, filtered: bool) -> bool:
    if variable.chunks is not None:
        needed = math.prod(math.ceil(n / step) for n, step in zip(variable.shape, variable.chunks, strict=True))
        if variable.id.get_num_chunks() != needed:
            return False
    return filtered or variable.id.get_storage_size() >= variable.size * variable.id.get_type().get_size()


def _check_text(variable: h5py.Dataset, size: int) -> None:
    """Raise where texts together are longer than the file, which many references to one text can be."""
    total = sum(len(text) for part in _read_parts(variable, max(1, _MOST_READ // size)) for text in part)
    if total > size:
        raise ResultError(f"is refused: the texts of {variable.name!r:.60} are longer than the file")


def _read_parts(variable: h5py.Dataset, length: int) -> Iterator[list[bytes]]:
    if not variable.shape:
        yield [variable[()]]
        return
    rows = max(1, length // max(1, math.prod(variable.shape[1:])))
    for start in range(0, variable.shape[0], rows):
        yield variable[start : start + rows].ravel().tolist()


def _check_attributes(owner: h5py.HLObject, size: int) -> None:
    """Raise where there are very many attributes, or one declares more than the file can hold, or many texts."""
    if len(owner.attrs) > _MOST_OBJECTS:
        raise ResultError(f"is refused: {owner.name!r:.60} has {len(owner.attrs):,} attributes; no result has so many")
    for name in owner.attrs:
        attribute = owner.attrs.get_id(name)
        count = attribute.get_space().get_simple_extent_npoints()
        if count * attribute.get_type().get_size() > size:
            raise ResultError(f"is damaged: its attribute {name!r:.60} is larger than the file")
        if count > 1 and h5py.check_string_dtype(attribute.dtype) is not None:
            raise ResultError(f"is refused: its attribute {name!r:.60} holds several texts")
