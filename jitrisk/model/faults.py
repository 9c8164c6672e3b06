"""How the faults of a model travel: as findings with a key path, inside pydantic's errors and out of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from jitrisk.model.wording import format_text

Path = tuple[str | int, ...]
"""Keys and list positions that lead to one place in a model."""

_T = TypeVar("_T")

_FIELD = 3  # steps from the top of a model to a field of a stage, customer or hazard, which a patch replaces whole


@dataclass(frozen=True)
class Origin:
    """Where a model was read from; equal for all models, so that a model is the same wherever it comes from.

    Attributes
    ----------
    file : the file; empty for a mapping from Python.
    lines : line of every key and list item by its path; empty for a mapping.
    strategy : the strategy whose network this is; empty for the model itself.
    changed : paths of what was changed after the model was read, and so stands in no file.
    """

    file: str = field(default="", compare=False)
    lines: Mapping[Path, int] = field(default_factory=dict, compare=False, repr=False)
    strategy: str = field(default="", compare=False)
    changed: frozenset[Path] = field(default=frozenset(), compare=False)

    def locate(self, path: Path) -> tuple[str, int | None]:
        """Return the key of the part of a path that stands in the file, and its line.

        Of a mapping, and of what was changed after it was read, that is the whole key. Under a strategy, a field of a
        stage, customer or hazard that its patch replaces stands in the patch.
        """
        if not self.lines:
            return format_key(path), None
        patched: Path = ("strategies", self.strategy, *path)
        is_in_patch = patched[: 2 + _FIELD] in self.lines or self.is_changed(patched)
        if self.strategy and len(path) >= _FIELD and is_in_patch:
            path = patched
        if self.is_changed(path):
            return format_key(path), None
        known = next(length for length in range(len(path), -1, -1) if not length or path[:length] in self.lines)
        return format_key(path[:known]), self.lines.get(path[:known])

    def is_changed(self, path: Path) -> bool:
        """Return whether what stands at a path was changed after the model was read."""
        return any(path[:length] in self.changed for length in range(1, len(path) + 1))


def format_key(path: Path) -> str:
    """Return a path as messages show it, such as ``stages.valve.policy``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{format_text(step)}" for step in path).lstrip(".")


class Finding(NamedTuple):
    """One thing wrong, at a key path.

    Attributes
    ----------
    path : where, from the top of whatever is being read.
    message : what was found and what is allowed.
    line : line in the file, where it is not that of the path.
    file : the file of the line, where it is not the model file.
    """

    path: Path
    message: str
    line: int | None = None
    file: str = ""

    def add_prefix(self, *prefix: str | int) -> Finding:
        """Return the finding as seen from further up."""
        return self._replace(path=(*prefix, *self.path))


def build_refusal(message: str) -> PydanticCustomError:
    """Return the error that a validator raises for the place it reads."""
    # Without a context pydantic leaves braces in the message alone.
    return PydanticCustomError("fault", message)


def combine_findings(findings: Iterable[Finding]) -> ValidationError:
    """Return one error for several findings below the place that is read."""
    details = [InitErrorDetails(type=build_refusal(message), loc=path, input=None) for path, message, *_ in findings]
    return ValidationError.from_exception_data("model", details)


def extract_findings(error: ValueError) -> list[Finding]:
    """Return the findings in an error raised by :func:`refusal`, :func:`together` or pydantic."""
    if isinstance(error, ValidationError):
        return [Finding(tuple(e["loc"]), e["msg"]) for e in error.errors(include_url=False, include_input=False)]
    return [Finding((), str(error))]


def attempt(findings: list[Finding], path: Path, read: Callable[..., _T], *arguments: Any) -> _T | None:
    """Return ``read(*arguments)``; where it fails, add its findings under `path` and return None."""
    try:
        return read(*arguments)
    except ValueError as error:
        findings.extend(finding.add_prefix(*path) for finding in extract_findings(error))
        return None
