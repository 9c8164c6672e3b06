"""Write the pictures of the documents: `python docs/pictures.py` in the environment of `make docs`."""

from __future__ import annotations

from pathlib import Path

import jitrisk as jr
from jitrisk import report
from jitrisk.report.writing import write_figure

IMAGES = Path(__file__).parent / "images"


def main() -> None:
    """Draw each picture; the same version of matplotlib writes the same bytes."""
    IMAGES.mkdir(exist_ok=True)
    outcomes = jr.simulate("brake-valves", paths=20_000)
    metrics = outcomes.risk.metrics()
    figures = {
        "exceedance": report.exceedance(metrics),
        "distribution": report.distribution(metrics),
        "cost-stack": report.cost_stack(outcomes),
        "timeline": report.timeline(jr.replay("brake-valves", "jit", worst="cost", paths=1000)),
        "network": report.network(jr.outline(outcomes), outcomes, "jit"),
    }
    for name, figure in figures.items():
        write_figure(figure, IMAGES / f"{name}.svg")


if __name__ == "__main__":
    main()
