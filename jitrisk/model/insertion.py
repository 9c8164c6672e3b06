"""A strategy written into the text of a model, which stays as it is around it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jitrisk.errors import Fault, ModelError
from jitrisk.model.faults import format_key, format_text
from jitrisk.model.loading import find_file, load, load_text, read_text
from jitrisk.model.network import Network
from jitrisk.model.patches import ONLY, find_value
from jitrisk.model.tables import find_tables
from jitrisk.model.text import TextError, copy_mapping, read_yaml
from jitrisk.model.text.spans import (
    Document,
    Span,
    find_line_end,
    find_line_start,
    find_next_line,
    locate_spans,
)
from jitrisk.model.text.writing import write_block, write_flow

_MARK = "\ufeff"  # byte order mark, which some editors write at the beginning of a file
_INDENT = "  "


class _Edit(NamedTuple):
    """A part of a text and what stands in its place."""

    start: int
    end: int
    new: str


def insert_strategy(
    source: str | os.PathLike[str] | Mapping[str, Any],
    name: str,
    patch: Mapping[str, Any],
    target: str | os.PathLike[str] | None = None,
) -> str:
    """Return the text of a model with a strategy in it.

    The text of a file stays as it is, with its comments, except for the strategy: at the end of `strategies`, or in
    place of the value of the strategy of that name. A model without strategies gets its one strategy, ``base``, before
    it.

    Parameters
    ----------
    source : a model file, name of a bundled example, or a mapping, which is written as canonical YAML, or as JSON where
        the target is a JSON file, with the values of its tables.
    name : name of the strategy.
    patch : what the strategy changes.
    target : the file that the text is for; by default one in the folder of the model. The paths of tables lead from its
        folder.

    Returns
    -------
    The text, with the line breaks and the byte order mark that the file has: encode it as UTF-8 and change no breaks.

    Raises
    ------
    ModelError
        If the model or the strategy has faults, the text has the strategies in a way that nothing can be inserted in,
        or a table cannot be reached from the folder of the target.
    """
    network = load(source)
    strategies = json.loads(network.text).get("strategies") or {ONLY: {}}
    plain: dict[str, Any] = copy_mapping(patch).data
    expected = network.patched({"strategies": {**strategies, name: plain}})
    if isinstance(source, Mapping):
        return _write_model(expected, target)
    file = find_file(source)
    folder = Path(target).parent if target is not None else file.parent
    text = read_text(file)
    mark = text[: text.startswith(_MARK)]
    text = text.removeprefix(_MARK)
    document = locate_spans(text)
    edit = _build_edit(text, document, name, plain)
    moved = _redirect_tables(text, document.root, edit, file.parent, folder)
    changed = _apply_edits(text, [edit, *moved])
    _require_equal(changed, folder, expected, name)
    return mark + changed


def list_table_files(source: str | os.PathLike[str]) -> dict[str, Path]:
    """Return the tables that a model file names, each by its name there; a copy of the model needs them beside it."""
    file = find_file(source)
    data = read_yaml(read_text(file).removeprefix(_MARK)).data
    names = (find_value(data, key_path)["file"] for key_path in find_tables(data))
    return {str(name): file.parent / str(name) for name in names}


def _write_model(network: Network, target: str | os.PathLike[str] | None) -> str:
    """Return a whole model as text, in YAML or, for a JSON file, in JSON."""
    model = json.loads(network.text)
    if target is not None and Path(target).suffix.lower() == ".json":
        return json.dumps(model, ensure_ascii=False, indent=2) + "\n"
    text = "\n".join(write_block(model, levels=4)) + "\n"
    _require_equal(text, Path(), network, "")
    return text


def _build_refusal(message: str, *key_path: str) -> ModelError:
    return ModelError([Fault(message, format_key(key_path))])


def _require_equal(text: str, folder: Path, expected: Network, name: str) -> None:
    """Refuse a text that does not hold the model expected."""
    why = "is another model than expected"
    try:
        network = load_text(text, folder)
        if network == expected:
            return
    except (ModelError, TextError) as error:
        why = f"does not load ({format_text(str(error), 200)})"
    message = (
        f"the strategy cannot be inserted: the text with it {why}; write `strategies` as a plain mapping, each name on "
        "a line of its own, without anchors"
    )
    raise _build_refusal(message, "strategies", name)


def _build_edit(text: str, document: Document, name: str, patch: dict[str, Any]) -> _Edit:
    """Return the change that gives a text the strategy."""
    as_json = _is_json(text)
    root = document.root
    section = root.find("strategies")
    if section is None:
        return _append_section(text, document, {ONLY: {}} | {name: patch}, as_json)
    if section.kind == "alias" or section.anchor:
        what = "is an alias" if section.kind == "alias" else f"has the anchor `&{format_text(section.anchor)}`"
        message = f"`strategies` {what}; write the patches themselves there, without the anchor or alias"
        raise _build_refusal(message, "strategies")
    if not section.members:
        return _replace(text, root, section, {ONLY: {}} | {name: patch}, as_json, levels=3)
    if given := section.find(name):
        _refuse_anchors(given, name)
        return _replace(text, section, given, patch, as_json, levels=2)
    if section.is_flow:
        return _append_to_flow(text, section, {name: patch}, as_json)
    indent = " " * section.column
    return _append_lines(text, document, section, list(write_block({name: patch}, indent, levels=3)))


def _is_json(text: str) -> bool:
    if not text.lstrip().startswith("{"):
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _refuse_anchors(value: Span, name: str) -> None:
    """Refuse to replace what an alias could repeat."""
    anchor = next((span.anchor for span in value.list_values() if span.anchor), "")
    if anchor:
        message = f"the strategy has the anchor `&{format_text(anchor)}`, which an alias may repeat; use another name"
        raise _build_refusal(message, "strategies", name)


def _replace(text: str, above: Span, value: Span, new: Mapping[str, Any], as_json: bool, levels: int) -> _Edit:
    """Return the change of one value of a mapping to another mapping."""
    if above.is_flow or not new:
        return _Edit(value.start, value.end, write_flow(new, as_json))
    if value.kind == "mapping" and not value.is_flow:
        lines = list(write_block(new, " " * value.column, levels))
        return _Edit(value.start, value.end, _get_break(text).join(lines).lstrip(" "))
    # Lines take the place of a value that stood behind its key.
    start = value.start
    while text[start - 1] in " \t":
        start -= 1
    lines = list(write_block(new, " " * above.column + _INDENT, levels))
    return _Edit(start, value.end, "".join(_get_break(text) + line for line in lines))


def _append_section(text: str, document: Document, strategies: Mapping[str, Any], as_json: bool) -> _Edit:
    """Return the change that adds the section of strategies at the end of a model."""
    root = document.root
    if root.is_flow:
        return _append_to_flow(text, root, {"strategies": strategies}, as_json)
    lines = list(write_block({"strategies": strategies}, " " * root.column, levels=4))
    before = text[: document.end]
    last = before.splitlines()[-1] if before else ""
    is_ended = before[find_line_start(before, len(before)) :] == ""
    return _insert_lines(text, document.end, ["", *lines] if last.strip() or not is_ended else lines, is_ended)


def _append_to_flow(text: str, mapping: Span, new: Mapping[str, Any], as_json: bool) -> _Edit:
    """Return the change that adds members after the last one of a mapping between braces."""
    written = write_flow(new, as_json)[1:-1]
    key, value = mapping.members[-1]
    start = find_line_start(text, key.start)
    lead = text[start : key.start]
    between = f",{_get_break(text)}{lead}" if start and not lead.strip() else ", "
    end = max(key.end, value.end)
    return _Edit(end, end, between + written)


def _append_lines(text: str, document: Document, mapping: Span, lines: list[str]) -> _Edit:
    """Return the change that adds lines after the last member of a block mapping and the comments that belong to it."""
    end = mapping.end
    starts_line = end > 0 and find_line_start(text, end) == end  # as after a text of several lines
    place = end if starts_line else find_next_line(text, end)
    while place < document.end:
        comment = text[place : find_line_end(text, place)]
        stripped = comment.lstrip(" ")
        if not stripped.startswith("#") or len(comment) - len(stripped) < mapping.column:
            break
        place = find_next_line(text, place)
    return _insert_lines(text, place, lines, find_line_start(text, place) == place)


def _insert_lines(text: str, place: int, lines: list[str], is_ended: bool) -> _Edit:
    """Return the change that adds whole lines; where the line before has no end, they have none at theirs either."""
    ending = _get_break(text)
    return _Edit(place, place, ending.join(lines) + ending if is_ended else "".join(ending + line for line in lines))


def _get_break(text: str) -> str:
    """Return how a text ends its lines, by the first of them."""
    end = find_line_end(text, 0)
    return text[end : find_next_line(text, 0)] or "\n"


def _redirect_tables(text: str, root: Span, edit: _Edit, folder: Path, target: Path) -> list[_Edit]:
    """Return the changes that let the tables of a model be found from another folder."""
    if os.path.realpath(folder) == os.path.realpath(target):
        return []
    moved = []
    for scalar in _find_table_names(root):
        if edit.start <= scalar.start < edit.end:
            continue
        name = _find_table_from(scalar.text, folder, target)
        if name != scalar.text:
            moved.append(_Edit(scalar.start, scalar.end, write_flow(name, as_json=True)))
    return moved


def _find_table_names(root: Span) -> Iterator[Span]:
    """Yield the scalar with the file of every table, each once."""
    for span in root.list_values():
        table = span.find("empirical")
        name = table.find("file") if table else None
        if name is not None and name.kind == "scalar":
            yield name


def _find_table_from(name: str, folder: Path, target: Path) -> str:
    """Return the name of a table from another folder, in which it must lie."""
    file = Path(os.path.realpath(folder / name))
    above = Path(os.path.realpath(target))
    if file.is_relative_to(above):
        return file.relative_to(above).as_posix()
    copy = above / name
    if copy.is_file() and copy.read_bytes() == file.read_bytes():
        return name
    message = f"the table `{format_text(name)}` must lie in the folder of the new file: copy it there first"
    raise _build_refusal(f"{message}, or write the new file beside the model")


def _apply_edits(text: str, edits: list[_Edit]) -> str:
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text
