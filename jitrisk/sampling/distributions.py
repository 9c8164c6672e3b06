"""Distributions as values: what a model draws from, checked once, immutable, hashable and printable.

Nothing is drawn here; :mod:`jitrisk.sampling.quantile_tables` compiles a distribution to a quantile table.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jitrisk.sampling.counts import DISCRETE
from jitrisk.sampling.families import CONTINUOUS, Family

FAMILIES: dict[str, Family] = {family.name: family for family in CONTINUOUS + DISCRETE}

_LISTS = frozenset({"values", "weights"})
_HALVINGS = 90  # enough for a relative error of 1e-6 at a probability of 1e-21


@dataclass(frozen=True)
class Distribution:
    """One distribution; make it with `build_distribution` or `build_constant`, which check it.

    Attributes
    ----------
    family : a name in :data:`FAMILIES`.
    parameters : sorted pairs of name and value in the one canonical form, so that equal distributions are equal values:
        ``cv`` becomes ``sd``, and one without spread becomes the family ``constant``.
    """

    family: str
    parameters: tuple[tuple[str, Any], ...]

    def mean(self) -> float:
        """Return the mean of the distribution, before any clipping at zero."""
        return FAMILIES[self.family].mean(dict(self.parameters))

    def sd(self) -> float:
        """Return the standard deviation of the distribution, before any clipping at zero."""
        return FAMILIES[self.family].sd(dict(self.parameters))

    def quantile(self, p: ArrayLike, upper: bool = False) -> NDArray[np.float64]:
        """Return the quantile function, or with ``upper`` that of 1 - p, exact for small p.

        Parameters
        ----------
        p : probabilities in [0, 1], any shape.
        upper : measure p from the upper end.

        Returns
        -------
        array of the shape of p : the least x with P(X <= x) >= p (``upper``: P(X > x) <= p).
        """
        share = np.asarray(p, dtype=np.float64)
        flat = FAMILIES[self.family].quantile(dict(self.parameters), np.atleast_1d(share), upper)
        return np.asarray(flat, dtype=np.float64).reshape(share.shape)

    def cdf(self, values: ArrayLike, halvings: int = _HALVINGS) -> NDArray[np.float64]:
        """Return the distribution function, P(X <= x), in closed form or by bisection of the quantile function.

        Parameters
        ----------
        values : values, any shape.
        halvings : of the interval in which a probability is looked for; the last one's length is the error.

        Returns
        -------
        array of the shape of `values`; small probabilities have a small relative error, too, and those below 1e-27
        are 0.
        """
        at = np.asarray(values, dtype=np.float64)
        closed = FAMILIES[self.family].cdf(dict(self.parameters), at) if np.isfinite(at).all() else None
        if closed is not None:
            return closed
        low, high = np.zeros(at.shape), np.ones(at.shape)
        for _ in range(halvings):
            middle = 0.5 * (low + high)
            reached = self.quantile(middle) > at
            low, high = np.where(reached, low, middle), np.where(reached, middle, high)
        # Where every quantile lies above a value, no halving raises the lower end.
        return np.where(self.highest <= at, 1.0, np.where(low > 0, 0.5 * (low + high), 0.0))

    @property
    def is_integer(self) -> bool:
        """Whether only whole numbers can be drawn."""
        return FAMILIES[self.family].is_integer(dict(self.parameters))

    @property
    def lowest(self) -> float:
        """The lowest value, -inf if there is none."""
        return float(FAMILIES[self.family].support(dict(self.parameters))[0])

    @property
    def highest(self) -> float:
        """The highest value, inf if there is none."""
        return float(FAMILIES[self.family].support(dict(self.parameters))[1])

    def __str__(self) -> str:
        return f"{self.family}({', '.join(f'{name}={_format_value(value)}' for name, value in self.parameters)})"


def _format_value(value: Any) -> str:
    return f"[{', '.join(f'{v:g}' for v in value)}]" if isinstance(value, tuple) else f"{value:g}"


def build_constant(value: float) -> Distribution:
    """Return the distribution that is always ``value``."""
    return build_distribution("constant", value=value)


def build_distribution(family: str, **parameters: Any) -> Distribution:
    """Return a checked distribution.

    Parameters
    ----------
    family : a name in :data:`FAMILIES`.
    **parameters : one of the family's forms, as numbers, or lists of numbers for ``values`` and ``weights``.

    Raises
    ------
    ValueError
        In one sentence, what was found and what is allowed.
    """
    if family not in FAMILIES:
        near = difflib.get_close_matches(family, FAMILIES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(FAMILIES)}"
        raise ValueError(f"unknown distribution {family!r}; {hint}")
    definition = FAMILIES[family]
    _check_names(definition, parameters)
    checked = {name: _check_value(definition, name, parameters[name]) for name in sorted(parameters)}
    kept = definition.canonicalize(checked)
    if set(kept) == {"value"}:
        family = "constant"
    return Distribution(family, tuple(sorted(kept.items())))


def _check_names(family: Family, given: Iterable[str]) -> None:
    names = set(given)
    if any(names == set(form) for form in family.forms):
        return
    allowed = " or ".join("{" + ", ".join(form) + "}" for form in family.forms)
    unknown = sorted(names - set(family.parameters))
    if unknown:
        near = difflib.get_close_matches(unknown[0], family.parameters, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise ValueError(f"{family.name} has no parameter {unknown[0]!r}{hint}; it takes {allowed}")
    found = ", ".join(sorted(names)) or "no parameter"
    raise ValueError(f"{family.name} takes {allowed}, but {found} was given")


def _check_value(family: Family, name: str, value: Any) -> Any:
    if name not in _LISTS:
        return _check_number(family, name, value)
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError(f"{name} of {family.name} is {value!r}, but must be a list of numbers")
    numbers = tuple(_check_number(family, name, each) for each in value)
    if not numbers:
        raise ValueError(f"{name} of {family.name} is empty, but must have at least one number")
    return numbers


def _check_number(family: Family, name: str, value: Any) -> float:
    kind = family.parameters[name]
    positive = name in family.positive
    try:
        number = math.nan if isinstance(value, bool | str) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    allowed = {
        "count": "a whole number of at least 0",
        "probability": "a number above 0 and at most 1" if positive else "a number from 0 to 1",
    }.get(kind, "a number above 0" if positive else "a number of at least 0")
    is_allowed = math.isfinite(number) and number >= 0 and not (positive and number == 0)
    if kind == "count":
        is_allowed = is_allowed and number == math.floor(number)
    elif kind == "probability":
        is_allowed = is_allowed and number <= 1
    if not is_allowed:
        raise ValueError(f"{name} of {family.name} is {value!r}, but must be {allowed}")
    return number
