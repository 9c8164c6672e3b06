"""A replay in words: dates from the start, sentences that say how much, and totals; on any console."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from replays import replay, stretch
from rich.console import Console

import jitrisk as jr
from jitrisk.report import build_replay_document, build_replay_log

STORY = replay(
    2000,
    warm_up=3,
    occurrences=[
        ("fire", 10.25, 17.0, 20.0, {"press": {"capacity": 0.5}, "shop": {"demand": 2.0}}),
        ("miss", 30.0, 31.5, 31.5, {}),
        *(("trip", float(t), t + 0.125, t + 0.125, {"press": {"capacity": 0.0}}) for t in range(50, 500, 10)),
    ],
    shortage={"press": {**stretch(10, 15), 17: 1, 60: 1}},
    starved={"line": stretch(11, 15, 0.5)},
    stockout={"shop": stretch(1990, 1999)},
    backlog={"shop": stretch(1990, 1999, 1234.5)},
    counts={"line": 100.0},
)


def printed(shown: object, width: int = 80, encoding: str = "utf-8") -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    Console(file=stream, width=width, highlight=False).print(shown)
    stream.seek(0)
    return stream.read()


def test_build_replay_log__every_event_has_a_dated_sentence():
    assert build_replay_log(STORY).lines == (
        ("day 1", "the warm-up was over: from here on everything counts"),
        ("day 3, 10 h", "fire began and lasted 2.2 d (press: capacity × 0.5; shop: demand × 2)"),
        ("day 3, 16 h", "press ran out of stock, 2 times: 2.3 d in all up to day 6, 8 h"),
        ("day 4", "line was down, 20 h in all up to day 5, 16 h"),
        ("day 5, 16 h", "fire ended"),
        ("day 5, 16 h", "line running again"),
        ("day 6, 8 h", "press could give all that was asked again"),
        ("day 6, 16 h", "the recovery from fire was over"),
        ("day 10", "miss began and lasted 12 h (hit nothing)"),
        ("day 10, 12 h", "miss ended"),
        ("day 16, 16 h", "trip occurred for 1 h (press: no capacity)"),
        ("day 20", "trip occurred for 1 h (press: no capacity)"),
        ("day 20, 8 h", "press ran out of stock, for 8 h"),
        ("day 23, 8 h", "trip occurred for 1 h (press: no capacity)"),
        ("day 26, 16 h", "trip occurred for 1 h (press: no capacity)"),
        ("day 30", "trip occurred briefly, 41 times: 41 h in all up to day 163, 9 h"),
        ("day 663, 16 h", "line ran out of stock and shop went short, for 3.3 d up to the end"),
        ("day 663, 16 h", "the backlog of shop was largest: 1,234 units"),
    )


def test_build_replay_log__a_calm_path_says_so():
    assert build_replay_log(replay()).lines == (("", "nothing went wrong, and no hazard occurred"),)


def test_build_replay_log__expiry_overtime_and_standby_sources_have_sentences():
    one = replay(
        60,
        standby_of={"line": "press"},
        is_open={"line": {**stretch(10, 15), **stretch(17, 18), 40: 1, 59: 1}},
        started={"line": {11: 200.0, 18: 40.5, 59: 1.0}},
        expired={"press": {4: 30.0, 5: 20.0, 8: 70.0, 12: 1.0, 20: 2.0, 21: 3.0}},
        overtime={"press": {**stretch(24, 30, 30.0), 32: 30.0, 50: 1.0}, "line": stretch(55, 59, 2.0)},
    )
    assert build_replay_log(one).lines == (
        ("day 1, 16 h", "press threw away 120 expired units, 2 times up to day 3"),
        ("day 3, 16 h", "line opened as a standby for press, 2 times: 240.5 units started in all up to day 6, 16 h"),
        ("day 4, 8 h", "press threw away 1 expired unit"),
        ("day 6, 16 h", "line closed again"),
        ("day 7", "press threw away 5 expired units up to day 7, 8 h"),
        ("day 8, 8 h", "press went into overtime, 2 times: 240 units in all up to day 11, 8 h"),
        ("day 11, 8 h", "press back at its regular capacity"),
        ("day 13, 16 h", "line opened as a standby for press: 0 units started up to day 14"),
        ("day 17", "press went into overtime: 1 unit up to day 17, 8 h"),
        ("day 18, 16 h", "line went into overtime: 10 units up to the end"),
        ("day 20", "line opened as a standby for press: 1 unit started up to the end"),
    )


def test_build_replay_log__what_many_stages_throw_away_is_summed_up_in_words():
    wide = replay(100).isel(stage=[0] * 20).assign_coords(stage=[f"s{k}" for k in range(20)])
    units = np.zeros((100, 20), dtype=np.float32)
    units[np.arange(10, 30), np.arange(20)] = np.arange(20, 0, -1)
    lines = build_replay_log(wide.assign(expired=(("time", "stage"), units), overtime=(("time", "stage"), units))).lines
    assert ("day 7, 16 h", "stores threw away expired units 8 other times, 36 units in all up to day 10") in lines
    assert ("day 7, 16 h", "stages went into overtime 8 other times, 36 units in all up to day 10, 8 h") in lines


def test_build_replay_document__a_standby_source_has_the_stage_that_it_stands_by_for():
    events = build_replay_document(replay(standby_of={"line": "press"}, is_open={"line": {9: 1}}))["events"]
    assert [(event["kind"], event["standby_of"]) for event in events] == [("standby_opened", "press")]
    assert not any("standby_of" in event for event in build_replay_document(STORY)["events"])


@pytest.mark.parametrize("width", [40, 80, 200])
def test_build_replay_log__it_fits_any_terminal(width: int):
    text = printed(build_replay_log(STORY), width)
    assert max(len(line.rstrip()) for line in text.splitlines()) <= min(width, 110)
    assert "By hand: path 8,123 under jit" in text
    for words in ("cost in ", "M EUR", "3.65", "fill rate, %", "25", "largest backlog, units"):
        assert words in text


def test_build_replay_log__it_can_be_printed_without_a_console_and_in_any_encoding():
    text = str(build_replay_log(STORY))
    assert "day 5, 16 h    fire ended" in text
    assert "capacity x 0.5" in printed(build_replay_log(STORY), encoding="ascii")


def test_build_replay_log__the_rank_in_the_run_is_shown_where_there_is_a_run():
    outcomes = jr.simulate("bicycles", 40)
    worst = build_replay_log(jr.replay(outcomes, "jit", worst="cost")).totals
    assert worst.columns == ("figure", "rank")
    assert [str(cell) for cell in worst.rows[0].cells][1] == "1"
    assert any("worst of 40 paths" in note for note in worst.notes)
    assert build_replay_log(jr.replay("bicycles", "jit", 3)).totals.columns == ("figure",)


def test_build_replay_document__totals_are_the_path_s_metrics():
    outcomes = jr.simulate("bicycles", 40)
    one = jr.replay(outcomes, "jit", 7)
    document = json.loads(json.dumps(build_replay_document(one), allow_nan=False))
    values = outcomes.risk.metrics().sel(strategy="jit", path=7)
    assert document["totals"].keys() == set(values.data_vars)
    for name, total in document["totals"].items():
        assert total["value"] == values[name].item()
        assert total["unit"] == values[name].attrs["units"]
        assert total["per_year"] == values[name].attrs["per_year"]


def test_build_replay_document__the_document_holds_every_event():
    document = build_replay_document(STORY)
    assert (document["schema"], document["strategy"], document["path"]) == ("jitrisk.replay", "jit", 8123)
    assert document["run_paths"] is None
    assert len(document["events"]) == len(build_replay_log(STORY).lines)
    ended = next(event for event in document["events"] if event["kind"] == "hazard_ended")
    assert ended == {
        "time": 17.0,
        "kind": "hazard_ended",
        "subject": "fire",
        "until": 20.0,
        "times": 1,
        "amount": None,
        "unit": "",
        "occurrence": -1,
        "customer_stage": "",
        "hits": {},
    }


def test_build_replay_document__the_document_holds_the_factors_of_a_hazard_as_numbers():
    events = build_replay_document(STORY)["events"]
    began = {event["subject"]: event["hits"] for event in events if event["kind"] == "hazard_began"}
    assert began == {"fire": {"press": {"capacity": 0.5}, "shop": {"demand": 2.0}}, "miss": {}}
