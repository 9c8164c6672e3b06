"""Paths until an estimate is precise: the same bits as asked for at once, ends for every reason, honest words."""

import re

import numpy as np
import pytest
from rarely import UNTIL_RARE, exact_mean_cost, with_fire

import jitrisk as jr
from jitrisk.errors import CapacityError, JitriskError, ResultError
from jitrisk.report import build_precision_document, render_precision_line
from jitrisk.run import kept, memory
from jitrisk.studies import until

MODEL = "bicycles"


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Begin with few paths, so that there is something to add."""
    monkeypatch.setattr(until, "FIRST", 500)
    monkeypatch.setattr(until, "_MOST_OF_ZEROS", 3000)


def looks_of(target, **options):
    looks = []
    outcomes = jr.simulate_until(MODEL, target, 3, watch=looks.append, **options)
    return outcomes, looks


def bits(dataset):
    return {name: array.values.tobytes() for name, array in dataset.variables.items()}


@pytest.mark.parametrize("threads", [1, 2])
def test_simulate_until__the_dataset_is_that_of_as_many_paths_at_once(threads):
    outcomes, looks = looks_of("cost.mean:2%", strategies=["jit", "jic"], threads=threads)
    assert len(looks) > 2
    at_once = jr.simulate(MODEL, outcomes.sizes["path"], 3, strategies=["jit", "jic"])
    assert outcomes.identical(at_once)
    assert outcomes.attrs == at_once.attrs
    assert bits(outcomes) == bits(at_once)


def test_simulate_until__replenishment_cycles_grow_with_the_paths():
    model = {
        "name": "lots",
        "period": "1 d",
        "horizon": "60 d",
        "warm_up": "10 d",
        "stages": {"store": {"lead_time": "3 d", "policy": {"reorder_point": {"point": 10, "quantity": 20}}}},
        "customers": {"shop": {"stage": "store", "demand": {"poisson": {"mean": 3}}}},
    }
    looks = []
    outcomes = jr.simulate_until(model, "cycle_service_level.mean:0.6%", 3, watch=looks.append)
    assert len(looks) > 1
    at_once = jr.simulate(model, outcomes.sizes["path"], 3)
    assert outcomes["short_cycles"].sum() > 0
    assert outcomes.identical(at_once)
    assert bits(outcomes) == bits(at_once)


def test_simulate_until__a_target_is_reached_and_no_look_before_had_reached_it():
    outcomes, looks = looks_of("cost.cvar95:6%")
    *before, last = looks
    assert last.attrs["stopped"] == "met"
    assert last.attrs["paths"] == outcomes.sizes["path"]
    assert (last["width"] <= 0.06).all()
    for look, after in zip(before, looks[1:], strict=True):
        assert (look["width"] > 0.06).any()
        assert look.attrs["planned"] == after.attrs["paths"]


def test_describe__what_was_found_is_what_the_result_says():
    outcomes, looks = looks_of("cost.cvar95:6%")
    measures = outcomes.risk.describe()["cost"]
    for name in ("cvar", "cvar_lower", "cvar_upper"):
        found = looks[-1][{"cvar": "estimate", "cvar_lower": "lower", "cvar_upper": "upper"}[name]]
        np.testing.assert_array_equal(found, measures.sel(statistic=name))


def test_simulate_until__the_number_of_paths_aimed_at_is_near_what_it_takes():
    outcomes, looks = looks_of("cost.mean:1%", strategies=["jit"], most=200_000)
    # Twice the precision takes four times the paths, so the last width tells how many would have done.
    enough = outcomes.sizes["path"] * (looks[-1]["width"].item() / 0.01) ** 2
    assert 0.8 < enough / outcomes.sizes["path"] <= 1


def test_render_precision_line__the_most_paths_end_it_with_a_warning_that_says_what_is_reached():
    with pytest.warns(UserWarning, match="cost.mean is not known to within 0.1 % after 2,000 paths, the most allowed:"):
        outcomes, looks = looks_of("cost.mean:0.1%", most=2000)
    assert outcomes.sizes["path"] == 2000
    assert looks[-1].attrs["stopped"] == "most"
    assert "jit 4" in render_precision_line(looks[-1])


@pytest.mark.parametrize(
    ("width", "text"), [(2.7, "jit 270 %"), (123.456, "jit 12,346 %"), (0.1, "jit 10 %"), (0.00123, "jit 0.12 %")]
)
def test_render_precision_line__a_width_is_written_without_a_power_of_ten(width, text):
    _, looks = looks_of("cost.mean:20%", strategies=["jit"])
    looks[-1]["width"][:] = width
    assert render_precision_line(looks[-1]).endswith(f": {text}")


def test_simulate_until__memory_ends_it_too(monkeypatch):
    monkeypatch.setattr(until, "count_fitting_paths", lambda job, workers, path_bytes: 900)
    with pytest.warns(UserWarning, match="as many as fit in memory"):
        outcomes, looks = looks_of("cost.mean:0.1%")
    assert looks[-1].attrs["stopped"] == "memory"
    assert outcomes.sizes["path"] == 900


def test_simulate_until__without_memory_for_the_first_paths_there_is_nothing_to_return(monkeypatch):
    monkeypatch.setattr(memory, "measure_free_memory", lambda: 1000)
    with pytest.raises(CapacityError):
        looks_of("cost.mean:1%")


def test_build_precision_document__nothing_but_zeros_is_given_up_and_said():
    with pytest.warns(UserWarning, match="0 so far for jit, jic, hybrid, and no width is a share of 0"):
        outcomes, looks = looks_of("backlog.mean:5%")
    assert looks[-1].attrs["stopped"] == "zero"
    assert outcomes.sizes["path"] == 5000
    assert build_precision_document(looks[-1])["strategies"]["jit"]["width"] is None


def test_simulate_until__zeros_of_one_strategy_do_not_keep_another_from_its_target():
    model = {
        "name": "two ways to fail",
        "period": "1 d",
        "horizon": "30 d",
        "stages": {"press": {"policy": {"base_stock": {"level": 50}}, "capacity": "10 / d"}},
        "customers": {"shop": {"stage": "press", "demand": {"poisson": {"mean": "9 / d"}}}},
        "hazards": {"fire": {"rate": "1 / 30 d", "duration": "3 d", "hits": {"press": {"capacity": 0}}}},
        "strategies": {"bare": {}, "safe": {"hazards": {"fire": {"chance": 0}}}},
    }
    looks = []
    with pytest.warns(UserWarning, match="bare .* %; 0 so far for safe"):
        jr.simulate_until(model, "downtime.mean:4%", watch=looks.append)
    assert looks[-1]["met"].values.tolist() == [True, False]
    assert looks[-1].attrs["stopped"] == "zero"


def test_simulate_until__progress_counts_toward_what_is_planned():
    seen = []
    outcomes = jr.simulate_until(MODEL, "cost.mean:3%", 3, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (3 * outcomes.sizes["path"],) * 2
    assert all(0 <= done <= total for done, total in seen)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_simulate_until__results_are_moved_but_once_or_twice(monkeypatch):
    made, extend = [], kept.extend_paths
    monkeypatch.setattr(kept, "extend_paths", lambda array, paths: made.append(paths) or extend(array, paths))
    outcomes, _ = looks_of("cost.mean:0.8%", strategies=["jit"], most=100_000)
    assert outcomes.sizes["path"] > 20_000
    sizes = set(made)
    assert len(sizes) <= 5
    assert sum(sizes) < 2 * outcomes.sizes["path"]


@pytest.mark.parametrize(
    ("options", "error"),
    [({"target": "cost.men:1%"}, ResultError), ({"most": 0}, JitriskError), ({"strategies": ["jjit"]}, JitriskError)],
)
def test_options__what_cannot_be_asked_is_refused(options, error):
    with pytest.raises(error):
        jr.simulate_until(MODEL, **({"target": "cost.mean:1%"} | options))


def test_simulate_until__a_metric_without_prices_is_named():
    with pytest.raises(ResultError, match="no profit"):
        jr.simulate_until(MODEL, "profit.mean:1%")


def test_build_precision_document__a_hazard_hardly_seen_is_named_with_what_helps(monkeypatch):
    monkeypatch.setattr(until, "FIRST", 10_000)
    looks = []
    message = (
        "cost.mean is not known to within 1 % after 10,000 paths: base unknown; fire is expected to hit 1 time in "
        "these paths, and 5 are needed: sample rare hazards more often (--rare), or take at least 50,100 paths"
    )
    with pytest.warns(UserWarning, match=re.escape(message)):
        outcomes = jr.simulate_until(UNTIL_RARE, "cost.mean:1%", most=20_000, watch=looks.append)
    # More paths than there may be would have to show it, so that none is added.
    assert [look.attrs.get("stopped") for look in looks] == ["unseen"]
    assert outcomes.sizes["path"] == 10_000
    assert not build_precision_document(looks[-1])["met"]
    assert build_precision_document(looks[-1])["strategies"]["base"]["width"] is None


def test_simulate_until__a_hazard_seen_less_often_than_expected_is_told_as_such():
    # One fire on 10,000 paths, where 5.9 are expected.
    message = (
        "base unknown; fire occurred less often than expected and too seldom for an interval: take at least 20,000"
    )
    with pytest.warns(UserWarning, match=message):
        jr.simulate_until(with_fire(UNTIL_RARE, rate="1 / 1700 years"), "cost.mean:50%", seed=38, most=10_000)


def test_simulate_until__the_most_paths_end_it_too_where_a_hazard_is_hardly_seen():
    looks = []
    with pytest.warns(UserWarning, match="after 500 paths, the most allowed: base unknown; fire is expected"):
        jr.simulate_until(UNTIL_RARE, "cost.mean:1%", most=500, watch=looks.append)
    assert looks[-1].attrs["stopped"] == "most"


def test_simulate_until__paths_are_added_until_a_hazard_is_seen_often_enough():
    model, looks = with_fire(UNTIL_RARE, rate="1 / 300 years"), []
    outcomes = jr.simulate_until(model, "cost.mean:90%", most=50_000, watch=looks.append)
    first, *_, last = looks
    assert first["unseen"].all()
    assert first["needed"].item() == np.ceil(5 / outcomes["evidence"].item())
    assert first.attrs["planned"] >= first["needed"].item()
    assert last.attrs["stopped"] == "met"
    assert outcomes.sizes["path"] * outcomes["evidence"].item() >= 5


def test_simulate_until__a_rare_hazard_sampled_more_often_is_known_soon():
    looks = []
    outcomes = jr.simulate_until(UNTIL_RARE, "cost.mean:1%", 3, rare=True, watch=looks.append)
    assert looks[-1].attrs["stopped"] == "met"
    assert outcomes.sizes["path"] < 10_000
    assert render_precision_line(looks[-1]).startswith("cost.mean is known to within 1 % after ")
    assert looks[-1]["lower"].item() < exact_mean_cost() < looks[-1]["upper"].item()
    at_once = jr.simulate(UNTIL_RARE, outcomes.sizes["path"], 3, rare=True)
    assert outcomes.identical(at_once)
    assert bits(outcomes) == bits(at_once)


def test_simulate_until__weighted_paths_that_grow_keep_their_weights():
    looks = []
    outcomes = jr.simulate_until(UNTIL_RARE, "cost.mean:0.5%", 4, rare=True, watch=looks.append)
    assert len(looks) > 1
    assert outcomes.identical(jr.simulate(UNTIL_RARE, outcomes.sizes["path"], 4, rare=True))
