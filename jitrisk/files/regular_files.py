"""Reading untrusted files without waiting: only regular files, never a pipe, a device, a socket or a loop of links."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

FOLDER = "a folder"
"""The name of a folder in messages."""

_KINDS = (
    (stat.S_ISDIR, FOLDER),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
# Opening a pipe waits for its other end, unless the system is told not to.
_FLAGS = sum(getattr(os, name, 0) for name in ("O_RDONLY", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"))


class IrregularFileError(OSError):
    """A path that leads to no regular file; `strerror` has its kind."""


def identify_special_file(path: str | os.PathLike[str]) -> str:
    """Return the kind of a path that is no regular file, such as ``a pipe``.

    Empty for a regular file, for a missing one, and for what cannot be examined.
    """
    try:
        return _name_file_kind(os.stat(path).st_mode)
    except OSError as error:
        return "a link that leads back to itself" if error.errno == errno.ELOOP else ""
    except ValueError:  # a null character in the path
        return ""


def _name_file_kind(mode: int) -> str:
    return next((words for is_kind, words in _KINDS if is_kind(mode)), "" if stat.S_ISREG(mode) else "a special file")


def read_regular(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file, of a larger one the first ``most + 1``.

    Parameters
    ----------
    path : the file.
    most : bytes at most.

    Raises
    ------
    IrregularFileError
        When the path leads to something else; it is not opened.
    OSError, ValueError
        When it cannot be read.
    """
    if kind := identify_special_file(path):
        raise IrregularFileError(errno.EINVAL, kind)
    with open(os.open(path, _FLAGS), "rb") as file:
        # The file may have been replaced before it was opened.
        if kind := _name_file_kind(os.fstat(file.fileno()).st_mode):
            raise IrregularFileError(errno.EINVAL, kind)
        return file.read(most + 1)
