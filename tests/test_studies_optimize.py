"""A whole optimization: what it finds, that it repeats, that its figures are those of a comparison, and its errors."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from networks import networks

import jitrisk as jr
from jitrisk.errors import JitriskError, ModelError, ResultError
from jitrisk.model import load
from jitrisk.model.examples import list_examples
from jitrisk.risk import compare, describe
from jitrisk.risk.metrics import metrics as compute_metrics
from jitrisk.studies.optimize import check_decisions, optimize, write_plan
from jitrisk.vocabulary import OPTIMIZATION

LEVEL = "stages.store.policy.base_stock.level"
QUICK = 400_000  # path-periods


def shop(stage: dict[str, Any] | None = None, customer: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A store of Poisson demand 3 a day with a lead time of 2 days; the best level is 9 (see `cost_of_level`)."""
    store = {"lead_time": "2 d", "value": 1, "owned_in_process": False, "policy": {"base_stock": {"level": 5}}}
    buyer = {"stage": "store", "demand": {"poisson": {"mean": 3}}, "backorder_cost": 9}
    return {
        "name": "shop",
        "period": "1 d",
        "horizon": "110 d",
        "warm_up": "10 d",
        "holding_rate": 1,
        "stages": {"store": store | (stage or {})},
        "customers": {"buyer": buyer | (customer or {})},
        **more,
    }


def value_of(study: xr.Dataset, key: str) -> str:
    return str(study["chosen_value"].sel(decision=key).item())


def assert_same(one: xr.Dataset, other: xr.Dataset) -> None:
    """Every variable has the same bits, and so has the plan."""
    xr.testing.assert_identical(one.drop_attrs(), other.drop_attrs())
    for name in ("plan", "plans", "path_periods", "indifference", "least_stock_plan"):
        assert str(one.attrs[name]) == str(other.attrs[name]), name


# The same again


def test_optimize__threads_do_not_change_a_bit() -> None:
    studies = [optimize(shop(), paths=300, seed=4, threads=threads) for threads in (1, 2)]
    assert_same(*studies)
    assert studies[0].attrs["stopped"] == studies[1].attrs["stopped"] == "converged"


@pytest.mark.parametrize("ending", ["converged", "budget", "interrupted"])
def test_optimize__its_arguments_repeat_it(ending: str) -> None:
    asked = iter(range(1000))
    limits: dict[str, Any] = {
        "converged": {},
        "budget": {"budget": 300_000},
        "interrupted": {"is_stopped": lambda: next(asked) >= 3},
    }[ending]
    model = shop({"policy": {"min_max": {"min": 3, "max": 9}}, "order_cost": 5})
    study = optimize(model, paths=200, seed=2, subject="fill_rate.mean >= 80%", **limits)
    assert study.attrs["stopped"] == ending
    again = optimize(model, **json.loads(study.attrs["arguments"]))
    assert_same(study, again)
    assert again.attrs["stopped"] == ("budget" if ending != "converged" else ending)


def test_optimize__other_seeds_draw_other_paths() -> None:
    one, other = (optimize(shop(), paths=200, seed=seed, budget=QUICK) for seed in (0, 1))
    assert float(one["objective"][-1]) != float(other["objective"][-1])


# Its figures


@pytest.mark.parametrize("minimize", ["cost.mean", "cost.cvar90"])
def test_optimize__its_figures_are_those_of_a_comparison_of_the_written_plan(tmp_path: Any, minimize: str) -> None:
    strategies = {"lean": {}, "rich": {"stages": {"store": {"policy": {"base_stock": {"level": 14}}}}}}
    model = shop(strategies=strategies)
    study = optimize(model, paths=6000, seed=3, minimize=minimize, budget=QUICK, subject="fill_rate.mean >= 50%")
    write_plan(model, study, tmp_path / "plan.yaml")
    metrics = compute_metrics(jr.simulate(tmp_path / "plan.yaml", paths=6000, seed=3))
    assert metrics["strategy"].values.tolist() == study["strategy"].values.tolist() == ["lean", "rich", "optimized"]
    level = 0.9
    statistic = minimize.partition(".")[2].rstrip("0123456789")
    known = describe(metrics, level)["cost"].sel(statistic=statistic)
    np.testing.assert_array_equal(study["objective"].values, known.values)
    differences = compare(metrics, "optimized", level)["cost"]
    np.testing.assert_array_equal(study["difference"].values, -differences.sel(statistic=statistic).values)
    lower = "lower" if statistic == "mean" else f"{statistic}_lower"
    np.testing.assert_array_equal(study["difference_upper"].values, -differences.sel(statistic=lower).values)
    filled = describe(metrics)["fill_rate"].sel(statistic="mean")
    np.testing.assert_array_equal(study["constraint_value"].values[0], filled.values)
    stock = metrics["working_capital"].mean("path").values
    np.testing.assert_allclose(study["stock"].values, stock, rtol=1e-9)


def test_optimize__its_dataset_has_every_variable_of_the_vocabulary() -> None:
    study = optimize(shop(), paths=100, budget=QUICK)
    assert set(study.data_vars) == set(OPTIMIZATION)
    for name, variable in OPTIMIZATION.items():
        assert study[name].dims == variable.dims, name
    assert value_of(study, LEVEL) == "9"
    assert (study["start_value"].item(), study["decision_unit"].item(), study["step_size"].item()) == ("5", "unit", 1)


def test_optimize__neighbors_are_the_levels_beside_and_worse() -> None:
    study = optimize(shop(), paths=200)
    assert study.attrs["stopped"] == "converged"
    assert study["neighbor_value"].values.tolist() == ["8", "10"]
    assert study["neighbor_change"].values.tolist() == ["less", "more"]
    assert (study["neighbor_difference_upper"] > 0).all()
    assert study["neighbor_meets"].all()
    assert 0.95 <= study.attrs["local_probability"] <= 1
    assert study["plan_difference"].values[0] == 0


# What may vary, and what is asked for


def test_optimize__vary_narrows_and_bounds_hold() -> None:
    study = optimize(shop(), vary={LEVEL: "11..20"}, paths=100, budget=QUICK)
    assert (value_of(study, LEVEL), study["at_bound"].item()) == ("11", "lower")
    study = optimize(shop(), vary=f"{LEVEL}=0..7", paths=100, budget=QUICK)
    assert (value_of(study, LEVEL), study["at_bound"].item()) == ("7", "upper")
    study = optimize(shop(), vary=[f"{LEVEL}=1..20:5"], paths=100)
    assert value_of(study, LEVEL) == "11"
    assert study["neighbor_value"].values.tolist() == ["6", "16"]


def test_optimize__one_level_of_a_pair_stays_apart_from_the_other() -> None:
    model = shop({"policy": {"min_max": {"min": 6, "max": 9}}, "order_cost": 1})
    key = "stages.store.policy.min_max"
    low = optimize(model, vary=[f"{key}.min"], paths=100, budget=QUICK)
    assert 0 <= float(value_of(low, f"{key}.min")) < 9
    high = optimize(model, vary=[f"{key}.max"], paths=100, budget=QUICK)
    assert float(value_of(high, f"{key}.max")) > 6
    with pytest.raises(JitriskError, match="no value below the max of 9 units"):
        optimize(model, vary=[f"{key}.min=20..30"])


def test_optimize__levels_of_a_pair_with_other_steps_or_units_do_not_cross() -> None:
    model = shop({"policy": {"min_max": {"min": 3, "max": 9}}, "order_cost": 5})
    key = "stages.store.policy.min_max"
    study = optimize(model, vary={f"{key}.min": "0..40:10", f"{key}.max": "5..60"}, paths=100, budget=QUICK)
    assert float(value_of(study, f"{key}.min")) < float(value_of(study, f"{key}.max"))
    study = optimize(model, vary={f"{key}.min": "1 d..6 d:1 d", f"{key}.max": "all"}, paths=100, budget=QUICK)
    days = float(value_of(study, f"{key}.min").removesuffix(" d"))
    assert days * 3 < float(value_of(study, f"{key}.max"))


def test_optimize__constraints_are_met_on_fresh_paths() -> None:
    study = optimize(shop(), subject="fill_rate.mean >= 99%", paths=4000, seed=6)
    assert study.attrs["stopped"] in ("converged", "paths")
    free = optimize(shop(), paths=4000, seed=6)
    assert float(free["chosen_number"].item()) < float(study["chosen_number"].item())
    assert float(study["constraint_value"].sel(strategy="optimized").item()) >= 0.99
    # One unit less does not meet it: the plan holds no more than it has to.
    less = jr.simulate(
        shop({"policy": {"base_stock": {"level": float(study["chosen_number"].item()) - 1}}}), paths=4000
    )
    assert float(compute_metrics(less)["fill_rate"].mean()) < 0.9915


def test_optimize__units_expired_can_be_bounded() -> None:
    # A newsvendor: of S units fresh each day, S less the Poisson demand of mean 3 expire. The mean is 0.249 a day, or
    # 91 a year, for S = 2 and 0.672 a day, or 245 a year, for S = 3.
    model = shop({"shelf_life": "1 d", "lead_time": "1 d"}, {"unmet": "lost", "lost_cost": 9, "backorder_cost": 0})
    study = optimize(model, paths=400, subject="expired.mean <= 150", vary={LEVEL: "0..9"})
    assert value_of(study, LEVEL) == "2"
    assert study["constraint_value"].sel(strategy="optimized").item() == pytest.approx(0.2489 * 365, rel=0.05)
    with pytest.raises(JitriskError, match="expired"):
        optimize(shop(), paths=100, subject="expired.mean <= 150")


def test_optimize__overtime_that_an_investment_brings_can_be_bounded() -> None:
    later = {"stages": {"store": {"overtime": {"below": 20, "factor": 2}, "overtime_cost": 0.01}}}
    model = shop({"capacity": "3 / d"}, decisions={"investments": {"late_shift": later}})
    study = optimize(model, paths=200, subject="overtime.mean <= 1000000", budget=10 * QUICK)
    assert value_of(study, "decisions.investments.late_shift") == "taken"
    assert (study["constraint_value"] >= 0).all()


def test_optimize__a_constraint_that_nothing_meets_gives_the_plan_that_misses_it_least() -> None:
    study = optimize(shop(), vary=[f"{LEVEL}=0..8"], subject="fill_rate.mean >= 99.9%", paths=200)
    assert study.attrs["stopped"] == "unmet"
    assert value_of(study, LEVEL) == "8"
    assert float(study["constraint_value"][0, -1]) < float(study["constraint_bound"][0])


@pytest.mark.parametrize(("price", "taken"), [("1 / year", "taken"), ("1000 / d", "not taken")])
def test_optimize__an_investment_is_taken_where_it_saves_more_than_it_costs(price: str, taken: str) -> None:
    """A lead time of 1 day instead of 10 saves about as much stock and backlog as its root: more than 1 a year."""
    invested = {"fixed_cost": price, "stages": {"store": {"lead_time": "1 d"}}}
    model = shop({"lead_time": "10 d"}, decisions={"investments": {"fast": invested}}, fixed_cost="100000 / year")
    study = optimize(model, paths=200, budget=6_000_000)
    assert value_of(study, "decisions.investments.fast") == taken


def test_optimize__fixed_costs_of_investments_add_to_that_of_the_model() -> None:
    useless = {"fixed_cost": "365 / year", "stages": {"store": {"lead_time": "2 d"}}}
    model = shop(decisions={"investments": {"useless": useless}}, fixed_cost="36500 / year")
    study = optimize(model, paths=200, budget=6_000_000)
    assert value_of(study, "decisions.investments.useless") == "not taken"
    change = study.sel(neighbor=study["neighbor_decision"] == "decisions.investments.useless")
    assert change["neighbor_difference"].item() == pytest.approx(100.0, rel=1e-6)  # 1 a day


@pytest.mark.parametrize("kinds", [("base_stock", "min_max"), ("min_max", "base_stock")])
def test_optimize__where_orders_are_dear_they_are_large(kinds: tuple[str, str]) -> None:
    """With 50 an order, a day's demand of 3 and 1 to hold, lots of about sqrt(2 * 50 * 3) = 17 beat one every day."""
    policies = {"base_stock": {"base_stock": {"level": 9}}, "min_max": {"min_max": {"min": 6, "max": 20}}}
    decisions = {"policies": {"store": [policies[kind] for kind in kinds]}}
    study = optimize(shop({"order_cost": 50}, decisions=decisions), paths=100, budget=10_000_000)
    assert value_of(study, "stages.store.policy") == "min_max"
    free = optimize(shop({"order_cost": 0}, decisions=decisions), paths=100, budget=10_000_000)
    # Where an order costs nothing, (S - 1, S) is the base stock S: which of the two is named does not matter.
    if value_of(free, "stages.store.policy") == "min_max":
        low, high = (int(value_of(free, f"stages.store.policy.min_max.{field}")) for field in ("min", "max"))
        assert high - low == 1


def test_optimize__rare_hazards_sampled_more_often_give_the_same_levels() -> None:
    fire = {"rate": "1 / 3 years", "duration": "20 d", "hits": {"store": {"capacity": 0}}}
    model = shop(hazards={"fire": fire}, customer={"backorder_cost": 90})
    plain, rare = (optimize(model, paths=2000, rare=rare, indifference=0.02) for rare in (False, True))
    error = np.hypot(plain["objective_standard_error"], rare["objective_standard_error"])
    assert (abs(plain["objective"] - rare["objective"]) < 4 * error).all()
    levels = [float(study["chosen_number"].item()) for study in (plain, rare)]
    assert levels[0] == pytest.approx(levels[1], rel=0.3)


# Written plans


def test_write_plan__keeps_the_text_of_an_example_and_takes_a_mapping(tmp_path: Any) -> None:
    study = optimize("bicycles", paths=50, budget=QUICK)
    write_plan("bicycles", study, tmp_path / "plan.yaml")
    text, own = (tmp_path / "plan.yaml").read_text(), list_examples()["bicycles"].read_text()
    assert all(line in text for line in own.splitlines())
    written = load(tmp_path / "plan.yaml")
    assert list(written.strategies) == ["jit", "jic", "hybrid", "optimized"]
    with pytest.raises(ResultError, match="of another model"):
        write_plan(shop(), study, tmp_path / "other.yaml")
    with pytest.raises(ResultError, match="holds no plan"):
        write_plan("bicycles", jr.simulate("bicycles", paths=2), tmp_path / "other.yaml")
    write_plan(shop(), optimize(shop(), paths=50, budget=QUICK), tmp_path / "mapping.yaml")
    assert load(tmp_path / "mapping.yaml").strategies["optimized"].stages["store"].policy.level == 9


# Everything that loads can be optimized


def assert_sound(source: Any, study: xr.Dataset) -> None:
    """Figures are finite, and the plan loads."""
    for name in ("objective", "difference", "stock", "constraint_value", "plan_stock", "step_objective"):
        assert np.isfinite(study[name].values).all(), name
    load(source).patched({"strategies": {"optimized": json.loads(study.attrs["plan"])}})
    assert study["step_path_periods"].values.tolist() == sorted(study["step_path_periods"].values)


@pytest.mark.parametrize("example", list_examples())
def test_optimize__every_example(example: str) -> None:
    study = optimize(example, paths=30, budget=QUICK)
    assert_sound(example, study)
    assert study.attrs["stopped"] == "budget"


@settings(
    max_examples=25, phases=(Phase.explicit, Phase.generate), deadline=None, suppress_health_check=list(HealthCheck)
)
@given(model=networks(horizon=8), seed=st.integers(0, 9))
def test_optimize__random_networks(model: dict[str, Any], seed: int) -> None:
    model["holding_rate"] = 1
    for number, stage in enumerate(model["stages"].values()):
        stage["value"] = number
    for customer in model["customers"].values():
        customer |= {"demand": {"poisson": {"mean": 2}}, "lost_cost": 9, "backorder_cost": 5}
    if all("make_to_order" in stage["policy"] for stage in model["stages"].values()):
        with pytest.raises(JitriskError, match="nothing can vary"):
            optimize(model)
        return
    assert_sound(model, optimize(model, paths=10, seed=seed, budget=60_000))


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(shop(customer={"demand": 0}), id="no demand"),
        pytest.param(shop({"value": 0}), id="nothing to hold"),
        pytest.param({**shop(), "horizon": "1 d", "warm_up": "0 d"}, id="one period"),
        pytest.param(shop({"policy": {"base_stock": {"level": 100_000}}}), id="far too much"),
        pytest.param(
            shop({"policy": {"base_stock": {"level": 1e-3}}}, {"demand": {"gamma": {"mean": 1e-3, "cv": 1}}}), id="tiny"
        ),
        pytest.param(
            shop({"policy": {"base_stock": {"level": 1e9}}}, {"demand": {"normal": {"mean": 1e8, "sd": 1e7}}}),
            id="huge",
        ),
        pytest.param(shop({"policy": {"base_stock": {"service": "90 %"}}}), id="service"),
        pytest.param(
            shop({"policy": {"reorder_point": {"point": 3, "quantity": 4}}, "order_cost": 5}), id="reorder point"
        ),
    ],
)
def test_optimize__models_at_the_edge(model: dict[str, Any]) -> None:
    assert_sound(model, optimize(model, paths=30, budget=QUICK))


def test_optimize__names_with_dots() -> None:
    model = shop()
    model["stages"] = {"policy.kanban": model["stages"]["store"]}
    model["customers"]["buyer"]["stage"] = "policy.kanban"
    model["decisions"] = {
        "vary": {"stages.policy.kanban.policy.base_stock.level": "2..20"},
        "investments": {"a.b": {"fixed_cost": "9 / d", "stages": {"policy.kanban": {"lead_time": "1 d"}}}},
    }
    study = optimize(model, paths=50, budget=QUICK)
    assert_sound(model, study)
    keys = ["stages.policy.kanban.policy.base_stock.level", "decisions.investments.a.b"]
    assert study["decision"].values.tolist() == keys


# Errors


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"minimize": "coast.mean"}, "did you mean 'cost'"),
        ({"minimize": "profit.mean"}, "write -profit.mean"),
        ({"minimize": "-profit.mean"}, "there is no profit in this model"),
        ({"subject": "fill_rate.mean <= 9%"}, "write fill_rate.mean >="),
        ({"subject": ["gross_margin.mean >= 1%"]}, "there is no gross_margin in this model"),
        ({"subject": 5}, "found 5"),
        ({"vary": "stages.store.policy.kanban.cards"}, "did you mean"),
        ({"vary": "stages.shop.policy.base_stock.level"}, "did you mean"),
        ({"vary": f"{LEVEL}=9..2"}, "write the lower bound first"),
        ({"vary": {LEVEL: "lots"}}, "expected a range"),
        ({"vary": [LEVEL, "stages.store.policy.base_stock.cover"]}, "leave one of them out"),
        ({"strategy": "none"}, "unknown strategy 'none'"),
        ({"time_limit": 0}, "time_limit is 0"),
        ({"time_limit": float("nan")}, "time_limit is nan"),
        ({"indifference": 0}, "indifference is 0"),
        ({"indifference": 1.5}, "indifference is 1.5"),
        ({"indifference": float("nan")}, "indifference is nan"),
        ({"budget": 1.5}, "budget is 1.5"),
        ({"paths": 0}, "paths"),
    ],
)
def test_optimize__errors_say_what_is_allowed(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(JitriskError) as caught:
        optimize(shop(), **arguments)
    assert words in str(caught.value)


def test_optimize__nothing_that_can_vary_is_an_error() -> None:
    with pytest.raises(JitriskError, match="nothing can vary"):
        optimize(shop({"policy": {"make_to_order": {}}}))


def test_check_decisions__faults_stand_at_their_key() -> None:
    check_decisions(load(shop()))
    check_decisions(load(shop(decisions={"minimize": "cost.mean", "subject": "fill_rate.mean >= 98%"})))
    for key, text in (("minimize", "profit.mean"), ("subject", "cost.mean >= 5")):
        with pytest.raises(ModelError) as caught:
            check_decisions(load(shop(decisions={key: text})))
        assert caught.value.faults[0].key == f"decisions.{key}"


@pytest.mark.parametrize(("limit", "stopped"), [({"time_limit": 1e-9}, "time"), ({"is_stopped": bool}, "")])
def test_optimize__a_search_that_ends_at_once_keeps_the_plan_that_there_is(limit: dict[str, Any], stopped: str) -> None:
    if "is_stopped" in limit:
        limit, stopped = {"is_stopped": lambda: True}, "interrupted"
    study = optimize(shop(), paths=50, **limit)
    assert study.attrs["stopped"] == stopped
    assert study["chosen_value"].values.tolist() == study["start_value"].values.tolist()
    assert np.isnan(study.attrs["local_probability"])


def test_optimize__a_model_without_prices_is_refused() -> None:
    with pytest.raises(JitriskError, match="nothing costs anything"):
        optimize(shop({"value": 0}, {"backorder_cost": 0}), paths=50)
    study = optimize(shop({"value": 0}, {"backorder_cost": 0}), minimize="stockout.mean", paths=50, budget=QUICK)
    assert_sound(shop({"value": 0}, {"backorder_cost": 0}), study)


def test_optimize__unlimited_cards_vary_where_they_are_named() -> None:
    model = shop({"capacity": 4, "policy": {"kanban": {"cards": "unlimited", "container": 1}}})
    with pytest.raises(JitriskError, match="no stage has a limited level"):
        optimize(model, paths=50)
    study = optimize(model, vary="stages.store.policy.kanban.cards", paths=50, budget=QUICK)
    assert study["start_value"].values.tolist() == ["unlimited"]
    assert int(study["chosen_number"].item()) >= 1


def test_optimize__an_investment_may_change_the_policy_of_a_stage() -> None:
    """Containers of 40 hold at least that much; small ones of a quick setup save holding, and cost nothing here."""
    model = shop({"policy": {"kanban": {"cards": 2, "container": 40}}})
    small = {"kanban": {"cards": 12, "container": 1}}
    model["decisions"] = {
        "investments": {"quick_setup": {"fixed_cost": "1 / year", "stages": {"store": {"policy": small}}}}
    }
    study = optimize(model, paths=200, budget=20_000_000)
    assert value_of(study, "decisions.investments.quick_setup") == "taken"
    policy = json.loads(study.attrs["plan"])["stages"]["store"]["policy"]["kanban"]
    assert policy["container"] == 1
    assert policy["cards"] == int(study["chosen_number"].values[0])


def test_optimize__ranges_that_cross_begin_where_they_do_not() -> None:
    model = shop({"policy": {"min_max": {"min": 4, "max": 9}}})
    low, high = (f"stages.store.policy.min_max.{field}" for field in ("min", "max"))
    study = optimize(model, vary={low: "8..10", high: "6..20"}, paths=50, budget=QUICK)
    assert float(value_of(study, low)) < float(value_of(study, high))
    with pytest.raises(JitriskError, match="cannot be below"):
        optimize(model, vary={low: "50..60", high: "10..20"}, paths=50)


def test_optimize__a_budget_ends_it_at_the_same_plan_for_any_number_of_threads() -> None:
    one, many = (optimize(shop(), paths=50, budget=3_000_000, threads=threads) for threads in (1, 5))
    xr.testing.assert_identical(one, many)
