"""Warnings about forecasts: those that no policy follows."""

from __future__ import annotations

from collections.abc import Iterator

from jitrisk.model_warnings.subject import CheckFinding, Subject


def find_unfollowed_forecasts(subject: Subject) -> Iterator[CheckFinding]:
    """Yield every forecast of a customer that no policy follows, under this strategy or another one."""
    for name, customer in subject.network.customers.items():
        if customer.forecast is not None and name not in subject.all_strategies.followed_forecasts:
            yield CheckFinding(("customers", name, "forecast"), f"no policy follows the forecast of {name}")
