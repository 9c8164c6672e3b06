"""Family e: one supplier that comes and goes.

The cases draw the supplier's state, receive at once and then serve. In the model what is ordered and started at the
end of a period is received at the start of the next (L = 1), so that the case's state in a period is the model's
availability one period earlier. Spells of geometric length make the state the cases' two-state Markov chain.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from oracle import (
    Network,
    Rates,
    Ratio,
    Reading,
    Setting,
    assert_mean,
    cases,
    check,
    expected,
    family,
    flat,
    plant,
    run,
)
from tail_scores import compute_tail_scores

pytestmark = pytest.mark.verification


def outage(stage: str, alpha: float, beta: float) -> Network:
    """A stage that stops with probability `alpha` after a good period and recovers with `beta` after a bad one."""
    spells = {
        "time_between": {"geometric": {"mean": f"{1 / alpha} d"}},
        "duration": {"geometric": {"mean": f"{1 / beta} d"}},
    }
    return {"hazards": {"outage": {**spells, "hits": {stage: {"capacity": 0}}}}}


def levels(units: list[float]) -> Network:
    return {f"S{level:g}": {"stages": {"store": {"policy": {"base_stock": {"level": level}}}}} for level in units}


def supplied(model: Network, demand: object, units: list[float], lead_time: int = 1) -> Network:
    """A base-stock store with an unreliable supplier, at several levels on the same outages."""
    return plant(
        {"store": {"lead_time": f"{lead_time} d", "policy": {"base_stock": {"level": units[0]}}}},
        {"buyer": {"stage": "store", "demand": demand}},
        horizon=8_500,
        warm_up=500,
        strategies=levels(units),
        **outage("store", model["alpha"], model["beta"]),
    )


def cost(model: Network, strategy: str) -> Reading:
    def read(rates: Rates) -> np.ndarray:
        under = rates.under(strategy)
        return model["h"] * under("on_hand", "store") + model["p"] * under("backlog", "buyer")

    return read


def readings(model: Network, level: float) -> dict[str, Reading]:
    strategy = f"S{level:g}"
    return {
        "cost": cost(model, strategy),
        "mean_on_hand": lambda rates: rates.under(strategy)("on_hand", "store"),
        "mean_backorders": lambda rates: rates.under(strategy)("backlog", "buyer"),
        "p_stockout": lambda rates: rates.under(strategy)("stockout", "buyer"),
        "p_stockout_period": lambda rates: rates.under(strategy)("stockout", "buyer"),
        "fill_rate": lambda rates: Ratio(
            rates.under(strategy)("filled", "buyer"), rates.under(strategy)("demand", "buyer")
        ),
    }


def example_9_3(case: str) -> Setting:
    model, answers = cases()[case]["model"], cases()[case]["expected"]
    best = answers["S_star"]
    read = {name: reading for name, reading in readings(model, best).items() if name in answers}
    read |= {f"cost_at_S_{level}": cost(model, f"S{level}") for level in (1200, 2000)}
    return Setting(supplied(model, model["d"], [best, 1200, 2000]), read)


def curve(case: str) -> Setting:
    model, answers = cases()[case]["model"], cases()[case]["expected"]["cost_curve"]
    read = {
        f"cost_curve/{level}/{name}": reading
        for level, asked in answers.items()
        for name, reading in readings(model, float(level)).items()
        if name in asked
    }
    return Setting(supplied(model, model["d"], [float(level) for level in answers]), read)


def poisson(case: str) -> Setting:
    model, answers = cases()[case]["model"], cases()[case]["expected"]
    read = {
        f"{strategy}/{name}": reading
        for strategy, asked in answers.items()
        for name, reading in readings(model, float(strategy[1:])).items()
        if name in asked
    }
    demand = {"poisson": {"mean": float(model["demand"][8:-1])}}
    return Setting(supplied(model, demand, [float(strategy[1:]) for strategy in answers], model["n"]), read)


def economic_order(case: str) -> Setting:
    """Zero-inventory ordering: at zero stock order Q, which comes as soon as the supplier is up."""
    model = cases()[case]["model"]
    network = plant(
        {"store": {"policy": {"reorder_point": {"point": 0, "quantity": model["Q"]}}}},
        {"buyer": {"stage": "store", "demand": 1, "unmet": "lost"}},
        horizon=30_000,
        warm_up=10_000,
        **outage("store", model["alpha"], model["beta"]),
    )
    return Setting(
        network,
        {
            "cost": lambda rates: (
                model["K"] * rates("orders", "store")
                + model["h"] * rates("on_hand", "store")
                + model["p"] * rates("lost", "buyer")
            ),
            "mean_cycle": lambda rates: Ratio(np.ones_like(rates("orders", "store")), rates("orders", "store")),
            "lost_fraction": lambda rates: Ratio(rates("lost", "buyer"), rates("demand", "buyer")),
            "mean_on_hand_end": lambda rates: rates("on_hand", "store"),
            "orders_per_period": lambda rates: rates("orders", "store"),
        },
        paths=500,
    )


def tomlin(case: str) -> Setting:
    """Stock against the outage (level S*), or none (level d); the other remedies are tested below."""
    model = cases()[case]["model"]
    best = cases()[case]["expected"]["S_star"]
    network = supplied(model, model["d"], [best, model["d"]])
    return Setting(network, {"inventory": cost(model, f"S{best}"), "acceptance": cost(model, f"S{model['d']}")})


EXAMPLE, EOQD = "e.bsd.ex9_3", "e.eoqd.ex9_1"
CURVES = list(family("e.bsd.h1"))
SETTINGS = {
    EXAMPLE: example_9_3(EXAMPLE),
    **{case: curve(case) for case in CURVES},
    **{case: poisson(case) for case in family("e.bs_poisson")},
    **{case: economic_order(case) for case in family("e.eoqd_discrete")},
    **{case: tomlin(case) for case in family("e.tomlin")},
}
READ_ELSEWHERE = {
    EOQD: ["cost", "cost_at_EOQ", "Q_EOQ"],
    **{case: ["S_star"] for case in CURVES},
    **{
        case: ["sourcing", "rerouting", "best", "best_without_rerouting", "premium_at_which_sourcing_equals_inventory"]
        for case in family("e.tomlin")
    },
    **{case: list(flat(cases()[case]["expected"])) for case in family("e.line_stop")},
}


@pytest.mark.parametrize("case", SETTINGS)
def test_simulate__published_answers(case: str) -> None:
    check(case, SETTINGS[case])


@pytest.mark.parametrize("case", CURVES)
def test_simulate__the_best_level_is_the_cheapest_on_the_same_outages(case: str) -> None:
    answers = cases()[case]["expected"]
    rates = Rates(run(SETTINGS[case].network, SETTINGS[case].paths))
    costs = {level: cost(cases()[case]["model"], f"S{level}")(rates).mean() for level in answers["cost_curve"]}
    assert min(costs, key=costs.get) == str(answers["S_star"])


@pytest.mark.parametrize("case", family("e.tomlin"))
def test_simulate__remedies_at_constant_uptime(case: str) -> None:
    """Sourcing all from the reliable supplier, rerouting to it while the other is down, and the best of the four."""
    model, answers = cases()[case]["model"], cases()[case]["expected"]
    one = {"policy": {"base_stock": {"level": 1}}}
    network = plant(
        {
            "unreliable": one,
            "reliable": one,
            "store": {**one, "inputs": {"item": {"quantity": 1, "from": ["unreliable", "reliable"]}}},
        },
        {"buyer": {"stage": "store", "demand": 1}},
        horizon=8_500,
        warm_up=500,
        strategies={"rerouting": {}, "sourcing": {"stages": {"store": {"inputs": {"reliable": 1}}}}},
        **outage("unreliable", model["alpha"], model["beta"]),
    )
    rates = Rates(run(network, paths=2_000))
    premium = model["cR"] - model["cU"]
    remedies = {remedy: premium * rates.under(remedy)("started", "reliable") for remedy in ("rerouting", "sourcing")}
    for remedy, extra in remedies.items():
        assert rates.under(remedy)("backlog", "buyer").max() == 0
        assert_mean(extra, answers[remedy], f"{case}: {remedy}")
    stocked = Rates(run(SETTINGS[case].network, SETTINGS[case].paths))
    remedies |= {name: SETTINGS[case].readings[name](stocked) for name in ("inventory", "acceptance")}
    assert_mean(remedies["inventory"], answers["premium_at_which_sourcing_equals_inventory"], f"{case}: premium")
    ranking = sorted(remedies, key=lambda remedy: remedies[remedy].mean())
    named = {
        "rerouting": "contingent rerouting",
        "sourcing": "sourcing mitigation",
        "inventory": "inventory mitigation",
    }
    assert named[ranking[0]] == answers["best"]
    assert named[next(remedy for remedy in ranking if remedy != "rerouting")] == answers["best_without_rerouting"]


def eoqd(model: Network, quantity: float, steps: int) -> Network:
    """Continuous demand and outages, looked at `steps` times in an order cycle; costs are per year."""
    period = quantity / model["D"] / steps  # years
    off = model["lam"] / (model["lam"] + model["mu"])
    change = 1 - math.exp(-(model["lam"] + model["mu"]) * period)
    return plant(
        {"store": {"policy": {"reorder_point": {"point": 0, "quantity": steps}}}},
        {"buyer": {"stage": "store", "demand": 1, "unmet": "lost"}},
        horizon=400 * steps,
        warm_up=100 * steps,
        **outage("store", off * change, (1 - off) * change),
    )


def eoqd_cost(model: Network, quantity: float, steps: int) -> np.ndarray:
    rates = Rates(run(eoqd(model, quantity, steps), paths=1_000, seed=steps))
    batch = quantity / steps  # units in one step's demand
    per_year = model["D"] / batch  # periods
    # Stock falls evenly in a period that is served: half a step's demand more on average than at its end.
    stock = batch * (rates("on_hand", "store") + rates("filled", "buyer") / 2)
    orders, lost = rates("orders", "store") * per_year, rates("lost", "buyer") * batch * per_year
    return model["K"] * orders + model["h"] * stock + model["p"] * lost


def test_simulate__economic_order_quantity_with_disruptions_in_the_limit_of_short_periods() -> None:
    model, answers = cases()[EOQD]["model"], cases()[EOQD]["expected"]
    assert answers["Q_EOQ"] == pytest.approx(math.sqrt(2 * model["K"] * model["D"] / model["h"]))
    for quantity, quantity_name in ((answers["Q_star"], "cost"), (answers["Q_EOQ"], "cost_at_EOQ")):
        coarse, fine = (eoqd_cost(model, quantity, steps) for steps in (25, 50))
        assert_mean(2 * fine - coarse, answers[quantity_name], f"{EOQD}: {quantity_name}")


def line_stop(model: Network) -> Network:
    """The supplier is up in period 0, so that period 1 ends as the case begins: refilled and sold from once."""
    return plant(
        {"store": {"policy": {"base_stock": {"level": model["S_periods"]}}}},
        {"line": {"stage": "store", "demand": 1, "unmet": "lost"}},
        horizon=model["T"] + 2,
        warm_up=2,
        **outage("store", model["alpha"], model["beta"]),
    )


@pytest.mark.parametrize("case", family("e.line_stop"))
def test_compute_tail_scores__stopped_days_have_the_exact_law(case: str) -> None:
    model = cases()[case]["model"]
    answers = cases()[case]["expected"]["lost_periods_in_250_from_up_full"]
    lost = np.round(Rates(run(line_stop(model), paths=100_000))("lost", "line") * model["T"])
    assert_mean(lost, answers["mean"], f"{case}: mean")
    assert_mean((lost - lost.mean()) ** 2, answers["sd"] ** 2, f"{case}: variance")
    assert_mean(lost == 0, answers["p_zero"], f"{case}: p_zero")
    for number, probability in enumerate(answers["pmf_0_5"]):
        assert_mean(lost == number, probability, f"{case}: P({number})")
    for level in (0.9, 0.95, 0.99, 0.999):
        var = answers[f"VaR{level}"]
        below, to = answers[f"cdf_below_and_at_VaR{level}"]
        assert_mean(lost < var, below, f"{case}: F below VaR {level}")
        assert_mean(lost <= var, to, f"{case}: F at VaR {level}")
        assert_mean(compute_tail_scores(lost, level), answers[f"CVaR{level}"], f"{case}: CVaR {level}")


@pytest.mark.parametrize("case", family("e.line_stop"))
def test_simulate__stopped_days_in_the_long_run(case: str) -> None:
    model = cases()[case]["model"]
    network = line_stop({**model, "T": 8_000}) | {"warm_up": 500}
    assert_mean(Rates(run(network, paths=2_000))("lost", "line"), expected(case, "p_lost"), f"{case}: p_lost")
