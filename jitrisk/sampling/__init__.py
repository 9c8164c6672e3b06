"""Exogenous paths: distributions, what is drawn from them, and the sampler that draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitrisk.sampling.distributions import FAMILIES, Distribution, build_constant, build_distribution
from jitrisk.sampling.series import Effect, ExogenousSeries, HazardProcess

if TYPE_CHECKING:
    from jitrisk.sampling.sampler import Sampler

__all__ = [
    "FAMILIES",
    "Distribution",
    "Effect",
    "ExogenousSeries",
    "HazardProcess",
    "Sampler",
    "build_constant",
    "build_distribution",
]


def __getattr__(name: str) -> Any:
    # Import the sampler on first use: Numba takes 0.4 s.
    if name == "Sampler":
        from jitrisk.sampling.sampler import Sampler

        return Sampler
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
