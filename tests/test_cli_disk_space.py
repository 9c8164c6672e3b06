"""Room on a disk and in memory: checked before a run, and where it fails all the same, nothing is lost unsaid."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import jitrisk as jr
from jitrisk.arguments import parse_draws
from jitrisk.cli import main
from jitrisk.lower import lower_all
from jitrisk.run.forecast import compute_result_bytes

MODEL = "bicycles"


def run(capsys, *words):
    """Run the command line; return its exit status, stdout and stderr."""
    with pytest.raises(SystemExit) as stop:
        main(list(words))
    captured = capsys.readouterr()
    return stop.value.code, captured.out, captured.err


def mount(*words):
    """Mount something, or skip the test where that is not allowed."""
    done = subprocess.run(["mount", *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")


@pytest.fixture
def small(tmp_path):
    """A file system of 3 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=3m", "tmpfs", folder)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """The system's temporary folder, set to one of this test."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    return folder


def fill(folder: Path) -> None:
    """Fill a file system."""
    with (folder / "full").open("wb", buffering=0) as file:
        while True:
            try:
                file.write(b"0" * 4096)
            except OSError:
                return


def simulate_then(monkeypatch, act):
    """Let something happen to a disk after a simulation and before its result is written."""
    simulate = jr.simulate

    def simulated(*args, **options):
        result = simulate(*args, **options)
        act()
        return result

    monkeypatch.setattr("jitrisk.pipeline.simulate", simulated)


def bytes_of_path(model, rare=False):
    network = jr.load(model)
    job = parse_draws(network, network.strategies.values(), 1).build_job(lower_all(network.strategies))
    return compute_result_bytes(job, len(network.hazards), rare)


@pytest.mark.parametrize(("model", "rare"), [("bicycles", False), ("brake-valves", False), ("tohoku", True)])
def test_compute_result_bytes__the_bytes_of_a_result_are_known_before_it_is_there(model, rare):
    few, many = (jr.simulate(model, paths, rare=rare).nbytes for paths in (200, 700))
    assert many - few == 500 * bytes_of_path(model, rare)


@pytest.mark.parametrize("name", ["run.nc", "run.zarr"])
def test_compare__a_result_that_will_not_fit_is_refused_before_it_is_simulated(capsys, small, monkeypatch, name):
    monkeypatch.setattr("jitrisk.pipeline.simulate", None)
    status, out, err = run(capsys, "compare", MODEL, "--paths", "20000", "--out", str(small / name))
    assert (status, out) == (2, "")
    assert "MB are free there" in err
    assert err.count("\n") == 1
    assert os.listdir(small) == []


def test_cli__a_file_larger_than_this_process_may_write_is_refused_before_it_is_simulated(tmp_path):
    code = """
import resource, sys
from jitrisk import pipeline
from jitrisk.cli.group import run
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
pipeline.simulate = None
sys.exit(run(["compare", "bicycles", "--paths", "20000", "--out", "run.nc"]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "this process may write files of 100 kB at most (see 'ulimit -f')" in done.stderr
    assert done.stderr.count("\n") == 1


def test_compare__paths_are_added_only_while_there_is_room_for_them(capsys, small, monkeypatch):
    monkeypatch.setattr("jitrisk.studies.until.FIRST", 1000)
    size = bytes_of_path(MODEL)
    words = ("compare", MODEL, "--until", "cost.mean:0.001%", "--out", str(small / "run.nc"))
    status, out, err = run(capsys, *words)
    assert status == 0
    assert "there is room for" in err
    assert "hybrid" in out
    paths = jr.open(small / "run.nc").sizes["path"]
    assert 1.4e6 / size < paths < 2e6 / size


@pytest.mark.parametrize("name", ["run.nc", "run.zarr"])
def test_compare__a_result_whose_disk_fills_up_is_kept_where_a_line_says(capsys, small, elsewhere, monkeypatch, name):
    simulate_then(monkeypatch, lambda: fill(small))
    status, out, err = run(capsys, "compare", MODEL, "--paths", "700", "--out", str(small / name))
    assert status == 2
    assert "hybrid" in out
    assert err.count("\n") == 1
    assert "could not be written" in err
    place = Path(err.split("it is kept in ")[1].split(": make room")[0])
    assert place.parent.parent == elsewhere
    assert jr.open(place).sizes["path"] == 700
    assert os.listdir(small) == ["full"]


def test_compare__a_result_that_fits_nowhere_is_said_to_be_lost_and_its_figures_are_printed(
    capsys, small, tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(small))
    monkeypatch.setenv("XDG_CACHE_HOME", str(small / "cache"))
    simulate_then(monkeypatch, lambda: fill(small))
    status, out, err = run(capsys, "compare", MODEL, "--paths", "700", "--out", str(small / "run.nc"))
    assert status == 2
    assert "hybrid" in out
    assert "is lost" in err
    assert err.count("\n") == 1
    assert os.listdir(small) == ["full"]


def test_report__a_page_whose_disk_fills_up_is_kept_where_a_line_says(capsys, small, elsewhere, monkeypatch):
    simulate_then(monkeypatch, lambda: fill(small))
    words = ("report", MODEL, "--paths", "300", "--no-replay", "--html", str(small / "run.html"))
    status, _, err = run(capsys, *words)
    assert status == 2
    place = Path(err.split("is kept in ")[1].split(": make room")[0])
    assert place.parent.parent == elsewhere
    assert place.read_text().rstrip().endswith("</html>")
    assert os.listdir(small) == ["full"]


def test_compare__a_folder_that_is_read_only_is_refused_and_one_that_becomes_so_loses_nothing(
    capsys, small, elsewhere, monkeypatch
):
    simulate_then(monkeypatch, lambda: mount("-o", "remount,ro", small))
    words = ("compare", MODEL, "--paths", "50", "--out", str(small / "run.nc"))
    status, out, err = run(capsys, *words)
    assert (status, "hybrid" in out) == (2, True)
    assert "cannot be written to" in err
    assert jr.open(Path(err.split("is kept in ")[1].split(": make room")[0])).sizes["path"] == 50
    status, out, err = run(capsys, *words)
    assert (status, out) == (2, "")
    assert "cannot be written to" in err


@pytest.mark.parametrize("megabytes", [150, 500, 900])
def test_compare__a_small_address_space_ends_a_run_with_one_line(tmp_path, megabytes):
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20, megabytes * 2**20))

    done = subprocess.run(
        [sys.executable, "-m", "jitrisk", "compare", MODEL, "--paths", "2000000", "-q", "--out", "run.nc"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
    )
    assert done.returncode in (1, 2), done.stderr
    assert done.stderr.startswith("jitrisk: ")
    assert done.stderr.count("\n") == 1
    assert os.listdir(tmp_path) == []


def test_compare__a_lack_of_memory_in_the_middle_of_a_run_is_one_line_and_status_1(capsys, monkeypatch):
    def fail(*args, **options):
        raise MemoryError

    monkeypatch.setattr("jitrisk.pipeline.simulate", fail)
    status, out, err = run(capsys, "compare", MODEL)
    assert (status, out) == (1, "")
    assert err.startswith("jitrisk: out of memory: fewer paths")
    assert err.count("\n") == 1


def test_simulate__fewer_threads_run_where_the_system_gives_no_more(monkeypatch):
    from concurrent.futures import ThreadPoolExecutor

    whole = jr.simulate(MODEL, 300, threads=1)
    submit, started = ThreadPoolExecutor.submit, []

    def submit_one(pool, *args):
        if started:
            raise RuntimeError("can't start new thread")
        started.append(pool)
        return submit(pool, *args)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", submit_one)
    assert jr.simulate(MODEL, 300, threads=3).identical(whole)
