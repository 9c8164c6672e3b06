"""Family j: value at risk and conditional value at risk, their intervals, and the exact law of a total cost."""

from __future__ import annotations

import math

import numpy as np
import pytest
from oracle import Network, Rates, assert_mean, cases, family, flat, plant, run
from scipy.stats import binom
from tail_scores import compute_tail_scores

from jitrisk.risk.intervals import clopper_pearson, find_rank_interval, rank
from jitrisk.risk.tails import compute_tail_risk

pytestmark = pytest.mark.verification

LAWS = {
    "normal_0_1": lambda generator, size: generator.standard_normal(size),
    "exp_1": lambda generator, size: generator.standard_exponential(size),
    "lognormal_0_1": lambda generator, size: np.exp(generator.standard_normal(size)),
    "pareto_xm1_alpha3": lambda generator, size: 1 + generator.pareto(3, size),
    "uniform_0_1": lambda generator, size: generator.random(size),
}
READ_ELSEWHERE = {
    case: [name for name in flat(cases()[case]["expected"]) if not name.endswith(("wald", "clopper_pearson"))]
    for case in family("j.")
}


@pytest.mark.parametrize("law", LAWS)
def test_compute_tail_risk__closed_forms(law: str) -> None:
    losses = np.sort(LAWS[law](np.random.default_rng(7), 1_000_000))
    for level, answers in cases()["j.var_cvar"]["expected"].items():
        risk = compute_tail_risk(losses, float(level))
        answer = answers[law]
        assert abs(risk.var - answer["VaR"]) <= 4 * risk.var_standard_error
        assert abs(risk.cvar - answer["CVaR"]) <= 4 * risk.cvar_standard_error
        assert risk.cvar_standard_error < 0.05 * answer["CVaR"]


def test_compute_tail_risk__atoms_are_split() -> None:
    model = cases()["j.atom"]["model"]
    losses = np.repeat(np.asarray(model["x"], dtype=float), np.round(np.asarray(model["p"]) * 1_000).astype(int))
    for level, answers in cases()["j.atom"]["expected"].items():
        risk = compute_tail_risk(losses, float(level))
        assert risk.var == answers["VaR"]
        assert risk.cvar == pytest.approx(answers["CVaR"], rel=1e-9)
        mean_of_the_atom_and_above = losses[losses >= risk.var].mean()
        assert mean_of_the_atom_and_above == pytest.approx(answers["mean_of_x_ge_VaR"])


def sizes(name: str, prefix: str) -> tuple[int, float]:
    """`n1000_a0.95` with prefix `a` is 1000 and 0.95."""
    paths, probability = name.removeprefix("n").split(f"_{prefix}")
    return int(paths), float(probability)


def test_clopper_pearson__coverage_of_intervals_of_a_probability() -> None:
    for name, answers in cases()["j.coverage"]["expected"].items():
        paths, probability = sizes(name, "p")
        counts = np.arange(paths + 1)
        ends = np.array([clopper_pearson(count / paths, paths) for count in counts])
        covered = (ends[:, 0] <= probability) & (probability <= ends[:, 1])
        assert binom.pmf(counts, paths, probability)[covered].sum() == pytest.approx(
            answers["clopper_pearson"], abs=1e-9
        )


def test_find_rank_interval__intervals_of_a_quantile() -> None:
    for name, answers in cases()["j.quantile_ci"]["expected"].items():
        paths, level = sizes(name, "a")
        lower, upper = find_rank_interval(paths, level)
        assert (lower, upper) == (answers["lower_rank"], answers["upper_rank"])
        covered = binom.cdf(upper - 1, paths, level) - binom.cdf(lower - 1, paths, level)
        assert covered == pytest.approx(answers["coverage"], abs=1e-9)


@pytest.mark.parametrize(("name", "samples"), [("n1000_a0.95", 4_000), ("n1000_a0.99", 4_000), ("n100000_a0.999", 200)])
def test_rank__expectation_of_the_estimators(name: str, samples: int) -> None:
    answers = cases()["j.plugin_exp"]["expected"][name]
    paths, level = sizes(name, "a")
    assert rank(paths, level) == math.ceil(round(paths * level, 6))
    generator = np.random.default_rng(11)
    risks = [compute_tail_risk(np.sort(generator.standard_exponential(paths)), level) for _ in range(samples)]
    assert answers["true_VaR"] == pytest.approx(-math.log(1 - level))
    assert answers["true_CVaR"] == pytest.approx(1 - math.log(1 - level))
    vars_, cvars = np.array([risk.var for risk in risks]), np.array([risk.cvar for risk in risks])
    assert_mean(cvars, answers["expected_mean_of_top"], f"{name}: CVaR")
    assert_mean(vars_, answers["expected_order_stat_at_ceil_na"], f"{name}: VaR")
    # What the estimators say of their own errors is right on average, to the accuracy of the asymptotics.
    assert np.mean([risk.var_standard_error for risk in risks]) == pytest.approx(answers["asympt_se_VaR"], rel=0.2)
    assert np.mean([risk.cvar_standard_error for risk in risks]) == pytest.approx(answers["asympt_se_CVaR"], rel=0.2)
    assert cvars.std() == pytest.approx(answers["asympt_se_CVaR"], rel=0.2)


def base_stock(model: Network) -> Network:
    return plant(
        {"store": {"policy": {"base_stock": {"level": model["S"]}}}},
        {"buyer": {"stage": "store", "demand": {"poisson": {"mean": model["lam"]}}}},
        horizon=model["T"],
        warm_up=0,
    )


@pytest.mark.parametrize("case", family("j.total_cost"))
def test_compute_tail_scores__total_cost_has_the_exact_law(case: str) -> None:
    model, answers = cases()[case]["model"], cases()[case]["expected"]
    rates = Rates(run(base_stock(model), paths=200_000))
    per_period = model["h"] * rates("on_hand", "store") + model["b"] * rates("backlog", "buyer")
    cost = np.round(per_period * model["T"])
    assert_mean(cost, answers["mean"], f"{case}: mean")
    assert_mean((cost - cost.mean()) ** 2, answers["sd"] ** 2, f"{case}: variance")
    for level in (0.9, 0.95, 0.99, 0.999):
        var = answers[f"VaR{level}"]
        below, to = answers[f"cdf_below_and_at_VaR{level}"]
        assert_mean(cost < var, below, f"{case}: F below VaR {level}")
        assert_mean(cost <= var, to, f"{case}: F at VaR {level}")
        assert_mean(compute_tail_scores(cost, level), answers[f"CVaR{level}"], f"{case}: CVaR {level}")
