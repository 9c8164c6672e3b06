"""Writing files: the target is checked before any work is done, and replaced completely or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from jitrisk.errors import ResultError
from jitrisk.files.stop_signals import Cleanup
from jitrisk.files.temporary_folders import OLD, TemporaryFolder, sweep
from jitrisk.units import format_bytes

SPARE = 1_000_000
"""Bytes left on a disk beside what is written."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # of Linux


def check_folder(target: Path) -> None:
    """Raise ResultError unless the folder of a target is there and can be written to; remove what killed runs left."""
    if not os.path.isdir(target.parent):
        raise ResultError(f"{target}: there is no folder {str(target.parent)!r}: make it first")
    try:
        os.lstat(target)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:  # a name that is too long, a null character
        raise ResultError(f"{target}: cannot be written: {getattr(error, 'strerror', None) or error}") from None
    real = Path(os.path.realpath(target))
    if not os.path.isdir(real.parent):
        raise ResultError(f"{target}: is a link into {str(real.parent)!r}, and there is no such folder: make it first")
    sweep(real.parent)
    # A folder is made on trial: permissions do not cover root, read-only file systems or those without new files.
    probe = TemporaryFolder(real)
    with Cleanup(probe.discard):
        try:
            probe.make()
        except OSError as error:
            if error.errno in _NO_ROOM:  # `require_space` and the writing itself report it
                return
            folder = str(target.parent)
            raise ResultError(f"{target}: the folder {folder!r} cannot be written to: {error.strerror}") from error
        finally:
            probe.discard()


def measure_free_space(target: Path) -> int:
    """Return how many bytes a file or folder may take where a target is."""
    free = shutil.disk_usage(Path(os.path.realpath(target)).parent).free - SPARE
    return max(0, free if target.suffix == ".zarr" else min(free, _read_file_size_limit()))


def require_space(target: Path, size: int) -> None:
    """Raise ResultError unless a disk has room for so many bytes, and this process may write them."""
    if size <= measure_free_space(target):
        return
    takes = f"{target}: could not be written: it takes {format_bytes(size)}"
    free = shutil.disk_usage(Path(os.path.realpath(target)).parent).free
    if size + SPARE > free:
        raise ResultError(f"{takes} and {format_bytes(free)} are free there")
    raise ResultError(
        f"{takes} and this process may write files of {format_bytes(_read_file_size_limit())} at most (see 'ulimit -f')"
    )


def _read_file_size_limit() -> int:
    """Return how many bytes a file of this process may have."""
    with suppress(ImportError):  # not on Windows
        import resource

        limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
        if limit != resource.RLIM_INFINITY:
            return limit
    return 2**63 - 1


@contextmanager
def replace_atomically(target: Path) -> Iterator[Path]:
    """Yield a place beside a target; the file or folder written there becomes the target, if all goes well.

    A link is followed: what it leads to is replaced.

    Raises
    ------
    ResultError
        If the system does not let it be written; nothing is left behind, and what was there stays.
    """
    real = Path(os.path.realpath(target))
    folder = TemporaryFolder(real)
    try:
        with Cleanup(folder.discard):
            try:
                folder.make()
                fresh = folder.path / real.name
                yield fresh
                _put_in_place(fresh, real, folder.path / OLD)
            finally:
                folder.discard()
    except OSError as error:
        raise ResultError(f"{target}: could not be written: {error.strerror or error}") from error


def _put_in_place(fresh: Path, target: Path, aside: Path) -> None:
    """Rename a fresh file or folder to its target, in one step where the system can.

    Where a folder takes two steps, the old one is moved aside between them, and back if the second fails; if the
    process dies there, a later run moves it back.
    """
    if target.is_dir():
        if _exchange(fresh, target):
            return
        os.replace(target, aside)
    try:
        os.replace(fresh, target)
    except OSError:
        if aside.exists():
            os.replace(aside, target)
        raise


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; return False where the system cannot."""
    import ctypes

    with suppress(OSError, AttributeError):  # no such function on other systems and in old libraries
        rename = ctypes.CDLL(None).renameat2
        failed: int = rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
        return not failed
    return False


def keep_elsewhere(target: Path, size: int, write: Callable[[Path], object]) -> str:
    """Write what cannot be written to its target to a folder of its own, and return a sentence about it.

    Tried are the system's temporary folder and the user's cache folder, first the one with more room.

    Parameters
    ----------
    target : what could not be written; the file is named like it.
    size : bytes that it takes.
    write : writes to the path that it is called with, or raises OSError or ResultError.
    """
    places = [Path(tempfile.gettempdir()), Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")]
    failures = []
    for place in sorted(dict.fromkeys(places), key=_measure_space_in, reverse=True):
        folder, made = place / f"jitrisk-kept-{os.urandom(8).hex()}", not place.exists()
        try:
            with Cleanup(partial(shutil.rmtree, folder, ignore_errors=True)):
                folder.mkdir(mode=0o700, parents=True)
                require_space(folder / target.name, size)
                write(folder / target.name)
                return f"it is kept in {folder / target.name}: make room and move it"
        except (OSError, ResultError) as error:
            shutil.rmtree(folder, ignore_errors=True)
            if made:
                with suppress(OSError):
                    place.rmdir()
            failures.append(str(error).removeprefix(f"{folder / target.name}: "))
    where = " nor in ".join(str(place) for place in places)
    return f"it could not be kept in {where} either and is lost ({failures[-1]})"


def _measure_space_in(place: Path) -> int:
    try:
        return measure_free_space(place / "any")
    except OSError:  # there is no such folder
        return 0
