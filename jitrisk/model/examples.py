"""The model files that come with the program."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).resolve().parent.parent / "examples"


def list_examples() -> dict[str, Path]:
    """Return the bundled models, by name."""
    return {path.stem: path for path in sorted(_FOLDER.glob("*.yaml"))}


def describe(path: Path) -> str:
    """Return the comment in the first line of a model file, which describes it."""
    with path.open(encoding="utf-8") as lines:
        first = next(lines, "").strip()
    return first.lstrip("# ") if first.startswith("#") else ""
