"""Numbers rounded to what their error supports, in scales that people read."""

from __future__ import annotations

import math

import numpy as np
import pytest

from jitrisk.report.numbers import Estimate, format_share, format_within_horizon, round_estimate, select_scale
from jitrisk.units import format_number


@pytest.mark.parametrize(
    ("value", "half", "text"),
    [
        (12.3456, 0.15, "12.35 ± 0.15"),
        (12.3456, 0.32, "12.3 ± 0.3"),
        (12.3456, 4.4, "12 ± 4"),
        (12.3456, 0.0299, "12.35 ± 0.03"),
        (12345.6, 340.0, "12,300 ± 300"),
        (12345.6, 120.0, "12,350 ± 120"),
        (0.0004, 0.2, "0.00 ± 0.20"),
        (-0.0004, 0.2, "0.00 ± 0.20"),
        (-5.27, 0.6, "-5.3 ± 0.6"),
        (0.0, 0.0, "0"),
        (12.0, 0.0, "12"),
        (1234567.0, 0.0, "1,234,567"),
        (3.2001, 1e-6, "3.200"),
        (0.3333333, 0.0, "0.3333"),
        (638.4, math.nan, "638 ± ?"),
        (0.0, math.nan, "0 ± ?"),
    ],
)
def test_round_estimate__rounding_follows_half_the_interval(value, half, text):
    assert str(round_estimate(Estimate(value, half))) == text


@pytest.mark.parametrize(
    ("value", "half", "text"),
    [
        (5.4, 4.6, "5.4 ± 4.6"),
        (-5.4, 4.6, "-5.4 ± 4.6"),
        (5.3, 5.28, "5.30 ± 5.28"),
        (5.2501, 5.2499, "5.3 ± 5.2"),
        (30.4, 29.6, "30.4 ± 29.6"),
        (0.054, 0.046, "0.054 ± 0.046"),
        (4.6, 5.4, "5 ± 5"),
        (5.0, 5.0, "5 ± 5"),
    ],
)
def test_round_estimate__an_interval_that_leaves_out_0_does_not_look_as_if_it_held_it(value, half, text):
    assert str(round_estimate(Estimate(value, half))) == text


def test_round_estimate__no_rounded_claim_contradicts_itself():
    rng = np.random.default_rng(1)
    for value, part in zip(10 ** rng.uniform(-6, 9, 5000), rng.uniform(0.9, 1, 5000), strict=True):
        shown = round_estimate(Estimate(value, value * part))
        assert float(shown.value.replace(",", "")) > float(shown.half.replace(",", ""))


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (36500.0, 4, "36,500"),
        (1234567.0, 3, "1,234,567"),
        (0.00123456, 3, "0.00123"),
        (2.0, 4, "2"),
        (-0.0, 3, "0"),
        (math.inf, 3, "inf"),
    ],
)
def test_format_number__a_number_keeps_all_its_digits_before_the_point(value, digits, text):
    assert format_number(value, digits) == text


def test_round_estimate__digits_of_a_percentage_are_counted_from_the_nearer_end():
    assert str(round_estimate(Estimate(99.9994, 0.0002), top=100)) == "99.99940 ± 0.00020"
    assert str(round_estimate(Estimate(99.9994, 1e-9), top=100)) == "99.9994000"
    assert str(round_estimate(Estimate(100.0, 0.0), top=100)) == "100"
    assert str(round_estimate(Estimate(50.0004, 0.0002), top=100)) == "50.00"


def test_estimate__half_an_interval_follows_a_change_of_sign():
    assert Estimate(3.0, 1.0).multiply(-2) == Estimate(-6.0, 2.0)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ([9_800], ""),
        ([12_000, 3], "k"),
        ([-1.2e6], "M"),
        ([999e6, 1e9], "bn"),
        ([4e13], "tn"),
        ([0.0, math.nan], ""),
        ([], ""),
    ],
)
def test_select_scale__scale_suits_the_largest_value(values, word):
    assert select_scale(values).word == word


def test_select_scale__scale_beside_another_is_kept_until_too_small_or_too_large_for_it():
    million = select_scale([12e6])
    assert select_scale([20_000], beside=million) == million
    assert select_scale([0.0], beside=million) == million
    assert select_scale([9_000], beside=million).word == ""
    assert select_scale([2e12], beside=million).word == "tn"


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        ((0.62, 0.60, 0.64), "62.0 ± 2.0"),
        ((0.0, 0.0, 0.000384), "< 0.04"),
        ((1.0, 0.999616, 1.0), "> 99.96"),
        ((0.0, 0.0, 0.79), "< 80"),
        ((1.0, 0.2, 1.0), "> 20"),
    ],
)
def test_format_share__share_never_seen_is_less_than_what_could_have_been_missed(ends, text):
    assert str(format_share(*ends)) == text


def test_format_within_horizon__paths_of_about_a_year_need_no_words_and_others_say_how_long_they_are():
    assert format_within_horizon({"periods": 337, "period_hours": 24.0}) == ""
    assert format_within_horizon({"periods": 13 * 365 * 3, "period_hours": 8.0}) == " in 13 years"
    assert format_within_horizon({"periods": 30, "period_hours": 24.0}) == " in 30 d"
    assert format_within_horizon({}) == ""
