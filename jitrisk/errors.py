"""The errors a user meets: each says where, what was found, what is allowed and what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from jitrisk.printable import escape, shorten

_LONGEST = 2_000  # characters of one message


class JitriskError(Exception):
    """Anything wrong with what the user handed in; the command line prints it and exits with 2.

    Its message is one line of bounded length, and every character of it is printable.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(shorten(escape(message), _LONGEST))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: the nearest one known, or nothing where none is near."""
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a model.

    Attributes
    ----------
    message : what was found, what is allowed, and the next step, in one sentence.
    key : the key path, such as ``stages.valve.policy``; empty for the file as a whole.
    file : name of the file, empty for a mapping handed in from Python.
    line : line in the file, counted from 1; None where there is no file.
    """

    message: str
    key: str = ""
    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part)
        return escape(": ".join(part for part in (place, self.key, shorten(self.message, _LONGEST)) if part))


class ModelError(JitriskError):
    """A model that cannot be simulated, with every fault found in it.

    Parameters
    ----------
    faults : the faults, in the order of the file.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        Exception.__init__(self, "\n".join(str(fault) for fault in self.faults))  # one line each


class ExogenousError(JitriskError):
    """Exogenous paths handed in that do not fit the model."""


class CapacityError(JitriskError):
    """A request that does not fit in this machine's memory; the message says what would fit."""


class ResultError(JitriskError):
    """A file or Dataset that is not a result of jitrisk, or cannot be written."""
