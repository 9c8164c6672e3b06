"""Goods that expire: newsvendor, order-up-to with age buckets, the setting of Hendrix et al. (2019), and its optimum.

Each answer is that of a chain that holds the units on hand by age, which the product does not: it reckons from its
receipts. The published chains cut the Poisson demand, all beyond the cut counting as the cut; the product
is given the same law.

How the cases fit the model's order of events: a lead time of n periods in them is `lead_time` n here, receipts can be
used in the period in which they arrive, and what is in its last period is thrown away after the customers are served
and before the review, so that the review replaces it. Nahmias (1975) and Hendrix et al. (2019) count in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from lines import geometric
from oracle import Network, Rates, Reading, assert_mean, plant, run
from theory import Faces, State, assert_rates, coins, combine, empirical, long_run, poisson_faces, theory

pytestmark = pytest.mark.verification

PATHS = 2_000
READINGS: dict[str, Reading] = {
    "expired": lambda rates: rates("expired", "store"),
    "lost": lambda rates: rates("lost", "buyer"),
    "on hand": lambda rates: rates("on_hand", "store"),
    "started": lambda rates: rates("started", "store"),
}


@dataclass(frozen=True)
class Perishable:
    """One store: order up to `level`, shelf life, lead time, and the demand, whose rest is lost."""

    level: int
    life: int
    lead_time: int
    demand: tuple[tuple[int, float], ...]

    def network(self) -> Network:
        """The store as a model, warmed up for many shelf lives."""
        store = {
            "lead_time": f"{self.lead_time} d",
            "shelf_life": f"{self.life} d",
            "policy": {"base_stock": {"level": self.level}},
        }
        buyer = {"stage": "store", "demand": empirical(self.demand), "unmet": "lost"}
        return plant({"store": store}, {"buyer": buyer}, horizon=1_600, warm_up=100)

    def means(self) -> dict[str, float]:
        """Its long run: a state is what is on hand by age, newest first, and what is due, next first."""

        def step(state: State, demand: int) -> tuple[State, dict[str, float]]:
            ages, due = state
            ages, sold = issue_oldest([due[0], *ages], demand)
            expired, ages = sum(ages[self.life - 1 :]), ages[: self.life - 1]
            ordered = max(0, self.level - sum(ages) - sum(due[1:]))
            counted = {"expired": expired, "lost": demand - sold, "on hand": sum(ages), "started": ordered}
            return (tuple(ages), (*due[1:], ordered)), counted

        return long_run(step, ((0,) * (self.life - 1), (0,) * self.lead_time), self.demand)


def issue_oldest(ages: list[int], demand: int) -> tuple[list[int], int]:
    """Take a demand from the oldest units, which are the last; return what is left and what was sold."""
    left, rest = list(ages), demand
    for age in reversed(range(len(left))):
        taken = min(left[age], rest)
        left[age] -= taken
        rest -= taken
    return left, demand - rest


def perishable(level: int, life: int, lead_time: int, mean: float, most: int) -> Perishable:
    return Perishable(level, life, lead_time, tuple(poisson_faces(mean, most)))


STORES = {
    "a.newsvendor m=1 L=1 S=4": perishable(4, 1, 1, mean=4, most=14),
    "a.newsvendor m=1 L=1 S=6": perishable(6, 1, 1, mean=4, most=14),
    "a.nahmias m=2 L=1 S=5": perishable(5, 2, 1, mean=2, most=9),
    "a.nahmias m=2 L=1 S=8": perishable(8, 2, 1, mean=4, most=14),
    "a.buckets m=3 L=2 S=6": perishable(6, 3, 2, mean=2, most=9),
}
QUANTITIES = {"expired": "expired", "outdated": "expired", "lost": "lost", "on hand": "on hand"}
CASES = {
    f"{store} {published}": (store, name)
    for store in STORES
    for published, name in QUANTITIES.items()
    if f"{store} {published}" in theory()
}
HENDRIX = {f"a.Hendrix 2019 setting m=2 base stock {level}: profit": level for level in (9, 10)}


@pytest.mark.parametrize("case", CASES)
def test_chain__published_answers_to_all_digits(case: str) -> None:
    store, name = CASES[case]
    assert STORES[store].means()[name] == pytest.approx(theory()[case], abs=1e-9)


@pytest.mark.parametrize("store", STORES)
def test_simulate__published_answers(store: str) -> None:
    answers = {name: theory()[case] for case, (of, name) in CASES.items() if of == store}
    rates = Rates(run(STORES[store].network(), PATHS))
    for name, answer in answers.items():
        assert_mean(READINGS[name](rates), answer, f"{store}: {name}")


@pytest.mark.parametrize("life", [2, 4])
@pytest.mark.parametrize("lead_time", [1, 3])
def test_simulate__more_lives_and_lead_times(life: int, lead_time: int) -> None:
    store = perishable(2 + 2 * lead_time, life, lead_time, mean=1.5, most=6)
    assert_rates(store.network(), store.means(), READINGS, PATHS)


def hendrix(level: int) -> Perishable:
    """Hendrix, Ortega, Haijema, Buisman & Garcia (2019): shelf life 2, Poisson demand of mean 5; ordered for a lead
    time of 2, each unit bought for 0.5 and sold for 1."""
    return perishable(level, 2, 2, mean=5, most=24)


def profit(means: dict[str, float], demand: Faces) -> float:
    return sum(units * p for units, p in demand) - means["lost"] - 0.5 * means["started"]


@pytest.mark.parametrize("case", HENDRIX)
def test_chain__hendrix_profits(case: str) -> None:
    store = hendrix(HENDRIX[case])
    # The published values are those of an iteration, to nine digits.
    assert profit(store.means(), store.demand) == pytest.approx(theory()[case], abs=1e-9)


@pytest.mark.parametrize("case", HENDRIX)
def test_simulate__hendrix_profits(case: str) -> None:
    network = hendrix(HENDRIX[case]).network()
    network["stages"]["store"]["unit_cost"] = 0.5
    network["customers"]["buyer"]["price"] = 1
    outcomes = run(network, PATHS)
    earned = outcomes.risk.metrics()["profit"].sel(strategy="base").values / outcomes.attrs["periods"]
    assert_mean(earned, theory()[case], case)


@cache
def best_profit() -> float:
    """Profit per period of the best policy that sees all ages, by relative value iteration (Puterman 1994, 8.5).

    `old` units are in their last period, `young` ones have just come, and `due` come next; no more than 15 of each.
    """
    demand = hendrix(9).demand
    old, young, orders = np.arange(16)[:, None], np.arange(16)[None, :], np.arange(16)
    values = np.zeros((16, 16, 16))  # by old, young, due
    for _ in range(500):
        # What is left is old in the next period, what is due is young, and what is ordered is due.
        ahead = (values - 0.5 * orders).max(axis=2)  # by left, due
        improved = np.zeros_like(values)
        for units, weight in demand:
            left = np.maximum(young - np.maximum(units - old, 0), 0)
            improved += weight * (np.minimum(old + young, units)[:, :, None] + ahead[left])
        gain = improved - values
        if np.ptp(gain) < 1e-9:
            return float(gain.mean())
        values = improved - improved[0, 0, 0]
    raise AssertionError("the value iteration has not converged")


LEVELS = range(9, 16)


@cache
def profits() -> dict[int, float]:
    """Exact profits by level."""
    return {level: profit(hendrix(level).means(), hendrix(level).demand) for level in LEVELS}


def test_chain__base_stock_earns_nearly_what_the_best_policy_earns() -> None:
    assert 0.98 * best_profit() < max(profits().values()) < best_profit()
    best_level = max(LEVELS, key=profits().__getitem__)
    assert LEVELS[0] < best_level < LEVELS[-1]


def test_simulate__the_best_level_on_the_same_demand_is_the_best_of_the_chain() -> None:
    network = hendrix(9).network()
    network["strategies"] = {
        str(level): {"stages": {"store": {"policy": {"base_stock": {"level": level}}}}} for level in LEVELS
    }
    rates = Rates(run(network, PATHS))
    earned = {}
    for level in LEVELS:
        under = rates.under(str(level))
        values = under("shipped", "buyer") - 0.5 * under("started", "store")
        assert_mean(values, profits()[level], f"level {level}")
        earned[level] = values.mean()
    assert max(LEVELS, key=earned.__getitem__) == max(LEVELS, key=profits().__getitem__)


def test_simulate__receipts_that_are_held_up_age_from_the_day_they_come_in() -> None:
    """Arrivals are open with probability 0.6 in each period; what is held comes with what is due next."""
    demand, chance = poisson_faces(1.5, 6), 0.6
    store = Perishable(6, 2, 2, tuple(demand))

    def step(state: State, face: tuple[tuple[int], int]) -> tuple[State, dict[str, float]]:
        (is_open,), units = face
        old, (now, later) = state
        come, held = (now, 0) if is_open else (0, now)
        (young, old), sold = issue_oldest([come, old], units)
        ordered = max(0, 6 - young - held - later)
        counted = {"expired": old, "lost": units - sold, "on hand": young, "started": ordered}
        return (young, (held + later, ordered)), counted

    answers = long_run(step, (0, (0, 0)), combine(coins(chance), demand))
    network = store.network()
    network["hazards"] = {
        "gate": {
            "time_between": geometric(1 / (1 - chance)),
            "duration": geometric(1 / chance),
            "hits": {"store": {"arrivals": 0}},
        }
    }
    assert_rates(network, answers, READINGS, PATHS)


@pytest.mark.parametrize(("cards", "container"), [(5, 1), (3, 2), (2, 4)])
def test_simulate__a_kanban_comes_back_when_its_container_is_thrown_away(cards: int, container: int) -> None:
    """Two periods of life, a lead time of 1; whole containers are ordered for what has left the loop."""
    demand = poisson_faces(1.5, 6)

    def step(state: State, units: int) -> tuple[State, dict[str, float]]:
        old, due = state
        (young, old), sold = issue_oldest([due, old], units)
        ordered = (cards * container - young) // container * container
        counted = {"expired": old, "lost": units - sold, "on hand": young, "started": ordered}
        return (young, ordered), counted

    network = Perishable(1, 2, 1, tuple(demand)).network()
    network["stages"]["store"]["policy"] = {"kanban": {"cards": cards, "container": container}}
    assert_rates(network, long_run(step, (0, 0), demand), READINGS, PATHS)


@pytest.mark.parametrize("life", range(1, 9))
def test_simulate__weekly_deliveries_of_fresh_goods(life: int) -> None:
    """Two units a day of a weekly delivery of 14, which can be sold on `life` days; none are left of a week before."""
    store = {"shelf_life": f"{life} d", "policy": {"base_stock": {"level": 14, "review": "7 d"}}, "on_hand": 0}
    buyer = {"stage": "store", "demand": 2, "unmet": "lost"}
    outcomes = run(plant({"store": store}, {"buyer": buyer}, horizon=77, warm_up=7), paths=1)
    rates, days = Rates(outcomes), min(life, 7)
    ends = [14 - 2 * day for day in range(1, days)]  # a day's last units are thrown away before it is counted
    assert rates("lost", "buyer") * 7 == pytest.approx(14 - 2 * days)
    assert rates("expired", "store") * 7 == pytest.approx(14 - 2 * days)
    assert rates("on_hand", "store") * 7 == pytest.approx(sum(ends))


def test_simulate__a_life_beyond_the_horizon_is_the_same_as_none() -> None:
    lasting = perishable(6, 1_600, 2, mean=2, most=9).network()
    without = perishable(6, 1_600, 2, mean=2, most=9).network()
    del without["stages"]["store"]["shelf_life"]
    one, other = run(lasting, 100), run(without, 100)
    assert not one["expired"].any()
    for outcome in ("on_hand", "started", "lost"):
        assert (one[outcome] == other[outcome]).all()
