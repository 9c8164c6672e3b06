"""Printing on the command line: lines, tables and documents, for any terminal, pipe and encoding."""

from __future__ import annotations

import io
import json
import os
import sys
import traceback
from typing import IO, TYPE_CHECKING, Any

import click

from jitrisk.printable import escape, escape_for_encoding, escape_json

if TYPE_CHECKING:
    from rich.console import Console

NARROWEST = 20
"""Columns that a layout has at least; a narrower terminal folds its lines."""

_ADDED = "jitrisk.added"  # under which the context of a verb keeps parts of its document
_LONGEST = 4_000  # characters of one line of text
_USUAL, _WIDEST, _DIGITS, _HEIGHT = 80, 1_000, 6, 25


def echo(text: str, err: bool = False) -> None:
    """Print lines of text, on stderr with `err`: characters that are not printable are escaped, long lines cut."""
    stream = sys.stderr if err else sys.stdout
    lines = (line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..." for line in text.split("\n"))
    click.echo(escape_for_encoding("\n".join(lines), _find_encoding(stream), lines=True), err=err)


def print_written(*paths: os.PathLike[str]) -> None:
    """Print on stderr which files were written, in one line whatever their names hold."""
    echo(f"wrote {', '.join(escape(os.fspath(path)) for path in paths)}", err=True)


def print_usage_error(error: click.ClickException) -> None:
    """Print an error of Click about the command line."""
    shown = io.StringIO()
    error.show(file=shown)
    echo(shown.getvalue().rstrip("\n"), err=True)


def print_traceback(error: BaseException) -> None:
    """Print the traceback of an error on stderr."""
    echo("".join(traceback.format_exception(error)).rstrip("\n"), err=True)


def print_document(document: dict[str, Any]) -> None:
    """Print one JSON document on stdout, in ASCII."""
    # json leaves DEL as it is.
    click.echo(escape_json(json.dumps(document, indent=2)))


def add_to_document(**parts: Any) -> None:
    """Keep parts for the JSON document that the verb prints at its end, such as the warnings about its model."""
    click.get_current_context().meta.setdefault(_ADDED, {}).update(parts)


def print_json(document: dict[str, Any]) -> None:
    """Print the document of a verb on stdout, with the parts that were kept for it, in alphabetical order."""
    added = click.get_current_context().meta.get(_ADDED, {})
    print_document(document | dict(sorted(added.items())))


def print_tables(*tables: Any) -> None:
    """Print tables and text plots on stdout, as wide as the terminal."""
    printed = build_console()
    for i, table in enumerate(tables):
        if i:
            printed.print()
        printed.print(table)


def print_line(text: str) -> None:
    """Print a line on stdout, folded between words where it is a terminal."""
    from rich.text import Text

    shown = Text(escape_for_encoding(text, _find_encoding(sys.stdout)))
    build_console().print(shown, soft_wrap=not sys.stdout.isatty())


def build_console(stderr: bool = False) -> Console:
    """Return the console that lays out for stdout or stderr; text is never read as markup."""
    from rich.console import Console

    # A width alone would not hold on a dumb terminal.
    return Console(stderr=stderr, width=measure_width(), height=_HEIGHT, highlight=False, markup=False, emoji=False)


def measure_width() -> int:
    """Return the columns of a layout: of ``COLUMNS``, else of the terminal, else 80; never too few to read."""
    given = os.environ.get("COLUMNS", "")
    wanted = int(given) if given.isascii() and given.isdigit() and len(given) <= _DIGITS else 0
    return min(_WIDEST, max(NARROWEST, wanted or _count_terminal_columns() or _USUAL))


def _count_terminal_columns() -> int:
    """Return the columns of the terminal, 0 where there is none: also of one whose output goes into a pipe."""
    for descriptor in range(3):
        try:
            return os.get_terminal_size(descriptor).columns
        except (OSError, ValueError):
            continue
    return 0


def _find_encoding(stream: IO[str] | None) -> str:
    return getattr(stream, "encoding", None) or "utf-8"
