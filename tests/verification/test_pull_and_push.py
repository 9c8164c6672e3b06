"""Pull and push: CONWIP, lines that are pushed, hybrid loops, and base stock with a cap on the loop.

How the cases fit the model's order of events: a machine that completes with probability s in a period is a capacity of
one unit and an availability of 0 or 1, as in the kanban lines; what it starts it delivers at the start of the next
period, when the next machine can start it. The last store is emptied at once, and its card is back in the same period.

A push line whose machines stop when the store behind them is full needs a limit of space, which is not built: that
case of `exact_extensions.json` waits, and nothing here stands for it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from lines import PLENTY, line, throughput
from oracle import Network, Rates, assert_mean, plant, run
from theory import Faces, State, assert_rates, coins, combine, empirical, long_run, theory

import jitrisk as jr

pytestmark = pytest.mark.verification

PATHS = 1_000
HORIZON = 3_000


def loop(machines: int, cards: int, container: float = 1, **more: Any) -> Network:
    """The stages of a CONWIP line: the first has the cards, the others push."""
    names = [f"machine{number}" for number in range(1, machines + 1)]
    first = {"capacity": 1, "policy": {"conwip": {"cards": cards, "container": container, "through": names[-1]}}}
    rest = {
        name: {"capacity": 1, "inputs": {before: 1}, "policy": {"push": {}}}
        for before, name in itertools.pairwise(names)
    }
    stages = {names[0]: first, **rest}
    for name, changes in more.items():
        stages[name] = stages[name] | changes
    return stages


def sold_out(stages: Network, chances: tuple[float, ...], horizon: int = HORIZON) -> Network:
    """The line with lucky machines and demand without end."""
    return line(stages, dict(zip(stages, chances, strict=True)), list(stages)[-1], None, horizon)


# CONWIP


BEST_CASE = (1, 3, 4, 9)


@pytest.mark.parametrize("cards", BEST_CASE)
def test_simulate__conwip_of_a_line_without_variability_is_the_best_case(cards: int) -> None:
    """Hopp & Spearman: four machines, a raw process time of 4 and a bottleneck rate of 1."""
    answer = theory()[f"c.conwip deterministic, 4 machines, w={cards}"]
    assert answer == min(cards / 4, 1)
    stages = loop(4, cards)
    buyer = {"stage": "machine4", "demand": PLENTY, "unmet": "lost"}
    rates = Rates(run(plant(stages, {"buyer": buyer}, horizon=420, warm_up=20), paths=1))
    assert throughput(rates) == pytest.approx(answer, abs=1e-12)


def bernoulli_loop(chances: tuple[float, ...], cards: int) -> dict[str, float]:
    """The cyclic network of machines as a chain: a state is how many parts wait at each of them."""

    def step(state: State, luck: tuple[int, ...]) -> tuple[State, dict[str, float]]:
        done = [min(queue, succeeds) for queue, succeeds in zip(state, luck, strict=True)]
        left = [queue - out for queue, out in zip(state, done, strict=True)]
        after = tuple(queue + done[number - 1] for number, queue in enumerate(left))
        return after, {"throughput": done[-1], **{f"queue {number}": queue for number, queue in enumerate(left)}}

    return long_run(step, (cards, *(0,) * (len(chances) - 1)), coins(*chances))


def product_form(chances: tuple[float, ...], cards: int) -> float:
    """Throughput of the same network by its product form (Pestien & Ramakrishnan 1994)."""

    def weight(parts: int, chance: float) -> float:
        return 1.0 if parts == 0 else (1 - chance) ** (parts - 1) / chance**parts

    states = [n for n in itertools.product(range(cards + 1), repeat=len(chances)) if sum(n) == cards]
    weights = [math.prod(map(weight, state, chances)) for state in states]
    busy = sum(w for state, w in zip(states, weights, strict=True) if state[0])
    return chances[0] * busy / sum(weights)


LOOPS = {
    "c.conwip Bernoulli (0.9, 0.9) w=2": ((0.9, 0.9), 2),
    "c.conwip Bernoulli (0.8, 0.9, 0.7) w=3": ((0.8, 0.9, 0.7), 3),
    "c.conwip Bernoulli (0.8, 0.8) w=4": ((0.8, 0.8), 4),
    "c.conwip Bernoulli (0.8, 0.9, 0.7) w=6": ((0.8, 0.9, 0.7), 6),
}


@pytest.mark.parametrize("case", LOOPS)
def test_chain__conwip_of_bernoulli_machines_to_all_digits(case: str) -> None:
    chances, cards = LOOPS[case]
    assert bernoulli_loop(chances, cards)["throughput"] == pytest.approx(theory()[case], abs=1e-9)
    assert product_form(chances, cards) == pytest.approx(theory()[case], abs=1e-9)


@pytest.mark.parametrize("case", LOOPS)
def test_simulate__conwip_of_bernoulli_machines(case: str) -> None:
    chances, cards = LOOPS[case]
    rates = Rates(run(sold_out(loop(len(chances), cards), chances), PATHS))
    assert_mean(throughput(rates), theory()[case], case)
    # What a machine leaves in hand is on the shelf before it, for the first one on the board.
    means = bernoulli_loop(chances, cards)
    for number in range(1, len(chances)):
        assert_mean(rates("on_hand", f"machine{number}"), means[f"queue {number}"], f"{case}: queue {number}")


def test_simulate__the_luck_of_machines_can_be_handed_in() -> None:
    case = "c.conwip Bernoulli (0.8, 0.9, 0.7) w=3"
    chances, cards = LOOPS[case]
    buyer = {"stage": "machine3", "demand": PLENTY, "unmet": "lost"}
    network = plant(loop(3, cards), {"buyer": buyer}, horizon=1_000, warm_up=50)
    exogenous = jr.sample(network, paths=1_000, seed=1)
    lucky = np.random.default_rng(1).random(exogenous["availability"].shape) < chances
    exogenous["availability"] = exogenous["availability"].copy(data=lucky.astype("float32"))
    outcomes = jr.simulate(network, exogenous=exogenous)
    assert_mean(throughput(Rates(outcomes)), theory()[case], case)


def test_simulate__a_card_comes_back_when_a_part_is_scrapped() -> None:
    """Two machines; what arrives from the first is all good with probability 0.7, from the second with 0.9."""
    chances, good, cards = (0.8, 0.9), (0.7, 0.9), 3

    def step(state: State, face: tuple[tuple[int, ...], tuple[int, ...]]) -> tuple[State, dict[str, float]]:
        (able1, able2), (good1, good2) = face
        waiting, made1, made2 = state
        shelf = waiting + made1 * good1
        start2 = min(shelf, able2)
        shelf -= start2
        start1 = min(cards - shelf - start2, able1)
        counted = {
            "shipped": made2 * good2,
            "scrapped": made1 * (1 - good1),
            "shelf": shelf,
            "started": start1,
        }
        return (shelf, start1, start2), counted

    answers = long_run(step, (0, 0, 0), combine(coins(*chances), coins(*good)))
    yields = [{"yield": empirical([(1, share), (0, 1 - share)])} for share in good]
    stages = loop(2, cards, machine1=yields[0], machine2=yields[1])
    readings = {
        "shipped": throughput,
        "scrapped": lambda rates: rates("scrapped", "machine1"),
        "shelf": lambda rates: rates("on_hand", "machine1"),
        "started": lambda rates: rates("started", "machine1"),
    }
    assert_rates(sold_out(stages, chances), answers, readings, PATHS)


@pytest.mark.parametrize("cards", [3, 5])
def test_simulate__cards_count_the_units_of_the_first_item_in_later_ones(cards: int) -> None:
    """The second machine takes two units for one of its own; it starts half of one where only one unit is there."""
    chances = (0.9, 0.6)

    def step(state: State, luck: tuple[int, ...]) -> tuple[State, dict[str, float]]:
        shelf, made1, made2 = state  # in units of the first item
        shelf += made1
        start2 = min(shelf, 2 * luck[1])
        shelf -= start2
        start1 = min(cards - shelf - start2, luck[0])
        return (shelf, start1, start2), {"shipped": made2 / 2, "shelf": shelf, "started": start1}

    answers = long_run(step, (0, 0, 0), coins(*chances))
    readings = {
        "shipped": throughput,
        "shelf": lambda rates: rates("on_hand", "machine1"),
        "started": lambda rates: rates("started", "machine1"),
    }
    stages = loop(2, cards, machine2={"inputs": {"machine1": 2}})
    assert_rates(sold_out(stages, chances), answers, readings, PATHS)


@pytest.mark.parametrize(("cards", "container"), [(2, 2), (2, 3)])
def test_simulate__a_loop_with_containers_waits_for_a_whole_one(cards: int, container: int) -> None:
    chances = (0.8, 0.7)

    def step(state: State, luck: tuple[int, ...]) -> tuple[State, dict[str, float]]:
        board, shelf, made1, _ = state
        shelf += made1
        start2 = min(shelf, luck[1])
        shelf -= start2
        board += (cards * container - board - shelf - start2) // container * container
        start1 = min(board, luck[0])
        return (board - start1, shelf, start1, start2), {"shipped": state[3], "shelf": shelf}

    answers = long_run(step, (0, 0, 0, 0), coins(*chances))
    readings = {"shipped": throughput, "shelf": lambda rates: rates("on_hand", "machine1")}
    assert_rates(sold_out(loop(2, cards, container), chances), answers, readings, PATHS)


# Hybrids


def hybrid(cards: int, own: int) -> Network:
    """Bonvik (1997): a loop over three machines, whose middle one has cards of its own."""
    return loop(3, cards, machine2={"policy": {"kanban": {"cards": own, "container": 1}}})


@pytest.mark.parametrize(("cards", "own"), [(5, 1), (5, 2), (3, 3)])
def test_simulate__a_loop_with_a_kanban_inside(cards: int, own: int) -> None:
    chances = (0.9, 0.8, 0.75)

    def step(state: State, luck: tuple[int, ...]) -> tuple[State, dict[str, float]]:
        shelf1, made1, shelf2, made2, made3 = state
        shelf1, shelf2 = shelf1 + made1, shelf2 + made2
        start3 = min(shelf2, luck[2])
        shelf2 -= start3
        start2 = min(shelf1, luck[1], own - shelf2)
        shelf1 -= start2
        start1 = min(cards - shelf1 - shelf2 - start2 - start3, luck[0])
        counted = {"shipped": made3, "shelf 1": shelf1, "shelf 2": shelf2}
        return (shelf1, start1, shelf2, start2, start3), counted

    answers = long_run(step, (0,) * 5, coins(*chances))
    readings = {
        "shipped": throughput,
        "shelf 1": lambda rates: rates("on_hand", "machine1"),
        "shelf 2": lambda rates: rates("on_hand", "machine2"),
    }
    assert_rates(sold_out(hybrid(cards, own), chances), answers, readings, PATHS)


@pytest.mark.parametrize("container", [1, 3])
def test_trace__a_loop_holds_its_cards_and_never_more(container: int) -> None:
    chances, cards = (0.9, 0.8, 0.75), 4
    stages = loop(3, cards, container, machine2={"policy": {"kanban": {"cards": 2, "container": 1}}})
    trace = jr.trace(sold_out(stages, chances, 300), paths=200, seed=1).sel(strategy="base")
    inside = (trace["on_hand"] + trace["wip"]).sum("stage") + trace["open_orders"].sel(stage="machine1")
    # Demand without end: what is not inside is less than one container.
    assert inside.max() == cards * container
    assert inside.min() == cards * container - (container - 1)
    assert (trace["on_hand"] + trace["wip"]).sel(stage="machine2").max() == 2


# Push without limits


def test_simulate__a_pushed_line_runs_at_its_bottleneck_and_fills_the_shelf_before_it() -> None:
    """Three a day are released, two a day pass, so that one a day is added to the shelf."""
    stages = {
        "release": {"capacity": 3, "policy": {"base_stock": {"level": "unlimited"}}},
        "bottleneck": {"capacity": 2, "inputs": {"release": 1}, "policy": {"push": {}}},
        "last": {"capacity": 5, "inputs": {"bottleneck": 1}, "policy": {"push": {}}},
    }
    buyer = {"stage": "last", "demand": PLENTY, "unmet": "lost"}
    outcomes = run(plant(stages, {"buyer": buyer}, horizon=1_010, warm_up=10), paths=1)
    rates = Rates(outcomes)
    assert throughput(rates) == pytest.approx(2)
    # Period 1 is the first with a receipt: period t ends with t on the shelf, from 10 to 1,009.
    assert rates("on_hand", "release") == pytest.approx((10 + 1_009) / 2)
    assert rates("on_hand", "bottleneck") == 0
    assert not outcomes["starved"].sel(stage=["bottleneck", "last"]).any()
    assert (outcomes["ordered"] == outcomes["started"]).all()


def test_simulate__pushed_bernoulli_machines_are_queues_in_tandem() -> None:
    """Hsu & Burke (1976): the output of a Geo/Geo/1 queue is Bernoulli, too, so that each queue stands alone."""
    arrivals, chances = 0.5, (0.7, 0.65, 0.8)
    names = ["release", "one", "two", "three"]
    stages = {"release": {"capacity": 1, "policy": {"base_stock": {"level": "unlimited"}}}}
    for before, name in itertools.pairwise(names):
        stages[name] = {"capacity": 1, "inputs": {before: 1}, "policy": {"push": {}}}
    rates = Rates(run(sold_out(stages, (arrivals, *chances)), 2 * PATHS))
    assert_mean(throughput(rates), arrivals, "throughput")
    for before, chance in zip(names, chances, strict=False):
        # Before a service the mean is a (1 - a) / (s - a); a of them are then served.
        answer = arrivals * (1 - arrivals) / (chance - arrivals) - arrivals
        assert_mean(rates("on_hand", before), answer, f"queue behind {before}")


def test_simulate__a_pushed_assembly_starts_what_both_inputs_allow() -> None:
    chances, levels = (0.7, 0.8, 0.9), (2, 3)

    def step(state: State, luck: tuple[int, ...]) -> tuple[State, dict[str, float]]:
        left, made_left, right, made_right, made = state
        left, right = left + made_left, right + made_right
        built = min(left, right, luck[2])
        left, right = left - built, right - built
        starts = [min(level - shelf, able) for level, shelf, able in zip(levels, (left, right), luck, strict=False)]
        return (left, starts[0], right, starts[1], built), {"shipped": made, "left": left, "right": right}

    answers = long_run(step, (levels[0], 0, levels[1], 0, 0), coins(*chances))
    stages: Network = {
        name: {"capacity": 1, "policy": {"base_stock": {"level": level}}}
        for name, level in zip(("left", "right"), levels, strict=True)
    }
    stages["assembly"] = {"capacity": 1, "inputs": {"left": 1, "right": 1}, "policy": {"push": {}}}
    readings = {
        "shipped": throughput,
        "left": lambda rates: rates("on_hand", "left"),
        "right": lambda rates: rates("on_hand", "right"),
    }
    assert_rates(sold_out(stages, chances), answers, readings, PATHS)


def test_simulate__push_that_reviews_starts_all_that_has_come_together() -> None:
    """One a day is released and every third day passed on: 0, 1 and 2 are on the shelf in turn."""
    stages = {
        "release": {"capacity": 1, "policy": {"base_stock": {"level": "unlimited"}}},
        "truck": {"inputs": {"release": 1}, "policy": {"push": {"review": "3 d"}}},
    }
    buyer = {"stage": "truck", "demand": PLENTY, "unmet": "lost"}
    rates = Rates(run(plant(stages, {"buyer": buyer}, horizon=312, warm_up=12), paths=1))
    assert throughput(rates) == pytest.approx(1)
    assert rates("on_hand", "release") == pytest.approx(1)
    assert rates("orders", "truck") == pytest.approx(1 / 3)


@pytest.mark.parametrize(("failover", "answer", "surplus"), [(True, 3, 0), (False, 2, 1)])
def test_simulate__push_from_alternates(failover: bool, answer: float, surplus: float) -> None:
    """Sources of 1 and 2 a day with equal shares: with failover all passes, without it twice what the smaller gives."""
    stages = {
        "small": {"capacity": 1, "policy": {"base_stock": {"level": "unlimited"}}},
        "large": {"capacity": 2, "policy": {"base_stock": {"level": "unlimited"}}},
        "mixer": {
            "capacity": 10,
            "inputs": {"part": {"from": {"small": 0.5, "large": 0.5}, "failover": failover, "quantity": 1}},
            "policy": {"push": {}},
        },
    }
    buyer = {"stage": "mixer", "demand": PLENTY, "unmet": "lost"}
    rates = Rates(run(plant(stages, {"buyer": buyer}, horizon=110, warm_up=10), paths=1))
    assert throughput(rates) == pytest.approx(answer)
    assert rates("on_hand", "small") == 0
    assert rates("on_hand", "large") == pytest.approx(surplus * (10 + 109) / 2)


# A cap on the loop

CAPPED = {f"c.extended kanban S={level} K={cap} L=2": (level, cap) for level, cap in ((3, 3), (3, 4), (3, 6), (2, 5))}
LUMPY: Faces = ((0, 0.45), (1, 0.35), (2, 0.2))


def capped(level: int, cap: int, most: int, reorder: int | None = None) -> dict[str, float]:
    """An order of a demand signal, of at most what `cap` leaves room for; backlogs above `most` are cut to it."""
    point = level if reorder is None else reorder

    def step(state: State, demand: int) -> tuple[State, dict[str, float]]:
        net, due = state
        net = max(net + due[0] - demand, -most)
        position, inside = net + due[1], max(net, 0) + due[1]
        wanted = level - position if position <= point else 0
        ordered = max(0, min(wanted, cap - inside))
        return (net, (due[1], ordered)), {"B": max(-net, 0), "I": max(net, 0)}

    return long_run(step, (level, (0, 0)), LUMPY)


def capped_network(policy: Mapping[str, Any]) -> Network:
    store = {"lead_time": "2 d", "policy": dict(policy)}
    return plant({"store": store}, {"buyer": {"stage": "store", "demand": empirical(LUMPY)}}, 3_100, 100)


STOCKS = {"B": lambda rates: rates("backlog", "buyer"), "I": lambda rates: rates("on_hand", "store")}


@pytest.mark.parametrize("case", CAPPED)
def test_chain__extended_kanban_to_all_digits(case: str) -> None:
    means = capped(*CAPPED[case], most=6)
    assert means["B"] == pytest.approx(theory()[f"{case} E[B] (backlog at most 6)"], abs=1e-9)
    assert means["I"] == pytest.approx(theory()[f"{case} E[I]"], abs=1e-9)


@pytest.mark.parametrize("case", CAPPED)
def test_simulate__extended_kanban(case: str) -> None:
    level, cap = CAPPED[case]
    # The published cut changes nothing in the first seven digits.
    answers = capped(level, cap, most=60)
    assert answers["B"] == pytest.approx(theory()[f"{case} E[B] (backlog at most 6)"], abs=1e-8)
    assert_rates(capped_network({"base_stock": {"level": level, "cap": cap}}), answers, STOCKS, PATHS)


@pytest.mark.parametrize(("least", "most", "cap"), [(1, 3, 3), (2, 4, 5), (0, 3, 4)])
def test_simulate__min_max_with_a_cap(least: int, most: int, cap: int) -> None:
    answers = capped(most, cap, most=60, reorder=least)
    assert_rates(capped_network({"min_max": {"min": least, "max": most, "cap": cap}}), answers, STOCKS, PATHS)
