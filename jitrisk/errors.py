"""The errors that a user gets: each has its place, what was found, what is allowed and the next step."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from heapq import nlargest
from itertools import islice

from jitrisk.printable import escape, shorten

MOST_FAULTS = 1_000
"""A `ModelError` keeps this many faults. A check that has found more of them ends."""

MOST_PRINTED = 50
"""The text of a `ModelError` has this many faults and counts the others."""

# A name is compared by its first characters, and letter by letter with so many of those most like it, so that no
# search takes long for any names.
_LONGEST_NAME = 60
_MOST_SEARCHED = 20_000
_MOST_COMPARED = 50

_MOST_LISTED = 30

_LONGEST = 2_000  # characters of one message


class JitriskError(Exception):
    """Invalid input of a user; the command line prints the message and exits with 2.

    Its message is one line of bounded length, and every character of it is printable.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(shorten(escape(message), _LONGEST))


def list_names(names: Collection[str]) -> str:
    """Return names as a message has room for: the first 30, and how many more there are."""
    more = len(names) - _MOST_LISTED
    return ", ".join(islice(names, _MOST_LISTED)) + (f" and {more:,} more" if more > 0 else "")


def format_suggestion(name: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: the nearest one known, or nothing where none is near."""
    close = find_closest(name, known)
    return f"; did you mean {close!r}?" if close else ""


def find_closest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`, or None where none is close.

    Only the first 60 characters and the first 20,000 names count. Of many names those that share the most letters are
    compared.
    """
    starts = {other[:_LONGEST_NAME]: other for other in islice(known, _MOST_SEARCHED)}
    candidates = list(starts)
    if len(candidates) > _MOST_COMPARED:
        matcher = SequenceMatcher(b=name[:_LONGEST_NAME])

        def compute_similarity(other: str) -> float:
            matcher.set_seq1(other)
            return matcher.quick_ratio()

        candidates = nlargest(_MOST_COMPARED, candidates, key=compute_similarity)
    close = get_close_matches(name[:_LONGEST_NAME], candidates, n=1, cutoff=0.6)
    return starts[close[0]] if close else None


@dataclass(frozen=True)
class Fault:
    """One fault of a model.

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
    """A model that cannot be simulated, with the faults found in it.

    Parameters
    ----------
    faults : the faults, in the order of the file.
    more : further faults, which are only counted.

    Attributes
    ----------
    faults : the first faults, at most `MOST_FAULTS`.
    count : how many faults were found. Above `MOST_FAULTS` the model may have more than that.
    """

    def __init__(self, faults: Iterable[Fault], more: int = 0) -> None:
        rest = iter(faults)
        self.faults: tuple[Fault, ...] = tuple(islice(rest, MOST_FAULTS))
        self.count = len(self.faults) + sum(1 for _ in rest) + more
        Exception.__init__(self, "\n".join([*map(str, self.printed), *self._format_remainder()]))  # one line each

    @property
    def printed(self) -> tuple[Fault, ...]:
        """The faults that the text has."""
        return self.faults[:MOST_PRINTED]

    def _format_remainder(self) -> list[str]:
        """Return the line that counts the faults that are not printed, where there are any."""
        more = self.count - len(self.printed)
        least = "at least " if self.count > MOST_FAULTS else ""
        return [f"and {least}{more:,} more {'fault' if more == 1 else 'faults'}"] if more else []


class ExogenousError(JitriskError):
    """Exogenous paths handed in that do not fit the model."""


class CapacityError(JitriskError):
    """A request that does not fit in this machine's memory; the message has the size that would fit."""


class ResultError(JitriskError):
    """A file or Dataset that is not a result of jitrisk, or cannot be written."""
