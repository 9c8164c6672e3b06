"""Results to files and back: NetCDF4 to hand over, Zarr for large ones; a file appears whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import xarray as xr

from jitrisk.errors import ResultError
from jitrisk.outcomes.dataset import FORMAT

_SUFFIXES = (".nc", ".zarr")


def check_target(path: str | os.PathLike[str]) -> Path:
    """Return where a result is to be written, or raise ResultError before any work is done."""
    target = Path(path)
    if target.suffix not in _SUFFIXES:
        raise ResultError(f"{target}: unknown kind of file {target.suffix!r}: allowed are {' and '.join(_SUFFIXES)}")
    if not target.parent.is_dir():
        raise ResultError(f"{target}: there is no folder {str(target.parent)!r}: make it first")
    if not os.access(target.parent, os.W_OK):
        raise ResultError(f"{target}: the folder {str(target.parent)!r} cannot be written to")
    if target.is_dir() != (target.suffix == ".zarr") and target.exists():
        raise ResultError(f"{target}: is a {'folder' if target.is_dir() else 'file'}: choose another name")
    return target


def save_result(dataset: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write a Dataset to ``FILE.nc`` or ``FILE.zarr``, beside the target first and then in its place.

    Raises
    ------
    ResultError
        If the file cannot be written; nothing is left behind.
    """
    target = check_target(path)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as folder:
        fresh = Path(folder) / target.name
        try:
            if target.suffix == ".nc":
                dataset.to_netcdf(fresh, engine="h5netcdf")
            else:
                _as_objects(dataset).to_zarr(fresh, consolidated=False)
            if target.is_dir():
                os.replace(target, Path(folder) / "old")
            os.replace(fresh, target)
        except (OSError, RuntimeError) as error:
            raise ResultError(f"{target}: could not be written: {_reason(error)}") from error


def open_result(path: str | os.PathLike[str]) -> xr.Dataset:
    """Read a result back into memory.

    Raises
    ------
    ResultError
        If there is no such file, or it is no result of this or an older version.
    """
    source = Path(path)
    dataset: xr.Dataset
    if not source.exists():
        raise ResultError(f"{source}: there is no such file")
    try:
        if source.is_dir():
            dataset = xr.open_zarr(source, consolidated=False, chunks=None).load()
        else:
            with xr.open_dataset(source, engine="h5netcdf") as opened:
                dataset = opened.load()
    except Exception as error:  # the readers raise whatever their formats find wrong
        raise ResultError(f"{source}: is not a result of jitrisk: {_reason(error)}") from error
    version = dataset.attrs.get("jitrisk_format")
    if version is None:
        raise ResultError(f"{source}: is not a result of jitrisk: it has no jitrisk_format")
    if version > FORMAT:
        raise ResultError(f"{source}: was written by a newer jitrisk (format {version}, this one reads {FORMAT})")
    return dataset


def select_strategies(dataset: xr.Dataset, names: Sequence[str]) -> xr.Dataset:
    """Return a result with only the strategies named, in that order; all of them where none is named.

    Raises
    ------
    ResultError
        If the result has no such strategy.
    """
    known = [str(name) for name in dataset["strategy"].values] if "strategy" in dataset.coords else []
    for name in names:
        if name not in known:
            raise ResultError(f"unknown strategy {name!r}: the result has {', '.join(known)}")
    return dataset.sel(strategy=list(names)) if names else dataset


def _as_objects(dataset: xr.Dataset) -> xr.Dataset:
    """Return the Dataset with names as objects: Zarr v3 has no settled type for fixed-width text."""
    names = {name: coord.astype(object) for name, coord in dataset.coords.items() if coord.dtype.kind == "U"}
    return dataset.assign_coords(names)


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).splitlines()[0] if str(error) else type(error).__name__
