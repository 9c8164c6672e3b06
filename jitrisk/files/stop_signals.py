"""Signals that end the program: what is temporary is removed, one line is printed, and the process exits at once.

The handler raises no exception. Python ignores an exception in a weakref callback or in ``__del__``, libraries catch
some, and one between two steps of a cleanup leaves files behind. The handler ends the process itself instead.
Where work in progress has a value, `catch_interrupt` turns the first Ctrl-C into a question that the work asks.
"""

from __future__ import annotations

import atexit
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

_LINES = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "ended, because the terminal was closed"}
_PATIENCE = 1.0  # seconds of cleaning up after which another signal ends the process at once
_STDERR = 2

_cleanups: list[Cleanup] = []
_stopped: list[tuple[int, float]] = []  # the first signal, and when it came
_status = 1


class Cleanup:
    """While entered, call a function where a signal ends the process.

    The function runs in a signal handler, between any two steps of the main thread: it may neither wait for a lock nor
    import a module.
    """

    def __init__(self, function: Callable[[], object]) -> None:
        self._function = function

    def __enter__(self) -> None:
        _cleanups.append(self)

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        _cleanups.remove(self)

    def run(self) -> None:
        """Call the function; an error in it must not keep the process from ending."""
        try:
            self._function()
        except BaseException:
            return


@contextmanager
def catch_interrupt(line: str) -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C ask for a stop instead of ending the process; the second does what it would do without this.

    Where Ctrl-C is ignored it stays ignored; in another thread than the main one, which gets no signals, nothing
    changes. SIGTERM and SIGHUP end the process as before.

    Parameters
    ----------
    line : what is printed on stderr at the first Ctrl-C.

    Yields
    ------
    A function that returns whether a stop was asked for; it stays valid afterwards.
    """
    asked: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    if before in (signal.SIG_IGN, None) or threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return

    def ask(number: int, _: FrameType | None) -> None:
        asked.append(number)
        signal.signal(signal.SIGINT, before)
        # What is on its way to the terminal may be half a line.
        _write(f"\n{line}\n")

    signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)


def install_handlers() -> None:
    """End this process on Ctrl-C, SIGTERM and SIGHUP, with status 130, 143 or 129, from now to its last moment.

    A signal that was ignored when the process started stays ignored, as ``nohup`` and background jobs want it.
    """
    for name in _LINES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    # What is registered first is called last: by then, all threads and libraries have finished.
    atexit.register(_leave)


def exit_with(status: int) -> None:
    """Exit with a status, unless a signal comes before the very end."""
    global _status
    _status = status
    sys.exit(status)


def _leave() -> None:
    """End the process while the handlers are still in place: the interpreter removes them before it is done."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):  # closed, or without a reader
            continue
    os._exit(_status)


def _end(number: int, _: FrameType | None) -> None:
    """Handle a signal: clean up, print one line and exit; a second signal does not wait for a cleanup that hangs."""
    now = time.monotonic()
    if _stopped:
        first, begun = _stopped[0]
        if now - begun > _PATIENCE:
            os._exit(128 + first)
        return
    _stopped.append((number, now))
    try:
        for cleanup in reversed(_cleanups[:]):
            cleanup.run()
        _print_line(number)
    finally:
        os._exit(128 + number)


def _print_line(number: int) -> None:
    """Print why the process ends."""
    _write(f"jitrisk: {_LINES[signal.Signals(number).name]}\n")


def _write(text: str) -> None:
    """Write to stderr from a signal handler: without a lock, and without waiting for a reader for long."""
    try:
        if select.select([], [_STDERR], [], _PATIENCE)[1]:
            os.write(_STDERR, text.encode())
    except (OSError, ValueError):
        return
