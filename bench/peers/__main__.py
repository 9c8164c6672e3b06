"""Measure every way to simulate the line in one run, in turn, and print a table: `make peers`."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from importlib.metadata import version
from pathlib import Path

from numpy_line import Line

from peers import instructions
from peers.measured import OTHERS, OURS, Measured

ROUNDS = 7
LINE = Line()


def measure(measured: tuple[Measured, ...]) -> dict[str, list[float]]:
    """Return nanoseconds of CPU time per stage-period of each, one figure a round, all in turn in every round."""
    calls = {one: one.find() for one in measured}
    for one, call in calls.items():
        call(LINE, max(1, one.paths // 10), 1)  # compile, and write the memory for the first time
    found: dict[str, list[float]] = {one.name: [] for one in measured}
    for seed in range(ROUNDS):
        for one, call in calls.items():
            started = time.process_time()
            call(LINE, one.paths, seed)
            seconds = time.process_time() - started
            found[one.name].append(seconds / one.count_stage_periods(one.paths, LINE) * 1e9)
    return found


def tabulate(measured: tuple[Measured, ...], times: dict[str, list[float]], counts: dict[str, float]) -> str:
    """Return the table: medians, and the median and the range of the ratios of the rounds."""
    first = times[measured[0].name]
    rows = [["", "version", "ns", "times jitrisk (range)", "instructions", "paths of a year per second"]]
    for one in measured:
        ratios = [other / ours for other, ours in zip(times[one.name], first, strict=True)]
        spread = f"{write(statistics.median(ratios))} ({write(min(ratios))} to {write(max(ratios))})"
        ns = statistics.median(times[one.name])
        per_second = 1e9 / (ns * LINE.periods * LINE.stages)
        count = write(counts[one.name]) if counts else "not counted"
        packages = ", ".join(f"{package} {version(package)}" for package in one.packages)
        rows.append([one.name, packages, write(ns), spread, count, write(per_second)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)


def write(number: float) -> str:
    """Return a number to three digits."""
    return f"{float(f'{number:.3g}'):,.10g}"


def describe_machine() -> str:
    """Return the processor, the system and the Python that the figures belong to."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    processor = models[0] if models else platform.processor() or platform.machine()
    return f"{processor}, {os.cpu_count()} cores; {platform.system()}; Python {platform.python_version()}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="peers", description="Measure the line in jitrisk and in other packages.")
    parser.add_argument("--times", action="store_true", help="count no instructions, for which valgrind is needed")
    measured = (*OURS, *OTHERS)
    counted: dict[str, dict[tuple[str, str], float]] = {}
    if not parser.parse_args().times:
        instructions.check_valgrind()
        counted = instructions.count(measured)
    times = measure(measured)
    print(describe_machine())
    print(f"{LINE}: CPU time of one thread per stage-period, medians of {ROUNDS} rounds in turn.\n")
    print(tabulate(measured, times, {name: sum(costs.values()) for name, costs in counted.items()}))
    print(*(f"{one.name}: {one.note}." for one in measured if one.note), sep="\n")
    for one in OURS if counted else ():
        print(f"\n{one.name}: instructions per stage-period\n{instructions.describe(counted[one.name])}")


if __name__ == "__main__":
    main()
