"""Terminals that are narrow or of no width, encodings that lack characters, and things that are no files."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from modelfile import GOOD, spoiled, written
from rich.cells import cell_len
from test_cli_terminal import SHOWING

import jitrisk as jr
from jitrisk.cli.group import run
from jitrisk.cli.printing import NARROWEST, measure_width
from jitrisk.model import list_examples, load

# Of the system's own locale, without what Python puts in its place.
PLAIN = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("limits")
    jr.save(jr.simulate("bicycles", paths=200), path / "kept.nc")
    return path


@pytest.fixture
def say(capsys, folder, monkeypatch):
    monkeypatch.chdir(folder)

    def words(*words: str) -> tuple[int, str, str]:
        status = run(list(words))
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return words


@pytest.mark.parametrize("verb", [*SHOWING, "validate"])
@pytest.mark.parametrize("columns", ["20", "33"])
def test_validate__a_narrow_terminal_gets_every_figure_whole(say, verb, columns, monkeypatch):
    words = SHOWING.get(verb, ("validate", "bicycles"))
    monkeypatch.setenv("COLUMNS", "200")
    wide = say(*words)[1]
    monkeypatch.setenv("COLUMNS", columns)
    status, narrow, _ = say(*words)
    lines = narrow.splitlines()
    assert status == 0
    if verb != "validate":  # a pipe takes its line as it is
        assert max(map(cell_len, lines)) <= int(columns)
    assert "…" not in narrow
    if verb in ("compare", "run", "exceedance"):
        figures = set(re.findall(r"\d+\.\d+", wide))
        assert len(figures) > 10
        assert figures <= set(re.findall(r"\d+\.\d+", narrow))


@pytest.mark.parametrize("columns", ["0", "-5", "abc", "", "1", "99999999999", "²", "1e2"])
def test_measure_width__an_odd_number_of_columns_is_no_width(say, columns, monkeypatch):
    with monkeypatch.context() as patched:  # the test runner looks at it, too
        patched.setenv("COLUMNS", columns)
        patched.setenv("LINES", "0")
        found = measure_width()
        status, out, err = say("show", "bicycles")
    assert NARROWEST <= found <= 1_000
    assert (status, err) == (0, "")
    assert "base" in out
    assert "stock" in out


@pytest.mark.parametrize(
    ("verb", "encoding"), [("compare", "ascii"), ("show", "ascii"), ("replay", "ascii"), ("compare", "latin-1")]
)
def test_compare__any_encoding_can_take_what_is_printed(folder, verb, encoding):
    plant = folder / "plant.yaml"
    text = "name: 甲 é ± עברית\n" + "\n".join(
        line for line in examples_text().splitlines() if not line.startswith("name:")
    )
    plant.write_text(text.replace("frame:", "枠:").replace("frame,", "枠,").replace("[frame", "[枠"), encoding="utf-8")
    words = [str(plant) if word == "bicycles" else word for word in SHOWING[verb]]
    done = process(words, folder, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert rb"\u7532" in done.stdout
    assert b"Error" not in done.stderr


def examples_text() -> str:
    return list_examples()["bicycles"].read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [("compare", "bicycles", "--paths", "50"), ("validate", "甲"), ("{}",)])
def test_compare__a_plain_locale_is_no_error(folder, words):
    odd = os.fsdecode(b"caf\xe9\xff.yaml")
    done = process([word.replace("{}", odd) for word in words], folder, **PLAIN)
    assert done.returncode == (0 if words[0] == "compare" else 2)
    assert b"Error:" not in done.stderr.replace(b"\nError: No such command", b"")
    assert b"Traceback" not in done.stderr


def test_show__a_file_whose_name_is_no_text_is_read_and_written(folder):
    odd = os.fsdecode(b"caf\xe9\xff")
    (folder / f"{odd}.yaml").write_text(examples_text(), encoding="utf-8")
    for words in (
        ("compare", f"{odd}.yaml", "--paths", "20", "--out", f"{odd}.nc"),
        ("show", f"{odd}.nc"),
        ("show", f"{odd}.yaml", "--out", f"{odd}.svg"),
        ("report", f"{odd}.nc", "--html", f"{odd}.html", "--no-replay"),
    ):
        done = process(words, folder)
        assert done.returncode == 0, done.stderr
    assert {os.fsencode(path.name) for path in folder.glob("caf*")} >= {b"caf\xe9\xff.nc", b"caf\xe9\xff.html"}


def process(words, folder, **environment):
    return subprocess.run(
        [sys.executable, "-m", "jitrisk", *words],
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=120,
        env=os.environ | environment,
    )


def make_special(kind: str, path: Path) -> None:
    """Put something that is no file at a path."""
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "two links":
        path.symlink_to("other")
        (path.parent / "other").symlink_to(path.name)
    else:
        path.symlink_to("/dev/zero")


KINDS = {"pipe": "a pipe", "folder": "a folder", "loop": "leads back", "two links": "leads back", "device": "a device"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("m.yaml", ("validate", "{}")),
        ("m.json", ("compare", "{}")),
        ("r.nc", ("compare", "{}")),
        ("r.nc", ("show", "{}")),
        ("r.nc", ("compare", "bicycles", "--paths", "5", "--out", "{}")),
        ("r.nc", ("compare", "{}", "--out", "x.nc")),
        ("p.html", ("report", "bicycles", "--html", "{}")),
        ("f.svg", ("show", "bicycles", "--out", "{}")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_compare__what_is_no_file_is_refused_at_once(say, tmp_path, monkeypatch, kind, name, words):
    monkeypatch.chdir(tmp_path)
    make_special(kind, Path(name))
    status, out, err = say(*(word.replace("{}", name) for word in words))
    assert (status, out) == (2, "")
    # A folder may be a result of Zarr, until it is looked into.
    assert KINDS[kind] in err or (kind == "folder" and "is not a result" in err)
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_run__a_table_that_is_no_file_is_refused_at_once(say, tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    make_special(kind, Path("t.csv"))
    written(tmp_path, spoiled("customers.shop.demand", {"empirical": {"file": "t.csv", "column": "a"}}), "m.yaml")
    status, _, err = say("validate", "m.yaml")
    assert status == 2
    assert (KINDS[kind] if kind != "device" else "must lie in the folder") in err


def test_load__a_json_model_as_python_writes_it_has_its_characters(tmp_path):
    path = tmp_path / "m.json"
    for name in ("\U0001f600 甲 \\ud83d\\ude00", "\U0001f600 \\"):
        text = json.dumps(GOOD | {"name": name})
        path.write_text(text, encoding="utf-8")
        assert load(path).name == json.loads(text)["name"]


@pytest.mark.parametrize("name", ["\\ud83d", "\\ude00\\ud83d", "\\ud83dx\\ude00"])
def test_load__half_of_a_surrogate_pair_is_a_fault_with_its_line(tmp_path, name):
    path = tmp_path / "m.json"
    path.write_text('{"period": "1 d",\n"name": "' + name + '"}', encoding="utf-8")
    with pytest.raises(jr.ModelError, match=r"m\.json:2: .*\\U0001F600"):
        load(path)


def test_run__a_name_of_two_lines_is_written_about_in_one(say, folder, monkeypatch):
    monkeypatch.chdir(folder)
    status, _, err = say("compare", "bicycles", "--paths", "20", "-q", "--out", "a\nwrote b.nc")
    assert (status, err) == (0, "wrote a\\nwrote b.nc\n")
