"""What was never seen is not taken for what cannot happen: evidence, and what may be claimed with it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr
from handmade import of_cost, random_result
from rarely import NOTHING_COSTS, UNTIL_RARE, burning, exact_mean_cost, with_fire

import jitrisk as jr
from jitrisk.errors import ResultError
from jitrisk.report import build_comparison_table, build_document, render_conclusion, summarize
from jitrisk.risk import (
    assess_precision,
    compare,
    convergence,
    count_occurrences,
    describe,
    dominance,
    exceedance,
    parse_precision_target,
)
from jitrisk.vocabulary import METRICS, STATISTICS

RESTS_ON_MEANS = ("standard_error", "lower", "upper", "cvar_standard_error", "cvar_lower", "cvar_upper")


def fire_expected(times, paths=1000, model=UNTIL_RARE, **changes):
    """Return a model whose fire is expected so many times on so many paths."""
    return with_fire(model, rate=f"{times / paths / 365:.15g} / d", **changes)


def unknown(run):
    """Whether the statistics that rest on means are unknown, strategy by strategy; either all of them or none."""
    values = run.risk.metrics()
    table = describe(values)
    found = {
        name: np.isnan(table[name].sel(statistic=list(RESTS_ON_MEANS))).values for name in METRICS if name in table
    }
    each = np.stack(list(found.values()))
    assert (each == each[0, :, :1]).all()
    return each[0, :, 0].tolist()


def test_parse_precision_target__no_seed_is_declared_known_that_has_not_seen_the_fire():
    # By the spread of the sample alone 26 of these 60 were known, and all 26 were wrong.
    target = parse_precision_target("cost.mean:1%")
    quiet = 0
    for seed in range(60):
        values = jr.simulate(UNTIL_RARE, 10_000, seed).risk.metrics()
        found = assess_precision(values, target)
        assert not found["met"].any()
        assert found["unseen"].all()
        assert found["needed"].item() == pytest.approx(50_001, rel=1e-3)
        assert found["rarest_hazard"].item() == "fire"
        quiet += int(values["cost"].max() == 365)
    # One fire is expected, so that a share of exp(-1) shows none.
    assert abs(quiet / 60 - np.exp(-1)) < 4 * np.sqrt(np.exp(-1) * (1 - np.exp(-1)) / 60)


def test_assess_precision__sampled_more_often_the_fire_is_known():
    truth, covered = exact_mean_cost(), 0
    for seed in range(60):
        values = jr.simulate(UNTIL_RARE, 2000, seed, rare=True).risk.metrics()
        found = assess_precision(values, parse_precision_target("cost.mean:2%"))
        assert found["met"].all()
        assert not found["unseen"].any()
        covered += found["lower"].item() <= truth <= found["upper"].item()
    assert abs(covered / 60 - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 60)


@pytest.mark.parametrize(
    ("times", "known"), [(0.5, False), (1, False), (2, False), (3, False), (4.9, False), (5.1, True)]
)
def test_describe__means_have_intervals_from_five_expected_occurrences_on(times, known):
    for seed in range(3):
        run = jr.simulate(fire_expected(times), 1000, seed)
        found = count_occurrences(run).isel(strategy=0, hazard=0)
        assert found["expected"].item() == pytest.approx(times, rel=5e-3)
        assert found["evidence"].item() == found["expected"].item()
        # A single occurrence says nothing of how much they differ.
        enough = known and found["seen"].item() >= 2
        assert bool(found["enough"]) == enough
        assert found["needed"].item() == (2000 if known and not enough else np.ceil(5 / run["evidence"].item()))
        assert unknown(run) == [not enough]
        table = describe(run.risk.metrics())["cost"].isel(strategy=0)
        # Estimates stay, and so do order statistics, which enclose a quantile whatever was not seen.
        kept = [name for name in STATISTICS if name not in RESTS_ON_MEANS]
        assert table.sel(statistic=kept).notnull().all()


def test_describe__whatever_was_seen_the_law_decides():
    seen = {seed: int(jr.simulate(fire_expected(3), 1000, seed)["occurrences"].sum()) for seed in range(12)}
    assert max(seen.values()) >= 5
    assert unknown(jr.simulate(fire_expected(3), 1000, max(seen, key=seen.get))) == [True]


def test_describe__more_paths_are_enough():
    model = fire_expected(1)
    short, long = (jr.simulate(model, paths, 1) for paths in (1000, 6000))
    assert (unknown(short), unknown(long)) == ([True], [False])
    needed = int(count_occurrences(short)["needed"].item())
    assert unknown(jr.simulate(model, needed, 1)) == [False]
    assert unknown(jr.simulate(model, needed - 1, 1)) == [True]


def test_assess_precision__quantiles_are_told_whatever_was_not_seen():
    values = jr.simulate(fire_expected(1), 1000, 1).risk.metrics()
    found = assess_precision(values, parse_precision_target("cost.var95:1%"))
    assert found["met"].all()
    assert not found["unseen"].any()
    for text in ("cost.cvar95:1%", "downtime.mean:5%", "fill_rate.mean:1%"):
        found = assess_precision(values, parse_precision_target(text))
        assert not found["met"].any()
        assert found["unseen"].all()


@pytest.mark.parametrize("seed", range(6))
def test_summarize__a_model_with_a_price_has_one_whatever_was_paid(seed):
    run = jr.simulate(NOTHING_COSTS, 1000, seed)
    summary = summarize(run)
    assert summary.is_priced
    assert "Nothing" not in render_conclusion(summary)
    assert summary.statistics.attrs["priced"] == 1
    assert "cost per year" in [row.label.split(",")[0] for row in build_comparison_table(run).rows]


def test_render_conclusion__a_model_without_a_price_has_none():
    free = NOTHING_COSTS | {"customers": {"shop": {"stage": "press", "demand": 100, "unmet": "lost"}}}
    assert render_conclusion(summarize(jr.simulate(free, 50))).startswith("Nothing has a price in this model")


def test_render_conclusion__a_conclusion_on_too_little_names_no_winner_and_says_what_helps():
    dear = NOTHING_COSTS | {"strategies": {"a": {}, "b": {"stages": {"press": {"order_cost": 1}}}}}
    text = render_conclusion(summarize(jr.simulate(dear, 1000, seed=1)))
    assert text.startswith("No difference in mean cost can be claimed between a and b at 1,000 paths")
    assert "costs least" not in text
    assert "fire is expected to hit 0.5 times in these 1,000 paths; an interval of a mean" in text
    assert "sample rare hazards more often (--rare), or take at least 10,100 paths." in text
    weighted = render_conclusion(summarize(jr.simulate(dear, 1000, seed=1, rare=True)))
    assert weighted.startswith("a costs least")
    assert "expected to hit" not in weighted


def two_fires(low, high, paths=1000):
    """A fire that is expected so many times under one strategy and so many under the other."""
    rates = {"rare": low, "often": high}
    patches = {name: {"hazards": {"fire": {"rate": f"{k / paths / 365:.15g} / d"}}} for name, k in rates.items()}
    return UNTIL_RARE | {"strategies": patches}


def test_count_occurrences__every_strategy_has_its_own_evidence():
    run = jr.simulate(two_fires(1, 30), 1000, seed=1)
    found = count_occurrences(run).isel(hazard=0)
    np.testing.assert_allclose(found["expected"], [1, 30], rtol=5e-3)
    np.testing.assert_array_equal(found["seen"], run["occurrences"].isel(hazard=0).sum("path"))
    assert found["enough"].values.tolist() == [False, True]
    assert unknown(run) == [True, False]
    values = run.risk.metrics()
    np.testing.assert_allclose(values["least_evidence"], [0.001, 0.03], rtol=5e-3)
    # A difference is known as well as the one of the two that is known worse; a base beside itself is 0.
    for base in ("rare", "often"):
        table = compare(values, base)["cost"]
        assert table.sel(strategy=base, statistic="upper") == 0
        other = table.drop_sel(strategy=base).isel(strategy=0)
        assert other.sel(statistic=["mean", "cvar"]).notnull().all()
        assert other.drop_sel(statistic=["mean", "var", "cvar"]).isnull().all()
    text = render_conclusion(summarize(run))
    assert "fire is expected to hit 1 time in these 1,000 paths" in text


def test_count_occurrences__a_strategy_that_the_hazard_spares_is_known():
    spared = UNTIL_RARE | {"strategies": {"bare": {}, "safe": {"hazards": {"fire": {"chance": 0}}}}}
    run = jr.simulate(spared, 1000, seed=1)
    assert unknown(run) == [True, False]
    assert run["evidence"].sel(strategy="safe").isnull().all()
    assert run["occurrences"].sel(strategy="safe").sum() == 0
    assert run.risk.metrics()["rarest_hazard"].values.tolist() == ["fire", ""]
    assert count_occurrences(run)["enough"].values.tolist() == [[False], [True]]


def test_dominance__second_order_dominance_is_not_shown_on_too_little():
    dear = UNTIL_RARE | {"strategies": {"a": {}, "b": {"stages": {"press": {"order_cost": 2}}}}}
    seldom, often = (jr.simulate(fire_expected(k, model=dear), 1000, seed=2).risk.metrics() for k in (1, 30))
    assert dominance(often)["second"].sel(strategy="a", other="b") == "dominates"
    found = dominance(seldom)
    for pair in (("a", "b"), ("b", "a")):
        at = found.sel(strategy=pair[0], other=pair[1])
        assert at["second"] == "not shown"
        assert np.isnan([at["second_lower"], at["second_upper"]]).all()
    assert found["second"].sel(strategy="a", other="a") == "same"
    # The first order rests on shares of paths, not on what is rare.
    assert found["first"].sel(strategy="a", other="b") == "dominates"


def test_convergence__sub_samples_of_a_convergence_are_known_from_enough_on():
    values = jr.simulate(fire_expected(20, paths=4000), 4000, seed=1).risk.metrics()
    for statistic in ("mean", "cvar"):
        found = convergence(values, statistic=statistic).isel(strategy=0)
        few = found["size"].values * 20 / 4000 < 5
        assert few.any()
        assert not few.all()
        np.testing.assert_array_equal(np.isnan(found["lower"]), few)
        np.testing.assert_array_equal(np.isnan(found["standard_error"]), few)
        assert found["estimate"].notnull().all()
        assert np.isfinite(found["all_upper"])
    assert convergence(values, statistic="var")["lower"].notnull().all()


def test_convergence__sub_samples_of_weighted_paths_are_whole_periods():
    run = jr.simulate(UNTIL_RARE, 4001, seed=1, rare=True)
    found = convergence(run.risk.metrics()).isel(strategy=0)
    assert (found["size"] % 2 == 0).all()
    assert found["size"].sum() <= 4001
    truth = exact_mean_cost()
    away = (found["estimate"] - truth) / found["standard_error"]
    assert (np.abs(away) < 4).all()


def test_count_occurrences__a_chance_to_hit_makes_less_evidence():
    def model(**hits):
        hazard = {"rate": "1 / 100 years", "duration": "9 d", "hits": hits}
        return UNTIL_RARE | {"hazards": {"fire": hazard}}

    plain = {"capacity": 0}
    for hits, chance in (
        ({"press": plain}, 1),
        ({"press": plain | {"chance": 0.1}}, 0.1),
        # A figure may move only where both are hit at once.
        ({"press": plain | {"chance": 0.5}, "shop": {"demand": 2, "chance": 0.1}}, 0.05),
        ({"press": plain, "shop": {"demand": 2, "chance": 0.3}}, 0.3),
    ):
        found = count_occurrences(jr.simulate(model(**hits), 1000)).isel(strategy=0, hazard=0)
        assert found["expected"].item() == pytest.approx(10, rel=1e-2)
        assert found["evidence"].item() == pytest.approx(10 * chance, rel=1e-2)
        assert bool(found["enough"]) == (chance > 0.5)


def test_describe__what_is_handed_in_gives_no_limit():
    paths = jr.sample(UNTIL_RARE, 200, seed=1)
    run = jr.simulate(UNTIL_RARE, seed=1, exogenous=paths)
    assert run["evidence"].isnull().all()
    assert unknown(run) == [False]
    assert "expected to hit" not in render_conclusion(summarize(run))
    # A hazard that hits another series, which is drawn, is judged by that.
    both = with_fire(UNTIL_RARE, hits={"press": {"capacity": 0}, "shop": {"demand": 0.5}})
    part = jr.simulate(both, seed=1, exogenous=jr.sample(both, 200, seed=1)[["demand"]])
    assert unknown(part) == [True]


def test_count_occurrences__a_model_without_hazards_has_no_limit():
    run = jr.simulate(UNTIL_RARE | {"hazards": {}}, 200)
    assert unknown(run) == [False]
    assert count_occurrences(run).sizes["hazard"] == 0
    assert "least_evidence" not in run.risk.metrics().coords


def test_count_occurrences__a_result_that_does_not_say_how_often_hazards_occur_has_no_limit():
    run = random_result()
    assert count_occurrences(run).data_vars == {}
    assert unknown(run) == [False, False, False]


@pytest.mark.parametrize("quiet", ["400 d", "365 d", {"uniform": {"low": "400 d", "high": "800 d"}}])
def test_count_occurrences__a_hazard_that_cannot_begin_within_the_horizon_has_no_limit(quiet):
    never = UNTIL_RARE | {
        "hazards": {"fire": {"time_between": quiet, "duration": "60 d", "hits": {"press": {"capacity": 0}}}}
    }
    run = jr.simulate(never, 100)
    found = count_occurrences(run).isel(strategy=0, hazard=0)
    assert (found["seen"], found["expected"], bool(found["enough"])) == (0, 0, True)
    assert np.isnan(found["needed"])
    assert unknown(run) == [False]
    assert "expected to hit" not in render_conclusion(summarize(run))


def test_describe__a_hazard_of_the_warm_up_alone_is_judged_by_how_often_it_begins():
    def model(quiet):
        fire = {"time_between": quiet, "duration": "100 d", "hits": {"press": {"capacity": 0}}}
        return UNTIL_RARE | {"warm_up": "60 d", "hazards": {"fire": fire}}

    sure = jr.simulate(model("50 d") | {"horizon": "180 d"}, 100)
    assert count_occurrences(sure)["expected"] == 0
    assert unknown(sure) == [False]
    seldom = jr.simulate(model({"empirical": {"values": [50, 900], "weights": [0.001, 0.999]}}), 100)
    assert unknown(seldom) == [True]


def test_render_conclusion__of_several_hazards_the_rarest_is_named_and_the_others_with_it():
    hazards = {
        name: {"rate": f"1 / {years} years", "duration": "9 d", "hits": {"press": {"capacity": 0}}}
        for name, years in (("often", 1), ("seldom", 400), ("hardly", 9000))
    }
    text = render_conclusion(summarize(jr.simulate(UNTIL_RARE | {"hazards": hazards}, 1000)))
    assert "hardly is expected to hit 0.11 times and seldom 2.5 times in these 1,000 paths; an interval" in text
    assert "often is" not in text


@pytest.mark.parametrize("rare", [False, True])
def test_count_occurrences__prices_changed_afterwards_keep_all_of_it(rare):
    run = jr.simulate(UNTIL_RARE, 1000, seed=3, rare=rare)
    dear = jr.reprice(run, {"stages.press.order_cost": 2})
    xr.testing.assert_identical(count_occurrences(dear), count_occurrences(run))
    assert unknown(dear) == unknown(run) == [not rare]
    assert dear.attrs.get("rare") == run.attrs.get("rare")
    assert ("weight" in dear.coords) == rare
    xr.testing.assert_identical(
        dear, jr.simulate(json.loads(dear.attrs["model"]), 1000, seed=3, rare=rare).assign_attrs(dear.attrs)
    )


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_count_occurrences__files_keep_it_too(tmp_path, suffix):
    run = jr.simulate(two_fires(1, 30), 1000, seed=1)
    jr.save(run, tmp_path / f"run{suffix}")
    back = jr.open(tmp_path / f"run{suffix}")
    xr.testing.assert_identical(count_occurrences(back), count_occurrences(run))
    assert unknown(back) == [True, False]


def test_count_occurrences__evidence_of_weighted_paths_is_that_of_as_many_alike():
    run = jr.simulate(fire_expected(10), 1000, seed=1, rare=True)
    (row,) = json.loads(run.attrs["rare"])
    found = count_occurrences(run).isel(strategy=0, hazard=0)
    # Half of the paths show it for sure, and half as often as it occurs.
    assert found["expected"].item() == pytest.approx(10, rel=1e-2)
    assert found["evidence"].item() == pytest.approx(10 * (0.5 + 0.5 / row["probability"]), rel=1e-2)
    assert found["evidence"].item() == pytest.approx(505, rel=0.02)
    weight = run["weight"].values[run["occurrences"].values[0, :, 0] > 0]
    assert found["evidence"].item() == pytest.approx(weight.sum() ** 2 / np.sum(weight**2), rel=0.05)


def test_describe__few_weighted_paths_are_too_few_as_well():
    # Another hazard, not rare, is seen in the natural half alone.
    often = {"rate": "1 / 2 years", "duration": "2 d", "hits": {"press": {"capacity": 0.5}}}
    model = UNTIL_RARE | {"hazards": UNTIL_RARE["hazards"] | {"flu": often}}
    small, large = (jr.simulate(model, paths, rare=True) for paths in (16, 400))
    np.testing.assert_allclose(small["evidence"].sel(hazard="flu"), 0.25, rtol=1e-2)
    assert (unknown(small), unknown(large)) == ([True], [False])
    text = render_conclusion(summarize(small))
    assert "flu is expected to hit 4 times in these 16 paths" in text
    assert "--rare" not in text


@pytest.mark.parametrize("horizon", ["30 d", "1 year", "10 years"])
def test_exceedance__what_is_exceeded_once_in_20_years_does_not_depend_on_the_horizon(horizon):
    run = jr.simulate(burning(horizon), {"30 d": 100_000, "1 year": 5000, "10 years": 4000}[horizon], seed=1)
    curve = exceedance(jr.measure_last_year(run).risk.metrics(), years=[20])
    assert curve["return_period"].item() == pytest.approx(20)
    np.testing.assert_allclose(curve["value"], 1e6, rtol=1e-6)
    assert (curve["value_upper"] <= 1e6 * (1 + 1e-6)).all()


def test_describe__the_last_year_of_weighted_paths_has_their_weights():
    model = with_fire(burning("10 years"), rate="1 / 100 years")
    run = jr.simulate(model, 2000, seed=1, rare=True)
    year = jr.measure_last_year(run)
    np.testing.assert_array_equal(year["weight"], run["weight"])
    mean = year.risk.describe()["cost"].isel(strategy=0)
    truth = 1e6 / 100
    assert (
        abs(mean.sel(statistic="mean").item() - truth) < 4 * mean.sel(statistic="standard_error").item() + 0.03 * truth
    )


def test_assess_precision__evidence_of_results_made_by_hand_is_unlimited():
    values = of_cost([[1.0, 2.0, 4.0]]).risk.metrics()
    assert assess_precision(values, parse_precision_target("cost.mean:90%"))["unseen"].values.tolist() == [False]


def test_assess_precision__a_disaster_that_takes_two_targets_at_once_is_not_declared_known():
    # Each supplier stands in for the other; both are hit with a chance of 0.0004, about 0.4 times in 10,000 paths.
    stage = {"capacity": "40 / d", "policy": {"base_stock": {"level": 10}}}
    model = {
        "name": "Two suppliers",
        "period": "1 d",
        "horizon": "1 year",
        "stages": {
            "east": stage,
            "west": stage,
            "press": stage | {"order_cost": 1, "inputs": {"part": {"quantity": 1, "from": ["east", "west"]}}},
        },
        "customers": {"shop": {"stage": "press", "demand": 10, "unmet": "lost", "lost_cost": 1000}},
        "hazards": {
            "storm": {
                "rate": "1 / 10 years",
                "duration": "90 d",
                "chance": 0.02,
                "hits": {"east": {"capacity": 0}, "west": {"capacity": 0}},
            }
        },
    }
    run = jr.simulate(model, 10_000, seed=1)
    assert count_occurrences(run)["evidence"].item() == pytest.approx(10_000 * 0.1 * 0.0004, rel=0.05)
    found = assess_precision(run.risk.metrics(), parse_precision_target("cost.mean:1%"))
    assert not found["met"].any()
    assert "storm is expected to hit 0.39 times" in render_conclusion(summarize(run))


def test_build_comparison_table__a_result_that_does_not_count_its_hazards_says_so():
    run = jr.simulate(UNTIL_RARE, 200)
    old = run.drop_vars(["occurrences", "expected_occurrences", "evidence", "hazard"])
    notes = " ".join(build_comparison_table(old).notes)
    assert "This result does not say how often its hazards occurred" in notes
    handed = jr.simulate(UNTIL_RARE, seed=1, exogenous=jr.sample(UNTIL_RARE, 50, seed=1))
    assert "Not counted, because they hit nothing that is drawn: fire." in " ".join(
        build_comparison_table(handed).notes
    )


def test_render_conclusion__what_is_not_rare_enough_is_not_to_be_sampled_more_often():
    # As regular as clockwork, or with a chance that is small whatever begins: --rare would change nothing.
    often = with_fire(UNTIL_RARE, rate="1 / year", hits={"press": {"capacity": 0, "chance": 0.001}})
    text = render_conclusion(summarize(jr.simulate(often, 1000)))
    assert "take at least" in text
    assert "--rare" not in text


def test_build_document__the_document_for_programs_counts_hazards():
    found = build_document(jr.simulate(UNTIL_RARE, 1000, seed=1, rare=True))
    assert found["rare"][0]["hazard"] == "fire"
    assert found["priced"] is True
    fire = found["hazards"]["fire"]["base"]
    assert fire["enough"] is True
    assert fire["seen"] >= 500
    assert fire["expected"] == pytest.approx(0.1, rel=1e-3)
    json.dumps(found, allow_nan=False)


def test_describe__an_average_over_weighted_paths_without_weights_is_told():
    run = jr.simulate(UNTIL_RARE, 200, rare=True)
    averaged = run.mean("path", keep_attrs=True)
    with pytest.raises(ResultError, match="an average over them needs their weights"):
        averaged.risk.describe()
