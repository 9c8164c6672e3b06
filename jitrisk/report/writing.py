"""Write pages and figures to files: whole or not at all. A page replaces only an HTML page."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jitrisk.errors import ResultError
from jitrisk.files.atomic_files import check_folder, keep_elsewhere, replace_atomically
from jitrisk.files.regular_files import identify_special_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SUFFIXES = (".html", ".htm")
_IMAGES = (".svg", ".png", ".pdf")
_DPI = 200
_OPENING = b"<!doctype html"


def check_page(path: str | os.PathLike[str]) -> Path:
    """Return the path of a page that is to be written, or raise ResultError before any work is done."""
    target = _check_place(path, _SUFFIXES)
    if kind := identify_special_file(target):
        raise ResultError(f"{target}: is {kind}: choose another name")
    if target.exists() and not _is_page(target):
        raise ResultError(f"{target}: exists and is no HTML page: choose another name, or move it away")
    return target


def check_figure(path: str | os.PathLike[str]) -> Path:
    """Return the path of a figure that is to be written, or raise ResultError before any work is done."""
    target = _check_place(path, _IMAGES)
    if kind := identify_special_file(target):
        raise ResultError(f"{target}: is {kind}: choose another name")
    return target


def _check_place(path: str | os.PathLike[str], suffixes: Sequence[str]) -> Path:
    target = Path(path)
    if target.suffix.lower() not in suffixes:
        raise ResultError(f"{target}: unknown kind of file {target.suffix!r}: allowed are {' and '.join(suffixes)}")
    check_folder(target)
    return target


def _is_page(target: Path) -> bool:
    """Whether a file is an HTML page, which a new one may replace."""
    try:
        with target.open("rb") as file:
            return file.read(512).lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith(_OPENING)
    except OSError:  # a folder, or a file that cannot be read
        return False


def write_page(text: str, path: str | os.PathLike[str]) -> None:
    """Write a page to a temporary file beside its target, and then replace the target.

    Raises
    ------
    ResultError
        If the file cannot be written. No part of it stays there, and the page, which may come from a long run, is kept
        in the place that the message names.
    """
    target, content = Path(path), text.encode("utf-8", errors="replace")
    try:
        with replace_atomically(check_page(target)) as fresh:
            fresh.write_bytes(content)
    except ResultError as error:
        where = keep_elsewhere(target, len(content), lambda place: place.write_bytes(content))
        raise ResultError(f"{error}; {where}") from error


def write_figure(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure as SVG, PNG or PDF, by the suffix of the path; the same figure gives the same bytes.

    Raises
    ------
    ResultError
        If the file cannot be written; no part of it stays.
    """
    import matplotlib as mpl

    target = check_figure(path)
    # A date would change the bytes of each file.
    dated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(target.suffix.lower())
    with mpl.rc_context({"svg.hashsalt": "jitrisk"}), warnings.catch_warnings(), replace_atomically(target) as fresh:
        # A letter that no font has is drawn as a box, which is warning enough.
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        figure.savefig(fresh, dpi=_DPI, metadata=dated)
