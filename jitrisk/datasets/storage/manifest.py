"""The manifest of a results file: what it holds and a checksum of every part, verified when that part is read.

The manifest stands in one attribute of the file: the checksum of its text, then JSON with that of the attributes and,
for each variable, its dims, shape, dtype, the checksum of its attributes and one checksum per block of paths.
Checksums are XXH3 (64 bits) of the decoded values, so that they mean the same in every file format. They find damage;
they are no signature.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from jitrisk.datasets.storage.stored_array import (
    StoredArray,
    compute_checksum,
    compute_text_checksum,
    split_into_blocks,
)
from jitrisk.errors import ResultError
from jitrisk.vocabulary import MANIFEST

_BLOCK_PATHS = 65_536
_BLOCK_BYTES = 2**26  # at most, so that reading a few paths of a long series stays cheap


def compute_block_length(variable: xr.Variable) -> int:
    """Return how many paths one block of a variable holds; the whole length where it has no paths."""
    paths = variable.sizes.get("path", 1)
    per_path = max(1, variable.nbytes // max(1, paths))
    return max(1, min(paths, _BLOCK_PATHS, _BLOCK_BYTES // per_path))


def attach_manifest(dataset: xr.Dataset) -> xr.Dataset:
    """Return a Dataset with its manifest among the attributes; every variable is read once."""
    plain = _remove_manifest(dataset)
    variables = {str(name): _describe(variable) for name, variable in plain.variables.items()}
    content = {
        "attributes": _compute_attrs_checksum(plain.attrs),
        "coordinates": sorted(str(name) for name in plain.coords),
        "variables": variables,
    }
    text = json.dumps(content, separators=(",", ":"))
    return plain.assign_attrs({MANIFEST: f"{compute_text_checksum(text)} {text}"})


def verify_manifest(dataset: xr.Dataset, where: str, places: Mapping[str, int]) -> xr.Dataset:
    """Return a Dataset without its manifest whose variables are verified block by block as they are read.

    Parameters
    ----------
    dataset : as it was opened, with the attribute ``manifest``; nothing but coordinates has been read.
    where : the file.
    places : the first byte of variables whose values stand in the file as they are in memory, by name.

    Raises
    ------
    ResultError
        If the manifest, the attributes, or the dims, shape, dtype or attributes of a variable are not as written. A
        block that is not as written raises it when it is read.
    """
    content = _read_manifest(dataset.attrs[MANIFEST])
    plain = _remove_manifest(dataset)
    if _compute_attrs_checksum(plain.attrs) != content["attributes"]:
        raise ResultError("is damaged: its attributes are not as they were written")
    require_model_hash(plain.attrs)
    listed = content["variables"]
    if set(listed) != set(map(str, dataset.variables)):
        odd = sorted(set(listed) ^ set(map(str, dataset.variables)))
        raise ResultError(f"is damaged: its manifest and its content differ in the variable {odd[0]!r:.60}")
    if content["coordinates"] != sorted(str(name) for name in dataset.coords):
        raise ResultError("is damaged: its coordinates are not those that were written")
    verified = {
        name: _verify_variable(where, places.get(name), name, plain.variables[name], listed[name]) for name in listed
    }
    coords = {name: verified.pop(name) for name in content["coordinates"]}
    return xr.Dataset(verified, coords, plain.attrs)


def _remove_manifest(dataset: xr.Dataset) -> xr.Dataset:
    plain = dataset.copy(deep=False)
    plain.attrs = {name: value for name, value in dataset.attrs.items() if name != MANIFEST}
    return plain


def require_model_hash(attrs: Mapping[Any, Any]) -> None:
    """Raise ResultError unless the model's text has the hash that the result states, where it states one."""
    text, digest = attrs.get("model"), attrs.get("model_hash")
    if digest is None:
        return
    if not isinstance(text, str):
        raise ResultError("is refused: it has a model_hash and no model that it could be checked against")
    if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != digest:
        raise ResultError("is damaged: its model is not the one that its model_hash was made of")


def _read_manifest(value: Any) -> dict[str, Any]:
    """Return what a manifest says, or raise ResultError where its text is not as written."""
    checksum, _, text = value.partition(" ") if isinstance(value, str) else ("", "", "")
    if not text or checksum != compute_text_checksum(text):
        raise ResultError("is damaged: its manifest is not as it was written")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    if not _is_manifest(content):
        raise ResultError("is damaged: its manifest is not as jitrisk writes one")
    found: dict[str, Any] = content
    return found


def _is_manifest(content: Any) -> bool:
    """Return whether JSON has the form of a manifest: who changes a file can compute the checksum of any text."""
    if not isinstance(content, dict) or not isinstance(content.get("variables"), dict):
        return False
    variables = content["variables"].values()
    return (
        isinstance(content.get("attributes"), str)
        and _is_list_of_text(content.get("coordinates"))
        and set(content["coordinates"]) <= set(content["variables"])
        and all(isinstance(one, dict) and _is_list_of_text(one.get("checksums")) for one in variables)
        and all(type(one.get("block")) is int and one["block"] > 0 for one in variables)
    )


def _is_list_of_text(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _describe(variable: xr.Variable) -> dict[str, Any]:
    block = compute_block_length(variable)
    array = np.asarray(variable.values)
    return {
        **_outline(variable),
        "block": block,
        "checksums": [compute_checksum(part) for part in split_into_blocks(array, variable.dims, block)],
    }


def _outline(variable: xr.Variable) -> dict[str, Any]:
    return {
        "dims": [str(dim) for dim in variable.dims],
        "shape": list(variable.shape),
        "dtype": "text" if variable.dtype.kind in "OTU" else variable.dtype.name,
        "attributes": _compute_attrs_checksum(variable.attrs),
    }


def _verify_variable(
    where: str, place: int | None, name: str, variable: xr.Variable, listed: Mapping[str, Any]
) -> xr.Variable:
    """Return a variable that is verified as it is read; text, which names things, is verified now."""
    outline = _outline(variable)
    wrong = [key for key, value in outline.items() if listed.get(key) != value]
    if wrong:
        raise ResultError(f"is damaged: the {wrong[0]} of {name!r:.60} are not as they were written")
    count = math.ceil(variable.sizes["path"] / listed["block"]) if "path" in variable.dims else 1
    if len(listed["checksums"]) != count:
        raise ResultError(f"is damaged: {name!r:.60} has {count} blocks, its manifest lists {len(listed['checksums'])}")
    array = StoredArray(where, name, variable, listed["block"], listed["checksums"], place)
    if variable.dims == (name,) or outline["dtype"] == "text":
        return xr.Variable(variable.dims, array.read(), variable.attrs, variable.encoding)
    return array.build_variable()


def _compute_attrs_checksum(attrs: Mapping[Any, Any]) -> str:
    plain = {str(name): _normalize_attribute(value) for name, value in attrs.items()}
    return compute_text_checksum(json.dumps(plain, sort_keys=True, default=repr))


def _normalize_attribute(value: Any) -> Any:
    """Return an attribute as both formats give it back: NetCDF turns lists into arrays, and one number into itself."""
    if not isinstance(value, np.generic | np.ndarray | list | tuple):
        return value
    try:
        array = np.asarray(value)
    except ValueError:  # lists of different lengths
        return value
    return array.item() if array.size == 1 else array.tolist()
