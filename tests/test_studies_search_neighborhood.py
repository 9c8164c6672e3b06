"""Neighbors of plans."""

from __future__ import annotations

from searches import build_space

import jitrisk as jr
from jitrisk.studies.search import decisions
from jitrisk.studies.search.neighborhood import Neighborhood, list_choice_changes
from jitrisk.studies.search.plan import Plan


def test_list_moves__are_a_step_down_and_a_step_up_of_every_level_within_bounds():
    around = Neighborhood(build_space(2, low=0, high=9))
    moves = around.list_moves(Plan((0, 5)))
    assert [(move.index, move.toward, move.plan.levels) for move in moves] == [
        (0, 1, (1, 5)),
        (1, -1, (0, 4)),
        (1, 1, (0, 6)),
    ]


def test_list_moves__go_farther_at_a_reach_and_where_levels_are_large():
    space = build_space(1, high=None)
    steps = [
        [move.plan.levels[0] - place for move in Neighborhood(space, reach).list_moves(Plan((place,)))]
        for place, reach in ((50, 0.0), (50, 0.32), (1000, 0.0), (1000, 0.04))
    ]
    assert steps == [[-1, 1], [-10, 10], [-10, 10], [-20, 20]]


def test_combine__makes_several_steps():
    around = Neighborhood(build_space(2, high=9))
    plan = Plan((4, 4))
    down, up = around.list_moves(plan)[0], around.list_moves(plan)[3]
    assert around.combine(plan, [down, up]) == Plan((3, 5))


def test_list_choice_changes__change_one_choice_and_respect_conflicts():
    model = {
        "name": "choices",
        "period": "1 d",
        "horizon": 10,
        "stages": {"s": {"policy": {"base_stock": {"level": 5}}}},
        "customers": {"c": {"stage": "s", "demand": 1}},
        "decisions": {
            "policies": {"s": [{"base_stock": {"level": 5}}, {"kanban": {"cards": 4, "container": 1}}]},
            "investments": {
                "a": {"stages": {"s": {"lead_time": "2 d"}}},
                "b": {"stages": {"s": {"lead_time": "3 d"}}},
                "c": {"customers": {"c": {"demand": 2}}},
            },
        },
    }
    space = decisions.build_space(jr.load(model), None, None)
    changes = [plan.choices for *_, plan in list_choice_changes(space, Plan(space.start.levels, (0, 1, 0, 0)))]
    # With `a` taken, `b` cannot be: both set the lead time.
    assert changes == [(1, 1, 0, 0), (0, 0, 0, 0), (0, 1, 0, 1)]
    kanban = Plan(space.start.levels, (1, 0, 0, 0))
    assert {space.levels[move.index].kind for move in Neighborhood(space).list_moves(kanban)} == {"kanban"}
