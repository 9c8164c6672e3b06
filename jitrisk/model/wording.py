"""Words shared by the messages about a model: lists of names and the nearest known name."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

# A message that would list more names than this lists none.
_MOST_LISTED = 30


def quoted(names: Iterable[str]) -> str:
    """Return the names between backticks, separated by commas."""
    return ", ".join(f"`{name}`" for name in names)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`, or None if none is close."""
    plain = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(name.casefold()[:100], plain, n=1, cutoff=0.6)
    return plain[close[0]] if close else None


def unknown(kind: str, name: str, known: Collection[str]) -> str:
    """Return a message about an unknown name: the nearest known one, and what is allowed.

    Parameters
    ----------
    kind : what the name should be of, such as ``key``.
    name : the name found.
    known : the names that are allowed.
    """
    close = nearest(name, known)
    question = f"; did you mean `{close}`?" if close else ""
    allowed = f"; allowed: {quoted(known)}" if 0 < len(known) <= _MOST_LISTED else ""
    return f"unknown {kind} `{name[:60]}`{question}{allowed}"
