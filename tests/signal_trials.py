"""Signals at seeded moments of real runs, and what is left of them; run by tests/test_signals.py, or alone for longer.

``python tests/signal_trials.py SECONDS SEED`` prints one line per kind of trial and one per failure.
Most trials are forked from a process that has imported everything and compiled, so that they cost little; the others
start the interpreter, with an empty cache of compiled code.
"""

from __future__ import annotations

import io
import os
import pty
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import jitrisk as jr
import jitrisk.cli

LINES = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "ended, because the terminal"}
OLD, NEW = 300, 8_000  # paths of the result that is there already, and of the one that replaces it
VERBS = {
    "compare .nc": ("compare", "bicycles", "--paths", str(NEW), "--out", "made.nc"),
    "compare .zarr": ("compare", "bicycles", "--paths", str(NEW), "--out", "made.zarr"),
    "until .nc": ("compare", "bicycles", "--until", "cost.mean:0.1%", "--max-paths", str(NEW), "--out", "made.nc"),
    "report": ("report", "../kept.nc", "--no-replay", "--html", "made.html"),
    "show": ("show", "bicycles", "--out", "made.svg"),
}
COLD = 0.1  # share of the trials with an interpreter of their own
PF_EXITING = 4  # of the kernel's flags of a process
LONGEST = 60.0  # seconds that a run may go on after it was asked to end


@dataclass
class Tally:
    """Trials by kind and exit status, and what went wrong in them."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def fork(act: Callable[[], object], folder: Path, err: int | None = None) -> int:
    """Start a function in a process of its own, in a folder, with its streams in files; return the process id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.chdir(folder)
        os.dup2(os.open("../out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
        os.dup2(os.open("../err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC) if err is None else err, 2)
        for number in LINES:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        act()
    except SystemExit as stop:
        # What a process does last: the handlers that were registered.
        import atexit

        atexit._run_exitfuncs()
        os._exit(int(stop.code or 0))
    finally:
        os._exit(99)


def command(words: tuple[str, ...]) -> Callable[[], None]:
    """Return what runs the command line as if it were started with these words."""

    def act() -> None:
        sys.argv[1:] = words
        jitrisk.cli.main()

    return act


def status_of(pid: int) -> int:
    """Wait for a process and return its exit status, negative for a signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def state_of(pid: int) -> str:
    """Return the state letter of a process, Z also where the kernel is about to remove it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return "Z" if int(fields[6]) & PF_EXITING else fields[0]


def is_alive(pid: int) -> bool:
    return state_of(pid) != "Z"


def hit(pid: int, *numbers: int) -> bool:
    """Send signals to a process at one moment, while it is stopped; return whether it was not yet exiting."""
    os.kill(pid, signal.SIGSTOP)
    while (state := state_of(pid)) not in "TZ":
        time.sleep(0)
    for number in numbers:
        os.kill(pid, number)
    os.kill(pid, signal.SIGCONT)
    return state == "T"


def handles_signals(pid: int) -> bool:
    """Whether a process has installed its handlers."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return bool(int(fields.get("SigCgt", "0"), 16) >> (signal.SIGTERM - 1) & 1)


def await_moment(pid: int, folder: Path, delay: float, writing: bool) -> None:
    """Wait until the handlers are installed or a temporary folder is there, and then a delay."""
    begin = time.monotonic()
    while is_alive(pid) and time.monotonic() - begin < LONGEST:
        if any(name.startswith(".made") for name in os.listdir(folder)) if writing else handles_signals(pid):
            break
        time.sleep(0 if writing else 0.001)
    time.sleep(delay)


def await_end(pid: int, tally: Tally, about: str) -> int:
    """Wait for the end of a process that was asked to end; kill it where it does not."""
    deadline = time.monotonic() + LONGEST
    while is_alive(pid):
        if time.monotonic() > deadline:
            tally.failures.append(f"{about}: does not end")
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)
    return status_of(pid)


def is_whole(path: Path, folder: Path) -> bool:
    """Whether a file is what the old or the new run would have written; looked at in a process of its own."""

    def look() -> None:
        if path.suffix in (".html", ".svg"):
            sys.exit(0 if path.read_text().rstrip().endswith(("</html>", "</svg>")) else 1)
        sys.exit(0 if jr.open(path).sizes["path"] in (OLD, NEW) else 1)

    return status_of(fork(look, folder)) == 0


def left_over(folder: Path, target: str, had_one: bool) -> Iterator[str]:
    """Yield what is wrong with what a run left in its folder."""
    names = set(os.listdir(folder))
    if others := names - {target}:
        yield f"left {sorted(others)}"
    if had_one and target not in names:
        yield "lost the earlier result"
    if target in names and not is_whole(folder / target, folder):
        yield "left a broken result"


def try_signal(kind: str, dice: random.Random, base: Path, took: float, tally: Tally) -> None:
    """Send a signal at some moment of a run, and hold what is left of it to what is promised."""
    words = VERBS[kind]
    target, number, cold = words[-1], dice.choice(list(LINES)), dice.random() < COLD
    writing, had_one, terminal = dice.random() < 0.5 and not cold, dice.random() < 0.5, dice.random() < 0.3
    delay = dice.uniform(0, 0.1) * dice.random() if writing else dice.uniform(0, 8.0 if cold else 1.1 * took)
    about = f"{kind} {number.name} {delay:.4f} {cold=} {writing=} {had_one=} {terminal=}"
    folder = fresh_folder(base, target if had_one else None)
    ours, theirs = pty.openpty() if terminal and not cold else (None, None)
    pid = start_cold(words, folder, base) if cold else fork(command(words), folder, theirs)
    await_moment(pid, folder, delay, writing)
    alive = hit(pid, number, *dice.choices(list(LINES), k=dice.random() < 0.2))
    status = await_end(pid, tally, about)
    err = (base / "err").read_text(errors="replace") if ours is None else read_all(ours, theirs)
    tally.counts[f"{kind}: {status if alive else 'over'}"] += 1
    faults = list(left_over(folder, target, had_one)) + list(faults_of_words(err, number, alive, terminal))
    if status not in ([128 + other for other in LINES] if alive else [0]):
        faults.append(f"exit status {status}")
    tally.failures += [f"{about}: {fault}: {err[-300:]!r}" for fault in faults]


def faults_of_words(err: str, number: int, alive: bool, terminal: bool) -> Iterator[str]:
    """Yield what is wrong with what a run said on stderr."""
    if "Traceback" in err or "Exception ignored" in err:
        yield "traceback"
    said = [line for line in err.splitlines() if "jitrisk: " in line]
    if alive and len(said) != 1:
        yield f"{len(said)} lines"
    if "\x1b[?25l" in err and "\x1b[?25h" not in err.rpartition("\x1b[?25l")[2]:
        yield "no cursor"
    if not terminal and err.count("\n") > 4:
        yield "many lines"


def try_kill(kind: str, dice: random.Random, base: Path, took: float, tally: Tally) -> None:
    """Kill a run while it writes, and let another one write beside it."""
    words = VERBS[kind]
    target, had_one = words[-1], dice.random() < 0.5
    folder = fresh_folder(base, target if had_one else None)
    pid = fork(command(words), folder)
    await_moment(pid, folder, dice.uniform(0, 0.1) * dice.random(), writing=True)
    os.kill(pid, signal.SIGKILL)
    status_of(pid)
    left = any(name != target for name in os.listdir(folder))
    tally.counts[f"{kind}: killed, {'leaving a folder' if left else 'nothing left'}"] += 1
    faults = [fault for fault in left_over(folder, target, had_one) if not fault.startswith("left [")]
    other = ("show", "bicycles", "--out", "other.svg")
    if status_of(fork(command(other), folder)) != 0:
        faults.append("the next run fails")
    (folder / "other.svg").unlink(missing_ok=True)
    faults += left_over(folder, target, had_one)
    tally.failures += [f"{kind} SIGKILL: {fault}" for fault in faults]


def start_cold(words: tuple[str, ...], folder: Path, base: Path) -> int:
    """Start the command with an interpreter of its own and nothing compiled; return the process id."""
    cache = base / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(Path(jr.__file__).parents[1])}
    with open(base / "out", "w") as out, open(base / "err", "w") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "jitrisk", *words],
            cwd=folder,
            stdout=out,
            stderr=err,
            env=environment,
            # Shells start background jobs with Ctrl-C ignored, and children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
    process.returncode = 0  # waited for by its number
    return process.pid


def read_all(ours: int, theirs: int) -> str:
    """Return what was written to a terminal."""
    os.close(theirs)
    found = b""
    try:
        while part := os.read(ours, 65536):
            found += part
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    return found.decode(errors="replace").replace("\r\n", "\n")


def fresh_folder(base: Path, target: str | None) -> Path:
    """Return an empty folder, or one with an earlier result."""
    folder = base / "work"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if target is not None:
        earlier = base / f"old{Path(target).suffix}"
        (shutil.copytree if earlier.is_dir() else shutil.copy)(earlier, folder / target)
    return folder


def prepare(base: Path) -> dict[str, float]:
    """Compile and import everything, write the earlier results, and return how long each run takes."""
    folder = fresh_folder(base, None)
    for words in VERBS.values():
        if words[0] != "report" and not words[-1].endswith(".zarr"):  # which would start a thread before the fork
            with suppress(SystemExit), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                jitrisk.cli.main([*words[:-1], str(folder / words[-1])])

    def earlier() -> None:
        result = jr.simulate("bicycles", OLD)
        jr.save(result, base / "old.nc")
        jr.save(result, base / "old.zarr")
        jr.save(result, base / "kept.nc")
        sys.exit(0)

    assert status_of(fork(earlier, folder)) == 0
    (base / "old.html").write_text("<!doctype html></html>")
    (base / "old.svg").write_text("<svg></svg>")
    took = {}
    for kind, words in VERBS.items():
        begin = time.monotonic()
        assert status_of(fork(command(words), folder)) == 0, (base / "err").read_text()
        took[kind] = time.monotonic() - begin
    return took


def run_trials(seconds: float, seed: int) -> Tally:
    """Try signals for some time."""
    for name in ("jitrisk.pipeline", "jitrisk.report.page", "matplotlib.pyplot"):
        import_module(name)
    dice, tally = random.Random(seed), Tally()
    os.environ["JITRISK_THREADS"] = "2"
    # Not a TemporaryDirectory: forked processes would remove it when they exit.
    base = Path(tempfile.mkdtemp(prefix="signals-"))
    try:
        took = prepare(base)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            kind = dice.choice(list(VERBS))
            try_one = try_kill if dice.random() < 0.2 else try_signal
            try_one(kind, dice, base, took[kind], tally)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return tally


if __name__ == "__main__":
    found = run_trials(float(sys.argv[1]), int(sys.argv[2]))
    for kind, count in sorted(found.counts.items()):
        print(f"{kind}: {count}")
    print(*found.failures, sep="\n")
    sys.exit(bool(found.failures))
