"""Step 2, from a column of a CSV file to the values and weights of an empirical distribution in the model.

A table is read once, while the model loads; from then on the model is complete, and its text gives the same results
without the file. Equal values are counted together.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from typing import Any

from jitrisk.files.regular_files import IrregularFileError, identify_special_file, read_regular
from jitrisk.model.faults import (
    Finding,
    KeyPath,
    KnownNames,
    describe_unknown,
    format_reason,
    format_text,
    quote_names,
)
from jitrisk.model.fields.measures import LARGEST
from jitrisk.model.fields.quantities import NUMBER_PATTERN, describe_found, parse
from jitrisk.units import format_bytes

MOST_BYTES = 10_000_000
"""A table may have this many bytes."""

MOST_ROWS = 1_000_000
"""A table may have this many rows."""

# The faulty rows of a table that get a message each; the others are counted.
_MOST_FAULTS = 10

# Separators that other programs write between the cells of a table.
_SEPARATORS = {";": "semicolons", "\t": "tabs"}

_KEYS = ("file", "column", "weights", "unit")
_NUMBER = re.compile(NUMBER_PATTERN)

# Value in place of a table that cannot be read, so that no second fault is reported for it.
_STAND_IN: dict[str, Any] = {"values": [1]}


class _TableError(Exception):
    """A table that cannot be used, with why."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        super().__init__()


def _build_refusal(message: str) -> _TableError:
    """Return the error about a table as a whole."""
    return _TableError([Finding(("file",), message)])


def find_tables(model: Mapping[str, Any]) -> Iterator[KeyPath]:
    """Yield the key path of every table that a model names, in any order."""
    left: list[tuple[KeyPath, Mapping[str, Any]]] = [((), model)]
    while left:
        key_path, node = left.pop()
        for key, value in node.items():
            if not isinstance(value, dict):
                continue
            if _is_table(key, value):
                yield (*key_path, key)
            else:
                left.append(((*key_path, key), value))


def _is_table(key: str, value: Mapping[str, Any]) -> bool:
    """Return whether the mapping behind a key names a table."""
    return key == "empirical" and "file" in value


@dataclass
class TableInliner:
    """Replaces the tables that a model names by their values and weights.

    Attributes
    ----------
    folder : the folder of the model file; every table must be in it.
    findings : what was wrong with the tables.
    """

    folder: Path
    findings: list[Finding] = field(default_factory=list)

    def inline(self, model: Any) -> Any:
        """Return a model with every table replaced by its values; the model itself is left alone."""
        return self._inline(model, ()) if isinstance(model, dict) and any(find_tables(model)) else model

    def _inline(self, node: dict[str, Any], key_path: KeyPath) -> dict[str, Any]:
        return {
            key: self._inline_value(value, (*key_path, key)) if isinstance(value, dict) else value
            for key, value in node.items()
        }

    def _inline_value(self, value: dict[str, Any], key_path: KeyPath) -> dict[str, Any]:
        if not _is_table(str(key_path[-1]), value):
            return self._inline(value, key_path)
        try:
            return self._read_table(value)
        except _TableError as error:
            self.findings += [finding.add_prefix(*key_path) for finding in error.findings]
            return _STAND_IN

    def _read_table(self, node: Mapping[str, Any]) -> dict[str, Any]:
        known = KnownNames("key", _KEYS)
        findings = [Finding((key,), known.explain_unknown(key)) for key in node if key not in known]
        if "column" not in node:
            findings.append(Finding((), "missing key `column`: the column of the file to draw from"))
        given = [key for key in _KEYS if key in node]
        findings += [
            Finding((key,), f"expected a text, found {describe_found(node[key])}")
            for key in given
            if not isinstance(node[key], str)
        ]
        if findings:
            raise _TableError(findings)
        return {**self._tally(node), **{key: node[key] for key in ("unit",) if key in node}}

    def _tally(self, node: Mapping[str, Any]) -> dict[str, Any]:
        """Return the distinct values of a column with their weights."""
        rows, lines = self._read_rows(node["file"])
        column = _find_column(rows[0], "column", node["column"])
        weight = _find_column(rows[0], "weights", node["weights"]) if "weights" in node else None
        cells = _Cells(node["file"])
        tally: dict[float | str, float] = {}
        for row, line in zip(rows[1:], lines[1:], strict=True):
            if not cells.check_row(row, rows[0], line):
                continue
            value = cells.read_quantity(row, column, "column", line)
            tally[value] = tally.get(value, 0) + (
                1 if weight is None else cells.read_number(row, weight, "weights", line)
            )
        if cells.findings:
            raise _TableError(cells.list_findings())
        values = sorted(tally, key=lambda value: (isinstance(value, str), value))
        return {"values": [_shorten_number(v) for v in values], "weights": [_shorten_number(tally[v]) for v in values]}

    def _read_rows(self, name: str) -> tuple[list[list[str]], list[int]]:
        """Return the rows of a file, its header first, and the line each ends on."""
        text = self._read_text(name)
        reader = csv.reader(io.StringIO(text, newline=""))
        rows, lines = [], []
        try:
            for row in reader:
                if row:
                    rows.append(row)
                    lines.append(reader.line_num)
        except csv.Error as error:
            message = f"not a CSV file: {format_reason(error)}; is a quote left open?"
            raise _TableError([Finding(("file",), message, reader.line_num, name)]) from None
        other = _find_separator(rows[0]) if rows else ""
        if other:
            message = f"the cells are separated by {other}; expected commas"
            raise _TableError([Finding(("file",), message, lines[0], name)])
        if not 1 < len(rows) <= MOST_ROWS + 1:
            raise _build_refusal(f"expected a header and 1 to {MOST_ROWS:,} rows, found {max(len(rows) - 1, 0):,} rows")
        return rows, lines

    def _read_text(self, name: str) -> str:
        try:
            content = read_regular(self._resolve_file(name), MOST_BYTES)
            if len(content) > MOST_BYTES:
                raise _build_refusal(f"the file `{format_text(name)}` is larger than {format_bytes(MOST_BYTES)}")
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise _build_refusal(f"the file `{format_text(name)}` is not UTF-8 text; save it in UTF-8") from None
        except IrregularFileError as error:
            raise _build_refusal(
                f"`{format_text(name)}` is {error.strerror}; a table is read from a CSV file"
            ) from None
        except (OSError, ValueError) as error:
            why = format_reason(getattr(error, "strerror", None) or error)
            raise _build_refusal(f"the file `{format_text(name)}` cannot be read: {why}") from None

    def _resolve_file(self, name: str) -> Path:
        """Return a file in the folder of the model, with its links followed."""
        windows = PureWindowsPath(name)
        folder = Path(os.path.realpath(self.folder))
        # realpath goes once round a loop of links; resolve raises RuntimeError for it before Python 3.13.
        file = Path(os.path.realpath(folder / name))
        if windows.drive or windows.root or ".." in windows.parts or not file.is_relative_to(folder):
            message = "must lie in the folder of the model; give its name relative to that folder"
            raise _build_refusal(f"the file `{format_text(name)}` {message}")
        if not file.is_file() and not identify_special_file(file):
            close = describe_unknown("file", name, sorted(p.name for p in folder.glob("*.csv")))
            raise _build_refusal(f"{close}; it is looked for in the folder of the model")
        return file


@dataclass
class _Cells:
    """Reads cells and collects the faults in them."""

    file: str
    findings: list[Finding] = field(default_factory=list)

    def check_row(self, row: list[str], header: list[str], line: int) -> bool:
        """Return whether a row has a cell for every column and no more."""
        if len(row) == len(header):
            return True
        other = _find_separator(row)
        hint = f"; the cells are separated by {other}, expected commas" if other else ""
        if any("\n" in cell for cell in row):
            hint = "; a text between quotes runs over several lines: close the quote before it"
        elif len(row) > len(header):
            hint = "; write decimals with a point, and a text with a comma between quotes"
        self._report(
            "file",
            f"expected {_format_cells(len(header))} as in the header, found {_format_cells(len(row))}{hint}",
            line,
        )
        return False

    def read_quantity(self, row: list[str], place: int, key: str, line: int) -> float | str:
        """Return a cell as a number, or as it is where it has a unit."""
        text = row[place].strip()
        if _NUMBER.fullmatch(text) and float(text) <= LARGEST:
            return float(text)
        try:
            if parse(text).has_unit:
                return text
            allowed = f"a number from 0 to {LARGEST:g}"
        except ValueError:
            allowed = "a number or a quantity with a unit"
        self._report(key, f"expected {allowed}, found {describe_found(text)}", line)
        return 0.0

    def read_number(self, row: list[str], place: int, key: str, line: int) -> float:
        """Return a cell as a number."""
        value = self.read_quantity(row, place, key, line)
        if isinstance(value, str):
            self._report(key, f"expected a number, found {describe_found(value)}", line)
            return 0.0
        return value

    def _report(self, key: str, message: str, line: int) -> None:
        self.findings.append(Finding((key,), message, line, self.file))

    def list_findings(self) -> list[Finding]:
        """Return the first faults, and how many more there are."""
        more = len(self.findings) - _MOST_FAULTS
        last = [Finding((), f"`{format_text(self.file)}` has {more:,} more faults")] if more > 0 else []
        return self.findings[:_MOST_FAULTS] + last


def _find_separator(row: list[str]) -> str:
    """Return the name of the separator of a row without commas, empty where there is none."""
    return next((name for mark, name in _SEPARATORS.items() if len(row) == 1 and mark in row[0]), "")


def _format_cells(number: int) -> str:
    return f"{number} cell" if number == 1 else f"{number} cells"


def _find_column(header: list[str], key: str, name: str) -> int:
    columns = [cell.strip() for cell in header]
    if columns.count(name) != 1:
        many = f"the column `{format_text(name)}` is there more than once; columns: {quote_names(columns)}"
        raise _TableError([Finding((key,), many if name in columns else describe_unknown("column", name, columns))])
    return columns.index(name)


def _shorten_number(value: float | str) -> float | int | str:
    return int(value) if isinstance(value, float) and value.is_integer() else value
