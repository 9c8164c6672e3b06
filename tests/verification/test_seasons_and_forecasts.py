"""Seasons, trends and forecasts: levels that follow them, their forecast errors, and the bullwhip of smoothing.

The level is S(t) = safety + phi(t) * L(t), with L(t) the planned demand of the next periods. The position after a
review is the larger of S(t) and what is left of the position before, as a fall of the level cancels nothing. With a
lead time of n, stock less backlog is the position of n periods ago less the demand of the last n periods (Zipkin 2000,
section 6.2, for a constant level). On one path this is exact, so that the tests compare paths; what
is drawn, the factor of a forecast, is held against its law.

Chen, Ryan & Simchi-Levi (2000) order at the start of a period, after the demand of the one before, and their lead time
counts the period of the review: their level covers L periods, of which the first is the one in which the order is
placed. Here an order is placed at the end of a period, and its level covers the L periods after it: the same
demands and the same L, so that `cover` is L periods. What is ordered is the last demand and the change of the level, in
both; `lead_time` does not enter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import xarray as xr
from oracle import Network, Rates, Ratio, assert_mean, plant, run
from theory import Faces, assert_rates, empirical, theory

import jitrisk as jr

pytestmark = pytest.mark.verification

FACTORS = (0.5, 1.0, 2.0, 1.5)
ROUNDED = 2e-3
"""Periods of a trace are 32-bit numbers, and demand that is not whole counts in grains."""

TIED = 1e-6
"""Sums of fractions that are equal on paper may differ by rounding."""

Paths = np.ndarray
"""One number for each path and period."""


def shop(policy: Network, customer: Network, lead_time: int = 2, horizon: int = 120, **stage: Any) -> Network:
    store = {"lead_time": f"{lead_time} d", "policy": policy, **stage}
    return plant({"store": store}, {"buyer": {"stage": "store", **customer}}, horizon, warm_up=0)


def traced(network: Network, paths: int = 300, seed: int = 1) -> tuple[Paths, Paths, xr.Dataset]:
    """Demand, stock less backlog, and the factors drawn, of every path and period."""
    trace = jr.trace(network, paths=paths, seed=seed).sel(strategy="base")
    net = trace["on_hand"].sel(stage="store") - trace["backlog"].sel(customer="buyer")
    return trace["demand"].sel(customer="buyer").values.astype(float), net.values.astype(float), trace


def forecast(network: Network, paths: int = 300, seed: int = 1) -> Paths:
    return jr.sample(network, paths=paths, seed=seed)["forecast"].sel(customer="buyer").values.astype(float)


def planned(mean: float, factor: Callable[[int], float], cover: float, t: int) -> float:
    """The mean demand of the next `cover` periods, a fraction in part."""
    whole = math.floor(cover)
    later = [mean * factor(t + n) for n in range(1, whole + 2)]
    return sum(later[:whole]) + (cover - whole) * later[whole]


def positions(demand: Paths, order_up_to: Paths, reorder: Paths, start: float) -> Paths:
    """The position after the review of every period."""
    after, position = np.empty_like(demand), np.full(demand.shape[0], start)
    for t in range(demand.shape[1]):
        position = position - demand[:, t]
        position = np.where(position <= reorder[:, t] + TIED, np.maximum(position, order_up_to[:, t]), position)
        after[:, t] = position
    return after


def net_stock(demand: Paths, after: Paths, start: float, lead_time: int) -> Paths:
    """Stock less backlog: the position of a lead time ago less the demand since then."""
    before = np.hstack([np.full((demand.shape[0], lead_time), start), after])[:, : demand.shape[1]]
    total = np.hstack([np.zeros((demand.shape[0], lead_time)), np.cumsum(demand, axis=1)])
    return before - (total[:, lead_time:] - total[:, :-lead_time])


def every_period(level: Callable[[int], float], demand: Paths, phi: Paths | float = 1.0, safety: float = 0.0) -> Paths:
    base = np.array([level(t) for t in range(demand.shape[1])])
    return safety + phi * np.broadcast_to(base, demand.shape)


def season(t: int) -> float:
    return FACTORS[t // 3 % 4]


def grown(t: int) -> float:
    return season(t) * (1 + 0.01 * t)


SEASON = {"season": {"every": "3 d", "factors": list(FACTORS)}}
TREND = {"trend": "1 % / d"}
PROFILES: dict[str, tuple[Network, Callable[[int], float]]] = {
    "season": (SEASON, season),
    "trend": (TREND, lambda t: 1 + 0.01 * t),
    "season and trend": (SEASON | TREND, grown),
}
MEAN = 6.0
POISSON = {"poisson": {"mean": MEAN}}


@pytest.mark.parametrize("cover", [1, 2, 3.25])
@pytest.mark.parametrize("profile", PROFILES)
def test_trace__base_stock_that_follows_a_profile(profile: str, cover: float) -> None:
    keys, factor = PROFILES[profile]
    policy = {"base_stock": {"cover": f"{cover} d", "follow": "season", "safety": 3}}
    demand, net, _ = traced(shop(policy, {"demand": POISSON, **keys}))
    levels = every_period(lambda t: planned(MEAN, factor, cover, t), demand, safety=3)
    start = levels[0, 0]
    expected = net_stock(demand, positions(demand, levels, levels, start), start, lead_time=2)
    np.testing.assert_allclose(net, expected, atol=ROUNDED)


@pytest.mark.parametrize("profile", PROFILES)
def test_trace__min_max_that_follows_a_profile(profile: str) -> None:
    keys, factor = PROFILES[profile]
    policy = {"min_max": {"min": "2 d", "max": "4.5 d", "follow": "season", "safety": 3}}
    demand, net, _ = traced(shop(policy, {"demand": POISSON, **keys}))
    least, most = (
        every_period(lambda t, cover=cover: planned(MEAN, factor, cover, t), demand, safety=3) for cover in (2, 4.5)
    )
    expected = net_stock(demand, positions(demand, most, least, most[0, 0]), most[0, 0], lead_time=2)
    np.testing.assert_allclose(net, expected, atol=ROUNDED)


ERROR = {"forecast": {"error": {"lognormal": {"mean": 1.1, "cv": 0.3}}, "every": "5 d"}}
SMOOTHING = {"forecast": {"smoothing": 0.3}}


@pytest.mark.parametrize("judged", [ERROR, SMOOTHING], ids=["error", "smoothing"])
@pytest.mark.parametrize("kind", ["base_stock", "min_max"])
def test_trace__levels_that_follow_a_forecast(kind: str, judged: Network) -> None:
    covers = (3, 3) if kind == "base_stock" else (1.5, 3)
    fields = {"cover": "3 d"} if kind == "base_stock" else {"min": "1.5 d", "max": "3 d"}
    policy = {kind: fields | {"follow": "forecast", "safety": 4}}
    network = shop(policy, {"demand": POISSON, **SEASON, **judged})
    demand, net, _ = traced(network)
    phi = forecast(network)
    least, most = (
        every_period(lambda t, cover=cover: planned(MEAN, season, cover, t), demand, phi, safety=4) for cover in covers
    )
    start = 4 + planned(MEAN, season, 3, 0)  # as planned without an error
    expected = net_stock(demand, positions(demand, most, least, start), start, lead_time=2)
    np.testing.assert_allclose(net, expected, atol=ROUNDED)


def test_sample__smoothing_is_that_of_the_demand_without_its_season() -> None:
    factors = [1.0, 0.0, 2.0, 0.5]
    network = shop(
        {"base_stock": {"cover": "2 d", "follow": "forecast"}},
        {"demand": POISSON, "season": {"every": "1 d", "factors": factors}, **SMOOTHING},
    )
    demand = jr.sample(network, paths=100, seed=1)["demand"].values[:, :, 0]
    estimate, expected = np.full(100, MEAN), []
    for t in range(demand.shape[1]):
        factor = factors[t % 4]
        if factor:
            estimate = estimate + 0.3 * (demand[:, t] / factor - estimate)
        expected.append(estimate / MEAN)
    np.testing.assert_allclose(forecast(network, 100), np.transpose(expected), rtol=1e-5)


def test_sample__forecast_errors_have_their_law_and_are_held() -> None:
    """Mean 1.1, variance (0.3 * 1.1)^2; the same for five periods, then drawn anew."""
    network = shop({"base_stock": {"cover": "2 d", "follow": "forecast"}}, {"demand": POISSON, **ERROR})
    phi = forecast(network, paths=4_000)
    blocks = phi.reshape(4_000, -1, 5)
    assert (blocks == blocks[:, :, :1]).all()
    drawn = blocks[:, :, 0]
    assert_mean(drawn.mean(axis=1), 1.1, "mean")
    assert_mean(((drawn - 1.1) ** 2).mean(axis=1), (0.3 * 1.1) ** 2, "variance")
    assert_mean(((drawn[:, 1:] - 1.1) * (drawn[:, :-1] - 1.1)).mean(axis=1), 0, "covariance of neighbors")


@pytest.mark.parametrize("every", [1, 4])
def test_trace__variance_of_orders_from_a_forecast_with_error(every: int) -> None:
    """A level of phi m n has the variance (m n)^2 var(phi); an order is the demand and the change of the level."""
    mean, cover, error = 400, 2, 0.02
    forecast_keys = {"error": {"lognormal": {"mean": 1, "cv": error}}, "every": f"{every} d"}
    policy = {"base_stock": {"cover": f"{cover} d", "follow": "forecast", "safety": 7}}
    network = shop(policy, {"demand": {"poisson": {"mean": mean}}, "forecast": forecast_keys}, horizon=80)
    _, net, trace = traced(network, paths=3_000)
    position = net + trace["wip"].sel(stage="store").values
    level = (mean * cover * error) ** 2
    assert_mean((position - 7 - mean * cover).mean(axis=1), 0, "mean level")
    assert_mean(((position - 7 - mean * cover) ** 2).mean(axis=1), level, "variance of the level")
    ordered = trace["started"].sel(stage="store").values.astype(float)[:, every:]
    assert ordered.min() > 0
    spread = ((ordered - mean) ** 2).mean(axis=1)
    assert_mean(spread, mean + 2 * level / every, "variance of orders")


# Closed forms. Demand of 10.25 is not whole, so that a factor on it is not rounded at random.


def test_simulate__demand_that_grows_as_planned_leaves_the_safety_stock() -> None:
    """The level covers what is demanded in the lead time, neither more nor less."""
    policy = {"base_stock": {"cover": "4 d", "follow": "season", "safety": 2.5}}
    network = shop(policy, {"demand": 10.25, "trend": "2 % / d"}, lead_time=4, horizon=100) | {"warm_up": 4}
    outcomes = run(network, paths=1)
    assert Rates(outcomes)("on_hand", "store") == pytest.approx(2.5, abs=ROUNDED)
    assert not outcomes["backlog"].any()


def test_simulate__a_chain_that_is_planned_for_its_demand_holds_its_safety_stocks() -> None:
    """Every level covers the lead time, and each stage plans for the orders of the next: demand and change of level."""
    follows: Network = {"follow": "season"}
    stages: Network = {
        "ore": {"lead_time": "2 d", "policy": {"base_stock": {"cover": "2 d", "safety": 40, **follows}}},
        "part": {
            "lead_time": "3 d",
            "inputs": {"ore": 3},
            "policy": {"base_stock": {"cover": "3 d", "safety": 20, **follows}},
        },
        "shop": {
            "inputs": {"part": 2},
            "policy": {"base_stock": {"cover": "1 d", "safety": 10, **follows}},
        },
    }
    season = {"every": "4 d", "factors": [1, 1.05, 1.1, 1.05]}
    buyer = {"stage": "shop", "demand": 10.25, "season": season, "trend": "1 % / d"}
    outcomes = run(plant(stages, {"buyer": buyer}, horizon=90, warm_up=10), paths=1)
    rates = Rates(outcomes)
    for name, safety in (("shop", 10), ("part", 20), ("ore", 40)):
        assert rates("on_hand", name) == pytest.approx(safety, abs=ROUNDED), name
    # The plan of a stage passes through two more: orders of ore are of six times the demand.
    assert rates("started", "ore") > 6 * rates("demand", "buyer")


def test_trace__a_level_that_does_not_follow_falls_behind_a_trend() -> None:
    """Of the last four periods, 4 * 10.25 (1 + (t - 1.5) / 50) units are demanded."""
    network = shop({"base_stock": {"level": 45}}, {"demand": 10.25, "trend": "2 % / d"}, lead_time=4, horizon=100)
    _, net, _ = traced(network, paths=1)
    expected = [45 - 4 * 10.25 * (1 + (t - 1.5) / 50) for t in range(4, 100)]
    np.testing.assert_allclose(net[0, 4:], expected, atol=ROUNDED)


def test_trace__cards_that_follow_a_season_are_withdrawn_as_they_come_back() -> None:
    """K(t) is the demand of the next two days in containers of 2; the burst of whole units needs one part less."""
    factors, mean = (1, 3, 2, 1), 4
    policy = {"kanban": {"cards": "auto", "container": 2, "follow": "season"}}
    customer = {"demand": POISSON | {"poisson": {"mean": mean}}, "season": {"every": "2 d", "factors": list(factors)}}
    network = shop(policy, customer | {"unmet": "lost"})
    _, _, trace = traced(network)
    inside = (trace["on_hand"] + trace["wip"] + trace["open_orders"]).sel(stage="store").values
    shipped = trace["shipped"].sel(customer="buyer").values

    def cards(t: int) -> int:
        ahead = sum(mean * factors[(t + n) // 2 % 4] for n in (1, 2))
        return math.ceil((ahead + 2 - 1) / 2)

    position = np.full(inside.shape[0], 2.0 * cards(0))
    for t in range(inside.shape[1]):
        position = position - shipped[:, t]
        position += 2 * np.maximum(0, (2 * cards(t) - position) // 2)
        assert (inside[:, t] == position).all(), t


# A season whose long run is known

PAIRS: Faces = ((1, 0.4), (2, 0.3), (4, 0.3))
HALVES = (0.5, 1.25)


def rounded_at_random(faces: Faces, factor: float) -> Iterator[tuple[int, float]]:
    """A whole demand times a factor: the whole numbers next to it, so that the mean is kept."""
    for units, weight in faces:
        below = math.floor(units * factor)
        yield below, weight * (1 - units * factor + below)
        yield below + 1, weight * (units * factor - below)


def season_levels() -> dict[str, float]:
    """A lead time of 1 and a cover of 1.5 periods, safety 1.5: E(S(t-1) - D(t))^+ over the two periods of a cycle."""
    mean = sum(units * weight for units, weight in PAIRS)
    totals = {"B": 0.0, "I": 0.0}
    for phase, factor in enumerate(HALVES):
        level = 1.5 + mean * (HALVES[phase] + HALVES[phase - 1] / 2)
        for units, weight in rounded_at_random(PAIRS, factor):
            totals["B"] += weight * max(units - level, 0) / 2
            totals["I"] += weight * max(level - units, 0) / 2
    return totals


def test_chain__season_levels_to_all_digits() -> None:
    """The published values name no parameters; these have both of them, and a level that never falls too fast."""
    assert season_levels()["B"] == pytest.approx(theory()["b.season levels, E[B]"], abs=1e-9)
    assert season_levels()["I"] == pytest.approx(theory()["b.season levels, E[I]"], abs=1e-9)


def test_simulate__season_levels() -> None:
    policy = {"base_stock": {"cover": "1.5 d", "follow": "season", "safety": 1.5}}
    customer = {"demand": empirical(PAIRS), "season": {"every": "1 d", "factors": list(HALVES)}}
    network = shop(policy, customer, lead_time=1, horizon=2_100) | {"warm_up": 100}
    readings = {"B": lambda rates: rates("backlog", "buyer"), "I": lambda rates: rates("on_hand", "store")}
    assert_rates(network, season_levels(), readings, paths=1_000)


# The bullwhip


@pytest.mark.parametrize(("smoothing", "cover"), [(0.3, 2), (0.1, 4), (1.0, 1)])
def test_trace__bullwhip_of_exponential_smoothing(smoothing: float, cover: int) -> None:
    """Chen, Ryan & Simchi-Levi (2000): 1 + 2 L a + 2 L^2 a^2 / (2 - a), whatever the lead time."""
    answer = 1 + 2 * cover * smoothing + 2 * (cover * smoothing) ** 2 / (2 - smoothing)
    if (smoothing, cover) == (0.3, 2):
        assert answer == pytest.approx(theory()["b.bullwhip exponential smoothing a=.3 L=2"], abs=1e-12)
    # Orders would have to be negative beyond seven standard deviations.
    customer = {"demand": {"poisson": {"mean": 400}}, "forecast": {"smoothing": smoothing}}
    policy = {"base_stock": {"cover": f"{cover} d", "follow": "forecast", "safety": 500}}
    for lead_time in (1, 3):
        demand, _, trace = traced(shop(policy, customer, lead_time, horizon=160), paths=2_000)
        ordered = trace["started"].sel(stage="store").values.astype(float)[:, 80:]
        assert ordered.min() > 0
        assert_mean(ordered.mean(axis=1), 400, "mean order")
        spread = [((values - 400) ** 2).mean(axis=1) for values in (ordered, demand[:, 80:])]
        assert_mean(Ratio(*spread), answer, f"lead time {lead_time}")
