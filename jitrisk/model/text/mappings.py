"""A mapping from Python as a tree, within the limits of a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np

from jitrisk.errors import MOST_FAULTS
from jitrisk.model.faults import Finding, KeyPath
from jitrisk.model.fields.quantities import describe_found
from jitrisk.model.text.tree import DEEPEST, MOST_NODES, LimitError, Tree

# Types of plain values: the answer for most values, before the slower question whether one is a kind of mapping.
_PLAIN = frozenset({str, float, bool, type(None)})
_EXACT = 10**18  # whole numbers from here on become floats


def copy_mapping(source: Mapping[Any, Any]) -> Tree:
    """Copy a mapping from Python into plain values.

    Raises
    ------
    TextError
        if it is too deep or too large.
    """
    tree = Tree()
    budget = iter(range(MOST_NODES))
    tree.data = _copy(source, (), budget, tree.findings)
    return tree


def _copy(source: Any, key_path: KeyPath, budget: Iterator[int], findings: list[Finding]) -> Any:
    if next(budget, None) is None:
        raise LimitError(f"more than {MOST_NODES:,} keys and values")
    if len(key_path) > DEEPEST:
        raise LimitError(f"nested more than {DEEPEST} deep")
    if type(source) in _PLAIN or (type(source) is int and -_EXACT < source < _EXACT):
        return source
    if isinstance(source, np.generic | np.ndarray):
        if source.size > MOST_NODES:
            raise LimitError(f"more than {MOST_NODES:,} keys and values")
        source = source.tolist()
    if isinstance(source, dict | Mapping):
        before = len(findings)
        copied = {k: _copy(v, (*key_path, k), budget, findings) for k, v in source.items() if isinstance(k, str)}
        if len(copied) < len(source):
            other_keys = islice((key for key in source if not isinstance(key, str)), MOST_FAULTS + 1)
            message = "a key must be a text, found "
            findings[before:before] = [Finding(key_path, f"{message}{describe_found(key)}") for key in other_keys]
        return copied
    if isinstance(source, list | tuple):
        return [_copy(value, (*key_path, i), budget, findings) for i, value in enumerate(source)]
    if isinstance(source, int) and not isinstance(source, bool) and abs(source) >= _EXACT:
        return float(min(max(source, -(10**30)), 10**30))
    return source
