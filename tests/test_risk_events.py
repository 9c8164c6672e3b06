"""What happened on a path: events at the right time, in the right order, and few where much flickers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import xarray as xr
from handmade import result
from replays import replay, stretch

import jitrisk as jr
from jitrisk.errors import ResultError
from jitrisk.risk import list_events
from jitrisk.vocabulary import EVENT_KINDS, EVENTS


def told(dataset: xr.Dataset, *names: str) -> list[tuple[Any, ...]]:
    """The events as tuples of the variables named."""
    found = list_events(dataset)
    return list(zip(*(found[name].values.tolist() for name in names), strict=True))


def test_nothing_happens_where_nothing_is_amiss():
    found = list_events(replay())
    assert found.sizes["event"] == 0
    assert set(found.data_vars) == set(EVENTS)


def test_a_story_is_told_in_the_order_of_causes():
    fire = ("fire", 10.25, 14.5, 20.0, {"press": "no capacity"})
    one = replay(
        spells=[fire],
        shortage={"press": stretch(10, 15), "line": stretch(12, 17)},
        starved={"line": stretch(11, 15, 0.5)},
        stockout={"shop": stretch(12, 17)},
        backlog={"shop": {12: 4, 13: 9, 14: 9, 15: 6, 16: 2}},
        lost={"shop": {12: 1, 17: 2}},
        counts={"line": 100.0},
    )
    assert told(one, "time", "kind", "thing") == [
        (10.25, "hazard_began", "fire"),
        (11.0, "store_short", "press"),
        (12.0, "stage_down", "line"),
        (13.0, "customer_short", "shop"),
        (14.0, "backlog_worst", "shop"),
        (14.5, "hazard_ended", "fire"),
        (17.0, "store_filled", "press"),
        (17.0, "stage_up", "line"),
        (19.0, "backlog_gone", "shop"),
        (20.0, "hazard_recovered", "fire"),
    ]
    by_kind = {kind: rest for kind, *rest in told(one, "kind", "until", "amount", "unit", "detail")}
    assert by_kind["hazard_began"] == [14.5, 34.0, "h", "press: no capacity"]
    assert by_kind["store_short"] == [17.0, 48.0, "h", ""]
    assert by_kind["stage_down"] == [17.0, 20.0, "h", ""]
    assert by_kind["customer_short"] == [19.0, 48.0, "h", "line"]
    assert by_kind["backlog_worst"][1:3] == [9.0, "unit"]
    assert by_kind["backlog_gone"][1:3] == [3.0, "unit"]


def test_a_store_dry_for_longer_than_its_customer_is_short_is_told_by_itself():
    one = replay(shortage={"line": stretch(5, 9)}, stockout={"shop": stretch(5, 8)})
    assert [kind for kind, _ in told(one, "kind", "thing")][:2] == ["store_short", "customer_short"]


def test_what_lasts_to_the_end_has_no_end():
    endless = ("flood", 30.0, 40.0, 40.0, {"line": "no transit"})
    one = replay(spells=[endless], stockout={"shop": stretch(31, 39)}, shortage={"press": {39: 1}})
    assert told(one, "kind", "thing")[1:] == [("customer_short", "shop"), ("store_short", "press")]
    found = list_events(one)
    assert np.isnan(found["until"].values[1:]).all()
    assert found["amount"].values[1] == 9 * 8


def test_a_brief_spell_is_one_event_and_the_warm_up_is_marked():
    one = replay(spells=[("trip", 3.1, 3.4, 4.0, {})], warm_up=3)
    assert told(one, "time", "kind", "detail") == [(3.0, "measuring", ""), (3.1, "hazard_struck", "")]


def test_downtime_counts_where_it_costs_or_everywhere():
    lost = {"broken": {"press": {4: 0.5}, "line": {8: 1e-8, 9: 0.25}}}
    assert [thing for (thing,) in told(replay(**lost), "thing")] == ["press", "line"]
    assert [thing for (thing,) in told(replay(**lost, counts={"line": 1.0}), "thing")] == ["line"]


def test_breaks_of_less_than_a_day_are_no_breaks():
    # Of periods of 8 h, two are less than a day and three are not.
    dry = {"press": {5: 1, 8: 1, 12: 1}}
    assert told(replay(shortage=dry), "kind", "time", "until", "times") == [
        ("store_short", 6.0, 10.0, 2),
        ("store_filled", 10.0, pytest.approx(math.nan, nan_ok=True), 1),
        # The end of what is over within a day is told with its begin.
        ("store_short", 13.0, 14.0, 1),
    ]


@pytest.mark.parametrize("every", [2, 4, 9, 40])
def test_a_store_that_flickers_is_told_in_few_episodes_that_lose_nothing(every: int):
    flicker = dict.fromkeys(range(0, 2000, every), 1.0)
    one = replay(2000, shortage={"press": flicker}, stockout={"shop": dict.fromkeys(range(1, 2000, every), 1.0)})
    found = list_events(one)
    assert found.sizes["event"] <= 6 * 4
    dry = found.isel(event=np.flatnonzero(found["kind"].values == "store_short"))
    assert 1 <= dry.sizes["event"] <= 6
    assert dry["times"].sum() == len(flicker)
    assert dry["amount"].sum() == 8 * len(flicker)


def test_of_many_things_the_least_are_told_together():
    one = replay(100)
    stages = [f"s{k}" for k in range(40)]
    wide = one.isel(stage=[0] * 40).assign_coords(stage=stages)
    shortage = np.zeros((100, 40), dtype=np.float32)
    for k in range(40):
        shortage[10 : 11 + k, k] = 1
    found = list_events(wide.assign(shortage=(("time", "stage"), shortage)))
    kinds = found["kind"].values.tolist()
    assert kinds.count("store_short") == 12
    others = found.isel(event=kinds.index("store_others"))
    assert others["times"].item() == 28
    assert others["amount"].item() == 8 * sum(range(1, 29))
    assert set(found["thing"].values) - {""} == {f"s{k}" for k in range(28, 40)}


def test_of_a_hazard_that_strikes_often_those_with_consequences_are_told():
    spells = [
        ("trip", float(t), t + 0.1 + t / 1e4, t + 0.1 + t / 1e4, {"press": "no capacity"}) for t in range(0, 400, 10)
    ]
    one = replay(400, spells=spells, starved={"line": {30: 1, 170: 1}})
    found = list_events(one)
    struck = found.isel(event=np.flatnonzero(found["kind"].values == "hazard_struck"))
    assert struck["time"].values.tolist() == [30, 170, 380, 390]
    rest = found.isel(event=found["kind"].values.tolist().index("hazard_others"))
    assert (rest["time"].item(), rest["times"].item()) == (0, 36)
    total = sum(end - begin for _, begin, end, *_ in spells) * 8
    assert rest["amount"].item() + struck["amount"].sum().item() == pytest.approx(total)
    few = list_events(replay(400, spells=spells[:5]))
    assert few["kind"].values.tolist() == ["hazard_struck"] * 5


def test_events_of_a_real_path_agree_with_its_series():
    one = jr.replay("brake-valves", "jit", worst="cost", paths=2000)
    found = list_events(one)
    assert set(found["kind"].values) <= set(EVENT_KINDS)
    assert (np.diff(np.ceil(found["time"].values)) >= 0).all()
    short = found.isel(event=np.flatnonzero(found["kind"].values == "customer_short"))
    assert short["amount"].sum() == one["stockout"].sum() * 8
    worst = found.isel(event=found["kind"].values.tolist().index("backlog_worst"))
    assert worst["amount"].item() == one["path_peak_backlog"].item() == one["backlog"].max()
    assert short["time"].values[0] == one["path_first_stockout"].item() + 1
    down = found.isel(event=np.flatnonzero(found["kind"].values == "stage_down"))
    lost = (one["starved"] + one["broken"]).sel(stage="car").sum().item() * 8
    assert down["amount"].sum().item() == pytest.approx(lost, rel=1e-5)


def test_what_is_no_replay_is_refused():
    for dataset in (result(), replay().drop_vars("hazard"), jr.trace("bicycles", 2)):
        with pytest.raises(ResultError, match="not the replay of one path"):
            list_events(dataset)
