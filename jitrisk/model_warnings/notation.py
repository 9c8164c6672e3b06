"""Warnings about how numbers are written: per period where per day was meant, per period where per year was."""

from __future__ import annotations

from collections.abc import Iterator

from jitrisk.model import BareRate
from jitrisk.model_warnings.subject import Found, Subject
from jitrisk.units import number

_HOUR = 3600.0
_DAY = 24 * _HOUR
_YEAR = 365 * _DAY
_MOST_INTEREST = 10.0
_INTEREST = "holding_rate"


def find_numbers_per_period(subject: Subject) -> Iterator[Found]:
    """Yield every bare number per time that counts per another time than a day."""
    for rate in subject.bare_rates:
        if rate.seconds != _DAY and not _is_interest_of_years(rate):
            hours, daily = number(rate.seconds / _HOUR, 4), number(rate.number * _DAY / rate.seconds, 4)
            yield Found(rate.path, f"the bare number {rate.number:g} is per {hours} h, which is {daily} / d")


def find_high_holding_rates(subject: Subject) -> Iterator[Found]:
    """Yield a holding rate that is a bare number and above 1,000 % a year."""
    for rate in subject.bare_rates:
        if _is_interest_of_years(rate):
            yearly = number(100 * rate.number * _YEAR / rate.seconds, 4)
            hours = number(rate.seconds / _HOUR, 4)
            yield Found(rate.path, f"the bare number {rate.number:g} is per {hours} h, which is {yearly} % a year")


def _is_interest_of_years(rate: BareRate) -> bool:
    """Return whether a bare number is a holding rate so high that it is one of a year, not of a period."""
    return rate.path[-1] == _INTEREST and rate.number * _YEAR / rate.seconds > _MOST_INTEREST
