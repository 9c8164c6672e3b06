"""How much a file may declare for what it stores."""

from jitrisk.errors import ResultError
from jitrisk.units import format_bytes

_ALLOWANCE = 2**26
_MOST = 1000


def is_proportionate(declared: int, stored: int) -> bool:
    """Return whether a file that stores so many bytes may declare so many; compression of results stays below."""
    return declared <= _ALLOWANCE + _MOST * stored


def require_proportion(declared: int, stored: int) -> None:
    """Raise ResultError where a file declares far more than it stores."""
    if not is_proportionate(declared, stored):
        raise ResultError(
            f"is refused: it declares {format_bytes(declared)} and stores {format_bytes(stored)}, less than one byte "
            f"in {_MOST:,}; simulate it again"
        )
