"""The command as a process of its own: standard streams that are closed or break, and errors that no code can catch."""

from __future__ import annotations

import io
import os
import sys
import threading
from typing import Any

# With less, the compiler of the kernels aborts the process where it gets no memory, without a message.
_LEAST_ADDRESS_SPACE = 850 * 2**20


def run_as_process(words: list[str]) -> int:
    """Run the command line with safe standard streams and return its exit status."""
    _open_streams()
    # Nothing is large enough here for threads of linear algebra, which NumPy and SciPy start while they are imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if (limit := _read_address_limit()) < _LEAST_ADDRESS_SPACE:
        needed = f"{_LEAST_ADDRESS_SPACE >> 20} MB are needed at least"
        sys.stderr.write(f"jitrisk: the address space is limited to {limit >> 20} MB, and {needed} (see 'ulimit -v')\n")
        return 1
    if "--debug" not in words:
        # Python prints a traceback where a finalizer or a thread fails; errors that matter are raised as well.
        sys.unraisablehook = _ignore
        threading.excepthook = _ignore
    try:
        from jitrisk.cli.group import run
    except (MemoryError, ImportError, OSError) as error:
        sys.stderr.write(f"jitrisk: could not start: {error}\n")
        return 1
    try:
        return run(words)
    except (MemoryError, SystemError):  # where there is no memory left to say which error it is
        sys.stderr.write("jitrisk: out of memory; 'ulimit -v' shows whether the address space is limited\n")
        return 1


def _read_address_limit() -> int:
    """Return how many bytes of address space this process may have."""
    try:
        import resource
    except ImportError:  # not on Windows
        return _LEAST_ADDRESS_SPACE
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return _LEAST_ADDRESS_SPACE if limit == resource.RLIM_INFINITY else limit


def _open_streams() -> None:
    """Open the null device where a standard stream is closed, and let no message on stderr fail.

    Otherwise the next file opened would take the number of the stream, and output of libraries would go there.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    raw = io.BufferedWriter(_BestEffortStream(2, "w", closefd=False))
    sys.stderr = io.TextIOWrapper(raw, encoding=encoding, errors="backslashreplace", line_buffering=True)


class _BestEffortStream(io.FileIO):
    """A stream whose reader may be closed: bytes that cannot be written are dropped."""

    def write(self, data: Any) -> int:
        """Write bytes, or drop them."""
        try:
            return super().write(data)
        except OSError:
            return len(memoryview(data).cast("B"))


def _ignore(_: object) -> None:
    """Print nothing about an error."""
