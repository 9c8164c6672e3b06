"""Results to files and back: NetCDF4 to hand over, Zarr for large ones; a file appears whole or not at all."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import xarray as xr

from jitrisk.datasets.storage.manifest import attach_manifest, compute_block_length, verify_manifest
from jitrisk.datasets.storage.proportion import is_proportionate
from jitrisk.datasets.storage.validate import require_known_format, require_sound
from jitrisk.errors import CapacityError, ResultError, format_suggestion
from jitrisk.files.atomic_files import SPARE, check_folder, replace_atomically, require_space
from jitrisk.files.regular_files import FOLDER, identify_special_file
from jitrisk.files.temporary_folders import recover
from jitrisk.run.machine import measure_free_memory
from jitrisk.units import format_bytes
from jitrisk.vocabulary import CONTENTS, MANIFEST, RESULT_SUFFIXES

_LONGEST_NAME = 1_000  # characters


def is_result(source: object) -> TypeGuard[str | os.PathLike[str]]:
    """Whether a source of a model is rather the name of a file that a result is kept in."""
    return isinstance(source, str | os.PathLike) and Path(source).suffix in RESULT_SUFFIXES


def check_result_file(path: str | os.PathLike[str]) -> Path:
    """Return where a result is to be written, or raise ResultError before any work is done."""
    target = Path(path)
    if target.suffix not in RESULT_SUFFIXES:
        raise ResultError(
            f"{target}: unknown kind of file {target.suffix!r}: allowed are {' and '.join(RESULT_SUFFIXES)}"
        )
    check_folder(target)
    if (kind := identify_special_file(target)) and kind != FOLDER:
        raise ResultError(f"{target}: is {kind}: choose another name")
    if target.is_dir() != (target.suffix == ".zarr") and target.exists():
        raise ResultError(f"{target}: is a {'folder' if target.is_dir() else 'file'}: choose another name")
    if target.exists() and not _is_replaceable(target):
        raise ResultError(f"{target}: exists and is no result of jitrisk: choose another name, or move it away")
    return target


def _is_replaceable(path: Path) -> bool:
    """Whether a file or folder is a result, which a new one may replace."""
    from jitrisk.datasets.storage.netcdf_footer import has_footer
    from jitrisk.datasets.storage.netcdf_safety import read_netcdf_attributes
    from jitrisk.datasets.storage.zarr_safety import read_zarr_attributes

    try:
        if path.is_dir():
            return "jitrisk_format" in read_zarr_attributes(path)
        return has_footer(path) or "jitrisk_format" in read_netcdf_attributes(path)
    except Exception:  # the readers raise whatever their formats find wrong
        return False


def _reserve(path: Path, size: int) -> None:
    """Allocate so many bytes on the disk and free them, or raise OSError.

    The free space of a disk does not include quotas and the limits of a process.
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
    from jitrisk.datasets.storage.netcdf_footer import append_footer

    target = check_result_file(path)
    if "jitrisk_format" not in dataset.attrs:
        raise ResultError(f"{target}: only outcomes and exogenous paths are kept: this Dataset has no jitrisk_format")
    require_space(target, dataset.nbytes)  # the HDF5 library does not survive a disk that fills up
    listed = attach_manifest(dataset).drop_encoding()
    with replace_atomically(target) as fresh:
        try:
            if target.suffix == ".nc":
                _reserve(fresh.with_name("room"), dataset.nbytes + SPARE)
                listed.to_netcdf(fresh, engine="h5netcdf")
                append_footer(fresh)
            else:
                _write_zarr(_convert_to_objects(listed), fresh)
            _require_readable(fresh)
        except Exception as error:  # the writers raise whatever their formats cannot hold
            raise ResultError(f"{target}: could not be written: {_format_reason(error)}") from error


def _require_readable(fresh: Path) -> None:
    """Raise ResultError where a file that was just written would be refused, before it replaces another."""
    _require_safe(fresh)
    with _open_dataset(fresh) as opened:
        verify_manifest(_convert_names(opened), str(fresh), {})


def _write_zarr(dataset: xr.Dataset, folder: Path) -> None:
    """Write a Zarr folder, one chunk per block of the manifest.

    It is uncompressed where the compression ratio would exceed what readers accept.
    """
    from jitrisk.datasets.storage.zarr_safety import measure_zarr

    chunks = {
        name: {
            "chunks": tuple(
                compute_block_length(array) if dim == "path" else max(1, n) for dim, n in array.sizes.items()
            )
        }
        for name, array in dataset.variables.items()
    }
    # A reader takes a block that is not stored for damage, so that blocks of zeros are written, too.
    options: dict[str, Any] = {"consolidated": False, "zarr_format": 3, "write_empty_chunks": True}
    dataset.to_zarr(folder, encoding=chunks, **options)
    if not is_proportionate(*measure_zarr(folder)):
        plain = {name: {**encoding, "compressors": None} for name, encoding in chunks.items()}
        dataset.to_zarr(folder, mode="w", encoding=plain, **options)


def open_result(path: str | os.PathLike[str]) -> xr.Dataset:
    """Read a result back into memory.

    Raises
    ------
    ResultError
        If there is no such file, or it is no result of this or an older version, or damaged.
    CapacityError
        If it does not fit in memory.
    """
    with open_lazily(path) as stored:
        free = measure_free_memory()
        if stored.nbytes > free:
            raise CapacityError(
                f"{Path(path)}: holds {format_bytes(stored.nbytes)}, and {format_bytes(free)} of memory are free: use "
                "jitrisk.datasets.open_lazily, which reads what is used"
            )
        return stored.load()


@contextmanager
def open_lazily(path: str | os.PathLike[str]) -> Iterator[xr.Dataset]:
    """Open a result without reading it into memory: every variable is read when it is used, and not kept.

    Raises
    ------
    ResultError
        If there is no such file, or it is no result of this version.
    """
    source = Path(path)
    kind = identify_special_file(source)
    if kind and kind != FOLDER:
        raise ResultError(f"{source}: is {kind}; a result is read from a file: save it in one and give its name")
    if not os.path.exists(source) and (found := recover(source)) != source:
        where = f", but a run that was killed left it in {found}" if found else ""
        raise ResultError(f"{source}: there is no such file{where}")

    places: dict[str, int] = {}

    def open_verified() -> xr.Dataset:
        places.update(_require_safe(source))
        return _open_dataset(source)

    with _read_or_refuse(source, open_verified) as opened:
        yield _read_or_refuse(source, lambda: _validate(_verify_on_read(opened, str(source), places)))


def _open_dataset(source: Path) -> xr.Dataset:
    zarr = source.is_dir()
    options: dict[str, Any] = {"consolidated": False, "zarr_format": 3} if zarr else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they quote what a stranger wrote, whole
        return xr.open_dataset(source, engine="zarr" if zarr else "h5netcdf", cache=False, **options)


def _require_safe(source: Path) -> dict[str, int]:
    """Raise ResultError unless a file may be decoded; only what describes its content is read.

    Returns
    -------
    Where the values of variables begin that stand in a file as they are in memory, by name: in what we wrote.
    """
    from jitrisk.datasets.storage.netcdf_footer import verify_footer
    from jitrisk.datasets.storage.netcdf_safety import require_safe_netcdf
    from jitrisk.datasets.storage.zarr_safety import require_safe_zarr

    if source.is_dir():
        require_safe_zarr(source)
        return {}
    is_whole = verify_footer(source)
    places = require_safe_netcdf(source)
    return places if is_whole else {}


def _verify_on_read(opened: xr.Dataset, where: str, places: Mapping[str, int]) -> xr.Dataset:
    """Return a Dataset that is verified as it is read."""
    require_known_format(opened)
    if MANIFEST not in opened.attrs:
        raise ResultError("is damaged: it has no manifest; keep a result with jr.save or --out")
    return _convert_names(verify_manifest(opened, where, places))


def _read_or_refuse(source: str | os.PathLike[str], read: Callable[[], xr.Dataset]) -> xr.Dataset:
    try:
        return read()
    except ResultError as error:
        raise ResultError(f"{Path(source)}: {error}") from None
    except MemoryError:
        raise
    except Exception as error:  # the readers raise whatever their formats find wrong
        raise ResultError(f"{Path(source)}: is not a result of jitrisk: {_format_reason(error)}") from error


def _validate(dataset: xr.Dataset) -> xr.Dataset:
    require_sound(dataset)
    return dataset


def _convert_names(dataset: xr.Dataset) -> xr.Dataset:
    """Return a dataset with its names as fixed-width text, which files keep in types of their own."""
    return dataset.assign(
        {
            name: (array.dims, _convert_to_text(str(name), array.values), array.attrs)
            for name, array in dataset.variables.items()
            if array.dtype.kind in "OT"
        }
    )


def _convert_to_text(name: str, values: np.ndarray) -> np.ndarray:
    """Return names as fixed-width text, in which each takes as many bytes as the longest of them."""
    names = values.ravel().tolist()
    if any(len(str(one)) > _LONGEST_NAME for one in names):
        raise ResultError(f"is refused: a text of {name!r:.60} has more than {_LONGEST_NAME:,} characters")
    return np.array(names, dtype=np.str_).reshape(values.shape)


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
            hint = format_suggestion(name, known)
            raise ResultError(f"unknown strategy {name!r}: the result has {', '.join(known)}{hint}")
    return dataset.sel(strategy=list(names)) if names else dataset


def _convert_to_objects(dataset: xr.Dataset) -> xr.Dataset:
    """Return the Dataset with text as objects: Zarr v3 has no settled type for fixed-width text."""
    text = np.dtype(object, metadata={"element_type": str})  # without it, xarray takes no names for numbers
    return dataset.assign(
        {name: array.astype(text) for name, array in dataset.variables.items() if array.dtype.kind == "U"}
    )


def _format_reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).splitlines()[0] if str(error) else type(error).__name__
