"""Compiled kernels on disk: a cache for Numba that verifies a file before it reads it and never fails a run.

The cache of Numba unpickles whatever it finds, raises what the file system raises, reads no folder that it cannot write
to, and identifies compiled code by one source file. Here a file is named by a hash of all that its content depends on,
so a stale file is never opened; it begins with a checksum, so a damaged one is never unpickled; and it is read only if
every user that can write it can also change the program. Every failure costs a compilation and one
line of the logger ``jitrisk``.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import os
import pickle
import stat
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import llvmlite
import numba
import numpy as np
from numba.core import compiler, serialize

Function = TypeVar("Function", bound=Callable[..., Any])

# What Numba does not document: attributes of these, of dispatchers and of results. Only `load_overload` and
# `save_overload` look them up, so that a version of Numba without one of them costs a compilation.
config: Any = numba.config
_result: Any = compiler.CompileResult
_serializer: Any = serialize

_LOG = logging.getLogger("jitrisk")
_MOST = 1 << 26  # bytes of one file; the largest kernel takes about 0.3 MB
_LEFT_OVER = 3600.0  # seconds after which an unfinished file belongs to no living process
_ENVIRONMENT_ASIDE = ("NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS")  # variables of Numba that change no code
_EASY_TO_WRITE = stat.S_IWGRP | stat.S_IWOTH


class UntrustedFileError(OSError):
    """A file that a user without write access to the program may have written."""


class DamagedFileError(ValueError):
    """A file whose content does not agree with its checksum."""


class KernelCache:
    """The compiled code of one function, as the dispatchers of Numba ask for it (`numba.core.caching._Cache`).

    Parameters
    ----------
    function : the Python function; all Python files of its folder count as its source.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._name = function.__name__
        self._source = Path(function.__code__.co_filename)
        self._enabled = True

    @property
    def cache_path(self) -> str:
        """Return the folder that is written to first."""
        return str(list_folders(self._source)[0])

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """Return the stored result of a compilation, or None: then Numba compiles.

        Numba's own cache refreshes the context first. That imports and registers all that Numba can compile, and takes
        as long as the import of Numba. Linking a kernel does not need it, because kernels use none of Numba's runtime;
        the compiler refreshes the context where it compiles.
        """
        if not self._enabled:
            return None
        try:
            name = self._build_file_name(signature, target_context.codegen())
            payload = self._find(name)
            return None if payload is None else _result._rebuild(target_context, *pickle.loads(payload))
        except Exception as error:
            _report(f"compiled kernels could not be loaded and are compiled again ({_describe(error)})")
            return None

    def save_overload(self, signature: Any, result: Any) -> None:
        """Store the result of a compilation in the first folder that takes it."""
        if not self._enabled:
            return
        try:
            if result.lifted or result.library.has_dynamic_globals:
                return
            name = self._build_file_name(signature, result.codegen)
            self._store(name, _serializer.dumps(result._reduce()))
        except Exception as error:
            _report(f"compiled kernels could not be stored and are compiled again in every run ({_describe(error)})")

    def enable(self) -> None:
        """Load and store from now on."""
        self._enabled = True

    def disable(self) -> None:
        """Load and store nothing from now on."""
        self._enabled = False

    def flush(self) -> None:
        """Do nothing: the next compilation replaces the file."""

    def _build_file_name(self, signature: Any, codegen: Any) -> str:
        digest = _compute_digest(str(signature), codegen.magic_tuple(), _digest_environment(self._source.parent))
        return f"{self._name}-{digest}.kernel"

    def _find(self, name: str) -> bytes | None:
        for folder in list_folders(self._source):
            try:
                return read_verified(folder / name, self._source)
            except (FileNotFoundError, NotADirectoryError, PermissionError):
                continue  # what cannot be read may be stored in another folder; if not, `_store` says so
            except (OSError, DamagedFileError) as error:
                place = str(folder)
                _report(f"compiled kernels in {place!r} are not used and are compiled again ({_describe(error)})")
        return None

    def _store(self, name: str, payload: bytes) -> None:
        refused = []
        for folder in list_folders(self._source):
            try:
                write_verified(folder / name, payload)
                break
            except OSError as error:
                refused.append(f"{str(folder)!r}: {_describe(error)}")
        else:
            _report(
                "compiled kernels cannot be stored, so that every run compiles them again; name a folder of yours in "
                f"NUMBA_CACHE_DIR ({'; '.join(refused)})"
            )
            return
        if refused and getattr(config, "CACHE_DIR", None):
            _report(f"compiled kernels are stored in {str(folder)!r}, not where NUMBA_CACHE_DIR says ({refused[0]})")


def keep_compiled(dispatcher: Function) -> Function:
    """Have a dispatcher of Numba store what it compiles; with NUMBA_DISABLE_JIT it is a plain function and stays so."""
    if hasattr(dispatcher, "_cache"):
        dispatcher._cache = KernelCache(dispatcher.py_func)  # type: ignore[attr-defined]
    return dispatcher


def list_folders(source: Path) -> list[Path]:
    """Return where compiled code is looked for and stored, in this order.

    The folder in NUMBA_CACHE_DIR if set, ``__pycache__`` beside the source, and the user's cache folder if any.
    """
    folders = [Path(config.CACHE_DIR)] if getattr(config, "CACHE_DIR", None) else []
    folders.append(source.parent / "__pycache__")
    caches = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not caches.is_absolute():
        # A user without an entry in the password database has no home: RuntimeError.
        with suppress(RuntimeError):
            caches = Path.home() / ".cache"
    if caches.is_absolute():
        folders.append(caches / "jitrisk")
    return folders


def read_verified(path: Path, source: Path) -> bytes:
    """Return the content of a file after its checksum, if it can be trusted and is whole.

    Raises
    ------
    OSError
        If it cannot be read; UntrustedFileError if it is no file, if its owner is neither this user nor root nor the
        owner of the source, or if more users can write it than the source.
    DamagedFileError
        If the checksum does not agree with the name and the content.
    """
    # Without O_NONBLOCK a named pipe in the file's place would never open.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as file:
        _check_trust(os.fstat(descriptor), os.stat(source))
        content = file.read(_MOST + 1)
    if len(content) > _MOST or content[:32] != _compute_checksum(path.name, content[32:]):
        raise DamagedFileError("damaged")
    return content[32:]


def write_verified(path: Path, payload: bytes) -> None:
    """Write a file with a checksum, whole or not at all, and remove what killed processes left beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex[:16]}.tmp")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o644)
    try:
        with open(descriptor, "wb") as file:
            file.write(_compute_checksum(path.name, payload) + payload)
        os.replace(fresh, path)
    except BaseException:
        with suppress(OSError):
            fresh.unlink()
        raise
    _remove_left_over(path.parent)


def _check_trust(file: os.stat_result, source: os.stat_result) -> None:
    if not stat.S_ISREG(file.st_mode):
        raise UntrustedFileError("not a file")
    if not hasattr(os, "geteuid"):
        return
    if file.st_uid not in {0, os.geteuid(), source.st_uid}:
        raise UntrustedFileError("owned by another user")
    if file.st_mode & ~source.st_mode & _EASY_TO_WRITE:
        raise UntrustedFileError("other users can write to it")


def _remove_left_over(folder: Path) -> None:
    for fresh in folder.glob(".*.kernel.*.tmp"):
        with suppress(OSError):
            if time.time() - fresh.stat().st_mtime > _LEFT_OVER:
                fresh.unlink()


@functools.cache
def _digest_environment(folder: Path) -> str:
    """Return a digest of what compiled code depends on beside its signature and the processor."""
    sources = [(path.name, path.read_bytes()) for path in sorted(folder.glob("*.py"))]
    if not sources:
        raise FileNotFoundError(f"no source in {str(folder)!r}")
    settings = sorted((name, text) for name, text in os.environ.items() if name.startswith("NUMBA_"))
    settings = [setting for setting in settings if setting[0] not in _ENVIRONMENT_ASIDE]
    versions = (numba.__version__, llvmlite.__version__, np.__version__, sys.implementation.cache_tag)
    return _compute_digest(versions, settings, sources)


def _compute_digest(*parts: Any) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:40]


def _compute_checksum(name: str, payload: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\0" + payload).digest()


def _describe(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    # One line: repr of the text would hide nothing, but messages of LLVM run over many.
    return " ".join((str(error) or type(error).__name__).split())[:200]


@functools.cache
def _report(line: str) -> None:
    """Log a line once in a process."""
    _LOG.warning("%s", line)
