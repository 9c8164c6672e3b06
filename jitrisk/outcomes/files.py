"""Results to files and back: NetCDF4 to hand over, Zarr for large ones; a file appears whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import xarray as xr

from jitrisk.errors import ResultError, did_you_mean
from jitrisk.outcomes.soundness import require_sound
from jitrisk.regular_files import FOLDER, special_kind
from jitrisk.targets import check_folder, replacing
from jitrisk.vocabulary import CONTENTS, RESULT_SUFFIXES

_SPARE = 1_000_000  # bytes left on a disk beside what is written


def is_result(source: object) -> TypeGuard[str | os.PathLike[str]]:
    """Whether a source of a model is rather the name of a file that a result is kept in."""
    return isinstance(source, str | os.PathLike) and Path(source).suffix in RESULT_SUFFIXES


def check_target(path: str | os.PathLike[str]) -> Path:
    """Return where a result is to be written, or raise ResultError before any work is done."""
    target = Path(path)
    if target.suffix not in RESULT_SUFFIXES:
        raise ResultError(
            f"{target}: unknown kind of file {target.suffix!r}: allowed are {' and '.join(RESULT_SUFFIXES)}"
        )
    check_folder(target)
    if (kind := special_kind(target)) and kind != FOLDER:
        raise ResultError(f"{target}: is {kind}: choose another name")
    if target.is_dir() != (target.suffix == ".zarr") and target.exists():
        raise ResultError(f"{target}: is a {'folder' if target.is_dir() else 'file'}: choose another name")
    if target.exists() and not _is_ours(target):
        raise ResultError(f"{target}: exists and is no result of jitrisk: choose another name, or move it away")
    return target


def _is_ours(path: Path) -> bool:
    """Whether a file or folder is a result, which a new one may replace."""
    try:
        with xr.open_dataset(path, engine="zarr" if path.is_dir() else "h5netcdf", **_reading(path)) as opened:
            return "jitrisk_format" in opened.attrs
    except Exception:  # the readers raise whatever their formats find wrong
        return False


def _reading(path: Path) -> dict[str, Any]:
    return {"consolidated": False} if path.is_dir() else {}


def _check_space(dataset: xr.Dataset, target: Path) -> None:
    """Refuse to begin what cannot be finished: the HDF5 library does not survive a disk that fills up."""
    free = shutil.disk_usage(target.parent).free
    if free < dataset.nbytes + _SPARE:
        raise ResultError(
            f"{target}: could not be written: it takes {dataset.nbytes / 1e6:,.1f} MB "
            f"and {free / 1e6:,.1f} MB are free there"
        )


def _reserve(path: Path, size: int) -> None:
    """Ask the disk for room and give it back, or raise OSError: there may be less than its free space says.

    Quotas and limits of a process are not in it.
    """
    if not hasattr(os, "posix_fallocate"):
        return
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)
    path.unlink()


def save_result(dataset: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write a Dataset to ``FILE.nc`` or ``FILE.zarr``, beside the target first and then in its place.

    Raises
    ------
    ResultError
        If the file cannot be written; nothing is left behind.
    """
    target = check_target(path)
    if "jitrisk_format" not in dataset.attrs:
        raise ResultError(f"{target}: only outcomes and exogenous paths are kept: this Dataset has no jitrisk_format")
    _check_space(dataset, Path(os.path.realpath(target)))
    with replacing(target) as fresh:
        try:
            if target.suffix == ".nc":
                _reserve(fresh.with_name("room"), dataset.nbytes + _SPARE)
                dataset.to_netcdf(fresh, engine="h5netcdf")
            else:
                _as_objects(dataset).to_zarr(fresh, consolidated=False)
        except Exception as error:  # the writers raise whatever their formats cannot hold
            raise ResultError(f"{target}: could not be written: {_reason(error)}") from error


def open_result(path: str | os.PathLike[str]) -> xr.Dataset:
    """Read a result back into memory.

    Raises
    ------
    ResultError
        If there is no such file, or it is no result of this or an older version.
    """
    with reading(path) as stored:
        return _attempted(path, stored.load)


@contextmanager
def reading(path: str | os.PathLike[str]) -> Iterator[xr.Dataset]:
    """Open a result without reading it into memory: every variable is read when it is used, and not kept.

    Raises
    ------
    ResultError
        If there is no such file, or it is no result of this or an older version.
    """
    source = Path(path)
    kind = special_kind(source)
    if kind and kind != FOLDER:
        raise ResultError(f"{source}: is {kind}; a result is read from a file: save it in one and give its name")
    if not os.path.exists(source):
        raise ResultError(f"{source}: there is no such file")
    engine = "zarr" if source.is_dir() else "h5netcdf"
    opened = _attempted(source, lambda: xr.open_dataset(source, engine=engine, cache=False, **_reading(source)))
    with opened:
        yield _attempted(source, lambda: _sound(source, _named(opened)))


def _attempted(source: str | os.PathLike[str], read: Callable[[], xr.Dataset]) -> xr.Dataset:
    try:
        return read()
    except ResultError:
        raise
    except Exception as error:  # the readers raise whatever their formats find wrong
        raise ResultError(f"{Path(source)}: is not a result of jitrisk: {_reason(error)}") from error


def _sound(source: Path, dataset: xr.Dataset) -> xr.Dataset:
    try:
        require_sound(dataset)
    except ResultError as error:
        raise ResultError(f"{source}: {error}") from None
    return dataset


def _named(dataset: xr.Dataset) -> xr.Dataset:
    """Return a dataset with its names as fixed-width text, which files keep in types of their own."""
    return dataset.assign(
        {
            name: (array.dims, np.array(array.values.tolist(), dtype=np.str_).reshape(array.shape), array.attrs)
            for name, array in dataset.variables.items()
            if array.dtype.kind in "OT"
        }
    )


def select_strategies(dataset: xr.Dataset, names: Sequence[str]) -> xr.Dataset:
    """Return a result with only the strategies named, in that order; all of them where none is named.

    Raises
    ------
    ResultError
        If the result has no such strategy.
    """
    if (contents := dataset.attrs.get("contents")) in CONTENTS:
        raise ResultError(f"no strategies to choose from: this is {CONTENTS[contents]}, not the outcomes of a run")
    known = [str(name) for name in dataset["strategy"].values] if "strategy" in dataset.coords else []
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known)
            raise ResultError(f"unknown strategy {name!r}: the result has {', '.join(known)}{hint}")
    return dataset.sel(strategy=list(names)) if names else dataset


def _as_objects(dataset: xr.Dataset) -> xr.Dataset:
    """Return the Dataset with text as objects: Zarr v3 has no settled type for fixed-width text."""
    return dataset.assign(
        {name: array.astype(object) for name, array in dataset.variables.items() if array.dtype.kind == "U"}
    )


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).splitlines()[0] if str(error) else type(error).__name__
