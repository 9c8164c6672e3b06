"""Figures and the page of models with shelf life, overtime and standby sources."""

from __future__ import annotations

import pytest
from figures import find_outside, find_overlapping
from levers import EXPIRY, LEVERS, OVERTIME, PURCHASE, RELAXED
from replays import replay, stretch
from test_report_page import Page

import jitrisk as jr
from jitrisk import report
from jitrisk.report.page import render_page


def test_cost_stack__expiry_and_overtime_are_components():
    ax = report.cost_stack(jr.simulate(LEVERS, 20)).axes[0]
    bars = {group.get_label(): [bar.get_height() for bar in group] for group in ax.containers}
    per_year = 36.5
    assert bars == {
        "purchase": pytest.approx([PURCHASE * per_year, RELAXED * per_year]),
        "overtime": pytest.approx([OVERTIME * per_year, 0]),
        "expiry": pytest.approx([EXPIRY * per_year, 0]),
    }


def test_timeline__expiry_overtime_and_open_standby_sources_have_rows():
    one = replay(
        expired={"press": {4: 30.0, 5: 20.0}},
        overtime={"press": stretch(7, 10, 2.0)},
        standby_of={"line": "press"},
        is_open={"line": {**stretch(20, 22), 30: 1.0}},
        backlog={"shop": {12: 3.0}},
    )
    figure = report.timeline(one)
    rows = {bars.get_label(): bars for bars in figure.axes[0].collections if not bars.get_label().startswith("_")}
    spans = {
        name: [(path.get_extents().x0 * 3, path.get_extents().x1 * 3) for path in bars.get_paths()]
        for name, bars in rows.items()
    }
    # Periods of 8 h: three a day.
    assert spans == {
        "press expired units": [pytest.approx((4, 6))],
        "press in overtime": [pytest.approx((7, 11))],
        "line open as a standby": [pytest.approx((20, 23)), pytest.approx((30, 31))],
    }
    assert not find_outside(figure)
    assert not find_overlapping(figure)


def test_page__metrics_costs_and_events_of_features_are_shown():
    outcomes = jr.simulate(LEVERS, 120)
    page = Page(render_page(outcomes, replay=jr.replay(outcomes, "as_is", 0))).text()
    for words in (
        "units expired per year 182.5 0",
        "units in overtime per year 365 0",
        "day 10 fridge threw away 1 expired unit",
        "press went into overtime: 10 units up to the end",
        "fridge expired units",
        "press in overtime",
        f"as_is 3,102 EUR per year {OVERTIME * 36.5:,.0f} EUR per year {EXPIRY * 36.5:.0f} EUR per year",
    ):
        assert words in page
