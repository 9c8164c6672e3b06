"""What is measured: every way to simulate the line, and how much of it is enough."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy_line import Line


@dataclass(frozen=True)
class Measured:
    """One way to simulate the line, by module and function.

    `paths` takes about half a second; `few` and `many` are the paths whose difference in instructions is counted, over
    `periods` periods: programs written in Python take more than a thousand times as many.
    """

    name: str
    call: str
    packages: tuple[str, ...]
    paths: int
    few: int
    many: int
    periods: int = Line.periods
    strategies: int = 1
    note: str = ""

    def find(self) -> Callable[[Line, int, int], Any]:
        """Return the function; its package is imported now."""
        module, function = self.call.split(":")
        return getattr(importlib.import_module(module), function)

    def count_stage_periods(self, paths: int, line: Line) -> int:
        """Return what a run over some paths consists of."""
        return paths * line.periods * line.stages * self.strategies


OURS = (
    Measured("jitrisk", "peers.jitrisk_line:simulate", ("jitrisk",), 200_000, 544, 1632),
    Measured(
        "jitrisk, 8 strategies", "peers.jitrisk_line:simulate_eight", ("jitrisk",), 40_000, 544, 1632, strategies=8
    ),
)
OTHERS = (
    Measured("loop in Numba", "peers.numba_line:simulate", ("numba",), 25_000, 50, 150),
    Measured("expert NumPy", "numpy_line:simulate", ("numpy",), 16_384, 4096, 8192, periods=73),
    Measured("SimPy", "peers.simpy_line:simulate", ("simpy",), 50, 1, 3),
    Measured(
        "stockpyl",
        "peers.stockpyl_line:simulate",
        ("stockpyl",),
        2,
        1,
        2,
        periods=73,
        note="its simulation has no cards, and its capacity and disruptions limit orders, not starts; the rule of the "
        "stages is a subclass of its Policy, which takes no longer than its own base stock",
    ),
)
