"""Signals: never swallowed, one line, the right status, nothing temporary left; at seeded moments of real runs, too."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from fuzzing import SECONDS

import jitrisk as jr
from jitrisk.files import stop_signals

TESTS = Path(__file__).parent
STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


def process(code, *words, **options):
    """Run code in a process of its own, with signals as a shell sets them."""
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        **options,
    )


SWALLOWING = {
    "weakref callback": """
class Thing: pass
thing = Thing()
reference = weakref.ref(thing, lambda _: send())
del thing
""",
    "finalizer": """
class Thing:
    def __del__(self): send()
Thing()
""",
    "except": """
try:
    send()
except BaseException:
    pass
""",
    "thread": """
import threading
thread = threading.Thread(target=send)
thread.start()
thread.join()
""",
    "atexit": """
import atexit
atexit.register(send)
sys.exit(0)
""",
}


@pytest.mark.parametrize("number", STATUS, ids=lambda number: number.name)
@pytest.mark.parametrize("where", SWALLOWING)
def test_signals__a_signal_is_not_swallowed(where, number):
    code = f"""
import os, sys, weakref
from jitrisk.files import stop_signals
def send(): os.kill(os.getpid(), {int(number)})
stop_signals.install_handlers()
{SWALLOWING[where]}
print("went on")
stop_signals.exit_with(0)
"""
    done = process(code)
    assert (done.returncode, done.stdout) == (STATUS[number], "")
    assert done.stderr.startswith("jitrisk: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("number", STATUS, ids=lambda number: number.name)
def test_signals__a_signal_that_was_ignored_at_the_start_stays_ignored(number):
    code = f"""
import os, signal
from jitrisk.files import stop_signals
signal.signal({int(number)}, signal.SIG_IGN)
stop_signals.install_handlers()
os.kill(os.getpid(), {int(number)})
stop_signals.exit_with(7)
"""
    assert process(code).returncode == 7


def test_signals__cleanups_run_in_reverse_order_and_an_error_in_one_does_not_stop_the_others():
    code = """
import os, signal
from jitrisk.files import stop_signals
stop_signals.install_handlers()
def say(word): os.write(1, word.encode())
with stop_signals.Cleanup(lambda: say("first ")), stop_signals.Cleanup(lambda: 1 / 0):
    with stop_signals.Cleanup(lambda: say("over ")):
        pass
    with stop_signals.Cleanup(lambda: say("last ")):
        os.kill(os.getpid(), signal.SIGTERM)
"""
    done = process(code)
    assert (done.returncode, done.stdout, done.stderr) == (143, "last first ", "jitrisk: terminated\n")


def test_signals__a_second_signal_does_not_wait_for_a_cleanup_that_hangs():
    code = """
import os, signal, time
from jitrisk.files import stop_signals
stop_signals.install_handlers()
with stop_signals.Cleanup(lambda: time.sleep(100)):
    print("ready", flush=True)
    time.sleep(100)
"""
    started = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert started.stdout.readline() == b"ready\n"
    started.send_signal(signal.SIGTERM)
    time.sleep(2 * stop_signals._PATIENCE)
    assert started.poll() is None
    started.send_signal(signal.SIGHUP)
    assert started.wait(timeout=20) == 143
    started.stdout.close()


def test_signals__a_signal_while_folders_are_exchanged_leaves_one_of_them(tmp_path):
    """The process stops between the two steps that a file system without an exchange needs."""
    code = """
import os, signal, sys
from pathlib import Path
from jitrisk.files import atomic_files, stop_signals
stop_signals.install_handlers()
atomic_files._exchange = lambda one, other: False
replace = os.replace
def stop_after(source, target):
    replace(source, target)
    os.kill(os.getpid(), signal.SIGTERM)
os.replace = stop_after
with atomic_files.replace_atomically(Path(sys.argv[1])) as fresh:
    fresh.mkdir()
    (fresh / "new").touch()
"""
    (tmp_path / "run.zarr").mkdir()
    (tmp_path / "run.zarr" / "old").touch()
    done = process(code, str(tmp_path / "run.zarr"))
    assert done.returncode == 143
    assert os.listdir(tmp_path) == ["run.zarr"]
    assert os.listdir(tmp_path / "run.zarr") == ["old"]


def test_signals__a_writer_in_threads_does_not_make_the_folder_again(tmp_path):
    """Writers of Zarr are threads: they make folders again that are gone, and give up at an error."""
    code = """
import os, signal, sys, threading, time
from pathlib import Path
from jitrisk.files import atomic_files, stop_signals
stop_signals.install_handlers()
def write(fresh):
    for number in range(10**9):
        place = fresh / "c" / str(number % 50)
        place.mkdir(parents=True, exist_ok=True)
        try:
            (place / str(number)).write_bytes(b"0" * 5000)
        except FileNotFoundError:
            continue
threading.excepthook = lambda _: None
with atomic_files.replace_atomically(Path(sys.argv[1])) as fresh:
    for _ in range(3):
        threading.Thread(target=write, args=(fresh,), daemon=True).start()
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGINT)
"""
    done = process(code, str(tmp_path / "run.zarr"))
    assert done.returncode == 130
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("seed", [1])
def test_signals__signals_at_seeded_moments_end_runs_and_leave_nothing(seed):
    done = subprocess.run(
        [sys.executable, TESTS / "signal_trials.py", str(SECONDS), str(seed)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(jr.__file__).parents[1])},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counts = {int(line.rpartition(": ")[2]) for line in done.stdout.splitlines() if ": " in line}
    assert sum(counts) > 0


@pytest.mark.parametrize("redirected", ["0>&- 2>&-", "2>/dev/full", "2>&1 >&3 | true"])
def test_open__words_that_nobody_takes_do_not_fail_a_run(tmp_path, redirected):
    words = f"exec 3>&1; {sys.executable} -m jitrisk compare bicycles --paths 100 --out run.nc {redirected}"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {words}"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"hybrid" in done.stdout
    assert done.stderr == b""
    assert jr.open(tmp_path / "run.nc").sizes["path"] == 100
    assert os.listdir(tmp_path) == ["run.nc"]


@pytest.mark.parametrize("words", ["examples", "--help", "compare --help"])
@pytest.mark.parametrize("redirected", ["| true", ">&-", ">/dev/full"])
def test_examples__output_that_nobody_takes_fails_with_one_line_at_most(tmp_path, words, redirected):
    command = f"set -o pipefail; {sys.executable} -m jitrisk {words} {redirected}"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if line.startswith("jitrisk: ")]
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    # A pipe that closes after all was written into it is no failure.
    assert done.returncode == 1 or (redirected == "| true" and done.returncode == 0)
    assert len(said) == (redirected != "| true"), done.stderr


CATCHING = """
import os, signal, sys, time
from jitrisk.files import stop_signals
stop_signals.install_handlers()
with stop_signals.catch_interrupt("stopping") as is_stopped:
    print("ready", flush=True)
    begin = time.monotonic()
    while not is_stopped() and time.monotonic() - begin < 60:
        time.sleep(0.01)
    if {hangs}:
        print("asked", flush=True)
        time.sleep(60)
print("kept", is_stopped(), flush=True)
if {again}:
    os.kill(os.getpid(), signal.SIGINT)
stop_signals.exit_with(130)
"""


def start_catching(hangs=False, again=False):
    code = CATCHING.format(hangs=hangs, again=again)
    started = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=restore
    )
    assert started.stdout.readline() == "ready\n"
    return started


def restore():
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_catch_interrupt__the_first_interrupt_asks_for_a_stop_and_the_work_ends_on_its_own():
    started = start_catching()
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=30)
    assert (started.returncode, out, err) == (130, "kept True\n", "\nstopping\n")


def test_catch_interrupt__a_second_interrupt_ends_the_process_at_once():
    started = start_catching(hangs=True)
    started.send_signal(signal.SIGINT)
    assert started.stdout.readline() == "asked\n"
    begin = time.monotonic()
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=30)
    assert time.monotonic() - begin < 20
    assert (started.returncode, out, err) == (130, "", "\nstopping\njitrisk: interrupted\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_catch_interrupt__other_signals_end_the_process_at_once(number):
    started = start_catching()
    started.send_signal(number)
    out, _ = started.communicate(timeout=30)
    assert (started.returncode, out) == (STATUS[number], "")


def test_catch_interrupt__afterwards_an_interrupt_ends_the_process_again():
    started = start_catching(again=True)
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=30)
    assert (started.returncode, out) == (130, "kept True\n")
    assert err == "\nstopping\njitrisk: interrupted\n"


def test_catch_interrupt__without_handlers_the_second_interrupt_is_the_interpreter_s():
    # Tests that run in the background begin with a signal that is ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with stop_signals.catch_interrupt("stopping") as is_stopped:
            assert not is_stopped()
            signal.raise_signal(signal.SIGINT)
            assert is_stopped()
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_catch_interrupt__an_interrupt_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stop_signals.catch_interrupt("stopping") as is_stopped:
            signal.raise_signal(signal.SIGINT)
            assert not is_stopped()
    finally:
        signal.signal(signal.SIGINT, before)


def test_catch_interrupt__in_another_thread_nothing_changes():
    found = []

    def work():
        with stop_signals.catch_interrupt("stopping") as is_stopped:
            found.append((is_stopped(), signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [(False, signal.getsignal(signal.SIGINT))]
