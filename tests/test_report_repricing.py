"""Old and new prices side by side: the table, the document and the verb."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from handmade import random_result
from levers import EXPIRY, LEVERS, OVERTIME, PURCHASE
from test_cli import run
from test_report_table import printed, rows

import jitrisk as jr
from jitrisk.report import build_reprice_document, build_reprice_table

TINY = "bicycles"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    path = tmp_path_factory.mktemp("kept") / "run.nc"
    jr.save(jr.simulate(TINY, paths=300, seed=4), path)
    return str(path)


def pair():
    before = random_result()
    record = {"stages.press.unit_cost": [None, 2.5], "holding_rate": ["20 % / year", 0.1]}
    after = before.assign(unit_cost=before["unit_cost"] + 2.5).assign_attrs(repriced=json.dumps(record))
    return before, after


def test_build_reprice_table__table_shows_before_after_and_the_change_of_every_path():
    before, after = pair()
    text = printed(build_reprice_table(before, after), 120)
    found = rows(text)
    assert [label for label in found if label.startswith("cost")] == [
        "cost before, M EUR",
        "cost after, M EUR",
        "cost change, EUR",
    ]
    assert "capital change, EUR" in found
    assert "stages.press.unit_cost: not set -> 2.5" in text
    assert "holding_rate: 20 % / year -> 0.1" in text
    for width in (40, 80):
        assert (
            max(len(line.rstrip()) for line in printed(build_reprice_table(before, after), width).splitlines()) <= width
        )


def test_build_reprice_document__change_has_the_error_of_the_change_and_not_of_what_changes():
    before, after = pair()
    found = build_reprice_document(before, after)
    for name in ("plan 0", "plan 2"):
        change = 2.5 * before["started"].sel(strategy=name).sum("stage")
        cost = found["changes"][name]["cost"]
        assert cost["mean"] == pytest.approx(float(change.mean()))
        assert cost["standard_error"] == pytest.approx(float(change.std(ddof=1)) / np.sqrt(200))
        assert found["changes"][name]["profit"]["mean"] == pytest.approx(-float(change.mean()))
        assert found["changes"][name]["working_capital"]["mean"] == 0
    assert found["prices"]["stages.press.unit_cost"] == {"before": None, "after": 2.5}
    assert found["summary"]["schema"] == "jitrisk.summary"
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_build_reprice_document__a_result_repriced_again_is_shown_against_the_prices_it_had():
    run_prices, once = pair()
    record = {"stages.press.unit_cost": [None, 3.0]}
    twice = once.assign_attrs(repriced=json.dumps(record))
    assert build_reprice_document(once, twice)["prices"] == {
        "stages.press.unit_cost": {"before": 2.5, "after": 3.0},
        "holding_rate": {"before": 0.1, "after": "20 % / year"},
    }
    assert "All prices are as they were." in printed(build_reprice_table(run_prices, run_prices))


def test_compare__reprice_shows_both_tables_and_keeps_the_new_result(capsys, kept, tmp_path):
    out_file = str(tmp_path / "new.nc")
    code, out, err = run(
        capsys,
        "reprice",
        kept,
        "--set",
        "stages.bike.value=350",
        "--set",
        "holding_rate=15 % / year",
        "--out",
        out_file,
    )
    assert (code, err) == (0, f"wrote {out_file}\n")
    assert "stages.bike.value: 300 -> 350" in out
    assert "cost change, " in out
    assert "CVaR 95" in out
    assert jr.open(out_file).attrs["repriced"]
    again = run(capsys, "compare", out_file)[1]
    assert again in out
    model = json.loads(jr.open(out_file).attrs["model"])
    fresh = jr.simulate(model, paths=300, seed=4)
    assert run(capsys, "compare", out_file, "--json")[1] == _compared(capsys, fresh, tmp_path)


def test_reprice__the_command_line_prices_units_short_and_says_who_owns_those_in_process(capsys, kept):
    prices = ["customers.shop.shortage_cost=40", "stages.bike.owned_in_process=false", "stages.bike.holding_rate=0.001"]
    code, out, err = run(capsys, "reprice", kept, *(word for price in prices for word in ("--set", price)))
    assert (code, err) == (0, "")
    changes = dict(line.split(": ") for line in out.splitlines() if " -> " in line)
    assert changes == {
        "customers.shop.shortage_cost": "not set -> 40",
        "stages.bike.owned_in_process": "not set -> false",
        "stages.bike.holding_rate": "not set -> 0.001",
    }


def _compared(capsys, result, folder):
    jr.save(result, folder / "fresh.nc")
    return run(capsys, "compare", str(folder / "fresh.nc"), "--json")[1]


def test_reprice__reprice_prints_json_for_programs(capsys, kept):
    code, out, _ = run(capsys, "reprice", kept, "--set", "strategies.jic.stages.frame.value=200", "--json")
    found = json.loads(out)
    assert (code, found["schema"], found["schema_version"]) == (0, "jitrisk.repricing", 1)
    assert found["changes"]["jit"]["cost"]["mean"] == 0
    assert found["changes"]["jic"]["cost"]["mean"] > 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", "stages.bikee.value=3"], "did you mean `bike`?"),
        (["--set", "stages.bike.capacity=3"], "only prices can be changed without simulating again"),
        (["--set", "stages.bike.value=cheap"], "expected an amount of money"),
        (["--set", "days_payable=30"], "a duration with its unit such as `30 d`"),
        (["--set", "stages.bike.value"], "expected KEY=VALUE"),
        (["--set", "stages.bike.value="], "expected KEY=VALUE"),
        (["--set", "stages.bike.owned_in_process=no"], "expected `true` or `false`"),
        (["--set", "holding_rate=0", "--set", "holding_rate=1"], "is given twice"),
        ([], "--set"),
    ],
)
def test_reprice__bad_prices_are_refused_in_one_line_and_nothing_is_written(capsys, kept, tmp_path, words, message):
    code, out, err = run(capsys, "reprice", kept, *words, "--out", str(tmp_path / "new.nc"))
    assert (code, out) == (2, "")
    # What Click refuses stands below its lines on how the verb is used.
    assert message in err.splitlines()[-1]
    assert "Traceback" not in err
    assert os.listdir(tmp_path) == []


def test_reprice__bad_results_and_targets_are_refused(capsys, kept, tmp_path):
    (tmp_path / "foreign.nc").write_text("no result")
    jr.save(jr.sample(TINY, paths=2), tmp_path / "luck.nc")
    jr.save(jr.open(kept).assign(started=lambda result: result["started"] * np.nan), tmp_path / "nan.nc")
    price = ["--set", "stages.bike.unit_cost=350"]
    for words, message in (
        ([TINY, *price], "is no result"),
        ([str(tmp_path / "none.nc"), *price], "there is no such file"),
        ([str(tmp_path / "foreign.nc"), *price], "is not a result of jitrisk"),
        ([str(tmp_path / "luck.nc"), *price], "no result with prices"),
        ([str(tmp_path / "nan.nc"), *price, "--out", str(tmp_path / "new.nc")], "cost is nan"),
        ([kept, *price, "--out", kept], "would be written over"),
        ([kept, *price, "--out", str(tmp_path / "none" / "new.nc")], "there is no folder"),
        ([kept, *price, "--out", str(tmp_path / "new.csv")], "unknown kind of file"),
    ):
        code, out, err = run(capsys, "reprice", *words)
        assert (code, out) == (2, "")
        assert message in err
    assert sorted(os.listdir(tmp_path)) == ["foreign.nc", "luck.nc", "nan.nc"]


def test_run__run_shows_cost_by_component_and_by_stage(capsys):
    code, out, _ = run(capsys, "run", TINY, "-s", "jit", "--paths", "200")
    assert code == 0
    for words in (
        "downtime starved",
        "mean cost per year by stage and customer",
        "inventory turns per year",
        "\nframe ",
    ):
        assert words in out


def test_reprice__expired_units_and_overtime_get_a_price_afterwards(capsys, tmp_path):
    path = str(tmp_path / "run.nc")
    jr.save(jr.simulate(LEVERS, 20), path)
    words = ("--set", "stages.fridge.expire_cost=6", "--set", "stages.press.overtime_cost=0")
    code, out, err = run(capsys, "reprice", path, *words, "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["prices"] == {
        "stages.fridge.expire_cost": {"before": 4, "after": 6},
        "stages.press.overtime_cost": {"before": 7, "after": 0},
    }
    # 5 units expire, 10 are started in overtime, see `levers`.
    assert found["changes"]["as_is"]["cost"]["mean"] == 5 * 2 - 10 * 7
    assert found["changes"]["relaxed"]["cost"]["mean"] == 0
    assert found["summary"]["strategies"]["as_is"]["statistics"]["cost"]["mean"] == PURCHASE + 5 * 6
    code, out, _ = run(capsys, "compare", path, *words, "--json")
    assert (code, json.loads(out)["strategies"]) == (0, found["summary"]["strategies"])


def test_run__cost_tables_have_expiry_and_overtime(capsys, tmp_path):
    path = str(tmp_path / "run.nc")
    jr.save(jr.simulate(LEVERS, 20), path)
    code, out, _ = run(capsys, "run", path, "-s", "as_is")
    found = rows(out)
    assert code == 0
    # Over 10 of 365 days.
    expected = {"expiry": EXPIRY, "overtime": OVERTIME, "fridge": 25 + EXPIRY, "press": 60 + OVERTIME}
    assert {name: found[name] for name in expected} == {
        name: f"{36.5 * value:,.4g}"
        if value * 36.5 < 1000
        else f"{round(36.5 * value, -int(np.log10(36.5 * value)) + 3):,.0f}"
        for name, value in expected.items()
    }
