"""``jitrisk optimize``: what reaches the search, what is printed and written, and what Ctrl-C keeps."""

import json
import os
import signal
import subprocess
import sys
import types
from pathlib import Path

import pytest
from click.testing import CliRunner
from optimizations import build_study, build_unmet
from test_cli_warnings import MODEL

import jitrisk as jr
from jitrisk.cli import main
from jitrisk.cli.group import cli
from jitrisk.errors import JitriskError, ResultError

TESTS, STUDIES = Path(__file__).parent, "jitrisk.studies.optimize"


def run(capsys, *words):
    with pytest.raises(SystemExit) as stop:
        main(list(words))
    captured = capsys.readouterr()
    return stop.value.code, captured.out, captured.err


@pytest.fixture
def search(monkeypatch):
    """Take the place of the search: keep what it is called with, and return a study made by hand."""
    calls = types.SimpleNamespace(study=build_study(), given=None, network=None, plan=None)

    def optimize(network, **given):
        calls.network, calls.given = network, given
        return calls.study

    def write_plan(source, study, target):
        calls.plan = (source, study, target)
        Path(target).write_text("name: plan\n")

    module = types.ModuleType(STUDIES)
    module.optimize, module.write_plan = optimize, write_plan
    monkeypatch.setitem(sys.modules, STUDIES, module)
    return calls


def test_optimize__every_option_reaches_the_search(capsys, search):
    words = ["optimize", "bicycles", "--vary", "stages.bike.policy.kanban.cards=2..40", "--vary", "stages.frame"]
    words += ["--minimize", "cost.cvar95", "--subject", "fill_rate.mean >= 98%", "-s", "jit", "--paths", "500"]
    words += ["--seed", "3", "--threads", "2", "--rare", "--time-limit", "2 min", "--indifference", "0.5%"]
    code, _, _ = run(capsys, *words)
    given = {name: value for name, value in search.given.items() if name not in ("progress", "is_stopped")}
    assert code == 0
    assert given == {
        "vary": ("stages.bike.policy.kanban.cards=2..40", "stages.frame"),
        "minimize": "cost.cvar95",
        "subject": ("fill_rate.mean >= 98%",),
        "strategy": "jit",
        "paths": 500,
        "seed": 3,
        "threads": 2,
        "rare": True,
        "time_limit": 120.0,
        "indifference": 0.005,
    }
    assert search.given["is_stopped"]() is False


@pytest.mark.parametrize(("text", "seconds"), [("60 s", 60.0), ("90", 90.0), ("1 h 30 min", 5400.0), ("PT2M", 120.0)])
def test_optimize__a_time_limit_is_a_duration_or_seconds(capsys, search, text, seconds):
    assert run(capsys, "optimize", "bicycles", "--time-limit", text)[0] == 0
    assert search.given["time_limit"] == seconds


@pytest.mark.parametrize(
    ("option", "text"),
    [
        *(("--time-limit", text) for text in ("0", "-3 s", "3 / d", "5 %", "1:30", "soon")),
        *(("--indifference", text) for text in ("0", "100%", "1 d", "-1%", "little")),
    ],
)
def test_optimize__a_quantity_that_is_none_is_refused(capsys, search, option, text):
    code, out, err = run(capsys, "optimize", "bicycles", f"{option}={text}")
    assert (code, out) == (2, "")
    assert f"Invalid value for '{option}'" in err
    assert search.given is None


def test_optimize__what_is_set_is_searched(capsys, search):
    assert run(capsys, "optimize", "bicycles", "--set", "stages.bike.capacity=9")[0] == 0
    assert search.network.stages["bike"].capacity == 9


def test_optimize__prints_the_plan_first_and_the_answer_last(capsys, search):
    code, out, err = run(capsys, "optimize", "bicycles")
    assert (code, err) == (0, "")
    assert out.index("On cards: valve 12 cards (was 8)") < out.index("The strategies on fresh paths")
    assert out.rstrip().replace("\n", "").replace(" ", "").endswith("wherenoneighboringplanwasbetterbymorethanthat.")


def test_optimize__prints_one_document_for_programs(capsys, search):
    code, out, _ = run(capsys, "optimize", "bicycles", "--json")
    assert code == 0
    assert json.loads(out)["schema"] == "jitrisk.optimization"


def test_optimize__writes_the_plan_and_the_page(capsys, search, tmp_path):
    plan, page = tmp_path / "plan.yaml", tmp_path / "plan.html"
    code, out, err = run(capsys, "optimize", "bicycles", "--out", str(plan), "--html", str(page))
    assert code == 0
    assert search.plan[0] == "bicycles"
    assert search.plan[1] is search.study
    assert search.plan[2] == plan
    assert page.read_text().startswith("<!doctype html>")
    assert err == f"wrote {plan}\nwrote {page}\n"
    assert "optimized" in out


def test_optimize__an_unmet_search_is_shown_and_ends_well(capsys, search):
    search.study = build_unmet()
    code, out, _ = run(capsys, "optimize", "bicycles")
    assert code == 0
    assert "No plan that was simulated meets every constraint" in out


def test_optimize__an_interrupted_search_keeps_everything_and_ends_with_130(capsys, search, tmp_path):
    search.study = build_study(stopped="interrupted")
    plan = tmp_path / "plan.yaml"
    code, out, _ = run(capsys, "optimize", "bicycles", "--out", str(plan))
    assert code == 130
    assert "The search was interrupted" in " ".join(out.split())
    assert plan.exists()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--out", "plan.txt"), "unknown kind of file '.txt': allowed are .yaml, .yml, .json"),
        (("--out", "missing/plan.yaml"), "there is no folder"),
        (("--out", "other.yaml"), "exists and has no strategy 'optimized' of an earlier plan"),
        (("--out", "broken.yaml"), "exists and has no strategy 'optimized' of an earlier plan"),
        (("--out", "folder.yaml"), "is a folder"),
        (("--out", "plan.yaml", "--set", "stages.bike.capacity=9"), "which --set leaves as it is"),
        (("--out", "mine.yaml"), "is read and would be written over"),
        (("--html", "page.txt"), "unknown kind of file '.txt'"),
        (("--html", "mine.yaml"), "unknown kind of file '.yaml'"),
    ],
)
def test_optimize__targets_are_checked_before_the_search(capsys, search, tmp_path, monkeypatch, words, reason):
    monkeypatch.chdir(tmp_path)
    text = Path(jr.__file__).parent.joinpath("examples/bicycles.yaml").read_text()
    Path("mine.yaml").write_text(text)
    Path("other.yaml").write_text(text)
    Path("broken.yaml").write_text("- nothing")
    Path("folder.yaml").mkdir()
    code, out, err = run(capsys, "optimize", "mine.yaml", *words)
    assert (code, out) == (2, "")
    assert reason in err
    assert search.given is None
    assert Path("other.yaml").read_text() == text


def test_optimize__an_earlier_plan_is_replaced(capsys, search, tmp_path):
    plan, model = tmp_path / "plan.yaml", jr.read_model("bicycles")
    model["strategies"]["optimized"] = {}
    plan.write_text(json.dumps(model))
    assert "optimized" in jr.load(plan).strategies
    assert run(capsys, "optimize", "bicycles", "--out", str(plan))[0] == 0
    assert plan.read_text() == "name: plan\n"


def test_optimize__a_result_is_refused(capsys, search, tmp_path):
    code, _, err = run(capsys, "optimize", str(tmp_path / "run.nc"))
    assert code == 2
    assert "is a result, and a search simulates" in err


def test_optimize__a_plan_that_cannot_be_written_is_kept_elsewhere_and_printed(capsys, search, tmp_path, monkeypatch):
    write = sys.modules[STUDIES].write_plan
    plan = tmp_path / "plan.yaml"

    def write_elsewhere(source, study, target):
        if Path(target) == plan:
            raise ResultError(f"{target}: could not be written: disk full")
        write(source, study, target)

    monkeypatch.setattr(sys.modules[STUDIES], "write_plan", write_elsewhere)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code, out, err = run(capsys, "optimize", "bicycles", "--out", str(plan))
    assert code == 2
    assert "optimized" in out
    (kept,) = tmp_path.glob("jitrisk-kept-*/plan.yaml")
    assert f"disk full; it is kept in {kept}" in err


def test_optimize__an_error_of_the_search_is_bad_input(capsys, search, monkeypatch):
    def fail(*_, **__):
        raise JitriskError("there is no metric 'costs'")

    monkeypatch.setattr(sys.modules[STUDIES], "optimize", fail)
    assert run(capsys, "optimize", "bicycles", "--minimize", "costs.mean") == (
        2,
        "",
        "jitrisk: there is no metric 'costs'\n",
    )


def test_optimize__faults_of_the_model_end_it(capsys, search, tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("name: broken\n")
    assert run(capsys, "optimize", str(broken))[0] == 2
    assert search.given is None


def test_optimize__warnings_about_the_model_are_printed_or_with_strict_are_faults(capsys, search, tmp_path):
    model = tmp_path / "slow.yaml"
    model.write_text(MODEL)
    code, out, err = run(capsys, "optimize", str(model), "--json")
    assert code == 0
    assert err.count("jitrisk: warning: ") == len(json.loads(out)["warnings"]) == 2
    search.given = None
    code, out, _ = run(capsys, "optimize", str(model), "--strict")
    assert (code, out, search.given) == (2, "", None)


def test_optimize__shows_its_progress_on_a_terminal(capsys, search, monkeypatch):
    def optimize(network, *, progress, **given):
        progress(1, 2)
        return build_study()

    monkeypatch.setattr(sys.modules[STUDIES], "optimize", optimize)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    code, _, err = run(capsys, "optimize", "bicycles")
    assert code == 0
    assert "searching" in err
    monkeypatch.setattr(
        sys.modules[STUDIES], "optimize", lambda network, *, progress, **given: build_study(plans=int(progress is None))
    )
    code, out, err = run(capsys, "optimize", "bicycles", "--quiet", "--json")
    assert (code, err, json.loads(out)["plans_simulated"]) == (0, "", 1)


def test_optimize__the_shell_completes_strategies():
    found = CliRunner().invoke(
        cli,
        prog_name="jitrisk",
        env={"_JITRISK_COMPLETE": "bash_complete", "COMP_WORDS": "jitrisk optimize bicycles -s ", "COMP_CWORD": "4"},
    )
    assert {"plain,jit", "plain,jic", "plain,hybrid"} <= set(found.output.split())


SLOW = """
import sys, time, types
sys.path.insert(0, {tests!r})
from pathlib import Path
from optimizations import build_study

def optimize(network, *, is_stopped, **given):
    print("searching", file=sys.stderr, flush=True)
    begin = time.monotonic()
    while not is_stopped() and time.monotonic() - begin < 60:
        time.sleep(0.01)
    if {hangs}:
        print("asked", file=sys.stderr, flush=True)
        time.sleep(60)
    return build_study(stopped="interrupted" if is_stopped() else "time")

module = types.ModuleType({name!r})
module.optimize = optimize
module.write_plan = lambda source, study, target: Path(target).write_text("name: plan")
sys.modules[{name!r}] = module
from jitrisk.cli import main
main()
"""


def start(folder, hangs=False):
    """Start the command with a search that goes on until it is asked to stop; return once it searches."""
    words = ("optimize", "bicycles", "--out", "plan.yaml", "--html", "plan.html")
    started = subprocess.Popen(
        [sys.executable, "-c", SLOW.format(tests=str(TESTS), name=STUDIES, hangs=hangs), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(jr.__file__).parents[1])},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert started.stderr.readline() == "searching\n"
    return started


def test_optimize__ctrl_c_ends_the_search_and_keeps_what_is_known(tmp_path):
    started = start(tmp_path)
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=60)
    assert started.returncode == 130
    assert "The search was interrupted" in " ".join(out.split())
    assert err.splitlines()[1] == "jitrisk: stopping, with the best plan so far; Ctrl-C again ends at once"
    assert sorted(os.listdir(tmp_path)) == ["plan.html", "plan.yaml"]
    assert tmp_path.joinpath("plan.html").read_text().rstrip().endswith("</html>")


def test_optimize__a_second_ctrl_c_ends_at_once_and_writes_nothing(tmp_path):
    started = start(tmp_path, hangs=True)
    started.send_signal(signal.SIGINT)
    while started.stderr.readline() != "asked\n":
        pass
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=60)
    assert (started.returncode, out, err) == (130, "", "jitrisk: interrupted\n")
    assert os.listdir(tmp_path) == []


def test_optimize__another_signal_ends_it_at_once(tmp_path):
    started = start(tmp_path)
    started.send_signal(signal.SIGTERM)
    out, _ = started.communicate(timeout=60)
    assert (started.returncode, out, os.listdir(tmp_path)) == (143, "", [])


def test_optimize__the_plan_has_the_suffix_of_the_model(capsys, search, tmp_path):
    code, _, err = run(capsys, "optimize", "bicycles", "--out", str(tmp_path / "plan.json"))
    assert code == 2
    assert "give it the same suffix" in err
