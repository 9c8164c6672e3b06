"""From a file, a bundled example or a mapping to a Network: runs the steps in order and reports all faults together."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jitrisk.errors import Fault, ModelError
from jitrisk.files.regular_files import identify_special_file, read_regular
from jitrisk.model.examples import list_examples
from jitrisk.model.faults import (
    Finding,
    KeyPath,
    Origin,
    describe_unknown,
    format_key,
    format_reason,
    format_text,
    quote_names,
)
from jitrisk.model.fields.quantities import describe_found
from jitrisk.model.levels import find_decision_faults
from jitrisk.model.network import Network
from jitrisk.model.patches import apply_changes, serialize_model
from jitrisk.model.reading import read, read_clock
from jitrisk.model.strategies import find_investment_faults, find_option_faults, read_strategies
from jitrisk.model.tables import TableInliner, find_tables
from jitrisk.model.text import MOST_BYTES, TextError, TooManyFaultsError, Tree, copy_mapping, read_yaml
from jitrisk.units import format_bytes

_SUFFIXES = (".yaml", ".yml", ".json")


def read_model(source: str | os.PathLike[str] | Mapping[str, Any]) -> dict[str, Any]:
    """Read a model file, or a part of one, as a mapping to build on.

    It is read as strictly as by `load`, with the same meaning: ``NO`` and ``1:30`` are texts, ``017`` is 17. The keys
    and values are checked by `load`. Tables that the file names are replaced by their values and weights, so
    that the mapping needs no other file.

    Parameters
    ----------
    source : a YAML file, name of a bundled example, or the same as a mapping, of which this is then a copy.

    Returns
    -------
    Mappings, lists, texts, numbers, booleans and None; no two places share a mapping or a list.

    Raises
    ------
    ModelError
        with every fault of the text, such as a duplicate key, each with its file, line and key path.
    """
    file, folder, (tree, *_) = _open_model(source)
    tables = TableInliner(folder)
    complete = tables.inline(tree.data)
    tabled = [finding for finding in tables.findings if tree.is_known(finding.key_path)]
    placed = _locate_faults([*tree.findings, *_check_shape(tree), *tabled], tree, file, folder)
    if placed:
        raise _build_error(placed)
    try:
        plain: dict[str, Any] = copy_mapping(complete).data
    except TextError as error:
        raise ModelError([Fault(error.message, file=file, line=1 if file else None)]) from None
    return plain


def load(source: str | os.PathLike[str] | Mapping[str, Any]) -> Network:
    """Read and check a model.

    Parameters
    ----------
    source : a YAML file, name of a bundled example, or the same as a mapping.

    Returns
    -------
    The network, with all times in periods.

    Raises
    ------
    ModelError
        with every fault of the model, each with its file, line and key path.
    """
    return _load_trees(*_open_model(source))


def load_text(text: str, folder: Path) -> Network:
    """Return the network of a text, whose tables lie in a folder; see `load`.

    Raises
    ------
    ModelError, TextError, TooManyFaultsError
        If the text has faults.
    """
    return _load_trees("", folder, _build_trees(text))


def _load_trees(file: str, folder: Path, trees: list[Tree]) -> Network:
    """Return the network of the trees of one model."""
    first, *others = trees
    network, findings = _read_network(first, folder)
    placed = _locate_faults(findings, first, file, folder)
    reported = frozenset(first.findings)
    for other in others:
        again = (finding for finding in _read_network(other, folder)[1] if _is_second_value(finding, first, reported))
        placed += _locate_faults(again, other, file, folder)
    if placed or network is None:
        raise _build_error(placed)
    origin = Origin(file, first.lines, tables=frozenset(find_tables(first.data)))
    return network.attach_origin(origin, patch_network)


def patch_network(network: Network, changes: Mapping[str, Any]) -> Network:
    """Return a network with other values at some keys; see `Network.patched`."""
    if not changes:
        return network
    # The lines of the file are those of the model, not of the network of one strategy.
    tables = _list_tables(network.origin)
    origin = Origin() if network.origin.strategy else network.origin
    model, key_paths = apply_changes(network.text, changes, tables)
    origin = replace(origin, changed=origin.changed.union(key_paths.values()))
    try:
        tree = copy_mapping(model)
    except TextError as error:
        raise ModelError([Fault(error.message, ", ".join(changes))]) from None
    tree.lines = {key_path: line for key_path, line in origin.lines.items() if not origin.is_changed(key_path)}
    changed, findings = _read_network(tree, Path(network.origin.file).parent)
    if findings or changed is None:
        raise _build_error(_locate_changed_faults(findings, tree, origin, key_paths))
    now = Origin(changed=frozenset(key_paths.values()))
    kept = {table for table in tables if not now.is_changed(table) and tree.locate(table)[0] == table}
    origin = replace(origin, lines=tree.lines, tables=frozenset(kept).union(find_tables(tree.data)))
    return changed.attach_origin(origin, patch_network)


def _list_tables(origin: Origin) -> frozenset[KeyPath]:
    """Return the key paths of the tables in the network of an origin; under a strategy also those of the model."""
    if not origin.strategy:
        return origin.tables
    patch = ("strategies", origin.strategy)
    return frozenset(table[2:] if table[:2] == patch else table for table in origin.tables)


def _locate_changed_faults(
    findings: Iterable[Finding], tree: Tree, origin: Origin, key_paths: Mapping[str, KeyPath]
) -> Iterator[tuple[int, Fault]]:
    """Yield the findings in a changed model as faults, each with the line of the model that orders it.

    A fault in what was changed has no line in the file. Where only a part of what it is about was changed, its message
    ends with the keys of the change.
    """
    for finding in dict.fromkeys(findings):
        ((order, fault),) = _locate_faults([finding], tree, origin.file, Path(origin.file).parent)
        place, _ = tree.locate(finding.key_path)
        keys = [key for key, key_path in key_paths.items() if place and key_path[: len(place)] == place != key_path]
        if not finding.file and (keys or origin.is_changed(place)):
            message = f"{fault.message}; as set by {quote_names(keys)}" if keys else fault.message
            fault = replace(fault, message=message, file="", line=None)
        yield order, fault


def _open_model(source: Any) -> tuple[str, Path, list[Tree]]:
    """Return the file of a model, its folder, and its trees."""
    file, folder = "", Path()
    try:
        if isinstance(source, Mapping):
            return file, folder, [copy_mapping(source)]
        found = find_file(source)
        file, folder = str(found), found.parent
        return file, folder, _build_trees(read_text(found).removeprefix("\ufeff"))
    except TextError as error:
        raise ModelError([Fault(error.message, file=file, line=error.line)]) from None
    except TooManyFaultsError as error:
        raise _build_error(_locate_faults(error.tree.findings, error.tree, file, folder)) from None


def _build_error(placed: Iterable[tuple[int, Fault]]) -> ModelError:
    """Return the error for faults, in the order of the model."""
    return ModelError(dict.fromkeys(fault for _, fault in sorted(placed, key=lambda pair: pair[0])))


def _build_trees(content: str) -> list[Tree]:
    """Return a text as a tree, and where keys are given twice also the tree with the last values of those."""
    tree = read_yaml(content)
    return [tree, read_yaml(content, last=True)] if tree.doubled else [tree]


def _is_second_value(finding: Finding, tree: Tree, reported: frozenset[Finding]) -> bool:
    """Return whether a finding belongs to the second value of a key, which the tree does not hold.

    Parameters
    ----------
    finding : a finding in the tree with the last values.
    tree : the tree with the first values.
    reported : the findings of that tree.
    """
    new = finding.key_path not in tree.doubled or finding not in reported
    return new and any(finding.key_path[: n + 1] in tree.doubled for n in range(len(finding.key_path)))


def _read_network(tree: Tree, folder: Path) -> tuple[Network | None, list[Finding]]:
    """Return the network of a tree, None where it has faults, and the faults: steps 2 to 6 of the package."""
    if shape := _check_shape(tree):
        return None, [*tree.findings, *shape]
    tables = TableInliner(folder)
    model = tables.inline(tree.data)
    base = read(model)
    strategies, findings = read_strategies(model.get("strategies", {}), base)
    findings += find_decision_faults(model, read_clock(model.get("period")))
    findings += find_investment_faults(model.get("decisions"), base)
    findings += find_option_faults(model.get("decisions"), base)
    read_findings = [*tables.findings, *base.findings, *findings]
    every = tree.findings + [finding for finding in read_findings if tree.is_known(finding.key_path)]
    if every or base.network is None:
        return None, every
    return base.network.complete(strategies, serialize_model(model)), []


def _check_shape(tree: Tree) -> list[Finding]:
    """Return the fault of a tree that is no mapping, or an empty one."""
    if isinstance(tree.data, Mapping) and tree.data:
        return []
    what = describe_found(tree.data) if tree.data is not None else "an empty file"
    message = f"expected a mapping that begins with a key such as `name:`, found {what}"
    return [Finding((), message, 1 if tree.lines else None)]


def _locate_faults(findings: Iterable[Finding], tree: Tree, file: str, folder: Path) -> list[tuple[int, Fault]]:
    """Return the findings as faults, each with the line of the model that orders it."""
    placed = []
    for finding in dict.fromkeys(findings):
        key_path, line = tree.locate(finding.key_path)
        key = format_key(key_path)
        where = str(folder / finding.file) if finding.file else file
        order = line if finding.file else finding.line or line
        placed.append((order or 0, Fault(finding.message, key, where, finding.line or line or (1 if file else None))))
    return placed


def find_file(source: Any) -> Path:
    """Return the file of a model, which the source or an example has."""
    if not isinstance(source, str | os.PathLike):
        raise TextError(f"expected a file, the name of an example or a mapping, found {describe_found(source)}")
    name = os.fspath(source)
    known = list_examples()
    if name in known and isinstance(source, str) and not os.path.isfile(name):
        return known[name]
    if os.path.isdir(name):
        raise TextError(f"`{format_text(name)}` is a folder; give the model file in it")
    if kind := identify_special_file(name):
        raise TextError(
            f"`{format_text(name)}` is {kind}; a model is read from a file: save it in one and give its name"
        )
    if not os.path.exists(name):
        is_file = isinstance(source, os.PathLike) or name.endswith(_SUFFIXES) or os.sep in name
        near = [
            file for stem in (name, os.path.splitext(name)[0]) for s in _SUFFIXES if os.path.isfile(file := stem + s)
        ]
        hint = "" if is_file else f"; {describe_unknown('example', name, known)}"
        if near:
            hint = f"; did you mean `{format_text(os.path.basename(near[0]))}`?"
        raise TextError(f"there is no file `{format_text(name)}`{hint}")
    return Path(name)


def read_text(file: Path) -> str:
    """Return the text of a model file, with its byte order mark if it has one.

    Raises
    ------
    TextError
        If the file cannot be read, is too large or not UTF-8.
    """
    try:
        content = read_regular(file, MOST_BYTES)
    except (OSError, ValueError) as error:
        raise TextError(
            f"the file cannot be read: {format_reason(getattr(error, 'strerror', None) or error)}"
        ) from None
    if len(content) > MOST_BYTES:
        raise TextError(f"the file is larger than {format_bytes(MOST_BYTES)}, too large for a model")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TextError("the file is not UTF-8 text; save it in UTF-8", line) from None
