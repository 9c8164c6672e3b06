"""The command line, through Click's runner and as a real process."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from modelfile import written
from rarely import UNTIL_RARE, exact_mean_cost

import jitrisk as jr
from jitrisk.cli import main
from jitrisk.cli.group import VERBS

TINY = "bicycles"
BROKEN = """\
name: broken
period: 1 d
horizon: 30 d
stages:
  wheel: {lead_time: 2 d, policy: {base_stok: {level: 5}}}
customers:
  shop: {stage: whel, demand: -3}
"""


def run(capsys, *words):
    """Run the command line; return its exit code, stdout and stderr."""
    with pytest.raises(SystemExit) as stop:
        main(list(words))
    captured = capsys.readouterr()
    return stop.value.code, captured.out, captured.err


def process(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "jitrisk", *words], capture_output=True, text=True, timeout=120, check=False, **options
    )


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text(BROKEN)
    return path


@pytest.mark.parametrize("verb", VERBS)
def test_cli__every_verb_has_help_with_an_example(capsys, verb):
    code, out, _ = run(capsys, verb, "--help")
    assert code == 0
    assert f"Example: jitrisk {verb}" in out


def test_cli__help_lists_every_verb(capsys):
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert all(verb in out for verb in VERBS)


def test_cli__the_version_is_the_package_s(capsys):
    assert run(capsys, "--version") == (0, f"jitrisk {jr.__version__}\n", "")


def test_compare__compare_prints_one_table_and_a_conclusion_on_stdout(capsys):
    code, out, err = run(capsys, "compare", TINY, "--paths", "500")
    assert code == 0
    assert err == ""
    for words in (
        "jit",
        "jic",
        "hybrid",
        "cost per year",
        "CVaR 95",
        "downtime",
        "stockout",
        "fill rate",
        "working capital",
    ):
        assert words in out


def test_compare__compare_can_be_narrowed_to_strategies_and_given_a_base(capsys):
    code, out, _ = run(capsys, "compare", TINY, "-s", "jic", "-s", "jit", "--base", "jit", "--paths", "200")
    assert code == 0
    assert "hybrid" not in out
    assert "difference to jit" in out


def test_compare__compare_prints_json_for_programs(capsys):
    code, out, _ = run(capsys, "compare", TINY, "--paths", "200", "--json")
    document = json.loads(out)
    assert code == 0
    assert document["schema_version"] == 3
    assert set(document["strategies"]) == {"jit", "jic", "hybrid"}
    assert document["paths"] == 200


def test_compare__compare_takes_a_result_in_place_of_a_model(capsys, tmp_path):
    out_file = str(tmp_path / "run.nc")
    code, fresh, err = run(capsys, "compare", TINY, "--paths", "200", "--out", out_file)
    assert code == 0
    assert "wrote" in err
    assert run(capsys, "compare", out_file) == (0, fresh, "")


@pytest.mark.parametrize("name", ["run.nc", "run.zarr", "run.zarr/"])
def test_compare__a_kept_result_says_what_the_run_said(capsys, tmp_path, name):
    fresh = run(capsys, "compare", TINY, "--paths", "200", "--json", "--out", str(tmp_path / name.rstrip("/")))[1]
    assert run(capsys, "compare", f"{tmp_path}/{name}", "--json") == (0, fresh, "")


def test_compare__a_result_takes_no_options_of_a_run(capsys, tmp_path):
    kept = str(tmp_path / "run.nc")
    run(capsys, "compare", TINY, "--paths", "200", "--out", kept)
    for words, message in (
        (("--paths", "5"), "leave --paths out"),
        (("--seed", "5"), "leave --seed out"),
        (("-s", "jit", "--out", kept), "would be written over"),
    ):
        code, out, err = run(capsys, "compare", kept, *words)
        assert (code, out) == (2, "")
        assert message in err
    assert jr.open(kept).sizes["strategy"] == 3


def test_compare__out_replaces_nothing_but_results(capsys, tmp_path):
    (tmp_path / "keep.zarr").mkdir()
    (tmp_path / "keep.zarr" / "precious").touch()
    (tmp_path / "note.nc").write_text("precious")
    for name in ("keep.zarr", "note.nc"):
        code, _, err = run(capsys, "compare", TINY, "--paths", "50", "--out", str(tmp_path / name))
        assert code == 2
        assert "is no result of jitrisk" in err
    assert (tmp_path / "keep.zarr" / "precious").exists()
    assert (tmp_path / "note.nc").read_text() == "precious"


def test_compare__a_disk_too_small_is_noticed_before_it_is_full(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=5))
    code, _, err = run(capsys, "compare", TINY, "--paths", "50", "--out", str(tmp_path / "run.nc"))
    assert code == 2
    assert "are free there" in err
    assert os.listdir(tmp_path) == []


def test_examples__output_that_cannot_be_printed_is_said():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "jitrisk", "examples"], stdout=full, stderr=-1, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"jitrisk: the output could not be written: {os.strerror(errno.ENOSPC)}"


def test_run__run_takes_one_strategy_apart(capsys):
    code, out, _ = run(capsys, "run", TINY, "--strategy", "jit", "--paths", "200")
    assert code == 0
    assert "holding" in out


def test_compare__options_may_stand_in_the_environment(capsys, monkeypatch):
    monkeypatch.setenv("JITRISK_PATHS", "123")
    assert json.loads(run(capsys, "compare", TINY, "--json")[1])["paths"] == 123
    assert json.loads(run(capsys, "compare", TINY, "--json", "--paths", "50")[1])["paths"] == 50


def test_examples__examples_lists_every_packaged_model(capsys):
    code, out, _ = run(capsys, "examples", "--json")
    assert code == 0
    assert {"brake-valves", TINY} <= set(json.loads(out)["examples"])


@pytest.mark.parametrize("example", ["brake-valves", "clinic-supplies", TINY])
def test_validate__new_writes_a_model_that_validates(capsys, tmp_path, monkeypatch, example):
    monkeypatch.chdir(tmp_path)
    assert run(capsys, "new", "mine", "--from", example)[0] == 0
    code, out, _ = run(capsys, "validate", "mine.yaml")
    assert code == 0
    assert "strategies jit, jic, hybrid" in out


def test_new__new_overwrites_nothing(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text("precious")
    code, _, err = run(capsys, "new", "mine")
    assert code == 2
    assert "exists already" in err
    assert Path("mine.yaml").read_text() == "precious"


def test_new__new_names_the_nearest_example(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = run(capsys, "new", "mine", "--from", "brake-valve")
    assert code == 2
    assert "did you mean 'brake-valves'?" in err
    assert os.listdir(tmp_path) == []


def test_schema__schema_prints_a_json_schema(capsys):
    code, out, _ = run(capsys, "schema")
    assert code == 0
    assert "stages" in json.loads(out)["properties"]


def test_validate__validate_names_every_fault_with_file_line_and_key(capsys, broken):
    code, out, err = run(capsys, "validate", str(broken))
    assert (code, out) == (2, "")
    assert f"{broken}:5: stages.wheel.policy" in err
    assert "base_stock" in err
    assert f"{broken}:7: customers.shop" in err
    assert "wheel" in err
    assert "Traceback" not in err


def test_validate__validate_prints_faults_for_programs(capsys, broken):
    code, out, _ = run(capsys, "validate", str(broken), "--json")
    assert code == 2
    assert {fault["line"] for fault in json.loads(out)["faults"]} == {5, 7}


@pytest.mark.parametrize(
    "words",
    [
        ("compare",),
        ("compare", "no-such-model"),
        ("compare", "none.yaml"),
        ("compare", TINY, "-s", "jjit"),
        ("compare", TINY, "--base", "jjit", "--paths", "50"),
        ("compare", TINY, "--paths", "0"),
        ("compare", TINY, "--paths", "1e6"),
        ("compare", TINY, "--level", "95"),
        ("compare", TINY, "--out", "run.csv"),
        ("compare", TINY, "--out", "no/such/folder/run.nc"),
        ("compare", TINY, "--paths", "1000000000000"),
        ("compare", "none.nc"),
        ("run", TINY),
        ("comparee", TINY),
        ("compare", TINY, "--paths", "9" * 30),
        ("new", "no/such/folder/mine"),
        ("new", "bicycles"),
        ("new", "."),
        ("validate", "--colour"),
    ],
    ids=" ".join,
)
def test_compare__bad_input_exits_with_2_one_message_and_nothing_written(capsys, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert err.strip()
    assert "Traceback" not in err
    assert os.listdir(tmp_path) == []


def test_compare__debug_shows_the_traceback(capsys, broken):
    code, _, err = run(capsys, "compare", str(broken), "--debug")
    assert code == 2
    assert "Traceback" in err


def test_compare__an_internal_error_exits_with_1_and_one_line(capsys, monkeypatch):
    def fail(*args, **kwargs):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("jitrisk.pipeline.simulate", fail)
    code, out, err = run(capsys, "compare", TINY)
    assert (code, out) == (1, "")
    assert "internal error: ZeroDivisionError: oops" in err
    assert "Traceback" not in err


def test_compare__an_unwritable_disk_leaves_nothing(capsys, tmp_path, monkeypatch):
    def full_disk(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("xarray.Dataset.to_netcdf", full_disk)
    code, _, err = run(capsys, "compare", TINY, "--paths", "50", "--out", "run.nc")
    assert code == 2
    assert "No space left on device" in err
    assert os.listdir(tmp_path) == []


def test_cli__as_a_process_data_go_to_stdout_without_color():
    done = process("compare", TINY, "--paths", "300")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("width", [80, 200])
def test_cli__no_line_is_wider_than_the_terminal(width):
    done = process("compare", TINY, "--paths", "300", env=os.environ | {"COLUMNS": str(width)})
    assert max(map(len, done.stdout.splitlines())) <= width


def test_cli__a_reader_that_goes_away_is_no_error_of_ours():
    done = subprocess.run(
        f"{sys.executable} -m jitrisk schema | head -c 1", shell=True, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("number", "code", "line"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_cli__a_signal_ends_cleanly_and_leaves_nothing(tmp_path, number, code, line):
    started = subprocess.Popen(
        [sys.executable, "-m", "jitrisk", "compare", "brake-valves", "-q", "--paths", "2000000", "--out", "run.nc"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Shells start background jobs with Ctrl-C ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    time.sleep(4)
    started.send_signal(number)
    out, err = started.communicate(timeout=20)
    assert (started.returncode, out) == (code, "")
    assert err == f"jitrisk: {line}\n"
    assert os.listdir(tmp_path) == []


def test_cli__a_closed_output_is_said_in_one_line():
    done = subprocess.run(
        f"{sys.executable} -m jitrisk examples >&-", shell=True, stderr=subprocess.PIPE, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, "jitrisk: the output is closed, so there is nowhere to print to\n")


def test_validate__a_result_is_no_model_to_validate(capsys, tmp_path):
    jr.save(jr.simulate(TINY, 2), tmp_path / "run.nc")
    code, _, err = run(capsys, "validate", str(tmp_path / "run.nc"))
    assert code == 2
    assert "is a result, whose model was checked: `jitrisk show` prints it" in err


def test_cli__the_installed_command_is_the_module():
    command = Path(sys.executable).parent / "jitrisk"
    if not command.exists():
        pytest.skip("jitrisk is not installed beside this Python")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"jitrisk {jr.__version__}\n"


@pytest.fixture
def rare_model(tmp_path):
    return str(written(tmp_path, UNTIL_RARE))


def test_compare__until_does_not_call_known_what_was_never_seen(capsys, rare_model):
    words = ("compare", rare_model, "--until", "cost.mean:1%", "--max-paths", "10000")
    code, out, err = run(capsys, *words)
    assert code == 0
    assert "is not known to within 1 % after 10,000 paths, the most allowed: base unknown" in err
    assert (
        "fire is expected to hit 1 time in these paths, and 5 are needed: sample rare hazards more often (--rare), or"
        in err
    )
    assert "± ?" in out
    document = json.loads(run(capsys, *words, "--json", "-q")[1])
    assert document["until"]["met"] is False
    assert document["until"]["strategies"]["base"]["lower"] is None


def test_compare__rare_hazards_are_sampled_more_often_where_asked(capsys, rare_model):
    words = ("compare", rare_model, "--until", "cost.mean:1%", "--rare", "--json")
    code, out, err = run(capsys, *words)
    found = json.loads(out)["until"]
    assert code == 0
    assert "cost.mean is known to within 1 %" in err
    assert found["met"] is True
    assert found["strategies"]["base"]["lower"] < exact_mean_cost() < found["strategies"]["base"]["upper"]


def test_compare__a_result_with_weights_is_kept_and_takes_no_rare(capsys, rare_model, tmp_path):
    kept = str(tmp_path / "run.nc")
    code, fresh, _ = run(capsys, "compare", rare_model, "--paths", "500", "--rare", "--out", kept)
    assert code == 0
    assert "paths are weighted accordingly" in " ".join(fresh.split())
    assert run(capsys, "compare", kept) == (0, fresh, "")
    code, _, err = run(capsys, "compare", kept, "--rare")
    assert code == 2
    assert "leave --rare out" in err


def test_replay__a_path_of_a_rare_run_is_replayed(capsys, rare_model):
    code, out, _ = run(capsys, "replay", rare_model, "-s", "base", "--worst", "cost", "--paths", "60", "--rare")
    assert code == 0
    assert "fire" in out
    assert "estimated from 60 paths, weighted" in " ".join(out.split())
