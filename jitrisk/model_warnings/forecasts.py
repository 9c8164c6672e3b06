"""Warnings about forecasts: those that no policy follows, and those that are far from the demand on average."""

from __future__ import annotations

from collections.abc import Iterator

from jitrisk.lower.atoms import compute_clipped_mean
from jitrisk.model_warnings.subject import CheckFinding, Subject
from jitrisk.units import format_number

_LEAST, _MOST = 0.5, 2.0  # mean factors of forecasts without a warning


def find_unfollowed_forecasts(subject: Subject) -> Iterator[CheckFinding]:
    """Yield every forecast of a customer that no policy follows, under this strategy or another one."""
    for name, customer in subject.network.customers.items():
        if customer.forecast is not None and name not in subject.all_strategies.followed_forecasts:
            yield CheckFinding(("customers", name, "forecast"), f"no policy follows the forecast of {name}")


def find_biased_forecasts(subject: Subject) -> Iterator[CheckFinding]:
    """Yield every forecast whose drawn factor is far from 1 on average, as where a spread is written for the factor."""
    for name, customer in subject.network.customers.items():
        error = None if customer.forecast is None else customer.forecast.error
        mean = 1.0 if error is None else compute_clipped_mean(error)
        if not _LEAST <= mean <= _MOST:
            found = f"planners expect {format_number(mean)} times the demand of {name} on average"
            yield CheckFinding(("customers", name, "forecast", "error"), found)
