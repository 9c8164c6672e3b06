"""Lattices of levels: their values, bounds and steps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitrisk.model.policies import Level
from jitrisk.studies.search.plan import LevelDecision, Plan


@st.composite
def decisions(draw):
    low = draw(st.integers(0, 50))
    high = draw(st.one_of(st.none(), st.integers(low, 100_000)))
    step = draw(st.sampled_from([1.0, 0.25, 0.01, 3.0]))
    given_step = draw(st.booleans())
    return LevelDecision("key", "s", "base_stock", "level", "unit", step, 0.0, low, high, is_step_given=given_step)


def level(**changes):
    fields = {"unit": "unit", "step": 1.0, "origin": 0.0, "low": 0, "high": None, "field": "level"}
    fields |= changes
    return LevelDecision("key", "s", "base_stock", **fields)


@given(decisions(), st.integers(0, 200_000), st.sampled_from([-1, 1]), st.sampled_from([0.0, 0.02, 0.32]))
def test_move__goes_at_least_a_resolution_and_stays_within_bounds(one, place, toward, reach):
    place = one.clip(place)
    moved = one.move(place, toward, reach)
    assert moved >= one.low
    assert one.high is None or moved <= one.high
    away = toward * (moved - place)
    assert away >= 0
    at_bound = moved == (one.low if toward < 0 else one.high)
    assert at_bound or away >= one.compute_resolution(place)
    assert at_bound or away <= max(1, place * max(reach, 0.01))


@given(decisions(), st.floats(-1000, 200_000))
def test_snap__is_allowed_and_near(one, place):
    snapped = one.snap(place)
    assert one.clip(snapped) == snapped
    resolution = one.compute_resolution(round(place))
    inside = one.low <= place and (one.high is None or place <= one.high)
    if inside:
        assert abs(snapped - place) <= resolution / 2 + 1e-9 * abs(place)
    if snapped not in (one.low, one.high):
        assert snapped % resolution == 0


@given(decisions(), st.integers(0, 200_000))
def test_find_place__turns_compute_value_round_up_to_the_resolution(one, place):
    place = one.clip(place)
    found = one.find_place(one.compute_value(place))
    assert abs(found - place) <= one.compute_resolution(place) / 2


@given(st.integers(0, 10**9))
def test_compute_resolution__is_a_nice_number_of_about_a_hundredth(place):
    resolution = level().compute_resolution(place)
    assert str(resolution).rstrip("0") in ("1", "2", "5")
    assert resolution == 1 or place / 250 - 1e-9 <= resolution <= place / 100
    assert level(is_step_given=True).compute_resolution(place) == 1


@pytest.mark.parametrize(
    ("place", "resolution"), [(0, 1), (199, 1), (200, 2), (499, 2), (500, 5), (999, 5), (1000, 10), (25_000, 200)]
)
def test_compute_resolution__steps(place, resolution):
    assert level().compute_resolution(place) == resolution


def test_compute_value__begins_at_the_origin_and_has_no_rounding_of_binary_numbers():
    one = level(step=0.1, origin=0.5)
    assert [one.compute_value(place) for place in (0, 1, 2, 25)] == [0.5, 0.6, 0.7, 3.0]
    assert one.compute_units(2) == 0.7
    assert level(step=0.5, rate=4.0).compute_units(3) == 6.0


def test_build_level__is_what_the_policy_holds():
    assert level(field="cards", unit="card").build_level(7) == 7
    assert isinstance(level(field="cards", unit="card").build_level(7), int)
    assert level(field="cover", unit="d", step=0.5).build_level(3) == 1.5
    assert level(field="min").build_level(3) == Level(units=3.0)
    assert level(field="min", unit="d", step=0.5).build_level(3) == Level(cover=1.5)


def test_find_bound__names_the_bound_that_a_place_lies_at():
    assert [level(low=1, high=3).find_bound(place) for place in (1, 2, 3)] == ["lower", "", "upper"]
    assert level().find_bound(10**9) == ""


def test_replace__gives_another_plan():
    plan = Plan((1, 2), (0,))
    assert plan.replace_level(1, 9) == Plan((1, 9), (0,))
    assert plan.replace_choice(0, 1) == Plan((1, 2), (1,))
    assert plan == Plan((1, 2), (0,))


def test_is_active__where_the_stage_has_the_policy():
    one = level(choice=(1, 2))
    assert [one.is_active(Plan((), choices)) for choices in ((0, 2), (2, 1))] == [True, False]
    assert level().is_active(Plan(()))
