"""Variables that stay in their file: blocks of paths are read whole and compared with their checksums, if any."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import xarray as xr
import xxhash
from xarray.backends import BackendArray
from xarray.core import indexing

from jitrisk.errors import ResultError


class StoredArray(BackendArray):
    """A variable of a file, whose errors name the file.

    Parameters
    ----------
    where : the file.
    name : the variable.
    variable : as xarray opened it, lazily.
    block : paths per block.
    checksums : one per block; none where the file has none.
    """

    def __init__(self, where: str, name: str, variable: xr.Variable, block: int, checksums: Sequence[str]) -> None:
        self.shape, self.dtype = variable.shape, variable.dtype
        self._where, self._name, self._variable = where, name, variable
        self._block, self._checksums = block, checksums

    def as_variable(self) -> xr.Variable:
        """Return the variable, read when it is used."""
        own = self._variable
        return xr.Variable(own.dims, indexing.LazilyIndexedArray(self), own.attrs, own.encoding)

    def read(self) -> np.ndarray:
        """Return all values."""
        return self[indexing.BasicIndexer((slice(None),) * len(self.shape))]

    def __getitem__(self, key: indexing.ExplicitIndexer) -> np.ndarray:
        return np.asarray(
            indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._select)
        )

    def _select(self, key: tuple[int | slice, ...]) -> np.ndarray:
        """Return a selection, from the blocks that hold its paths."""
        if "path" not in self._variable.dims:
            return self._read(0)[key]
        axis = self._variable.dims.index("path")
        chosen = key[axis]
        numbers = range(self.shape[axis])[chosen if isinstance(chosen, slice) else slice(chosen, chosen + 1)]
        if not numbers:
            return np.broadcast_to(np.empty((), self.dtype), self.shape)[key].copy()
        first, last = min(numbers[0], numbers[-1]) // self._block, max(numbers[0], numbers[-1]) // self._block
        array = self._read_blocks(first, last + 1, axis)
        offset = first * self._block
        inner: int | slice = chosen - offset if isinstance(chosen, int) else _shifted(numbers, offset)
        return array[(*key[:axis], inner, *key[axis + 1 :])]

    def _read_blocks(self, first: int, stop: int, axis: int) -> np.ndarray:
        """Return consecutive blocks as one array."""
        if stop - first == 1:
            return self._read(first)
        length = min(stop * self._block, self.shape[axis]) - first * self._block
        array = np.empty((*self.shape[:axis], length, *self.shape[axis + 1 :]), self.dtype)
        for number in range(first, stop):
            part = self._read(number)
            start = (number - first) * self._block
            array[(slice(None),) * axis + (slice(start, start + part.shape[axis]),)] = part
        return array

    def _read(self, number: int) -> np.ndarray:
        """Return one block, or raise ResultError where it cannot be read or is not as written."""
        start = number * self._block
        part = self._variable
        if "path" in part.dims:
            part = part.isel(path=slice(start, start + self._block))
        try:
            array = np.asarray(part.values)
        except Exception as error:  # the readers raise whatever their formats find wrong
            raise ResultError(
                f"{self._where}: is damaged: {self._name!r:.60} cannot be read: {error!s:.200}"
            ) from error
        if self._checksums and checksum_of(array) != self._checksums[number]:
            place = f" from path {start:,} on" if len(self._checksums) > 1 else ""
            raise ResultError(
                f"{self._where}: is damaged: {self._name!r:.60} is not as it was written{place}; simulate it again"
            )
        return array


def _shifted(numbers: range, offset: int) -> slice:
    stop = numbers.stop - offset
    return slice(numbers.start - offset, stop if stop >= 0 else None, numbers.step)


def checksum_of(array: np.ndarray) -> str:
    """Return the checksum of values in the order of C, least byte first; text counts as JSON."""
    if array.dtype.kind in "OTU":
        return checksum_of_text(json.dumps([str(name) for name in array.ravel().tolist()]))
    ordered = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
    return xxhash.xxh3_64_hexdigest(ordered.reshape(-1).view(np.uint8).data)


def checksum_of_text(text: str) -> str:
    """Return the checksum of a text in UTF-8."""
    return xxhash.xxh3_64_hexdigest(text.encode("utf-8", "surrogatepass"))
