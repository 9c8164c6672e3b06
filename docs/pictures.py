"""Write the pictures of the documents: `python docs/pictures.py` in the environment of `make docs`."""

from __future__ import annotations

from pathlib import Path

import matplotlib

import jitrisk as jr
from jitrisk import report

IMAGES = Path(__file__).parent / "images"


def main() -> None:
    """Draw each picture; the same version of matplotlib writes the same bytes."""
    matplotlib.rcParams["svg.hashsalt"] = "jitrisk"
    IMAGES.mkdir(exist_ok=True)
    outcomes = jr.simulate("brake-valves", paths=20_000)
    for name, figure in {"exceedance": report.exceedance(outcomes)}.items():
        figure.savefig(IMAGES / f"{name}.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
