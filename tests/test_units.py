"""Numbers, durations, dates and amounts of memory as text."""

import math

import pytest

from jitrisk.units import (
    SECONDS_PER_UNIT,
    format_bytes,
    format_count,
    format_date,
    format_duration,
    format_log_duration,
    format_number,
    format_percent,
    format_wall_time,
)


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        (0.0, "0 h"),
        (1 / 60, "1 min"),
        (0.5, "30 min"),
        (1.0, "1 h"),
        (23.5, "23.5 h"),
        (24.0, "1 d"),
        (8760.0, "365 d"),
        (17520.0, "2 years"),
        (123456.0, "14.1 years"),
        (math.inf, "inf years"),
        (math.nan, "nan"),
        (0.99999, "1 h"),
        (-0.99999, "-1 h"),
        (59.96 / 60, "1 h"),
        (59.94 / 60, "59.9 min"),
        (23.999, "1 d"),
        (23.9, "23.9 h"),
        (17519.9, "2 years"),
        (17490.0, "729 d"),
    ],
)
def test_format_duration__format_duration_selects_the_largest_unit_that_is_reached(hours, text):
    assert format_duration(hours) == text


def test_format_duration__format_duration_uses_the_unit_of_another_duration():
    assert format_duration(8760.0, 4, like=20_000.0) == "1 year"
    assert format_duration(2.0, 4, like=24.0) == "0.08333 d"


@pytest.mark.parametrize(
    ("hours", "text"),
    [(0.0, "0 h"), (5.41e-9, "< 1 min"), (0.999 / 60, "< 1 min"), (1 / 60, "1 min"), (0.5, "30 min"), (8.0, "8 h")],
)
def test_format_duration__format_duration_gives_no_digits_below_the_least_duration(hours, text):
    assert format_duration(hours, least=1 / 60) == text


@pytest.mark.parametrize("unit", ["min", "h", "d", "years"])
def test_format_duration__format_duration_agrees_with_the_units_that_models_are_read_in(unit):
    hours = 2 * SECONDS_PER_UNIT[unit] / SECONDS_PER_UNIT["h"]
    assert format_duration(hours) == f"2 {unit}"


@pytest.mark.parametrize(
    ("hours", "text"),
    [(0.0, "0 h"), (0.0123, "0.012 h"), (0.14, "0.1 h"), (47.96, "48 h"), (48.0, "2 d"), (29_623.2, "1,234.3 d")],
)
def test_format_log_duration__format_log_duration_has_one_decimal_or_two_digits(hours, text):
    assert format_log_duration(hours) == text


@pytest.mark.parametrize(
    ("hours", "text"), [(0.0, "day 0"), (8.04, "day 0, 8 h"), (23.98, "day 1"), (24_000.3, "day 1,000, 0.3 h")]
)
def test_format_date__format_date_counts_days_and_hours_from_the_start(hours, text):
    assert format_date(hours) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.01, "1 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (130.4, "2 min 10 s"),
        (3599.0, "1 h"),
        (7 * 3600 + 1530, "7 h 26 min"),
    ],
)
def test_format_wall_time__format_wall_time_has_two_units_at_most(seconds, text):
    assert format_wall_time(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (2, "2 bytes"),
        (999_990, "1 MB"),
        (949_940, "949.9 kB"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (2_500_000, "2.5 MB"),
        (99_960_000, "100 MB"),
        (2.8e9, "2.8 GB"),
        (4e12, "4,000 GB"),
    ],
)
def test_format_bytes__format_bytes_selects_the_largest_unit_that_is_reached(count, text):
    assert format_bytes(count) == text


def test_format_count__format_count_and_format_percent():
    assert [format_count(count, "path") for count in (0, 1, 12_345)] == ["0 paths", "1 path", "12,345 paths"]
    assert [format_percent(share) for share in (0.05, 1 - 0.999, 0.12345)] == ["5", "0.1", "12.345"]


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0, 3, "0"),
        (-0.0, 3, "0"),
        (0.0001, 3, "0.0001"),
        (0.00012345, 4, "0.0001234"),
        (0.00009, 3, "9e-05"),
        (-0.0000123456, 3, "-1.23e-05"),
        (1e-20, 4, "1e-20"),
        (5e-324, 3, "4.94e-324"),
        (1e-5, 1, "1e-05"),
        (1234.5, 2, "1,234"),
        (999_999_999_999_999.0, 3, "999,999,999,999,999"),
        (1e15, 3, "1e+15"),
        (-1.23456e300, 4, "-1.235e+300"),
        (math.inf, 3, "inf"),
        (math.nan, 3, "nan"),
    ],
)
def test_format_number__writes_out_what_can_be_read(value, digits, text):
    assert format_number(value, digits) == text


def test_format_duration__of_an_unknown_duration_of_reference_has_its_own_unit():
    assert format_duration(36.0, like=math.nan) == "1.5 d"
