"""Faults of a model while it is read: findings with a key path, and the words of their messages.

A validator raises a finding inside a pydantic error. Each level above adds its keys to the key path of the finding.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from jitrisk.errors import find_closest
from jitrisk.printable import escape, shorten

KeyPath = tuple[str | int, ...]
"""Keys and list positions that lead to one place in a model."""

_T = TypeVar("_T")

_FIELD = 3  # steps from the top of a model to a field of a stage, customer or hazard, which a patch replaces whole

# A message that would list more names than this lists none.
_MOST_LISTED = 30

# A list of names may have this many characters.
_LONGEST_LIST = 500

MOST_EXPLAINED = 50
"""After this many unknown names of one kind, a message has neither a hint nor the names that are allowed."""

# The search for the nearest name takes time in proportion to the names: all searches together compare so many.
_MOST_LOOKS = 50_000

_LONGEST = 60
_LONGEST_REASON = 200


@dataclass(frozen=True)
class Origin:
    """Where a model was read from; equal for all models, so that a model is the same wherever it comes from.

    Attributes
    ----------
    file : the file; empty for a mapping from Python.
    lines : line of every key and list item by its key path; empty for a mapping.
    strategy : the strategy whose network this is; empty for the model itself.
    changed : key paths of what was changed after the model was read, and so stands in no file.
    tables : key paths of the tables that were read, whose values and weights the model has in their place.
    """

    file: str = field(default="", compare=False)
    lines: Mapping[KeyPath, int] = field(default_factory=dict, compare=False, repr=False)
    strategy: str = field(default="", compare=False)
    changed: frozenset[KeyPath] = field(default=frozenset(), compare=False)
    tables: frozenset[KeyPath] = field(default=frozenset(), compare=False, repr=False)

    def locate(self, key_path: KeyPath) -> tuple[str, int | None]:
        """Return the key of the part of a key path that stands in the file, and its line.

        Of a mapping, and of what was changed after it was read, that is the whole key. Under a strategy, a field of a
        stage, customer or hazard that its patch replaces stands in the patch.
        """
        if not self.lines:
            return format_key(key_path), None
        patched: KeyPath = ("strategies", self.strategy, *key_path)
        is_in_patch = patched[: 2 + _FIELD] in self.lines or self.is_changed(patched)
        if self.strategy and len(key_path) >= _FIELD and is_in_patch:
            key_path = patched
        if self.is_changed(key_path):
            return format_key(key_path), None
        known = next(length for length in range(len(key_path), -1, -1) if not length or key_path[:length] in self.lines)
        return format_key(key_path[:known]), self.lines.get(key_path[:known])

    def is_changed(self, key_path: KeyPath) -> bool:
        """Return whether what stands at a key path was changed after the model was read."""
        return any(key_path[:length] in self.changed for length in range(1, len(key_path) + 1))


def format_key(key_path: KeyPath) -> str:
    """Return a key path as messages show it, such as ``stages.valve.policy``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{format_text(step)}" for step in key_path).lstrip(".")


class Finding(NamedTuple):
    """One fault, at a key path.

    Attributes
    ----------
    key_path : its place, from the top of what is being read.
    message : what was found and what is allowed.
    line : line in the file, where it is not that of the key path.
    file : the file of the line, where it is not the model file.
    """

    key_path: KeyPath
    message: str
    line: int | None = None
    file: str = ""

    def add_prefix(self, *prefix: str | int) -> Finding:
        """Return the finding with a longer key path, from further up."""
        return self._replace(key_path=(*prefix, *self.key_path))


def build_refusal(message: str) -> PydanticCustomError:
    """Return the error that a validator raises for the place it reads."""
    # Without a context pydantic leaves braces in the message alone.
    return PydanticCustomError("fault", message)


def combine_findings(findings: Iterable[Finding]) -> ValidationError:
    """Return one error for several findings below the place that is read."""
    details = [
        InitErrorDetails(type=build_refusal(message), loc=key_path, input=None) for key_path, message, *_ in findings
    ]
    return ValidationError.from_exception_data("model", details)


def extract_findings(error: ValueError) -> list[Finding]:
    """Return the findings in an error of `build_refusal`, `combine_findings` or pydantic."""
    if isinstance(error, ValidationError):
        return [Finding(tuple(e["loc"]), e["msg"]) for e in error.errors(include_url=False, include_input=False)]
    return [Finding((), str(error))]


def attempt(findings: list[Finding], key_path: KeyPath, read: Callable[..., _T], *arguments: Any) -> _T | None:
    """Return ``read(*arguments)``; where it fails, add its findings under `key_path` and return None."""
    try:
        return read(*arguments)
    except ValueError as error:
        findings.extend(finding.add_prefix(*key_path) for finding in extract_findings(error))
        return None


def format_text(text: str, longest: int = _LONGEST) -> str:
    """Return a text ready to be printed in a message: not too long, and every character visible."""
    return shorten(escape(text[: longest + 1]), longest)


def format_reason(error: object) -> str:
    """Return the message of another program about an error, ready to be printed."""
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
    """Return the end of a message that suggests the nearest known name, or nothing where none is near."""
    close = find_nearest(name, known) if isinstance(name, str) else None
    return f"; did you mean `{format_text(close)}`?" if close else ""


def describe_unknown(
    kind: str, name: str, known: Collection[str], listed: Collection[str] = (), advice: str = ""
) -> str:
    """Return a message about an unknown name: what to write, or the nearest known one, and what is allowed.

    Parameters
    ----------
    kind : the kind of name, such as ``key``.
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
