"""The model files that come with the program."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).resolve().parent.parent / "examples"


def list_examples() -> dict[str, Path]:
    """Return the bundled models, by name."""
    return {file.stem: file for file in sorted(_FOLDER.glob("*.yaml"))}


def describe(file: Path) -> str:
    """Return the comment in the first line of a model file, which describes it."""
    with file.open(encoding="utf-8") as lines:
        first = next(lines, "").strip()
    return first.lstrip("# ") if first.startswith("#") else ""
