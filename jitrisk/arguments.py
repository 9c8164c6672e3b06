"""Arguments of the public functions, checked; each raises JitriskError with what is allowed."""

from __future__ import annotations

import operator
from typing import Any

import xarray as xr

from jitrisk.errors import ExogenousError, JitriskError

_LAST = 2**63


def numbers_from(paths: int | range) -> range:
    """Return path numbers: from 0 on, or a range of step 1."""
    numbers = paths if isinstance(paths, range) else range(whole("paths", paths))
    if not numbers or numbers.step != 1 or numbers.start < 0 or numbers.stop > _LAST:
        raise JitriskError(f"paths is {paths!r}: allowed are a whole number of at least 1, or a range of path numbers")
    return numbers


def whole(what: str, number: Any) -> int:
    """Return a whole number, whatever its type."""
    if isinstance(number, bool) or not hasattr(number, "__index__"):
        raise JitriskError(f"{what} is {number!r}: allowed is a whole number")
    return operator.index(number)


def numbers_of(exogenous: xr.Dataset, paths: int | range | None) -> range:
    """Return the numbers of exogenous paths: their own, or from 0 where they have none."""
    count = exogenous.sizes.get("path", 0)
    if count == 0:
        raise ExogenousError("the exogenous paths have no dimension 'path', or no path in it")
    own = exogenous["path"].values.tolist() if "path" in exogenous.coords else list(range(count))
    if not isinstance(own[0], int) or own != list(range(own[0], own[0] + count)):
        raise ExogenousError(
            f"the exogenous paths are numbered {', '.join(map(str, own[:3]))}...: allowed are consecutive whole "
            "numbers; hand them in one by one, or drop the coordinate 'path' to number them from 0"
        )
    numbers = numbers_from(range(own[0], own[0] + count))
    if paths is not None and numbers_from(paths) not in (numbers, range(count)):
        raise ExogenousError(f"paths is {paths!r}, but {count} exogenous paths are handed in: leave paths out")
    return numbers


def seed_from(seed: int) -> int:
    """Return a seed, 0 to 2**63 - 1."""
    number = whole("seed", seed)
    if not 0 <= number < _LAST:
        raise JitriskError(f"seed is {seed}: allowed is a whole number from 0 to 2**63 - 1")
    return number


def threads_from(threads: int | None) -> int | None:
    """Return a number of threads, None for all cores."""
    if threads is not None and whole("threads", threads) < 1:
        raise JitriskError(f"threads is {threads}: allowed is a whole number of at least 1")
    return threads
