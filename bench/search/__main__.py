"""Search for the levels of every subject by every method, seed by seed, and print a table: `make searches`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from peers.__main__ import describe_machine, write
from subjects import SERIAL_LEVELS, assembly, serial

import jitrisk as jr
from jitrisk.model import Network
from jitrisk.studies.search.plan import Plan
from search.methods import METHODS, build_evaluator, find_plan, search_project

OURS = "jitrisk"
FRESH_PATHS = 10_000
FRESH_SEED = 1_000_000  # of the paths on which all plans are judged
SEEDS = 10
SUBJECTS: dict[str, Any] = {
    "bicycles": "bicycles",
    "serial": serial(),
    "brake-valves": "brake-valves",
    "assembly": assembly(20),
}


@dataclass(frozen=True)
class Run:
    """One search.

    Attributes
    ----------
    method : its name.
    plan : what it found.
    plans, path_periods : what it spent.
    seconds : how long it took.
    """

    method: str
    plan: Plan
    plans: int
    path_periods: int
    seconds: float


def run_all(network: Network, seeds: Sequence[int], budget: int | None) -> list[Run]:
    """Return the runs of all methods; the others spend what the project's search spent with the same seed."""
    runs = []
    for seed in seeds:
        ours = run_one(network, OURS, seed, budget)
        runs += [ours, *(run_one(network, name, seed, ours.path_periods) for name in METHODS)]
    return runs


def run_one(network: Network, name: str, seed: int, budget: int | None) -> Run:
    """Return one run, and show how far the measurement is."""
    begun = time.monotonic()
    trial = find_plan(network, METHODS.get(name, search_project), seed, budget)
    assert trial.best is not None
    limits, seconds = trial.evaluator.limits, time.monotonic() - begun
    print(f"  {name}, seed {seed}: {seconds:.1f} s, {limits.plans} plans, {trial.best.plan.levels}", flush=True)
    return Run(name, trial.best.plan, limits.plans, limits.path_periods, seconds)


def judge(network: Network, plans: Iterable[Plan]) -> dict[Plan, np.ndarray]:
    """Return the scores of plans on fresh paths, the same for all."""
    evaluator, plans = build_evaluator(network, FRESH_SEED, None), list(dict.fromkeys(plans))
    found = evaluator.evaluate(plans, range(FRESH_PATHS))
    return {one.plan: one.scores for one in found}


def list_known(network: Network, name: str) -> list[Plan]:
    """Return plans that are known beside those found: the published optimum."""
    if name != "serial":
        return []
    levels = build_evaluator(network, 0, None).space.levels
    return [Plan(tuple(round(SERIAL_LEVELS[one.stage] / one.step) for one in levels))]


def tabulate(name: str, runs: Sequence[Run], scores: dict[Plan, np.ndarray]) -> list[str]:
    """Return rows of the table: how much worse than the best plan known the plans are, in per cent."""
    best = min(scores, key=lambda plan: scores[plan].mean())
    lowest = scores[best].mean()
    rows = []
    for method in (OURS, *METHODS):
        own = [run for run in runs if run.method == method]
        worse = [100 * (scores[run.plan].mean() / lowest - 1) for run in own]
        first, median, third = np.percentile(worse, [25, 50, 75])
        errors = [100 * np.std(scores[run.plan] - scores[best]) / FRESH_PATHS**0.5 / lowest for run in own]
        plans, spent = (np.median([getattr(run, field) for run in own]) for field in ("plans", "path_periods"))
        seconds = np.median([run.seconds for run in own])
        rows.append(
            f"| {name} | {method} | {median:.2f} ({first:.2f} to {third:.2f}) | {max(worse):.2f} | "
            f"{np.median(errors):.2f} | {plans:.0f} | {write(spent / 1e6)} | {write(seconds)} |"
        )
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="search", description="Search for levels with jitrisk and other methods.")
    parser.add_argument("subjects", nargs="*", default=list(SUBJECTS), help=f"all by default: {', '.join(SUBJECTS)}")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"how many; {SEEDS} by default")
    parser.add_argument("--budget", type=float, help="path-periods at most; by default what jitrisk takes by itself")
    given = parser.parse_args()
    budget = None if given.budget is None else int(given.budget)
    rows = []
    for name in given.subjects:
        network = jr.load(SUBJECTS[name])
        runs = run_all(network, range(given.seeds), budget)
        scores = judge(network, [*list_known(network, name), *(run.plan for run in runs)])
        rows += tabulate(name, runs, scores)
        print(*rows[-1 - len(METHODS) :], sep="\n", flush=True)
    print(describe_machine(), f"cma {version('cma')}", sep="; ")
    print(f"Per cent above the best plan known, on {FRESH_PATHS:,} fresh paths; {given.seeds} seeds.\n")
    print("| subject | method | median (quartiles) | worst | standard error | plans | million path-periods | s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    print(*rows, sep="\n")


if __name__ == "__main__":
    main()
