"""Words shared by the messages about a model: lists of names and the nearest known name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from itertools import islice

from jitrisk.errors import find_closest
from jitrisk.printable import escape, shorten

# A message that would list more names than this lists none.
_MOST_LISTED = 30

# A list of names may have this many characters.
_LONGEST_LIST = 500

MOST_EXPLAINED = 50
"""After this many unknown names of one kind, a message has neither a hint nor the names that are allowed."""

# Searching for the nearest name takes time in proportion to the names: so many names are looked at in all searches.
_MOST_LOOKS = 50_000

_LONGEST = 60
_LONGEST_REASON = 200


def format_text(text: str, longest: int = _LONGEST) -> str:
    """Return a text as a message may print it: not too long, and every character visible."""
    return shorten(escape(text[: longest + 1]), longest)


def format_reason(error: object) -> str:
    """Return the words of another program about an error as a message may print them."""
    return format_text(str(error), _LONGEST_REASON)


def quote_names(names: Iterable[str]) -> str:
    """Return the first names between backticks, separated by commas, and how many more there are."""
    rest = iter(names)
    listed = [f"`{format_text(name)}`" for name in islice(rest, _MOST_LISTED)]
    more = sum(1 for _ in rest)
    return ", ".join(listed) + (f" and {more:,} more" if more else "")


def find_nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`, or None if none is close."""
    plain = {k[:100].casefold(): k for k in known}
    close = find_closest(name[:100].casefold(), plain)
    return plain[close] if close else None


def suggest_name(name: object, known: Iterable[str]) -> str:
    """Return the end of a message that asks whether a known name was meant, or nothing where none is close."""
    close = find_nearest(name, known) if isinstance(name, str) else None
    return f"; did you mean `{format_text(close)}`?" if close else ""


def describe_unknown(
    kind: str, name: str, known: Collection[str], listed: Collection[str] = (), advice: str = ""
) -> str:
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
    close = None if advice else find_nearest(name, known)
    question = f"did you mean `{format_text(close)}`?" if close else advice
    names = quote_names(listed) if 0 < len(listed) <= _MOST_LISTED else ""
    allowed = f"allowed: {names}" if 0 < len(names) <= _LONGEST_LIST else ""
    hints = " (".join(hint for hint in (question, allowed) if hint) + (")" if question and allowed else "")
    return f"unknown {kind} `{format_text(name)}`" + (f"; {hints}" if hints else "")


class KnownNames:
    """Known names of one kind, for messages about many unknown ones.

    Parameters
    ----------
    kind : what the names are of.
    names : the known names.
    """

    def __init__(self, kind: str, names: Collection[str]) -> None:
        self._kind, self._names = kind, names
        self._left = min(MOST_EXPLAINED, max(1, _MOST_LOOKS // max(1, len(names))))

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def explain_unknown(self, name: str, advise: Callable[[], str] = str) -> str:
        """Return a message about an unknown name; the first few have hints.

        Parameters
        ----------
        name : the name.
        advise : returns what to write in place of the name, where that is known; called where there is a hint.
        """
        self._left -= 1
        if self._left < 0:
            return describe_unknown(self._kind, name, ())
        return describe_unknown(self._kind, name, self._names, advice=advise())
