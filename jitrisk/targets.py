"""Where files are written to: looked at before any work is done, and replaced whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jitrisk.errors import ResultError


def check_folder(target: Path) -> None:
    """Raise ResultError unless the folder of a target is there and can be written to."""
    if not os.path.isdir(target.parent):
        raise ResultError(f"{target}: there is no folder {str(target.parent)!r}: make it first")
    if not os.access(target.parent, os.W_OK):
        raise ResultError(f"{target}: the folder {str(target.parent)!r} cannot be written to")
    try:
        os.lstat(target)
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:  # a name that is too long, a null character
        raise ResultError(f"{target}: cannot be written: {getattr(error, 'strerror', None) or error}") from None


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a place beside a target; the file or folder written there becomes the target, if all goes well.

    A link is followed: what it leads to is replaced.

    Raises
    ------
    ResultError
        If the system does not let it be written; nothing is left behind, and what was there stays.
    """
    real = Path(os.path.realpath(target))
    try:
        with tempfile.TemporaryDirectory(
            prefix=f".{real.name}-", dir=real.parent, ignore_cleanup_errors=True
        ) as folder:
            fresh = Path(folder) / real.name
            yield fresh
            _put_in_place(fresh, real, aside=Path(folder) / "old")
    except OSError as error:
        raise ResultError(f"{target}: could not be written: {error.strerror or error}") from error


def _put_in_place(fresh: Path, target: Path, aside: Path) -> None:
    """Rename a fresh file or folder to its target; a folder there is moved aside first, and back if that fails."""
    if target.is_dir():
        os.replace(target, aside)
    try:
        os.replace(fresh, target)
    except OSError:
        if aside.exists():
            os.replace(aside, target)
        raise
