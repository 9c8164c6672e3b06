"""Warnings about how numbers are written: per period where per day was meant, per period where per year was."""

from __future__ import annotations

from collections.abc import Iterator

from jitrisk.model import BareRate
from jitrisk.model_warnings.subject import CheckFinding, Subject
from jitrisk.units import DAY, HOUR, YEAR, format_duration, format_number

_MOST_INTEREST = 10.0
_INTEREST = "holding_rate"


def find_numbers_per_period(subject: Subject) -> Iterator[CheckFinding]:
    """Yield every bare number per time that counts per another time than a day."""
    for rate in subject.bare_rates:
        if rate.seconds != DAY and not _is_annual_holding_rate(rate):
            period, daily = format_duration(rate.seconds / HOUR, 4), format_number(rate.number * DAY / rate.seconds, 4)
            yield CheckFinding(rate.key_path, f"the bare number {rate.number:g} is per {period}, which is {daily} / d")


def find_high_holding_rates(subject: Subject) -> Iterator[CheckFinding]:
    """Yield a holding rate that is a bare number and above 1,000 % per year."""
    for rate in subject.bare_rates:
        if _is_annual_holding_rate(rate):
            yearly = format_number(100 * rate.number * YEAR / rate.seconds, 4)
            period = format_duration(rate.seconds / HOUR, 4)
            yield CheckFinding(
                rate.key_path, f"the bare number {rate.number:g} is per {period}, which is {yearly} % per year"
            )


def _is_annual_holding_rate(rate: BareRate) -> bool:
    """Return whether a bare number is a holding rate so high that it is one of a year, not of a period."""
    return rate.key_path[-1] == _INTEREST and rate.number * YEAR / rate.seconds > _MOST_INTEREST
