"""The terminal: precision on demand, announcements, plots in characters, completion, colors, widths."""

import json
import os
import re
import subprocess
import sys

import click
import pytest
from click.shell_completion import ShellComplete
from rich.cells import cell_len

import jitrisk as jr
from jitrisk.cli import main, simulation
from jitrisk.cli.group import VERBS, cli
from jitrisk.model import list_examples
from jitrisk.run.forecast import Forecast
from jitrisk.studies import until

MODEL = "bicycles"
# What shows something on stdout, for every verb that does.
SHOWING = {
    "compare": ("compare", MODEL, "--paths", "200", "--plot"),
    "exceedance": ("compare", MODEL, "--paths", "200", "--plot", "exceedance"),
    "run": ("run", MODEL, "-s", "jit", "--paths", "200"),
    "show": ("show", MODEL),
    "replay": ("replay", MODEL, "-s", "jit", "--path", "1"),
    "reprice": ("reprice", "kept.nc", "--set", "stages.bike.value=800"),
    "examples": ("examples",),
}


@pytest.fixture
def run(capsys):
    def words(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main(list(words))
        captured = capsys.readouterr()
        return stop.value.code, captured.out, captured.err

    return words


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("terminal")
    jr.save(jr.simulate(MODEL, paths=200), path / "kept.nc")
    return path


def process(words, folder, **environment):
    return subprocess.run(
        [sys.executable, "-m", "jitrisk", *words],
        cwd=folder,
        capture_output=True,
        encoding=environment.get("PYTHONIOENCODING", "utf-8"),
        check=False,
        env={name: value for name, value in os.environ.items() if name != "NO_COLOR"} | environment,
    )


def in_a_terminal(words, folder, **environment):
    """What a command writes to a terminal."""
    import pty

    ours, theirs = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "-m", "jitrisk", *words],
        cwd=folder,
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if name != "NO_COLOR"} | environment,
    )
    os.close(theirs)
    parts = []
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the terminal is closed
            break
        if not part:
            break
        parts.append(part)
    assert done.wait() == 0
    os.close(ours)
    return b"".join(parts).decode()


def test_compare__until_says_how_many_paths_it_took(run, monkeypatch):
    monkeypatch.setattr(until, "FIRST", 500)
    status, out, err = run("compare", MODEL, "--until", "cost.mean:3%", "--json")
    document = json.loads(out)
    assert status == 0
    assert document["until"]["target"] == "cost.mean:3%"
    assert document["until"]["met"]
    assert document["paths"] > 500
    assert re.fullmatch(
        rf"cost.mean is known to within 3 % after {document['paths']:,} paths: jit .* %, jic .* %, hybrid .* %\n", err
    )
    plain = json.loads(run("compare", MODEL, "--paths", str(document["paths"]), "--json")[1])
    assert plain == {key: value for key, value in document.items() if key != "until"}


def test_run__until_may_be_quiet_but_not_about_what_it_did_not_reach(run):
    assert run("run", MODEL, "-s", "jit", "--until", "cost.mean:20%", "-q")[2] == ""
    status, out, err = run("run", MODEL, "-s", "jit", "--until", "cost.mean:0.1%", "--max-paths", "900", "-q", "--json")
    assert status == 0
    assert "is not known to within 0.1 % after 900 paths, the most allowed: jit " in err
    found = json.loads(out)["until"]
    assert (found["met"], found["stopped"]) == (False, "most")
    assert found["strategies"]["jit"]["width"] > 0.001


def test_run__paths_from_the_environment_give_way_to_until(run, monkeypatch):
    monkeypatch.setenv("JITRISK_PATHS", "50")
    status, out, _ = run("run", MODEL, "-s", "jit", "--until", "cost.mean:20%", "--json")
    assert status == 0
    assert json.loads(out)["paths"] == until.FIRST


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--until", "cost.mean:1%", "--paths", "50"), "leave --paths out"),
        (("--max-paths", "50"), "--max-paths limits the paths of --until"),
        (("--until", "cost.mean"), "METRIC.STATISTIC:WIDTH"),
        (("--until", "profit.mean:1%"), "no profit"),
        (("--plot", "histgram"), "histogram or exceedance"),
        (("--plot", "--json"), "choose one of them"),
    ],
)
def test_compare__what_does_not_go_together_is_refused(run, words, message):
    status, out, err = run("compare", MODEL, *words)
    assert (status, out) == (2, "")
    assert message in err


def test_compare__a_result_needs_no_more_precision(run, folder):
    status, _, err = run("compare", str(folder / "kept.nc"), "--until", "cost.mean:1%")
    assert status == 2
    assert "leave --until out" in err


def test_compare__a_model_after_a_bare_plot_is_told_where_it_belongs(run):
    status, _, err = run("compare", "--plot", MODEL)
    assert status == 2
    assert "a model stands before a bare --plot" in err


@pytest.mark.parametrize(
    ("seconds", "quiet", "said"),
    [(130.0, False, "about 2 min 10 s and 2.8 GB for 60 paths of 3 strategies\n"), (130.0, True, ""), (9.0, False, "")],
)
def test_compare__a_long_run_is_announced(run, monkeypatch, seconds, quiet, said):
    asked = []

    def estimate(network, paths, *, strategies, threads, outcomes):
        asked.append((paths, list(strategies), outcomes))
        return Forecast(paths, len(strategies), seconds, 2_800_000_000)

    monkeypatch.setattr(simulation, "_COUNTED", 0)
    monkeypatch.setattr("jitrisk.pipeline.estimate", estimate)
    status, _, err = run("compare", MODEL, "--paths", "60", *(["-q"] if quiet else []))
    assert (status, err) == (0, said)
    assert asked == ([] if quiet else [(60, ["jit", "jic", "hybrid"], "metrics")])


def test_compare__a_short_run_is_not_measured_first(run, monkeypatch):
    monkeypatch.setattr("jitrisk.pipeline.estimate", None)
    assert run("compare", MODEL, "--paths", "10000", "--json")[0] == 0


@pytest.mark.parametrize("verb", SHOWING)
@pytest.mark.parametrize("width", [40, 80, 200])
def test_cli__no_line_is_wider_than_the_terminal(folder, verb, width):
    done = process(SHOWING[verb], folder, COLUMNS=str(width))
    assert done.returncode == 0, done.stderr
    assert max(map(cell_len, done.stdout.splitlines())) <= width


@pytest.mark.parametrize("kind", ["compare", "exceedance"])
def test_compare__a_pipe_of_ascii_can_take_a_plot(folder, kind):
    done = process(SHOWING[kind], folder, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "?" not in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("verb", ["exceedance", "replay"])
def test_cli__colors_are_for_terminals_alone_and_never_needed(folder, verb):
    color = re.compile(r"\x1b\[[\d;]*\b3[1-7]m")
    shown = in_a_terminal(SHOWING[verb], folder, TERM="xterm-256color", COLUMNS="80")
    for environment in ({"NO_COLOR": "1", "TERM": "xterm-256color"}, {"TERM": "dumb"}):
        plain = in_a_terminal(SHOWING[verb], folder, COLUMNS="80", **environment)
        assert not color.search(plain)
        # Without its colors, the same is said.
        assert re.sub(r"\x1b\[[\d;]*m", "", plain) == re.sub(r"\x1b\[[\d;]*m", "", shown)
    assert "\x1b" not in process(SHOWING[verb], folder, COLUMNS="80").stdout


def test_validate__a_line_is_folded_between_words_for_a_terminal_alone(folder):
    words = ("validate", MODEL)
    shown = in_a_terminal(words, folder, COLUMNS="60")
    piped = process(words, folder, COLUMNS="60").stdout
    assert max(map(cell_len, shown.splitlines())) <= 60
    assert max(map(cell_len, piped.splitlines())) > 60
    assert shown.split() == piped.split()


def offered(*words: str) -> list[str]:
    *before, last = words
    return [item.value for item in ShellComplete(cli, {}, "jitrisk", "_JITRISK_COMPLETE").get_completions(before, last)]


@pytest.mark.parametrize(
    ("words", "offers"),
    [
        (("co",), {"compare"}),
        (("",), set(VERBS)),
        (("compare", MODEL, "--pl"), {"--plot"}),
        (("compare", MODEL, "--plot", ""), {"histogram", "exceedance"}),
        (("compare", MODEL, "--base", ""), {"jit", "jic", "hybrid"}),
        (("run", MODEL, "-s", "ji"), {"jit", "jic"}),
        (("run", "-s", "ji"), set()),
        (("run", "kept.nc", "-s", "ji"), set()),
        (("run", "none.yaml", "-s", "ji"), set()),
        (("new", "mine", "--from", "b"), {name for name in list_examples() if name.startswith("b")}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_compare__tab_offers_what_there_is(words, offers):
    assert set(offered(*words)) == offers


@pytest.mark.parametrize(
    "verb",
    [
        verb
        for verb in VERBS
        if any(isinstance(one, click.Argument) and one.name == "model" for one in cli.get_command(None, verb).params)
    ],
)
def test_cli__tab_offers_files_and_examples_for_a_model(verb):
    complete = ShellComplete(cli, {}, "jitrisk", "_JITRISK_COMPLETE")
    items = complete.get_completions([verb], "br")
    assert [(item.type, item.value) for item in items] == [("file", "br"), ("plain", "brake-valves")]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_cli__a_shell_gets_a_script(folder, shell):
    done = process((), folder, _JITRISK_COMPLETE=f"{shell}_source")
    # Click asks the bash that is there for its version, and complains where there is none.
    assert "_JITRISK_COMPLETE" in done.stdout
    assert "jitrisk" in done.stdout


def test_cli__a_shell_gets_its_answers(folder):
    done = process(
        (), folder, _JITRISK_COMPLETE="bash_complete", COMP_WORDS="jitrisk run bicycles -s ji", COMP_CWORD="4"
    )
    assert done.stdout.split() == ["plain,jit", "plain,jic"]
