"""What is measured: networks from tiny to wide, as models."""

from __future__ import annotations

from typing import Any

from numpy_line import Line

LAYERS, WIDTH = 20, 100


def wide() -> dict[str, Any]:
    """Return 2,000 stages in layers of 100, each fed by two of the layer before, each with its breakdowns."""
    stages, hazards = {}, {}
    for layer in range(LAYERS):
        for k in range(WIDTH):
            inputs = {f"l{layer - 1}_{(k + shift) % WIDTH}": 1 for shift in (0, 1)} if layer else {}
            name = f"l{layer}_{k}"
            # Flows double from layer to layer upstream, as every stage takes two units.
            flow = 2.0 ** (LAYERS - 1 - layer) if layer >= LAYERS - 4 else 16.0
            stages[name] = {
                "inputs": inputs if layer > LAYERS - 5 else dict(list(inputs.items())[:1]),
                "lead_time": 1,
                "capacity": 8 * flow,
                "policy": {"kanban": {"cards": 4, "container": 4 * flow}},
            }
            hazards[f"{name}_down"] = {
                "time_between": {"geometric": {"mean": 50}},
                "duration": {"geometric": {"mean": 3}},
                "hits": {name: {"capacity": 0}},
            }
    customers = {f"buyer{k}": {"stage": f"l{LAYERS - 1}_{k}", "demand": {"poisson": {"mean": 5}}} for k in range(WIDTH)}
    return {
        "name": "wide",
        "period": "1 d",
        "horizon": "365 d",
        "stages": stages,
        "customers": customers,
        "hazards": hazards,
    }


SUBJECTS: dict[str, tuple[Any, int]] = {
    "line": (Line().model(), 20_000),
    "line-8-strategies": (Line().model(strategies=8), 10_000),
    "bicycles": ("bicycles", 10_000),
    "brake-valves": ("brake-valves", 5_000),
    "wide": (wide(), 256),
}
"""Each subject's model, and the paths it is measured on."""
