"""Types of the compiled dynamics."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

STAGE_TOTALS: tuple[str, ...]
CYCLE_TOTALS: tuple[str, ...]
CUSTOMER_TOTALS: tuple[str, ...]
STRIPE: int

class _Plant(Protocol):
    @property
    def stages(self) -> int: ...
    @property
    def customers(self) -> int: ...
    @property
    def ring(self) -> NDArray[np.int32]: ...

def state_rows(plant: _Plant) -> int: ...

class Block:
    lanes: int
    stages: int
    customers: int

    def __init__(
        self, plant: _Plant, rows: NDArray[np.int32], state: NDArray[np.float32] | NDArray[np.float64], lanes: int
    ) -> None: ...
    def reset(
        self,
        stage_totals: NDArray[np.float64],
        customer_totals: NDArray[np.float64],
        cycle_totals: NDArray[np.float64] | None = None,
    ) -> None: ...
    def account(self, stage_totals: NDArray[np.float64], customer_totals: NDArray[np.float64]) -> None: ...
    def observe(self, authorized: NDArray[np.float32]) -> None: ...
    def advance(self, tile: NDArray[np.float32], tile_start: int, begin: int, end: int) -> None: ...
    def open_books(self, period: int) -> None: ...
    def flush(self) -> None: ...
    def close_books(self, period: int, periods: float) -> None: ...
