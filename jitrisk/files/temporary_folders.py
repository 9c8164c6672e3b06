"""Temporary folders beside a target: locked while their process lives, and removed by a later run where it was killed.

A folder is named ``.NAME-`` and 16 hexadecimal digits. It holds a marker file, which its process keeps locked
(``flock``). The lock ends with the process, however it ends, so a folder whose marker is not locked is left over; age
alone does not distinguish a long run from a dead one. Where the lock proves nothing, because the machine has started
since or is another one, or because the file system has no locks, a folder is left over after a day without a change.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

if sys.platform != "win32":
    import fcntl

MARKER = "jitrisk.lock"
OLD = "old"
"""Under which a folder that is replaced in two steps is kept between them."""

UNLOCKED_AGE = 24 * 3600.0
"""Seconds without a change after which a folder is left over where there is no proof by a lock."""

_NAME = re.compile(r"\..+-[0-9a-f]{16}(-removed)?", re.DOTALL)
_LONGEST_NAME = 40  # characters of the target's name in the folder's: names are limited to 255 bytes
_LONGEST_MARKER = 4096
_TRIES = 50


class TemporaryFolder:
    """A folder beside a target; its name is chosen before it is made, so that it can always be removed."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self.path = target.with_name(f".{target.name[:_LONGEST_NAME]}-{os.urandom(8).hex()}")
        self._marker: int | None = None

    def make(self) -> None:
        """Make the folder and lock its marker; again where another run removed it as left over."""
        for tries_left in reversed(range(_TRIES)):
            try:
                self.path.mkdir(mode=0o700, exist_ok=True)
                marker = self._marker = os.open(self.path / MARKER, os.O_RDWR | os.O_CREAT, 0o600)
                locked = _lock(marker, wait=True)
                if os.path.samestat(os.fstat(marker), os.stat(self.path / MARKER)):
                    break
            except FileNotFoundError:
                if not tries_left:
                    raise
        os.write(marker, json.dumps({"target": self._target.name, "host": _identify_host(), "locked": locked}).encode())

    def discard(self) -> None:
        """Remove the folder with all in it; a target that was moved into it goes back first."""
        _restore(self.path, self._target)
        _remove(self.path)
        if self._marker is not None:
            with suppress(OSError):
                os.close(self._marker)
            self._marker = None


def sweep(folder: Path) -> None:
    """Remove what runs that were killed left in a folder; put back what they had moved aside.

    Parameters
    ----------
    folder : where to look; what cannot be removed stays.
    """
    for found, target in _find_abandoned_folders(folder):
        _restore(found, target)
        _remove(found)


def recover(target: Path) -> Path | None:
    """Put a missing target back in place where a killed run had moved it aside.

    Returns
    -------
    Where the target is now: itself, another place where it could not be moved back, or None where there is none.
    """
    if os.path.lexists(target):
        return target
    for found, moved in _find_abandoned_folders(target.parent):
        if moved.name == target.name and (found / OLD).exists():
            _restore(found, target)
            return target if target.exists() else found / OLD
    return None


def _find_abandoned_folders(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Yield the temporary folders whose process is gone, each with its target; they are locked meanwhile."""
    try:
        with os.scandir(folder) as entries:
            names = [one.name for one in entries if _NAME.fullmatch(one.name) and one.is_dir(follow_symlinks=False)]
    except OSError:
        return
    for name in names:
        with suppress(OSError):
            os.rmdir(folder / name)  # where the process was killed before it made the marker; only an empty one goes
        with suppress(OSError, ValueError, KeyError, TypeError), _read_dead_marker(folder / name) as content:
            if content is not None and Path(content["target"]).name == content["target"]:
                yield folder / name, folder / content["target"]


@contextmanager
def _read_dead_marker(folder: Path) -> Iterator[dict[str, Any] | None]:
    """Yield the content of the marker of a folder, None where its process may be alive or another user made it."""
    marker = os.open(folder / MARKER, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        found = os.fstat(marker)
        own = stat.S_ISREG(found.st_mode) and (not hasattr(os, "geteuid") or found.st_uid == os.geteuid())
        free = own and _lock(marker, wait=False)
        text = os.read(marker, _LONGEST_MARKER)
        if free and not text and os.listdir(folder) == [MARKER]:  # killed before it wrote the marker
            _remove(folder)
        content = json.loads(text) if own else {"locked": True}
        # A lock that can be had proves that the process is gone, if it was locked and on this running machine.
        proven = free and content["locked"] and content["host"] == _identify_host()
        old = own and (free or not content["locked"]) and time.time() - _find_last_change(folder) > UNLOCKED_AGE
        yield content if proven or old else None
    finally:
        os.close(marker)


def _lock(file: int, wait: bool) -> bool:
    """Lock a file as long as it is open; return whether that worked."""
    if sys.platform != "win32":
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            return True
    return False


def _identify_host() -> str:
    """Return the name of this machine, and where it is known, that of its running kernel."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    import platform

    return platform.node()


def _find_last_change(folder: Path) -> float:
    """Return when a folder or anything in it was last changed, in seconds since 1970."""
    places = [folder, *(Path(root) / name for root, folders, files in os.walk(folder) for name in folders + files)]
    return max(place.lstat().st_mtime for place in places)


def _restore(folder: Path, target: Path) -> None:
    """Move a target back from a temporary folder, where there is no other."""
    with suppress(OSError):
        if (folder / OLD).exists() and not os.path.lexists(target):
            os.rename(folder / OLD, target)


def _remove(folder: Path) -> None:
    """Remove a folder into which threads of a writer may still put files, making it again where it is gone."""
    moved = folder if folder.name.endswith("-removed") else folder.with_name(folder.name + "-removed")
    for _ in range(_TRIES):
        try:
            if moved != folder:
                os.rename(folder, moved)
                # A file in its place: nothing can be made below it.
                os.close(os.open(folder, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except OSError:  # not made yet, moved already, made again, or not to be moved
            _empty(folder)
        _empty(moved)
        if not folder.is_dir() and not moved.is_dir():
            break
    blocking = folder.with_name(folder.name.removesuffix("-removed"))  # of this process, or of one that was killed
    if blocking.is_file() and not moved.exists():
        with suppress(OSError):
            blocking.unlink()


def _empty(folder: Path) -> None:
    """Remove a folder, its marker last: until then, a later run finds what a killed process leaves of it."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            elif entry.name != MARKER:
                with suppress(OSError):
                    os.unlink(entry.path)
    shutil.rmtree(folder, ignore_errors=True)
