"""Variables that stay in their file: blocks of paths are read whole and compared with their checksums, if any."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Hashable, Iterable, Iterator, Sequence

import numpy as np
import xarray as xr
import xxhash
from xarray.backends import BackendArray
from xarray.core import indexing

from jitrisk.errors import ResultError

_PIECE = 2**18  # bytes that a core's cache holds


class StoredArray(BackendArray):
    """A variable of a file, whose errors name the file.

    Parameters
    ----------
    where : the file.
    name : the variable.
    variable : as xarray opened it, lazily.
    block : paths per block.
    checksums : one per block; none where the file has none.
    place : the first byte of its values, where the file holds them in one piece as they are in memory.
    """

    def __init__(
        self,
        where: str,
        name: str,
        variable: xr.Variable,
        block: int,
        checksums: Sequence[str],
        place: int | None = None,
    ) -> None:
        self.shape, self.dtype = variable.shape, variable.dtype
        self._where, self._name, self._variable = where, name, variable
        self._block, self._checksums = block, checksums
        is_plain = variable.encoding.get("dtype") == variable.dtype and sys.byteorder == "little"
        self._place = place if is_plain and checksums and "path" in variable.dims else None
        self._file = os.path.abspath(where)

    def build_variable(self) -> xr.Variable:
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
            return self._read(0, 1)[key]
        axis = self._variable.dims.index("path")
        chosen = key[axis]
        numbers = range(self.shape[axis])[chosen if isinstance(chosen, slice) else slice(chosen, chosen + 1)]
        if not numbers:
            return np.broadcast_to(np.empty((), self.dtype), self.shape)[key].copy()
        first, last = min(numbers[0], numbers[-1]) // self._block, max(numbers[0], numbers[-1]) // self._block
        array = self._read(first, last + 1)
        offset = first * self._block
        inner: int | slice = chosen - offset if isinstance(chosen, int) else _shift_range(numbers, offset)
        return array[(*key[:axis], inner, *key[axis + 1 :])]

    def _read(self, first: int, stop: int) -> np.ndarray:
        """Return consecutive blocks as one array; raise ResultError where one cannot be read or is not as written."""
        part = self._variable
        try:
            if self._place is not None:
                return self._read_pieces(self._place, first, stop)
            if "path" in part.dims:
                part = part.isel(path=slice(first * self._block, stop * self._block))
            array = np.asarray(part.values)
        except (MemoryError, ResultError):
            raise
        except Exception as error:  # the readers raise whatever their formats find wrong
            what = f"{self._name!r:.60} cannot be read: {error!s:.200}"
            raise ResultError(f"{self._where}: is damaged: {what}") from error
        if self._checksums:
            self._verify(split_into_blocks(array, part.dims, self._block), first)
        return array

    def _read_pieces(self, place: int, first: int, stop: int) -> np.ndarray:
        """Return consecutive blocks as one array, from pieces that are verified while the cache holds them."""
        axis = self._variable.dims.index("path")
        paths, begin = self.shape[axis], first * self._block
        length = min(stop * self._block, paths) - begin
        array = np.empty((*self.shape[:axis], length, *self.shape[axis + 1 :]), self.dtype)
        row = math.prod(self.shape[axis + 1 :]) * self.dtype.itemsize
        content = array.reshape(-1).view(np.uint8).data
        with open(self._file, "rb", buffering=0) as file:
            for number in range(first, stop):
                start, end = number * self._block, min((number + 1) * self._block, paths)
                digest = xxhash.xxh3_64()
                for outer in range(math.prod(self.shape[:axis])):
                    file.seek(place + (outer * paths + start) * row)
                    here = (outer * length + start - begin) * row
                    for at in range(here, here + (end - start) * row, _PIECE):
                        piece = content[at : min(at + _PIECE, here + (end - start) * row)]
                        file.readinto(piece)
                        digest.update(piece)
                self._require(digest.hexdigest(), number)
        return array

    def _verify(self, blocks: Iterable[np.ndarray], first: int) -> None:
        for number, block in enumerate(blocks, first):
            self._require(compute_checksum(block), number)

    def _require(self, checksum: str, number: int) -> None:
        if checksum != self._checksums[number]:
            place = f" from path {number * self._block:,} on" if len(self._checksums) > 1 else ""
            raise ResultError(
                f"{self._where}: is damaged: {self._name!r:.60} is not as it was written{place}; simulate it again"
            )


def _shift_range(numbers: range, offset: int) -> slice:
    stop = numbers.stop - offset
    return slice(numbers.start - offset, stop if stop >= 0 else None, numbers.step)


def split_into_blocks(array: np.ndarray, dims: Sequence[Hashable], block: int) -> Iterator[np.ndarray]:
    """Yield views of an array, so many paths each; all of it where it has no paths."""
    if "path" not in dims:
        yield array
        return
    axis = list(dims).index("path")
    for start in range(0, array.shape[axis], block):
        yield array[(slice(None),) * axis + (slice(start, start + block),)]


def compute_checksum(array: np.ndarray) -> str:
    """Return the checksum of values in the order of C, least byte first; text counts as JSON."""
    if array.dtype.kind in "OTU":
        return compute_text_checksum(json.dumps([str(name) for name in array.ravel().tolist()]))
    digest = xxhash.xxh3_64()
    for part in _split_contiguous(array.astype(array.dtype.newbyteorder("<"), copy=False)):
        digest.update(part.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _split_contiguous(array: np.ndarray) -> Iterator[np.ndarray]:
    """Yield an array in the order of C as parts that need no copy, where it is cut along its second axis at most."""
    if array.flags.c_contiguous:
        yield array
    else:
        for row in array:
            yield np.ascontiguousarray(row)


def compute_text_checksum(text: str) -> str:
    """Return the checksum of a text in UTF-8."""
    return xxhash.xxh3_64_hexdigest(text.encode("utf-8", "surrogatepass"))
