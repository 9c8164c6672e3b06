"""What a Zarr folder must be before anything in it is decoded: format 3, plain arrays, as much data as it declares.

Only its JSON, the sizes of its files and the heads of its blocks are read here. Zarr format 2 is refused because its
metadata may name codecs that run code.
"""

from __future__ import annotations

import json
import math
import os
import stat
from itertools import product
from pathlib import Path
from typing import Any

from jitrisk.datasets.storage.proportion import require_proportion
from jitrisk.errors import ResultError

_METADATA = "zarr.json"
_ITEM_SIZES = {"bool": 1, "int8": 1, "uint8": 1, "int16": 2, "int32": 4, "float32": 4, "int64": 8, "float64": 8}
_TEXT = "string"
_SERIALIZERS = {"numbers": "bytes", "text": "vlen-utf8"}
_COMPRESSOR = "zstd"
_MOST_ARRAYS = 500
_MOST_JSON = 2**26  # bytes
_MOST_TEXT = 2**26  # bytes of one block of names
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_ZSTD_HEAD = 18


def read_zarr_attributes(folder: Path) -> dict[str, Any]:
    """Return the attributes of a Zarr group, without a look at its arrays.

    Raises
    ------
    ResultError
        If it is no Zarr group of format 3.
    """
    attributes = _read_metadata(folder, "group").get("attributes", {})
    if not isinstance(attributes, dict):
        raise ResultError("is damaged: its attributes are no JSON object")
    return attributes


def require_safe_zarr(folder: Path) -> None:
    """Raise ResultError unless a folder is a Zarr group of format 3 that is safe to decode and has all its blocks."""
    require_proportion(*measure_zarr(folder))


def measure_zarr(folder: Path) -> tuple[int, int]:
    """Return the bytes that the arrays of a Zarr group declare and those that are stored, checking each block."""
    read_zarr_attributes(folder)
    declared = stored = 0
    entries = sorted(os.scandir(folder), key=lambda one: one.name)
    if len(entries) > _MOST_ARRAYS:
        raise ResultError(f"is refused: it holds {len(entries):,} variables, of which no result has {_MOST_ARRAYS}")
    for entry in entries:
        if entry.name == _METADATA:
            continue
        if not entry.is_dir(follow_symlinks=False):
            raise ResultError(f"holds {entry.name!r:.60}, which is no array of a result")
        values, kept = _check_array(Path(entry.path))
        declared, stored = declared + values, stored + kept
    return declared, stored


def _read_metadata(folder: Path, kind: str) -> dict[str, Any]:
    path = folder / _METADATA
    if not path.exists() and any((folder / old).exists() for old in (".zgroup", ".zarray", ".zmetadata")):
        raise ResultError("is a Zarr folder of format 2, whose codecs can run code: only format 3 is read")
    if kind == "group" and not os.path.lexists(path):
        raise ResultError(f"is not a result of jitrisk: a folder without {_METADATA}")
    if (size := _require_file(path)) > _MOST_JSON:
        raise ResultError(f"is refused: {folder.name}/{_METADATA} has {size:,} bytes; at most {_MOST_JSON:,} are read")
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ResultError(f"is damaged: {folder.name}/{_METADATA} is no JSON") from error
    if not isinstance(found, dict) or found.get("zarr_format") != 3 or found.get("node_type") != kind:
        raise ResultError(f"is no Zarr folder of format 3: {folder.name}/{_METADATA} describes no {kind} of format 3")
    return found


def _require_file(path: Path) -> int:
    """Return the size of a file; a link, a pipe or a device could lead elsewhere or never end."""
    try:
        found = os.lstat(path)
    except OSError:
        raise ResultError(f"is damaged: it lacks {path.name!r:.60} of {path.parent.name!r:.60}") from None
    if not stat.S_ISREG(found.st_mode):
        raise ResultError(f"is refused: {path.name!r:.60} of {path.parent.name!r:.60} is no regular file")
    return found.st_size


def _check_array(folder: Path) -> tuple[int, int]:
    """Return the bytes that an array declares and those that are stored, or raise where it is not to be decoded."""
    strange = [name for name in os.listdir(folder) if name not in (_METADATA, "c")]
    if strange:
        raise ResultError(f"holds {folder.name}/{strange[0]!r:.60}, which is no part of an array")
    found = _read_metadata(folder, "array")
    try:
        shape, chunk = (
            _check_lengths(found["shape"]),
            _check_lengths(found["chunk_grid"]["configuration"]["chunk_shape"]),
        )
        text, compressed = _check_codecs(found, folder.name)
        separator = found["chunk_key_encoding"].get("configuration", {}).get("separator", "/")
        keys = found["chunk_key_encoding"]["name"], found["chunk_grid"]["name"], found.get("storage_transformers", [])
    except (KeyError, TypeError, AttributeError) as error:
        raise ResultError(f"is damaged: {folder.name}/{_METADATA} is incomplete") from error
    if len(shape) != len(chunk) or 0 in chunk or keys != ("default", "regular", []) or separator != "/":
        raise ResultError(f"is refused: {folder.name} is laid out in a way that jitrisk does not write")
    expected = math.prod(chunk) * (1 if text else _ITEM_SIZES[found["data_type"]])
    blocks = [-(-size // step) for size, step in zip(shape, chunk, strict=True)]
    kept = _count_blocks(folder / "c") if shape else 1
    if math.prod(blocks) != kept:
        raise ResultError(f"is damaged: {folder.name} has {math.prod(blocks):,} blocks, of which {kept:,} are stored")
    declared = stored = 0
    for place in product(*map(range, blocks)):
        path = folder.joinpath("c", *map(str, place))
        declared += _check_text(path, compressed, expected) if text else _check_numbers(path, compressed, expected)
        stored += path.lstat().st_size
    return declared, stored


def _count_blocks(folder: Path) -> int:
    """Return how many files a folder and those in it hold; raise where one is a link, which could lead elsewhere."""
    if folder.is_symlink():
        raise ResultError(f"is refused: {folder.name!r:.60} of {folder.parent.name!r:.60} is a link")
    kept = 0
    for root, folders, files in os.walk(folder):
        if link := next((one for one in folders if os.path.islink(os.path.join(root, one))), None):
            raise ResultError(f"is refused: {link!r:.60} of {_find_array_name(Path(root, link))!r:.60} is a link")
        kept += len(files)
    return kept


def _check_lengths(given: Any) -> tuple[int, ...]:
    if not all(type(one) is int and 0 <= one < 2**62 for one in given):
        raise TypeError("no lengths")
    return tuple(given)


def _check_codecs(found: dict[str, Any], name: str) -> tuple[bool, bool]:
    """Return whether an array is text and whether it is compressed; raise where a codec or dtype is not known."""
    kind = found["data_type"]
    codecs = [codec["name"] for codec in found["codecs"]]
    text = kind == _TEXT
    if not text and (not isinstance(kind, str) or kind not in _ITEM_SIZES):
        raise ResultError(f"is refused: {name!r:.60} has the dtype {kind!r:.60}, which no result has")
    plain = [_SERIALIZERS["text" if text else "numbers"]]
    if codecs not in (plain, [*plain, _COMPRESSOR]):
        raise ResultError(
            f"is refused: {name!r:.60} is coded as {codecs!r:.80}; allowed are {plain[0]}, and {_COMPRESSOR} after it"
        )
    return text, len(codecs) > 1


def _check_numbers(path: Path, compressed: bool, expected: int) -> int:
    """Raise unless a block decodes to the bytes that its shape takes; return them."""
    size = _require_file(path)
    if compressed:
        with path.open("rb") as file:
            size = _read_zstd_content_size(file.read(_ZSTD_HEAD))
    if size != expected:
        raise ResultError(
            f"is damaged: a block of {_find_array_name(path)!r:.60} has {size:,} bytes in place of {expected:,}"
        )
    return expected


def _check_text(path: Path, compressed: bool, expected: int) -> int:
    """Raise unless a block of text holds as many texts as its shape takes; return their bytes."""
    size = _require_file(path)
    content = path.read_bytes() if size <= _MOST_TEXT else b""
    if compressed:
        size = _read_zstd_content_size(content[:_ZSTD_HEAD])
        content = _decompress(content) if size <= _MOST_TEXT else b""
    if len(content) != size or int.from_bytes(content[:4], "little") != expected or size < 4 * (1 + expected):
        raise ResultError(f"is damaged: a block of {_find_array_name(path)!r:.60} does not hold {expected:,} texts")
    return size


def _decompress(content: bytes) -> bytes:
    from numcodecs import Zstd

    try:
        return bytes(Zstd().decode(content))
    except Exception:  # the decoder raises whatever it finds wrong
        return b""


def _find_array_name(path: Path) -> str:
    return path.parts[len(path.parts) - 1 - path.parts[::-1].index("c") - 1]


def _read_zstd_content_size(head: bytes) -> int:
    """Return how many bytes a Zstandard frame says it decodes to; -1 where it says nothing (RFC 8878, 3.1.1.1)."""
    if head[:4] != _ZSTD_MAGIC or len(head) < 6:
        return -1
    flags = head[4]
    single_segment, width = flags >> 5 & 1, flags >> 6
    start = 5 + (not single_segment) + (0, 1, 2, 4)[flags & 3]
    length = (single_segment, 2, 4, 8)[width]
    if not length or len(head) < start + length:
        return -1
    return int.from_bytes(head[start : start + length], "little") + (256 if length == 2 else 0)
