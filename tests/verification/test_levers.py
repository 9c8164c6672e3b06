"""Levers: overtime, standby sources, and a dual index of two lead times.

How the cases fit the model's order of events: deliveries come first, then demand, then the review, which orders the
demand and starts it. Overtime looks at the store after its customers are served. A lead time of n in the cases is
`lead_time` n here. Of a dual index (Veeraraghavan & Scheller-Wolf 2008), the expedited position holds what is due
within the short lead time; its level is `up_to`.
"""

from __future__ import annotations

from typing import Any

import pytest
from lines import geometric
from oracle import Network, Rates, Reading, assert_mean, plant, run
from scipy.stats import binom
from theory import Faces, State, assert_rates, coins, combine, empirical, long_run, poisson_faces, theory

import jitrisk as jr

pytestmark = pytest.mark.verification

PATHS = 2_000
UNCUT = 80
"""A backlog that practically never occurs."""

READINGS: dict[str, Reading] = {
    "overtime": lambda rates: rates("overtime", "store"),
    "expedited": lambda rates: rates("expedited", "store"),
    "B": lambda rates: rates("backlog", "buyer"),
    "I": lambda rates: rates("on_hand", "store"),
    "lost": lambda rates: rates("lost", "buyer"),
    "started": lambda rates: rates("started", "store"),
}


def store_alone(stage: Network, demand: Faces, unmet: str = "backorder") -> Network:
    buyer = {"stage": "store", "demand": empirical(demand), "unmet": unmet}
    return plant({"store": stage}, {"buyer": buyer}, horizon=2_100, warm_up=100)


def check(network: Network, answers: dict[str, float], paths: int = PATHS) -> None:
    """Hold everything that the chain counts against the product."""
    assert_rates(network, answers, {name: READINGS[name] for name in answers}, paths)


# Overtime

SPIKED: Faces = ((0, 0.3), (1, 0.4), (3, 0.3))
OVERTIME = {"g.overtime S=4 below=2": (4, 2), "g.overtime S=3 below=3": (3, 3)}


def overtime(level: int, below: int, most: int) -> dict[str, float]:
    """One unit a period, two in overtime; a state is what is lacking of `level` in the store and on its way."""

    def step(state: State, demand: int) -> tuple[State, dict[str, float]]:
        short = min(state[0] + demand, level + most)
        started = min(short, 2 if level - short < below else 1)
        counted = {
            "overtime": max(0, started - 1),
            "B": max(short - level, 0),
            "I": max(level - short, 0),
            "started": started,
        }
        # What is started comes in the next period, before its demand.
        return (short - started,), counted

    return long_run(step, (0,), SPIKED)


@pytest.mark.parametrize("case", OVERTIME)
def test_chain__overtime_to_all_digits(case: str) -> None:
    means = overtime(*OVERTIME[case], most=10)
    assert means["overtime"] == pytest.approx(theory()[f"{case}: units"], abs=1e-9)
    assert means["B"] == pytest.approx(theory()[f"{case}: E[B]"], abs=1e-9)


@pytest.mark.parametrize("case", OVERTIME)
def test_simulate__overtime(case: str) -> None:
    level, below = OVERTIME[case]
    stage = {
        "capacity": 1,
        "policy": {"base_stock": {"level": level}},
        "overtime": {"below": below, "factor": 2},
    }
    # The product does not cut backlogs; the published cut changes the fifth digit.
    check(store_alone(stage, SPIKED), overtime(level, below, UNCUT))
    rates = Rates(run(store_alone(stage, SPIKED), PATHS))
    for quantity, name in (("units", "overtime"), ("E[B]", "B")):
        assert_mean(READINGS[name](rates), theory()[f"{case}: {quantity}"], f"{case}: {quantity}")


@pytest.mark.parametrize("below", [0, 2, 5])
def test_simulate__overtime_of_a_machine_that_fails(below: int) -> None:
    """Two units a period, three in overtime, none with probability 0.2; cards for six, and lost sales."""
    demand = poisson_faces(1.7, 7)

    def step(state: State, face: tuple[tuple[int], int]) -> tuple[State, dict[str, float]]:
        (works,), units = face
        on_hand = sum(state)
        sold = min(on_hand, units)
        on_hand -= sold
        started = min(6 - on_hand, works * (3 if on_hand < below else 2))
        counted = {"overtime": max(0, started - 2 * works), "lost": units - sold, "I": on_hand, "started": started}
        return (on_hand, started), counted

    answers = long_run(step, (6, 0), combine(coins(0.8), demand))
    stage = {
        "capacity": 2,
        "policy": {"kanban": {"cards": 6, "container": 1}},
        "overtime": {"below": below, "factor": 1.5},
    }
    network = store_alone(stage, demand, "lost")
    network["hazards"] = {"breakdown": outage(0.2, 0.8, "store")}
    check(network, answers)


def outage(stops: float, recovers: float, stage: str) -> Network:
    """A hazard that begins with probability `stops` in a period and ends with `recovers`."""
    return {
        "time_between": geometric(1 / stops),
        "duration": geometric(1 / recovers),
        "hits": {stage: {"capacity": 0}},
    }


def test_simulate__overtime_with_unlimited_cards() -> None:
    """Two units a period, four in overtime, for a demand of 2.5; open orders are enough for both."""
    demand = poisson_faces(2.5, 9)

    def step(state: State, units: int) -> tuple[State, dict[str, float]]:
        on_hand = min(sum(state), 60)
        sold = min(on_hand, units)
        on_hand -= sold
        started = 4 if on_hand < 3 else 2
        counted = {"overtime": started - 2, "lost": units - sold, "I": on_hand, "started": started}
        return (on_hand, started), counted

    stage = {
        "capacity": 2,
        "policy": {"kanban": {"cards": "unlimited", "container": 1}},
        "overtime": {"below": 3, "factor": 2},
    }
    check(store_alone(stage, demand, "lost"), long_run(step, (0, 0), demand))


# Standby sources

STANDBYS = {
    "g.standby open share, outage .0.1 0.3, after 2": (0.1, 0.3, 2),
    "g.standby open share, outage .0.2 0.4, after 0": (0.2, 0.4, 0),
    "g.standby open share, outage .0.1 0.3, after 4": (0.1, 0.3, 4),
}


def standby(stops: float, recovers: float, after: float) -> Network:
    """A main source with outages, a standby for it, and an assembly with one unit a day from either."""
    stages: Network = {
        "main": {"capacity": 1, "policy": {"kanban": {"cards": 2, "container": 1}}},
        "spare": {
            "capacity": 1,
            "lead_time": "2 d",
            "on_hand": 0,
            "policy": {"kanban": {"cards": 2, "container": 1}},
            "standby": {"of": "main", "after": f"{after} d"},
        },
        "store": {
            "capacity": 1,
            "inputs": {"part": {"from": {"main": 1, "spare": 0}, "quantity": 1}},
            "policy": {"kanban": {"cards": 3, "container": 1}},
        },
    }
    buyer = {"stage": "store", "demand": empirical(((0, 0.3), (1, 0.7))), "unmet": "lost"}
    more = {"fire": outage(stops, recovers, "main")}
    return plant(stages, {"buyer": buyer}, horizon=1_100, warm_up=100, hazards=more)


@pytest.mark.parametrize("case", STANDBYS)
def test_sample__share_of_time_in_which_a_standby_is_open(case: str) -> None:
    stops, recovers, after = STANDBYS[case]
    answer = stops / (stops + recovers) * (1 - recovers) ** after
    assert answer == pytest.approx(theory()[case], abs=1e-12)
    drawn = jr.sample(standby(stops, recovers, after), paths=2_000, seed=1).isel(time=slice(100, None))
    assert_mean(drawn["open"].sel(stage="spare").mean("time").values, answer, case)
    assert (drawn["open"].sel(stage=["main", "store"]) == 1).all()
    assert not (drawn["open"].sel(stage="spare") * drawn["availability"].sel(stage="main")).any()


def test_sample__a_standby_opens_after_whole_periods() -> None:
    stops, recovers = 0.1, 0.3
    later = jr.sample(standby(stops, recovers, 1.5), paths=50, seed=1)["open"]
    assert (later == jr.sample(standby(stops, recovers, 2), paths=50, seed=1)["open"]).all()


@pytest.mark.parametrize(("capacity", "opens"), [(0.4, True), (0.6, False)])
def test_sample__a_standby_opens_below_a_share_of_the_capacity(capacity: float, opens: bool) -> None:
    network = standby(0.1, 0.3, 0)
    network["stages"]["spare"]["standby"]["below"] = "50 %"
    network["hazards"]["fire"]["hits"] = {"main": {"capacity": capacity}}
    drawn = jr.sample(network, paths=50, seed=1)
    failing = drawn["availability"].sel(stage="main") < 1
    assert failing.any()
    assert (drawn["open"].sel(stage="spare") == (failing if opens else 0)).all()


@pytest.mark.parametrize("after", [0, 2])
def test_simulate__a_standby_that_opens_and_closes(after: int) -> None:
    """A state: periods of failure, main store and process, spare store, what of it is due, store, and process."""
    stops, recovers = 0.1, 0.3

    def step(state: State, luck: tuple[int, int, int]) -> tuple[State, dict[str, float]]:
        fails, ends, asks = luck
        failing, main, made, spare, due, store, built = state
        main, spare, store = main + made, spare + due[0], store + built
        sold = min(store, asks)
        store -= sold
        assembled = min(1, 3 - store, main + spare)
        from_main = min(main, assembled)
        main, spare = main - from_main, spare - (assembled - from_main)
        started = 0 if failing else min(1, 2 - main)
        added = min(1, 2 - spare - due[1]) if failing > after else 0
        counted = {"lost": asks - sold, "I": store, "spare": added, "main": started, "spare store": spare}
        longer = fails if not failing else (0 if ends else min(failing + 1, after + 1))
        return (longer, main, started, spare, (due[1], added), store, assembled), counted

    answers = long_run(step, (0, 2, 0, 0, (0, 0), 3, 0), coins(stops, recovers, 0.7))
    more: dict[str, Any] = {
        "spare": lambda rates: rates("started", "spare"),
        "main": lambda rates: rates("started", "main"),
        "spare store": lambda rates: rates("on_hand", "spare"),
    }
    assert_rates(standby(stops, recovers, after), answers, {"lost": READINGS["lost"], "I": READINGS["I"]} | more, PATHS)


# Dual index

STEADY: Faces = ((0, 0.3), (1, 0.4), (2, 0.3))
DUAL = {
    "g.dual index Sr=4 Se=2 le=1 lr=3": (4, 2, 1, 3),
    "g.dual index Sr=5 Se=2 le=1 lr=4": (5, 2, 1, 4),
    "g.dual index Sr=4 Se=3 le=2 lr=4": (4, 3, 2, 4),
}


def dual_index(level: int, up_to: int, soon: int, late: int, demand: Faces) -> dict[str, float]:
    """A state is the stock less the backlog, and what is due, next first."""

    def step(state: State, units: int) -> tuple[State, dict[str, float]]:
        net, due = state
        net, due = net + due[0] - units, [*due[1:], 0]
        ordered = level - net - sum(due)
        expedited = min(ordered, max(0, up_to - net - sum(due[:soon])))
        due[soon - 1] += expedited
        due[late - 1] += ordered - expedited
        return (net, tuple(due)), {"expedited": expedited, "B": max(-net, 0), "I": max(net, 0), "started": ordered}

    return long_run(step, (level, (0,) * late), demand)


def dual_network(level: int, up_to: int, soon: int, late: int, demand: Faces) -> Network:
    stage = {
        "lead_time": f"{late} d",
        "policy": {"base_stock": {"level": level}},
        "expedite": {"up_to": up_to, "lead_time": f"{soon} d"},
    }
    return store_alone(stage, demand)


@pytest.mark.parametrize("case", DUAL)
def test_chain__dual_index_to_all_digits(case: str) -> None:
    means = dual_index(*DUAL[case], STEADY)
    assert means["expedited"] == pytest.approx(theory()[f"{case}: expedited"], abs=1e-9)
    assert means["B"] == pytest.approx(theory()[f"{case}: E[B]"], abs=1e-9)


@pytest.mark.parametrize("case", DUAL)
def test_simulate__dual_index(case: str) -> None:
    rates = Rates(run(dual_network(*DUAL[case], STEADY), PATHS))
    assert_mean(rates("expedited", "store"), theory()[f"{case}: expedited"], f"{case}: expedited")
    assert_mean(rates("backlog", "buyer"), theory()[f"{case}: E[B]"], f"{case}: E[B]")
    check(dual_network(*DUAL[case], STEADY), dual_index(*DUAL[case], STEADY))


@pytest.mark.parametrize(("level", "up_to"), [(5, 0), (5, 3), (3, 2)])
def test_simulate__dual_index_with_backlogs(level: int, up_to: int) -> None:
    """With `up_to` 0 only what is short is expedited."""
    case = (level, up_to, 1, 3, poisson_faces(1.3, 6))
    answers = dual_index(*case)
    assert answers["expedited"] > 0 < answers["B"]
    check(dual_network(*case), answers)


def test_simulate__dual_index_with_the_level_of_the_policy_expedites_all() -> None:
    """Then it is base stock with the short lead time: I - B = S - D(l)."""
    demand: Faces = tuple((k, float(binom.pmf(k, 4, 0.5))) for k in range(5))
    waiting = sum(max(k - 5, 0) * binom.pmf(k, 8, 0.5) for k in range(9))
    check(dual_network(5, 5, 2, 4, demand), {"expedited": 2, "started": 2, "B": waiting, "I": 5 - 4 + waiting})


def test_simulate__dual_index_that_is_never_short_of_its_level_expedites_nothing() -> None:
    """Then it is base stock with the long lead time: no more than 16 units are demanded in it."""
    demand: Faces = tuple((k, float(binom.pmf(k, 4, 0.5))) for k in range(5))
    rates = Rates(run(dual_network(16, 0, 2, 4, demand), PATHS))
    assert not rates("expedited", "store").any()
    assert_mean(rates("on_hand", "store"), 16 - 4 * 2, "I")
