"""Which characters a name may have, and how others are shown."""

import json
import sys
import unicodedata

import pytest

from jitrisk.printable import escape, escape_for_encoding, escape_json, find_unprintable, is_printable, shorten

BAD = {
    "a null": "\x00",
    "an escape sequence": "\x1b[31m",
    "a line feed": "\n",
    "DEL": "\x7f",
    "a C1 control": "\x9b",
    "a next line": "\x85",
    "a no-break space": "\xa0",
    "a soft hyphen": "\xad",
    "an Arabic letter mark": "\u061c",
    "a zero-width space": "\u200b",
    "a zero-width joiner": "\u200d",
    "a left-to-right mark": "\u200e",
    "a right-to-left mark": "\u200f",
    "a line separator": "\u2028",
    "a paragraph separator": "\u2029",
    "a right-to-left override": "\u202e",
    "an isolate": "\u2066",
    "a pop of isolates": "\u2069",
    "a byte order mark": "\ufeff",
    "a filler": "\u3164",
    "a variation selector": "\ufe0f",
    "half of a pair": "\ud83d",
    "a private character": "\ue000",
    "an unassigned character": "\u0378",
    "a tag character": "\U000e0041",
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_escape__a_character_that_acts_or_has_no_ink_is_an_escape(bad):
    text = f"a{bad}b"
    shown = escape(text)
    assert not is_printable(text)
    assert shown.isprintable()
    assert shown.encode("utf-8").decode("unicode_escape", "surrogatepass") == text
    assert escape(shown) == shown
    assert find_unprintable(text).startswith(f"U+{ord(bad[0]):04X}")
    assert bad not in escape_for_encoding(text, "utf-8")


@pytest.mark.parametrize("text", ["Zürich", "甲 乙", "עברית", "ไทย", "naïve ± 5 × 3 €", "😀", "a\\x1b", "[red]b[/red]"])
def test_is_printable__what_can_be_seen_stays(text):
    assert is_printable(text)
    assert escape(text) == text
    assert escape_for_encoding(text, "utf-8") == text
    assert find_unprintable(text) == ""


def test_printable__no_character_of_unicode_that_its_database_calls_control_or_format_is_printable():
    kinds = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    hidden = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in kinds]
    bidirectional = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN"}
    hidden += [one for one in map(chr, range(sys.maxunicode + 1)) if unicodedata.bidirectional(one) in bidirectional]
    assert len(hidden) > 100_000
    assert not any(map(is_printable, hidden))


def test_escape__lines_stay_lines_where_they_are_wanted():
    assert escape("a\nb\x1b", lines=True) == "a\nb\\x1b"
    assert escape("a\nb") == "a\\nb"


def test_escape_json__a_json_document_means_the_same_with_its_escapes():
    document = {"a\x7f\u202e": ["b\x85", "é", "\U000e0041", "line\nfeed"]}
    shown = escape_json(json.dumps(document, indent=1, ensure_ascii=False))
    assert all(map(is_printable, shown.split("\n")))
    assert json.loads(shown) == document


def test_escape_for_encoding__an_encoding_that_lacks_characters_gets_different_escapes_for_different_names():
    assert escape_for_encoding("甲 ± 5 × 乙", "ascii") == r"\u7532 +- 5 x \u4e59"
    assert escape_for_encoding("é ± 甲", "latin-1") == r"é ± \u7532"


def test_shorten__a_long_text_is_cut():
    assert shorten("abcdef", 3) == "abc..."
    assert shorten("abc", 3) == "abc"
