"""``--set`` on the command line: the model edited by hand, or the prices of a result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import xarray as xr
from test_cli import run

import jitrisk as jr
from jitrisk.model import list_examples

EDITS = {
    "stages.bike.capacity": ("capacity: 12", "capacity: 9"),
    "customers.shop.demand.poisson.mean": ("mean: 8}", "mean: 9}"),
    "hazards.strike.rate": ("rate: 1 / 2 years", "rate: 1 / year"),
    "strategies.jic.stages.frame.policy.base_stock.cover": ("cover: 40 d", "cover: 30 d"),
}
"""Values of bicycles by their keys, each with the words of the file before and after."""

SET = [word for key, (_, after) in EDITS.items() for word in ("--set", f"{key}={after.partition(': ')[2].rstrip('}')}")]
FEW = ("--paths", "60", "--seed", "5", "-q")


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    text = list_examples()["bicycles"].read_text(encoding="utf-8")
    for before, after in EDITS.values():
        assert text.count(before) == 1
        text = text.replace(before, after)
    path = tmp_path_factory.mktemp("hand") / "edited.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stored") / "run.nc"
    jr.save(jr.simulate("bicycles", 60, seed=5), path)
    return path


def test_compare__compare_gives_the_bits_of_the_file_edited_by_hand(capsys, tmp_path, by_hand):
    changed, edited = tmp_path / "changed.nc", tmp_path / "edited.nc"
    first = run(capsys, "compare", "bicycles", *SET, *FEW, "--out", str(changed), "--json")
    second = run(capsys, "compare", str(by_hand), *FEW, "--out", str(edited), "--json")
    assert first[0] == second[0] == 0
    assert first[1] == second[1]
    xr.testing.assert_identical(jr.open(changed).drop_attrs(deep=False), jr.open(edited).drop_attrs(deep=False))
    assert jr.open(changed).attrs["model_hash"] == jr.load(by_hand).digest
    assert jr.open(changed).attrs["model_hash"] != jr.load("bicycles").digest


@pytest.mark.parametrize(
    "words",
    [
        ("run", "-s", "jic", *FEW),
        ("replay", "-s", "jic", "--worst", "cost", *FEW),
        ("replay", "-s", "jic", "--path", "7"),
        ("show", "-s", "jic"),
        ("show", "--json"),
        ("validate",),
    ],
)
def test_replay__other_verbs_print_what_they_print_for_the_file_edited_by_hand(capsys, by_hand, words):
    verb, *options = words
    code, out, _ = run(capsys, verb, "bicycles", *SET, *options)
    assert (code, out) == run(capsys, verb, str(by_hand), *options)[:2]
    assert code == 0
    if verb != "validate":
        assert out != run(capsys, verb, "bicycles", *options)[1]


def test_report__a_report_of_a_changed_model_is_that_of_the_file_edited_by_hand(capsys, tmp_path, by_hand):
    page = tmp_path / "page.html"
    code, out, _ = run(capsys, "report", "bicycles", *SET, *FEW, "--no-replay", "--html", str(page), "--json")
    assert code == 0
    assert jr.load(by_hand).digest in page.read_text(encoding="utf-8")
    assert out == run(capsys, "compare", str(by_hand), *FEW, "--json")[1]


def test_reprice__a_result_of_a_changed_model_can_be_replayed_and_repriced(capsys, tmp_path):
    out = tmp_path / "changed.nc"
    assert run(capsys, "compare", "bicycles", *SET, *FEW, "--out", str(out))[0] == 0
    result = jr.open(out)
    replay = jr.replay(result, "jic", worst="cost")
    kept = result.sel(strategy="jic", path=replay["path"].item())
    assert replay["path_on_hand"].values.tolist() == kept["on_hand"].values.tolist()
    code, _, err = run(capsys, "reprice", str(out), "--set", "stages.bike.value=350")
    assert (code, err) == (0, "")


def test_compare__prices_of_a_stored_result_are_changed_without_simulating(capsys, tmp_path, stored, monkeypatch):
    monkeypatch.setattr("jitrisk.run.engine.run_blocks", None)
    words = ("--set", "stages.bike.value=350", "--set", "strategies.jic.holding_rate=30 % / year")
    words += ("--set", "strategies.jic.fixed_cost=9000 / year")
    code, out, _ = run(capsys, "compare", str(stored), *words, "--out", str(tmp_path / "dear.nc"), "--json")
    changes = {"stages.bike.value": 350, "strategies.jic.holding_rate": "30 % / year"}
    changes |= {"strategies.jic.fixed_cost": "9000 / year"}
    expected = jr.reprice(jr.open(stored), changes)
    assert code == 0
    assert json.loads(out)["model_hash"] == expected.attrs["model_hash"]
    xr.testing.assert_identical(jr.open(tmp_path / "dear.nc")["value"], expected["value"])
    xr.testing.assert_identical(jr.open(tmp_path / "dear.nc").risk.costs(), expected.risk.costs())
    dear = run(capsys, "run", str(stored), "-s", "jit", *words[:2])[1]
    assert dear == run(capsys, "run", str(tmp_path / "dear.nc"), "-s", "jit")[1]
    assert dear != run(capsys, "run", str(stored), "-s", "jit")[1]


@pytest.mark.parametrize(
    ("verb", "options"),
    [
        ("compare", ()),
        ("run", ("-s", "jit")),
        ("report", ("--html", "page.html")),
        ("show", ()),
        ("replay", ("-s", "jit", "--path", "3")),
    ],
)
def test_compare__anything_else_of_a_stored_result_takes_a_simulation(
    capsys, tmp_path, stored, monkeypatch, verb, options
):
    monkeypatch.chdir(tmp_path)
    words = ("--set", "stages.bike.value=350", "--set", "stages.bike.capacity=9")
    code, out, err = run(capsys, verb, str(stored), *options, *words)
    assert (code, out) == (2, "")
    assert err.startswith("jitrisk: stages.bike.capacity: `capacity` is no price (allowed: `value`, ")
    assert "only prices can be changed without simulating again: simulate the model with this change" in err
    assert err.count("\n") == 1
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--set", "stages.bkie.value=3"), "stages.bkie.value: unknown stage `bkie`; did you mean `bike`?"),
        (("--set", "stages.bike.capacity=-3"), "stages.bike.capacity: expected "),
        (("--set", "stages.bike.capacity=[3"), "stages.bike.capacity: not valid YAML"),
        (("--set", "stages.bike.capacity"), "expected KEY=VALUE"),
        (("--set", "strategies.jic.horizon.a.b.c=1"), "`horizon` must be the same under every strategy"),
        (("--set", "strategies.jic.holding_rate.a.b.c=1"), "has no key `a`; set `strategies.jic.holding_rate`"),
        (("--set", "name=\udcff"), "name: expected UTF-8 text, found U+DCFF half of a surrogate pair"),
        (("--set", "customers.shop.demand.normal.mean=9"), "set by `customers.shop.demand.normal.mean`"),
        (("--set", "horizon=1 year", "--set", "horizon=2 years"), "--set 'horizon' is given twice"),
        (("--set", "hazards.strike.rate=1 / d", "--set", "hazards.strike.time_between=1 d"), "exclude each other"),
    ],
)
@pytest.mark.parametrize("verb", ["compare", "validate"])
def test_compare__a_change_that_is_not_allowed_exits_with_2_before_any_path(capsys, monkeypatch, verb, words, message):
    monkeypatch.setattr("jitrisk.run.engine.run_blocks", None)
    code, out, err = run(capsys, verb, "bicycles", *words)
    assert (code, out) == (2, "")
    assert message in err


def test_validate__warnings_are_those_of_the_changed_model(capsys, tmp_path):
    code, _, err = run(capsys, "validate", "bicycles", "--set", "stages.bike.capacity=5")
    assert code == 0
    assert "stages.bike.capacity" in err
    assert "capacity-below-demand" in err
    assert run(capsys, "validate", "bicycles", "--set", "stages.bike.capacity=5", "--strict")[0] == 2
