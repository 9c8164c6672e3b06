"""Figures of an optimization: what they record against the numbers of studies made by hand."""

import numpy as np
import pytest
from handmade import result
from matplotlib.figure import Figure
from optimizations import build_minimal, build_study, build_wide

from jitrisk import report
from jitrisk.errors import ResultError
from jitrisk.report.figures.recording import get_record


def shown(figure, kind):
    return [one for one in get_record(figure).series if one.kind == kind]


def test_decision__every_strategy_is_a_point_with_its_interval():
    study = build_study()
    figure = report.decision(study)
    points = shown(figure, "points")[0]
    assert dict(zip(points.names, points.y, strict=True)) == pytest.approx({"jit": 2.1, "jic": 2.55, "optimized": 1.8})
    expected = [study[f"objective_{end}"].values * 0.5e-6 for end in ("lower", "upper")]
    np.testing.assert_allclose(shown(figure, "intervals")[0].y, np.transpose(expected))
    assert figure.axes[0].get_ylabel() == "cost, M EUR per year"


def test_decision__each_step_of_a_level_is_a_point_and_choices_are_none():
    figure = report.decision(build_study())
    steps = {
        one.identity.name: dict(zip(one.names, one.y, strict=True))
        for one in shown(figure, "points")
        if one.plot.y.name == "more than the plan"
    }
    assert steps == {
        "one step less": pytest.approx({"valve: cards": 2.0}),
        "one step more": pytest.approx({"valve: cards": 15.5, "casting: cover": 45.0}),
    }
    assert figure.axes[1].get_ylabel() == "more than the plan, k EUR per year"


def test_decision__of_many_levels_those_of_which_a_step_costs_most_are_drawn():
    study = build_wide()
    figure = report.decision(study)
    drawn = {name for one in shown(figure, "points")[1:] for name in one.names}
    dearest = study["neighbor_difference"].values.reshape(-1, 2).max(axis=1)
    expected = {f"station_{k:03}: cards" for k in np.argsort(-dearest, kind="stable")[:30]}
    assert drawn == expected


def test_decision__without_neighbors_it_shows_the_strategies_alone():
    assert len(report.decision(build_minimal()).axes) == 1


def test_decision__an_unknown_interval_is_left_out():
    study = build_study()
    study["objective_lower"][0] = np.nan
    figure = report.decision(study)
    assert shown(figure, "points")[0].x.tolist() == [0, 1, 2]
    assert shown(figure, "intervals")[0].x.tolist() == [1, 2]


def test_decision__draws_in_given_axes():
    figure = Figure(layout="constrained")
    ax = figure.add_subplot()
    assert report.decision(build_study(), ax=ax) is figure
    assert len(get_record(figure).series) > 0


def test_search_progress__is_the_best_plan_over_the_periods_simulated():
    study = build_study()
    (curve,) = shown(report.search_progress(study), "curve")
    np.testing.assert_allclose(curve.x, study["step_path_periods"].values / 1e6)
    np.testing.assert_allclose(curve.y, study["step_objective"].values * 0.5e-6)
    assert curve.plot.x.unit == "M"


def test_search_progress__a_profit_rises():
    (curve,) = shown(report.search_progress(build_study(objective="-profit.mean")), "curve")
    assert (np.diff(curve.y) > 0).all()


def test_search_progress__without_a_step_it_is_refused():
    with pytest.raises(ResultError, match="took no step"):
        report.search_progress(build_study().isel(step=slice(0)))


@pytest.mark.parametrize("draw", [report.decision, report.search_progress])
def test_figures__another_dataset_is_refused(draw):
    with pytest.raises(ResultError, match=r"use what jr\.optimize returned"):
        draw(result())
