"""Instructions per stage-period, counted by valgrind: a figure that does not drift with the machine's load.

The same program runs few and many paths while it is counted; the difference is free of start-up, imports and what
a run costs at any size. Valgrind 3.19 knows no AVX-512 and hides it, so the core runs the AVX2 clones of its acts, and
Numba is told to compile for AVX2: with AVX-512 there are about half as many vector instructions.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from numpy_line import Line

from peers.measured import OTHERS, OURS, Measured

BENCH = Path(__file__).resolve().parents[1]
# Valgrind shows another processor than there is, so the code to load and the code to compile would differ.
AVX2 = "sse sse2 sse3 ssse3 sse4.1 sse4.2 popcnt cx16 fxsr xsave avx avx2 bmi bmi2 f16c fma lzcnt movbe"
ENVIRONMENT = {
    "NUMBA_CPU_NAME": "haswell",
    "NUMBA_CPU_FEATURES": ",".join(f"+{feature}" for feature in AVX2.split()),
    "NUMBA_CACHE_DIR": str(BENCH.parent / "build" / "instructions"),
    "PYTHONPATH": os.pathsep.join(filter(None, (str(BENCH), os.environ.get("PYTHONPATH")))),
    "PYTHONHASHSEED": "0",
    "OPENBLAS_NUM_THREADS": "1",
}
COMPILED = "compiled by Numba"

Costs = Counter[tuple[str, str]]


def check_valgrind() -> None:
    """End the program with a message where instructions cannot be counted."""
    if platform.machine() not in {"x86_64", "AMD64"}:
        sys.exit(f"instructions are counted on x86-64, this machine is {platform.machine()}")
    for program in ("valgrind", "vgdb"):
        if not shutil.which(program):
            sys.exit(f"{program} is not installed, it counts the instructions; on Debian: apt install valgrind")


def count(measured: Iterable[Measured]) -> dict[str, dict[tuple[str, str], float]]:
    """Return the instructions per stage-period of each, by library and function."""
    words = [sys.executable, "-m", "peers.instructions", "--counted"]
    environment = os.environ | ENVIRONMENT
    # What Numba compiles is on disk before valgrind runs, which would take minutes for it.
    subprocess.run(
        words, env=environment, input=_write_orders(measured), stdout=subprocess.DEVNULL, text=True, check=True
    )
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind.out"
        valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}"]
        log = f"--log-file={folder}/valgrind.log"
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with subprocess.Popen([*valgrind, log, *words], env=environment, **pipes) as run:
            return {one.name: _count_one(run, one, out) for one in measured}


def _write_orders(measured: Iterable[Measured]) -> str:
    return "".join(f"{one.name} {one.few}\n" for one in measured)


def _count_one(run: subprocess.Popen[str], one: Measured, out: Path) -> dict[tuple[str, str], float]:
    few, many = (_count_run(run, one, paths, out) for paths in (one.few, one.many))
    size = one.count_stage_periods(one.many - one.few, replace(Line(), periods=one.periods))
    return {key: (many[key] - few[key]) / size for key in many | few}


def _count_run(run: subprocess.Popen[str], one: Measured, paths: int, out: Path) -> Costs:
    _order(run, f"{one.name} 1")  # imports, and what Numba loads
    _tell(run, "instrumentation", "on")
    _order(run, f"{one.name} {paths}")
    _tell(run, "dump")
    _tell(run, "instrumentation", "off")
    newest = max(out.parent.glob(f"{out.name}.*"), key=lambda path: int(path.suffix[1:]))
    return read_costs(newest.read_text())


def _order(run: subprocess.Popen[str], line: str) -> None:
    assert run.stdin is not None
    assert run.stdout is not None
    run.stdin.write(f"{line}\n")
    run.stdin.flush()
    if run.stdout.readline() != f"{line}\n":
        sys.exit(f"the program that is counted ended at: {line}")


def _tell(run: subprocess.Popen[str], *words: str) -> None:
    subprocess.run(["vgdb", f"--pid={run.pid}", *words], capture_output=True, check=True, timeout=120)


def read_costs(text: str) -> Costs:
    """Return the instructions of each library and function, without those of what they call, from callgrind's file."""
    names: dict[tuple[str, str], str] = {}
    here = {"ob": "", "fn": ""}
    costs: Costs = Counter()
    of_called = False
    for line in text.splitlines():
        if found := re.match(r"(c?)(ob|fn)=\((\d+)\)(?: (.*))?", line):
            called, kind, number, name = found.groups()
            if name is not None:
                names[kind, number] = name
            if not called:
                here[kind] = names[kind, number]
        elif line.startswith("calls="):
            of_called = True
        elif re.match(r"[-+*\d]", line):
            if not of_called:
                costs[_name_library(here["ob"]), _name_function(here)] += int(line.split()[1])
            of_called = False
    return costs


def _name_library(path: str) -> str:
    return COMPILED if path == "???" else Path(path).name.split(".")[0]


def _name_function(here: dict[str, str]) -> str:
    """Return a function without its prefix of Cython, its clone and its recursion; compiled code has no names."""
    if here["ob"] == "???":
        return "kernels"
    name = re.sub(r"^__pyx_f_7jitrisk_\d+_core_(\d+)?", "", here["fn"])
    return re.sub(r"'\d+$|\.constprop\.\d+", "", name)


def run_orders() -> None:
    """Simulate what is read, a name and a number of paths a line, and repeat the line when it is done."""
    known = {one.name: one for one in (*OURS, *OTHERS)}
    for line in sys.stdin:
        name, paths = line.rsplit(maxsplit=1)
        one = known[name]
        one.find()(replace(Line(), periods=one.periods), int(paths), 1)
        print(line, end="", flush=True)


def describe(costs: dict[tuple[str, str], float], least: float = 0.05) -> str:
    """Return the functions in order of their instructions, and the sum of the small ones."""
    rows = sorted(((cost, *key) for key, cost in costs.items() if cost >= least), reverse=True)
    rest = sum(costs.values()) - sum(cost for cost, *_ in rows)
    lines = [f"{cost:10.2f}  {library}: {function}" for cost, library, function in rows]
    return "\n".join([*lines, f"{rest:10.2f}  all others", f"{sum(costs.values()):10.2f}  total"])


def main() -> None:
    """Print the instructions of jitrisk per stage-period, by function."""
    check_valgrind()
    for name, costs in count(OURS).items():
        print(f"{name}: instructions per stage-period\n{describe(costs)}\n")


if __name__ == "__main__":
    run_orders() if sys.argv[1:] == ["--counted"] else main()
