"""``jitrisk replay``: the right path, told to people and to programs, kept whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import xarray as xr
from test_cli import run

import jitrisk as jr

RUN = ("--paths", "200")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("kept") / "run.nc"
    jr.save(jr.simulate("bicycles", 200, seed=4), path)
    return str(path)


def test_replay__the_worst_path_is_told(capsys):
    code, out, err = run(capsys, "replay", "bicycles", "-s", "jit", "--worst", "cost", *RUN)
    assert (code, err) == (0, "")
    worst = jr.replay("bicycles", "jit", worst="cost", paths=200)["path"].item()
    assert out.startswith(f"Bicycles: path {worst:,} under jit")
    for words in ("strike began", "went short", "cost per year", "worst of 200 paths"):
        assert words in out


def test_replay__programs_get_events_and_totals(capsys):
    code, out, _ = run(capsys, "replay", "bicycles", "-s", "jic", "--path", "3", "--seed", "5", "--json")
    document = json.loads(out)
    assert code == 0
    assert (document["schema"], document["schema_version"]) == ("jitrisk.replay", 2)
    assert (document["path"], document["strategy"], document["seed"]) == (3, "jic", 5)
    values = jr.simulate("bicycles", range(3, 4), seed=5).risk.metrics().sel(strategy="jic")
    assert {name: total["value"] for name, total in document["totals"].items()} == {
        name: values[name].item() for name in values.data_vars
    }


def test_replay__a_kept_result_knows_its_paths(capsys, kept: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("JITRISK_PATHS", "3")
    monkeypatch.setenv("JITRISK_SEED", "3")
    words = ("-s", "hybrid", "--quantile", "0.9", "--metric", "stockout", "--json")
    code, out, _ = run(capsys, "replay", kept, *words)
    document = json.loads(out)
    expected = jr.replay(jr.open(kept), "hybrid", quantile=0.9, metric="stockout")
    assert code == 0
    assert (document["path"], document["run_paths"], document["seed"]) == (expected["path"].item(), 200, 4)
    assert run(capsys, "replay", kept, "-s", "jit", "--path", "7")[0] == 0


@pytest.mark.parametrize("name", ["one.nc", "one.zarr"])
def test_replay__the_series_are_kept(capsys, tmp_path: Path, name: str):
    code, _, err = run(capsys, "replay", "bicycles", "-s", "jit", "--path", "9", "--out", str(tmp_path / name))
    assert (code, err) == (0, f"wrote {tmp_path / name}\n")
    xr.testing.assert_identical(jr.open(tmp_path / name), jr.replay("bicycles", "jit", 9))
    for verb in (("compare",), ("run", "-s", "jit"), ("replay", "-s", "jit", "--path", "9")):
        code, out, err = run(capsys, verb[0], str(tmp_path / name), *verb[1:])
        assert (code, out) == (2, "")
        assert "the replay of one path" in err
        assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "Give exactly one of --path NUMBER"),
        (("--path", "3", "--worst", "cost"), "Give exactly one of --path NUMBER"),
        (("--path", "3", "--paths", "5"), "leave it out with --path"),
        (("--worst", "cost", "--metric", "lost"), "`worst` takes its own: leave metric out"),
        (("--path", "3", "--metric", "lost"), "`metric` is that of the quantile"),
        (("--worst", "costs"), "did you mean 'cost'?"),
        (("--quantile", "1"), "--quantile"),
        (("--path", "-1"), "--path"),
        (("--path", "3", "--out", "nowhere/one.nc"), "make it first"),
        (("--path", "3", "--out", "one.txt"), "allowed are .nc and .zarr"),
    ],
)
def test_replay__what_is_not_clear_is_refused_before_any_work(
    capsys, monkeypatch: pytest.MonkeyPatch, words, message: str
):
    monkeypatch.setattr("jitrisk.run.engine.run_blocks", None)
    code, out, err = run(capsys, "replay", "bicycles", "-s", "jit", *words)
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-s", "jit", "--path", "200"), "no path 200 in the result: it has 0 to 199"),
        (("-s", "jit", "--path", "2", "--seed", "4"), "leave --seed out"),
        (("-s", "jit", "--worst", "cost", "--paths", "4"), "leave --paths out"),
        (("-s", "jot", "--path", "2"), "did you mean 'jit'?"),
    ],
)
def test_replay__what_a_result_does_not_take_is_refused(capsys, kept: str, words, message: str):
    code, out, err = run(capsys, "replay", kept, *words)
    assert (code, out) == (2, "")
    assert message in err
    code, _, err = run(capsys, "replay", kept, "-s", "jit", "--path", "2", "--out", kept)
    assert code == 2
    assert "would be written over" in err


def test_replay__a_result_that_was_changed_is_refused(capsys, kept: str, tmp_path: Path):
    outcomes = jr.open(kept)
    jr.save(outcomes.assign(started=outcomes["started"] + 1), tmp_path / "changed.nc")
    code, out, err = run(capsys, "replay", str(tmp_path / "changed.nc"), "-s", "jit", "--path", "2")
    assert (code, out) == (2, "")
    assert "differs from the result in started" in err
    assert len(err.splitlines()) == 1


def test_replay__what_never_happened_has_no_place(capsys):
    _, out, _ = run(capsys, "replay", "bicycles", "-s", "jit", "--worst", "cost", *RUN)
    (backlog,) = (line.split() for line in out.splitlines() if line.startswith("largest backlog"))
    assert backlog[-2:] == ["0", "-"]


def test_replay__that_no_hazard_is_rare_is_a_line_without_a_file(capsys):
    code, _, err = run(capsys, "replay", "bicycles", "-s", "jit", "--path", "1", "--rare")
    assert code == 0
    assert err.startswith("no hazard is rare (each begins")
    assert "UserWarning" not in err
