"""The parser of quantities: what it reads, and what it refuses rather than guesses."""

import pytest

from jitrisk.model.fields.quantities import ParsedQuantity, describe_found, parse

HOUR = 3600.0
DAY = 24 * HOUR
YEAR = 365 * DAY


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("8 h", 8 * HOUR),
        ("8h", 8 * HOUR),
        ("90 min", 1.5 * HOUR),
        ("45 s", 45.0),
        ("1 d 6 h", 30 * HOUR),
        ("1d6h", 30 * HOUR),
        ("1.5 days", 36 * HOUR),
        ("2 weeks", 14 * DAY),
        ("1 month", YEAR / 12),
        ("20 years", 20 * YEAR),
        ("1e2 d", 100 * DAY),
        (" 8 h ", 8 * HOUR),
        ("PT8H", 8 * HOUR),
        ("P1DT6H30M", 30.5 * HOUR),
        ("P2W", 14 * DAY),
        ("P1Y6M", 1.5 * YEAR),
        ("PT0.5H", HOUR / 2),
    ],
)
def test_parse__durations_read_as_seconds(text, seconds):
    assert parse(text) == ParsedQuantity(seconds, 1)


@pytest.mark.parametrize(
    ("text", "number", "seconds", "percent"),
    [
        ("900 / d", 900.0, DAY, False),
        ("900/d", 900.0, DAY, False),
        ("1 / 20 years", 1.0, 20 * YEAR, False),
        ("22 % / year", 0.22, YEAR, True),
        ("5 / 1 d 12 h", 5.0, 1.5 * DAY, False),
        ("3 / PT8H", 3.0, 8 * HOUR, False),
    ],
)
def test_parse__rates_keep_the_time_they_are_per(text, number, seconds, percent):
    assert parse(text) == ParsedQuantity(number, -1, seconds, percent)


@pytest.mark.parametrize(("source", "number"), [(5, 5.0), (2.5, 2.5), ("40", 40.0), ("1e1", 10.0), ("-3", -3.0)])
def test_parse__plain_numbers_have_no_unit(source, number):
    assert parse(source) == ParsedQuantity(number)


def test_parse__percentage_is_a_share():
    assert parse("99 %") == ParsedQuantity(0.99, percent=True)
    assert parse("99%").has_unit
    assert not parse("99").has_unit


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("1:30", "1 h 30 min"),
        ("40_000", "without separators"),
        ("40,000", "without separators"),
        ("1,5", "without separators"),
        ("nan", "finite"),
        ("-inf", "finite"),
        (float("nan"), "finite"),
        (float("inf"), "finite"),
        ("1e400", "finite"),
        ("1e400 d", "finite"),
        ("5 dayz", "did you mean"),
        ("5 m", "`min` or `month`"),
        ("5 D", "unknown unit"),
        ("-8 h", "negative"),
        ("8 h x", "number and a unit"),
        ("1 d - 6 h", "number and a unit"),
        ("1 h30", "number and a unit"),
        ("h", "number is missing"),
        ("fast", "neither"),
        ("5 d / year", "per time"),
        ("1 / 0 d", "above 0"),
        ("1 / 2", "number and a unit"),
        ("1 / ", "number and a unit"),
        ("/ d", "number and a unit"),
        ("P", "ISO 8601"),
        ("PT", "ISO 8601"),
        ("P1H", "ISO 8601"),
        ("", "empty"),
        ("9" * 300, "too long"),
        ("５ d", "number and a unit"),
        (True, "neither"),
        (None, "neither"),
        ([8], "neither"),
    ],
)
def test_parse__nothing_is_guessed(source, reason):
    with pytest.raises(ValueError, match=reason):
        parse(source)


def test_parse__long_nonsense_is_refused_at_once():
    with pytest.raises(ValueError, match="unit"):
        parse("1e" * 99)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("900 / d", "a rate `900 / d`"),
        ("8 h", "a duration `8 h`"),
        ("5 %", "a percentage `5 %`"),
        (7, "the number `7`"),
        ("abc", "the text `abc`"),
        ("", "an empty text"),
        (None, "nothing"),
        (False, "`false`"),
        ([], "an empty list"),
        ({"a": 1}, "a mapping"),
        (object(), "something of type `object`"),
        ("a\x1b[2J", "the text `a\\x1b[2J`"),
        ("x" * 500, "the text `" + "x" * 60 + "...`"),
    ],
)
def test_describe_found__messages_name_what_was_found(source, words):
    assert describe_found(source) == words
