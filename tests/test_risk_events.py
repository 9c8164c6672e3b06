"""Events of a path: the right times, the right order, and few where there are many short stretches."""

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


def list_rows(dataset: xr.Dataset, *names: str) -> list[tuple[Any, ...]]:
    """The events as tuples of the variables named."""
    found = list_events(dataset)
    return list(zip(*(found[name].values.tolist() for name in names), strict=True))


def test_list_events__a_calm_path_has_no_events():
    found = list_events(replay())
    assert found.sizes["event"] == 0
    assert set(found.data_vars) == set(EVENTS)


def test_list_events__events_are_in_order_of_time_and_causes_come_first():
    fire = ("fire", 10.25, 14.5, 20.0, {"press": {"capacity": 0.0}})
    one = replay(
        occurrences=[fire],
        shortage={"press": stretch(10, 15), "line": stretch(12, 17)},
        starved={"line": stretch(11, 15, 0.5)},
        stockout={"shop": stretch(12, 17)},
        backlog={"shop": {12: 4, 13: 9, 14: 9, 15: 6, 16: 2}},
        lost={"shop": {12: 1, 17: 2}},
        counts={"line": 100.0},
    )
    assert list_rows(one, "time", "kind", "subject") == [
        (10.25, "hazard_began", "fire"),
        (11.0, "shortage_began", "press"),
        (12.0, "downtime_began", "line"),
        (13.0, "stockout_began", "shop"),
        (14.0, "backlog_peaked", "shop"),
        (14.5, "hazard_ended", "fire"),
        (17.0, "shortage_ended", "press"),
        (17.0, "downtime_ended", "line"),
        (19.0, "backlog_cleared", "shop"),
        (20.0, "hazard_recovered", "fire"),
    ]
    by_kind = {
        kind: rest for kind, *rest in list_rows(one, "kind", "until", "amount", "unit", "occurrence", "customer_stage")
    }
    assert by_kind["hazard_began"] == [14.5, 34.0, "h", 0, ""]
    assert by_kind["shortage_began"] == [17.0, 48.0, "h", -1, ""]
    assert by_kind["downtime_began"] == [17.0, 20.0, "h", -1, ""]
    assert by_kind["stockout_began"] == [19.0, 48.0, "h", -1, "line"]
    assert by_kind["backlog_peaked"][1:3] == [9.0, "unit"]
    assert by_kind["backlog_cleared"][1:3] == [3.0, "unit"]


def test_list_events__a_shortage_longer_than_the_stockout_has_its_own_event():
    one = replay(shortage={"line": stretch(5, 9)}, stockout={"shop": stretch(5, 8)})
    assert [kind for kind, _ in list_rows(one, "kind", "subject")][:2] == ["shortage_began", "stockout_began"]


def test_list_events__what_lasts_to_the_horizon_has_no_end():
    endless = ("flood", 30.0, 40.0, 40.0, {"line": {"transit": 0.0}})
    one = replay(occurrences=[endless], stockout={"shop": stretch(31, 39)}, shortage={"press": {39: 1}})
    assert list_rows(one, "kind", "subject")[1:] == [("stockout_began", "shop"), ("shortage_began", "press")]
    found = list_events(one)
    assert np.isnan(found["until"].values[1:]).all()
    assert found["amount"].values[1] == 9 * 8


def test_list_events__a_brief_occurrence_is_one_event_and_the_warm_up_is_marked():
    one = replay(occurrences=[("trip", 3.1, 3.4, 4.0, {})], warm_up=3)
    assert list_rows(one, "time", "kind", "occurrence") == [(3.0, "warm_up_ended", -1), (3.1, "hazard_occurred", 0)]


def test_list_events__downtime_counts_where_it_costs_or_everywhere():
    lost = {"broken": {"press": {4: 0.5}, "line": {8: 1e-8, 9: 0.25}}}
    assert [subject for (subject,) in list_rows(replay(**lost), "subject")] == ["press", "line"]
    assert [subject for (subject,) in list_rows(replay(**lost, counts={"line": 1.0}), "subject")] == ["line"]


def test_list_events__breaks_of_less_than_a_day_do_not_divide_an_episode():
    # Of periods of 8 h, two are less than a day and three are not.
    dry = {"press": {5: 1, 8: 1, 12: 1}}
    assert list_rows(replay(shortage=dry), "kind", "time", "until", "times") == [
        ("shortage_began", 6.0, 10.0, 2),
        ("shortage_ended", 10.0, pytest.approx(math.nan, nan_ok=True), 1),
        # The end of an episode within a day has no event of its own.
        ("shortage_began", 13.0, 14.0, 1),
    ]


@pytest.mark.parametrize("every", [2, 4, 9, 40])
def test_list_events__many_short_stretches_become_few_episodes_with_the_same_total(every: int):
    flicker = dict.fromkeys(range(0, 2000, every), 1.0)
    one = replay(2000, shortage={"press": flicker}, stockout={"shop": dict.fromkeys(range(1, 2000, every), 1.0)})
    found = list_events(one)
    assert found.sizes["event"] <= 6 * 4
    dry = found.isel(event=np.flatnonzero(found["kind"].values == "shortage_began"))
    assert 1 <= dry.sizes["event"] <= 6
    assert dry["times"].sum() == len(flicker)
    assert dry["amount"].sum() == 8 * len(flicker)


def test_list_events__the_smallest_of_many_episodes_are_summed_up_in_one_event():
    one = replay(100)
    stages = [f"s{k}" for k in range(40)]
    wide = one.isel(stage=[0] * 40).assign_coords(stage=stages)
    shortage = np.zeros((100, 40), dtype=np.float32)
    for k in range(40):
        shortage[10 : 11 + k, k] = 1
    found = list_events(wide.assign(shortage=(("time", "stage"), shortage)))
    kinds = found["kind"].values.tolist()
    assert kinds.count("shortage_began") == 12
    others = found.isel(event=kinds.index("shortage_others"))
    assert others["times"].item() == 28
    assert others["amount"].item() == 8 * sum(range(1, 29))
    assert set(found["subject"].values) - {""} == {f"s{k}" for k in range(28, 40)}


def test_list_events__of_many_occurrences_those_with_consequences_have_their_own_events():
    occurrences = [
        ("trip", float(t), t + 0.1 + t / 1e4, t + 0.1 + t / 1e4, {"press": {"capacity": 0.0}})
        for t in range(0, 400, 10)
    ]
    one = replay(400, occurrences=occurrences, starved={"line": {30: 1, 170: 1}})
    found = list_events(one)
    struck = found.isel(event=np.flatnonzero(found["kind"].values == "hazard_occurred"))
    assert struck["time"].values.tolist() == [30, 170, 380, 390]
    rest = found.isel(event=found["kind"].values.tolist().index("hazard_others"))
    assert (rest["time"].item(), rest["times"].item()) == (0, 36)
    total = sum(end - begin for _, begin, end, *_ in occurrences) * 8
    assert rest["amount"].item() + struck["amount"].sum().item() == pytest.approx(total)
    few = list_events(replay(400, occurrences=occurrences[:5]))
    assert few["kind"].values.tolist() == ["hazard_occurred"] * 5


def test_list_events__units_thrown_away_are_joined_and_have_no_end():
    # Periods of 8 h: breaks of one or two periods are shorter than a day, a break of three is not.
    thrown = {"press": {4: 30.0, 5: 20.0, 8: 70.0, 12: 1.0}, "line": {39: 2.5}}
    assert list_rows(replay(expired=thrown), "time", "kind", "subject", "until", "times", "amount", "unit") == [
        (5.0, "expired", "press", 9.0, 2, 120.0, "unit"),
        (13.0, "expired", "press", 13.0, 1, 1.0, "unit"),
        (40.0, "expired", "line", 40.0, 1, 2.5, "unit"),
    ]


def test_list_events__daily_expiry_over_years_is_few_events_with_all_units():
    # Periods of a day: 3 units every other day, with 40 breaks of a week.
    thrown = {t: 3.0 for t in range(0, 21000, 2) if t % 525 > 7}
    one = list_events(replay(21000, period_hours=24.0, expired={"press": thrown}))
    assert 1 <= one.sizes["event"] <= 6
    assert one["amount"].sum() == 3 * len(thrown)
    assert one["times"].sum() == len(thrown)
    assert one["until"].max() == 20999


def test_list_events__overtime_counts_units_and_ends_where_it_was_long():
    one = replay(overtime={"press": {**stretch(3, 7, 40.0), 20: 8.0}, "line": stretch(36, 39, 5.0)})
    never = pytest.approx(math.nan, nan_ok=True)
    assert list_rows(one, "time", "kind", "subject", "until", "amount", "unit") == [
        (4.0, "overtime_began", "press", 9.0, 200.0, "unit"),
        (9.0, "overtime_ended", "press", never, never, ""),
        (21.0, "overtime_began", "press", 22.0, 8.0, "unit"),
        (37.0, "overtime_began", "line", never, 20.0, "unit"),
    ]


def test_list_events__a_standby_source_opens_with_what_it_starts_and_other_stages_do_not():
    started = {"press": stretch(0, 39, 9.0), "line": {12: 50.0, 14: 30.0}}
    of = {"line": "press"}
    one = replay(standby_of=of, is_open={"line": {**stretch(11, 15), 30: 1.0}}, started=started)
    never = pytest.approx(math.nan, nan_ok=True)
    assert list_rows(one, "time", "kind", "subject", "until", "amount") == [
        (12.0, "standby_opened", "line", 17.0, 80.0),
        (17.0, "standby_closed", "line", never, never),
        (31.0, "standby_opened", "line", 32.0, 0.0),
    ]
    assert list_events(replay(standby_of=of, started=started)).sizes["event"] == 0


@pytest.mark.parametrize(
    ("signal", "kind", "last"), [("expired", "expired", 50.0), ("overtime", "overtime_began", 51.0)]
)
def test_list_events__the_fewest_units_of_many_stages_are_summed_up_in_one_event(signal: str, kind: str, last: float):
    stages = [f"s{k}" for k in range(40)]
    wide = replay(100).isel(stage=[0] * 40).assign_coords(stage=stages)
    units = np.zeros((100, 40), dtype=np.float32)
    units[np.arange(10, 50), np.arange(40)] = np.arange(40, 0, -1)
    found = list_events(wide.assign({signal: (("time", "stage"), units)}))
    kinds = found["kind"].values.tolist()
    assert kinds.count(kind) == 12
    others = found.isel(event=kinds.index(f"{signal}_others"))
    assert (others["time"].item(), others["until"].item()) == (23, last)
    assert (others["times"].item(), others["amount"].item(), others["unit"].item()) == (28, sum(range(1, 29)), "unit")


def test_list_events__in_one_period_causes_of_every_feature_come_before_effects():
    at = {5: 1.0}
    one = replay(
        occurrences=[("fire", 5.5, 9.0, 9.0, {"press": {"capacity": 0.0}})],
        standby_of={"line": "press"},
        is_open={"line": at},
        **{signal: {"press": at} for signal in ("expired", "shortage", "overtime", "starved")},
        stockout={"shop": at},
    )
    assert [kind for (kind,) in list_rows(one, "kind")][:7] == [
        "hazard_began",
        "standby_opened",
        "expired",
        "shortage_began",
        "overtime_began",
        "downtime_began",
        "stockout_began",
    ]


def test_list_events__events_of_a_real_path_agree_with_its_series():
    one = jr.replay("brake-valves", "jit", worst="cost", paths=2000)
    found = list_events(one)
    assert set(found["kind"].values) <= set(EVENT_KINDS)
    assert (np.diff(np.ceil(found["time"].values)) >= 0).all()
    short = found.isel(event=np.flatnonzero(found["kind"].values == "stockout_began"))
    assert short["amount"].sum() == one["stockout"].sum() * 8
    worst = found.isel(event=found["kind"].values.tolist().index("backlog_peaked"))
    assert worst["amount"].item() == one["path_peak_backlog"].item() == one["backlog"].max()
    assert short["time"].values[0] == one["path_first_stockout"].item() + 1
    down = found.isel(event=np.flatnonzero(found["kind"].values == "downtime_began"))
    lost = (one["starved"] + one["broken"]).sel(stage="car").sum().item() * 8
    assert down["amount"].sum().item() == pytest.approx(lost, rel=1e-5)


def test_list_events__a_dataset_that_is_no_replay_is_refused():
    for dataset in (result(), replay().drop_vars("hazard"), jr.trace("bicycles", 2)):
        with pytest.raises(ResultError, match="not the replay of one path"):
            list_events(dataset)
