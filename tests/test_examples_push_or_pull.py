"""The example of push and pull: what each strategy limits, that none has bad levels, and where their order turns."""

from functools import cache

import numpy as np
import pytest
from quiet import content, quiet

import jitrisk as jr

SEASON = np.array([0.8, 0.8, 0.9, 1, 1.1, 1.2, 1.2, 1.2, 1.1, 1, 0.9, 0.8])
CARDS = {"saw": 23, "mill": 43, "paint": 42, "assembly": 42}
ALL_CARDS = 121
CONTAINER = 10


@cache
def traced():
    return jr.trace("push-or-pull", paths=20, seed=4)


def test_simulate__cards_limit_what_each_loop_holds_and_cards_of_the_line_what_it_holds_in_all():
    held = (traced().on_hand + traced().wip).max(("path", "time"))
    for stage, cards in CARDS.items():
        assert float(held.sel(strategy="kanban", stage=stage)) <= cards * CONTAINER
    line = (traced().on_hand + traced().wip).sum("stage").max(("path", "time"))
    assert float(line.sel(strategy="conwip")) == ALL_CARDS * CONTAINER
    assert float(line.sel(strategy="mrp")) > 1.5 * ALL_CARDS * CONTAINER  # nothing limits what is pushed


def test_simulate__what_the_season_lets_in_takes_six_days_through_the_line():
    # Little's law: what is in process is the throughput times the time through the machines, under every strategy.
    seen = jr.simulate("push-or-pull", paths=200, seed=4)
    days = seen.attrs["periods"]
    under_way = traced().wip.sel(time=slice(365, None)).sum("stage").mean(("path", "time"))
    through = (seen.started.mean("path") / days * np.array([1, 2, 2, 1])).sum("stage")
    assert under_way.values == pytest.approx(through.values, rel=0.03)
    assert through.values == pytest.approx([600] * 3, rel=0.01)


def test_simulate__the_plan_of_each_week_is_the_demand_of_the_days_that_it_covers():
    run = quiet("push-or-pull", 3 * 365)
    run["customers"]["buyers"]["forecast"] = {"error": 1}
    seen = jr.trace(run, paths=1, strategies=["mrp"]).sel(stage="assembly").squeeze()
    demand = 100 * SEASON[(np.arange(4 * 365) / (365 / 12) + 1e-9).astype(int) % 12]
    position = (seen.on_hand + seen.wip + seen.open_orders - seen.backlog.squeeze()).values
    plans = np.arange(0, 3 * 365, 7)
    level = np.array([demand[day + 1 : day + 17].sum() + demand[day + 17] / 2 for day in plans])
    # Where the level falls faster than demand takes, nothing is ordered and the position stays above it.
    before = np.concatenate([[level[0]], position[plans[1:] - 1]]) - demand[plans]
    assert position[plans] == pytest.approx(np.maximum(level, before), rel=1e-4)
    assert (level > before).mean() > 0.9


# The levels are the best for a forecast that is right: a change of any one costs more.


def vary_levels():
    """Return a strategy for the levels of each strategy of the file, and for each change of one level."""
    found = content("push-or-pull")
    base = found["stages"]["assembly"]["policy"]["base_stock"]
    cover = {f"mrp {d}": {"assembly": {"policy": {"base_stock": base | {"cover": f"{d} d"}}}} for d in (14, 16.5, 20)}
    cards = {}
    for change in (-8, 0, 12):
        conwip = {"container": CONTAINER, "cards": ALL_CARDS + 2 * change, "through": "assembly"}
        cards[f"conwip {change}"] = found["strategies"]["conwip"]["stages"] | {"saw": {"policy": {"conwip": conwip}}}
        for changed in CARDS:
            cards[f"{changed} {change}"] = {
                stage: {"policy": {"kanban": {"container": CONTAINER, "cards": number + change * (stage == changed)}}}
                for stage, number in CARDS.items()
            }
    return {name: {"stages": stages} for name, stages in (cover | cards).items()}


def test_simulate__no_change_of_one_level_costs_less_where_the_forecast_is_right():
    run = content("push-or-pull") | {"strategies": vary_levels()}
    run["customers"]["buyers"]["forecast"] = {"error": 1}
    cost = jr.simulate(run, paths=200, seed=6).risk.costs().total
    for other in cost.strategy.values:
        name = other.split()[0]
        best = f"{name} 16.5" if name == "mrp" else f"{name} 0"
        assert other == best or float((cost.sel(strategy=other) - cost.sel(strategy=best)).mean()) > 0, other


# Where the order turns.


def misjudge(error, **changes):
    """Return the model with a forecast that is wrong by so much, and fields of the customer changed."""
    run = content("push-or-pull")
    run["customers"]["buyers"] |= {
        "forecast": {"error": {"gamma": {"mean": 1, "cv": error}} if error else 1, "every": "1 month"}
    } | changes
    return run


def differ(run, paths=200):
    """Return what the plan costs more than the cards of the line, in standard errors."""
    cost = jr.simulate(run, paths=paths, seed=8, strategies=["mrp", "conwip"]).risk.costs().total
    less = cost.sel(strategy="mrp") - cost.sel(strategy="conwip")
    return float(less.mean()) / (float(less.std(ddof=1)) / np.sqrt(paths))


def test_simulate__a_plan_costs_less_than_cards_if_the_forecast_is_right_and_more_if_it_is_wrong_by_a_fifth():
    assert differ(misjudge(0)) < -4
    assert differ(misjudge(0.08)) < 0 < differ(misjudge(0.16))
    assert differ(misjudge(0.2)) > 4


def test_simulate__without_a_season_cards_cost_less_even_if_the_forecast_is_right():
    run = misjudge(0, season={"every": "1 month", "factors": [1]})
    run["stages"]["assembly"]["policy"]["base_stock"]["cover"] = "15 d"  # the best levels then
    run["strategies"]["conwip"]["stages"]["saw"]["policy"]["conwip"]["cards"] = 95
    assert differ(run) > 4
