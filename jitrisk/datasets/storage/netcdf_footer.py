"""A footer behind the HDF5 content of a NetCDF file: a checksum of all bytes that are no values of a variable.

The HDF5 library can crash or never return on damaged metadata, so that these bytes are verified before it sees them.
HDF5 ignores what stands behind its content. The values have checksums of their own in the manifest. A file without a
footer, such as one that another program compressed, is read with its manifest alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import h5py
import xxhash

from jitrisk.datasets.storage.hdf5_layout import find_value_ranges
from jitrisk.errors import ResultError

_MAGIC = b"jitrisk-footer-1"
_TAIL = len(_MAGIC) + 8 + 16  # magic, length of the JSON before it, checksum of that JSON
_STEP = 2**20
_MOST_JSON = 2**24

Ranges = Sequence[tuple[int, int]]


def append_footer(path: Path) -> None:
    """Append the footer to a NetCDF file that is complete and closed."""
    with h5py.File(path, "r") as hdf5:
        values = sorted(find_value_ranges(hdf5).values())
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        content = json.dumps(
            {"size": size, "values": values, "checksum": _compute_checksum(file, size, values)}
        ).encode()
        file.seek(size)
        file.write(content + xxhash.xxh3_64_hexdigest(content).encode() + len(content).to_bytes(8, "little") + _MAGIC)


def verify_footer(path: Path) -> bool:
    """Return whether a file has a footer; raise ResultError if it is not as it was when the footer was written."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        found = _read_footer(file, end)
        if found is None:
            return False
        size, values, checksum = found
        if _compute_checksum(file, size, values) != checksum:
            raise ResultError("is damaged: what describes its content is not as it was written; simulate it again")
    return True


def has_footer(path: Path) -> bool:
    """Return whether a file ends with a footer, whatever became of the rest: then it was a result."""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - len(_MAGIC)))
        return file.read(len(_MAGIC)) == _MAGIC


def _read_footer(file: BinaryIO, end: int) -> tuple[int, Ranges, str] | None:
    """Return what a footer says: bytes of HDF5, ranges of values, checksum of the other bytes."""
    file.seek(max(0, end - _TAIL))
    tail = file.read(_TAIL)
    if len(tail) < _TAIL or not tail.endswith(_MAGIC):
        return None
    length = int.from_bytes(tail[16:24], "little")
    start = end - _TAIL - length
    if length > _MOST_JSON or start < 0:
        raise ResultError("is damaged: its footer is not as it was written; simulate it again")
    file.seek(start)
    content = file.read(length)
    if xxhash.xxh3_64_hexdigest(content).encode() != tail[:16]:
        raise ResultError("is damaged: its footer is not as it was written; simulate it again")
    found = json.loads(content)
    if found["size"] != start:
        raise ResultError("is damaged: it is not as long as it was when it was written; simulate it again")
    values = [(first, stop) for first, stop in found["values"]]
    if not all(type(place) is int and 0 <= place <= start for pair in values for place in pair):
        raise ResultError("is damaged: its footer names places that it does not have; simulate it again")
    return start, values, found["checksum"]


def _compute_checksum(file: BinaryIO, size: int, values: Ranges) -> str:
    digest = xxhash.xxh3_64()
    for start, stop in _list_ranges_between(size, values):
        file.seek(start)
        for place in range(start, stop, _STEP):
            digest.update(file.read(min(_STEP, stop - place)))
    return digest.hexdigest()


def _list_ranges_between(size: int, values: Ranges) -> Iterator[tuple[int, int]]:
    """Yield the ranges of bytes before, between and behind others."""
    start = 0
    for first, stop in values:
        if first > start:
            yield start, first
        start = max(start, stop)
    if size > start:
        yield start, size
