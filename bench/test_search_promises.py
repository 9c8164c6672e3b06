"""What the project promises of its search for plans: how good they are, and how long it takes."""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from subjects import SERIAL_COST, assembly, serial
from test_promises import note

import jitrisk as jr
from jitrisk.studies.optimize import optimize

sys.path[:0] = [str(Path(__file__).parents[1] / folder) for folder in ("tests", "tests/verification")]
from lines import exact, kanban, line  # noqa: E402  (chains stand with the tests)

DEMAND = 0.6
SEEDS = 20


def find_plan(model: Any, seed: int = 0, paths: int = 10_000) -> tuple[Any, dict[str, float]]:
    """Return what a search found, and the seconds that it took, of the clock and of the processors."""
    begun, cpu_begun = time.perf_counter(), time.process_time()
    study = optimize(model, seed=seed, paths=paths)
    return study, {"seconds": time.perf_counter() - begun, "cpu_seconds": time.process_time() - cpu_begun}


def test_brake_valves_in_60_s_and_better_than_every_strategy(benchmark):
    study, took = find_plan("brake-valves")
    given = study.drop_sel(strategy="optimized")
    names = given["strategy"].values.tolist()
    mean, upper = (given[name] / given["objective"] for name in ("difference", "difference_upper"))
    less = {f"{name}_less": float(mean.sel(strategy=name)) for name in names}
    most = {f"{name}_upper": float(upper.sel(strategy=name)) for name in names}
    note(benchmark, **took, stopped=study.attrs["stopped"], **less, **most)
    assert set(names) == {"jit", "jic", "hybrid"}
    assert took["seconds"] < 60
    assert all(share < 0 for share in most.values())


def test_100_stages_in_10_minutes_and_5_percent_better_than_the_card_formula(benchmark):
    study, took = find_plan(assembly(100), paths=2_000)
    (formula,) = [name for name in study["strategy"].values if name != "optimized"]
    given = study.sel(strategy=formula)
    less, most = (float(given[name] / given["objective"]) for name in ("difference", "difference_upper"))
    note(benchmark, **took, stopped=study.attrs["stopped"], difference=less, difference_upper=most)
    assert took["seconds"] < 600
    assert most <= -0.05


def test_the_serial_line_of_the_book_within_1_percent(benchmark):
    """Cost per period on fresh paths, upper end of its interval, against the exact optimum."""
    study, took = find_plan(serial(), paths=20_000)
    network = jr.load(serial())
    found = study.sel(strategy="optimized")
    periods = network.horizon - network.warm_up
    cost, upper = (float(found[name]) / periods for name in ("objective", "objective_upper"))
    levels = {f"level_{i + 1}": float(level) for i, level in enumerate(study["chosen_number"].values)}
    note(benchmark, **took, cost=cost, gap=cost / SERIAL_COST - 1, gap_upper=upper / SERIAL_COST - 1, **levels)
    assert upper < 1.01 * SERIAL_COST


def build_line(chances: dict[str, float], values: tuple[float, ...], cards: tuple[int, ...], lost: float) -> Any:
    """Return a line of machines with cards, whose parts cost their value per period, and lost sales their price."""
    names = list(chances)
    inputs: list[dict[str, Any]] = [{}, *({"inputs": {name: 1}} for name in names[:-1])]
    rows = zip(names, cards, values, inputs, strict=True)
    stages = {name: kanban(count, capacity=1, value=value, **given) for name, count, value, given in rows}
    model = line(stages, chances, names[-1], DEMAND, horizon=600)
    model["customers"]["buyer"]["lost_cost"] = lost
    return model | {"holding_rate": 1}


def compute_cost(chances: dict[str, float], values: tuple[float, ...], cards: tuple[int, ...], lost: float) -> float:
    """Return the exact cost of a period in the long run, from the Markov chain of the line."""
    means = exact(build_line(chances, values, cards, lost), chances, DEMAND).stationary()
    held = sum(
        value * (means["on_hand", name] + means["wip", name]) for name, value in zip(chances, values, strict=True)
    )
    return float(held + lost * means["lost", "buyer"])


@pytest.mark.parametrize(
    ("chances", "values", "lost", "most"),
    [
        ({"m1": 0.8, "m2": 0.75}, (1.0, 2.0), 100.0, 6),
        ({"m1": 0.85, "m2": 0.8, "m3": 0.75}, (1.0, 1.5, 2.5), 60.0, 4),
    ],
    ids=["2 stages", "3 stages"],
)
def test_kanban_lines_within_1_percent_of_exhaustive_search(benchmark, chances, values, lost, most):
    every = itertools.product(range(1, most + 1), repeat=len(chances))
    costs = {cards: compute_cost(chances, values, cards, lost) for cards in every}
    best, second = sorted(costs, key=costs.__getitem__)[:2]
    assert max(best) < most  # otherwise the range is too small
    model = build_line(chances, values, (most,) * len(chances), lost)
    gaps, plans, seconds = [], [], 0.0
    for seed in range(SEEDS):
        study, took = find_plan(model, seed, paths=100)
        seconds += took["seconds"]
        cards = tuple(map(int, study["chosen_number"].values))
        if cards not in costs:  # the search is not bound to the range
            costs[cards] = compute_cost(chances, values, cards, lost)
        plans.append(cards)
        gaps.append(costs[cards] / costs[best] - 1)
    good = sum(gap <= 0.01 for gap in gaps)
    same = sum(cards == best for cards in plans)
    note(
        benchmark,
        **{"best": str(best), "second_gap": costs[second] / costs[best] - 1, "within_1_percent": float(good)},
        **{"same": float(same), "largest_gap": max(gaps), "seconds_each": seconds / SEEDS},
    )
    assert good >= SEEDS - 1
