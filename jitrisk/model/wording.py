"""Words shared by the messages about a model: lists of names and the nearest known name."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

from jitrisk.printable import escape, shorten

# A message that would list more names than this lists none.
_MOST_LISTED = 30


# Searching for the nearest name takes time in proportion to the names: after this many it is not searched for.
_MOST_SEARCHED = 50

_LONGEST = 60


def shown(text: str) -> str:
    """Return a text as a message may print it: not too long, and every character visible."""
    return shorten(escape(text[: _LONGEST + 1]), _LONGEST)


def quoted(names: Iterable[str]) -> str:
    """Return the names between backticks, separated by commas; of many the first, and how many more there are."""
    listed = [f"`{shown(name)}`" for name in names]
    more = len(listed) - _MOST_LISTED
    return ", ".join(listed[:_MOST_LISTED]) + (f" and {more:,} more" if more > 0 else "")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`, or None if none is close."""
    plain = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(name.casefold()[:100], plain, n=1, cutoff=0.6)
    return plain[close[0]] if close else None


def meant(name: object, known: Iterable[str]) -> str:
    """Return the end of a message that asks whether a known name was meant, or nothing where none is close."""
    close = nearest(name, known) if isinstance(name, str) else None
    return f"; did you mean `{shown(close)}`?" if close else ""


def size(count: int) -> str:
    """Return a number of bytes as a message shows it."""
    return f"{count / 1e6:g} MB" if count >= 1e6 else f"{count:,} bytes"


def unknown(kind: str, name: str, known: Collection[str], listed: Collection[str] = (), advice: str = "") -> str:
    """Return a message about an unknown name: what to write, or the nearest known one, and what is allowed.

    Parameters
    ----------
    kind : what the name should be of, such as ``key``.
    name : the name found.
    known : the names that are allowed.
    listed : those of them that the message lists; all by default.
    advice : what to write in place of the name, where that is known.
    """
    listed = listed or known
    close = None if advice else nearest(name, known)
    question = f"did you mean `{shown(close)}`?" if close else advice
    allowed = f"allowed: {quoted(listed)}" if 0 < len(listed) <= _MOST_LISTED else ""
    hints = " (".join(hint for hint in (question, allowed) if hint) + (")" if question and allowed else "")
    return f"unknown {kind} `{shown(name)}`" + (f"; {hints}" if hints else "")


class Known:
    """Known names of one kind, for messages about many unknown ones.

    Parameters
    ----------
    kind : what the names are of.
    names : the known names.
    """

    def __init__(self, kind: str, names: Collection[str]) -> None:
        self._kind, self._names, self._searched = kind, names, 0

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def unknown(self, name: str) -> str:
        """Return a message about an unknown name."""
        self._searched += 1
        return unknown(self._kind, name, self._names if self._searched <= _MOST_SEARCHED else ())
