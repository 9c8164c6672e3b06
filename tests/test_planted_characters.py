"""Characters that act on a terminal or have no ink reach no output raw, wherever a text of a stranger holds them."""

from __future__ import annotations

import copy
import io
import json
import os
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import yaml
from modelfile import GOOD
from rich.console import Console
from test_printable import BAD

import jitrisk as jr
from jitrisk.cli.group import run
from jitrisk.datasets import FORMAT
from jitrisk.errors import ExogenousError, Fault, ModelError, ResultError
from jitrisk.printable import is_printable
from jitrisk.report import (
    build_comparison_table,
    build_document,
    build_replay_log,
    build_text_plot,
    network,
    summarize_model,
    timeline,
)
from jitrisk.report.page import render_page

# A file in UTF-8 has no halves of pairs.
PLANT = "".join(bad for bad in BAD.values() if bad != BAD["half of a pair"]) + "[red]:smile:[/red]"
MODEL = {**copy.deepcopy(GOOD), "horizon": "60 d", "warm_up": "1 d"}


def raw(text: str) -> set[str]:
    """What in an output is not printable, line feeds apart."""
    return {one for one in text if one != "\n" and not is_printable(one)}


def planted(node: object, path: tuple = ()):
    """Yield what a model becomes with the plant behind one key or one text, and where."""
    for key, value in node.items() if isinstance(node, dict) else ():
        for name, one in ((key, f"{value}{PLANT}"), (f"{key}{PLANT}", value)):
            if name != key or isinstance(value, str):
                model = copy.deepcopy(MODEL)
                inner = model
                for step in path:
                    inner = inner[step]
                inner.pop(key)
                inner[name] = copy.deepcopy(one)
                yield ".".join((*path, key)) + (" as a key" if name != key else ""), model
        yield from planted(value, (*path, key))


PLANTED = dict(planted(MODEL))


@pytest.fixture
def say(capsys, tmp_path, monkeypatch):
    """Run the command line in an empty folder; return its status and all that it printed, none of it raw."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def words(*words: str) -> tuple[int, str]:
        status = run(list(words))
        captured = capsys.readouterr()
        assert raw(captured.out) == set()
        assert raw(captured.err) == set()
        assert "internal error" not in captured.err
        return status, captured.out + captured.err

    return words


def test_names__a_plant_is_tried_in_every_text_of_a_model():
    assert len(PLANTED) > 90


def test_names__no_text_of_a_model_reaches_an_output_raw(say):
    for place, model in PLANTED.items():
        Path("plant.yaml").write_text(yaml.safe_dump(model, sort_keys=False, allow_unicode=False), encoding="utf-8")
        status, text = say("validate", "plant.yaml")
        assert status == 2, place
        assert r"\x1b" in text or "U+0000" in text, place
        assert len(text) < 5_000, place


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("kind", ["name", "currency", "stage", "customer", "hazard", "strategy", "input"])
def test_names__one_rule_refuses_a_character_in_every_name(kind, bad):
    model, name = copy.deepcopy(MODEL), f"a{bad}b"
    if kind in ("name", "currency"):
        model[kind] = name
    elif kind == "input":
        inputs = model["stages"]["pump"]["inputs"]
        inputs[name] = inputs.pop("metal")
    else:
        section = {"strategy": "strategies"}.get(kind, f"{kind}s")
        model[section][name] = copy.deepcopy(next(iter(model[section].values())))
    with pytest.raises(ModelError) as caught:
        jr.load(model)
    assert len(caught.value.faults) == 1
    assert raw(str(caught.value)) == set()


def test_names__a_name_of_an_input_obeys_the_rule_of_all_names():
    model = copy.deepcopy(MODEL)
    model["stages"]["pump"]["inputs"]["a: b"] = model["stages"]["pump"]["inputs"].pop("metal")
    with pytest.raises(ModelError, match=r"stages\.pump\.inputs\.a: b: expected a name of letters"):
        jr.load(model)


@pytest.mark.parametrize("file", ["table.csv", f"t{PLANT[1:]}.csv"], ids=["plain", "planted name"])
@pytest.mark.parametrize(
    ("table", "column"),
    [
        (f"days{PLANT},n\n1,2\n", "days"),
        (f"days,n\n1{PLANT},2\n", "days"),
        (f"days,days{PLANT},days\n1,2,3\n", "days"),
        ("days,n\n1,2\n", f"days{PLANT}"),
        (f"days,n\n1 {PLANT},2\n1,2,{PLANT}\n", "days"),
    ],
    ids=["header", "cell", "columns", "column", "rows"],
)
def test_names__no_text_of_a_table_reaches_an_output_raw(say, file, table, column):
    file = file.replace("/", "|")
    Path(file).write_text(table, encoding="utf-8", newline="")
    model = copy.deepcopy(MODEL)
    model["stages"]["other"]["lead_time"] = {"empirical": {"file": file, "column": column, "unit": "d"}}
    Path("plant.yaml").write_text(yaml.safe_dump(model), encoding="utf-8")
    status, text = say("validate", "plant.yaml")
    assert status == 2
    assert re.search(r"\\u202e|\\x07|\\x00|\.\.\.`", text)


ARGUMENTS = (
    ("compare", "{}"),
    ("compare", "{}.yaml"),
    ("compare", "{}.nc"),
    ("compare", "bicycles", "-s", "{}"),
    ("compare", "bicycles", "--base", "{}"),
    ("compare", "bicycles", "--until", "{}"),
    ("compare", "bicycles", "--plot", "{}"),
    ("compare", "bicycles", "--paths", "{}"),
    ("compare", "bicycles", "--out", "{}.nc/x.nc"),
    ("compare", "bicycles", "--out", "{}"),
    ("compare", "bicycles", "--{}"),
    ("compare", "bicycles", "{}"),
    ("replay", "bicycles", "-s", "jit", "--worst", "{}"),
    ("replay", "bicycles", "-s", "jit", "--quantile", "0.5", "--metric", "{}"),
    ("report", "bicycles", "--html", "{}"),
    ("reprice", "{}", "--set", "a=b"),
    ("reprice", "{}.nc", "--set", "{}"),
    ("show", "bicycles", "-s", "{}"),
    ("show", "bicycles", "--out", "{}"),
    ("new", "{}/x"),
    ("new", "x", "--from", "{}"),
    ("{}",),
    ("--{}",),
    ("--debug", "show", "bicycles", "-s", "{}"),
)


@pytest.mark.parametrize("words", ARGUMENTS, ids=" ".join)
def test_names__no_argument_is_printed_raw(say, words):
    # A null ends an argument; what the system hands over in another encoding arrives as halves of pairs.
    text = f"a{PLANT[1:]}\udc80".replace("/", "|")
    status, _ = say(*(word.replace("{}", text) for word in words))
    assert status == 2
    assert os.listdir() == []


def test_names__an_endless_argument_is_not_quoted_whole(say):
    for words in ARGUMENTS:
        status, text = say(*(word.replace("{}", "x" * 100_000) for word in words))
        assert status in (1, 2)
        assert len(text) < 10_000, words


def test_names__messages_of_errors_are_printable_lines_of_bounded_length():
    for error in (ResultError(PLANT), ExogenousError(PLANT), ModelError([Fault(PLANT, PLANT, PLANT, 3)])):
        assert raw(str(error)) == set()
        assert "\n" not in str(error)
    assert len(str(ModelError([Fault("x" * 1_000_000)] * 2))) < 5_000
    assert len(str(ResultError("x" * 1_000_000))) < 5_000


@pytest.fixture(scope="module")
def outcomes() -> xr.Dataset:
    return jr.simulate(MODEL, paths=60, seed=3)


def spoiled(outcomes: xr.Dataset, plant: str = PLANT) -> xr.Dataset:
    """A result with the plant in every name and every attribute that is a text."""
    names = {
        dim: [f"{name}{plant}" for name in outcomes[dim].values] for dim in ("strategy", "stage", "customer", "hazard")
    }
    texts = ("name", "currency", "jitrisk_version", "model_hash")
    return outcomes.assign_coords(names).assign_attrs(
        {name: f"{outcomes.attrs.get(name, '')}{plant}" for name in texts}
        | {"exogenous": json.dumps([["demand", plant]]), "libraries": json.dumps({f"numpy{plant}": plant})}
    )


def test_names__no_text_of_a_result_reaches_a_sheet_raw(outcomes):
    for shown in (
        build_comparison_table(spoiled(outcomes)),
        build_text_plot(spoiled(outcomes)),
        build_text_plot(outcomes, "exceedance"),
    ):
        printed = io.StringIO()
        Console(width=120, file=printed).print(shown)
        assert raw(printed.getvalue()) == set()
        assert "lean" in printed.getvalue()
    assert raw(json.dumps(build_document(spoiled(outcomes)))) <= {"\x7f"}


def test_names__markup_of_the_terminal_prints_as_it_is(outcomes, capsys, monkeypatch):
    from jitrisk.cli.printing import print_line, print_tables

    monkeypatch.setenv("COLUMNS", "200")
    named = outcomes.assign_coords(strategy=["[red]a[/red]", "[link=http://x]:smile:"])
    print_tables(build_comparison_table(named), build_text_plot(named), build_text_plot(named, "exceedance"))
    print_line("[red]line[/red] :smile:")
    text = capsys.readouterr().out
    assert "[red]line[/red] :smile:" in text
    assert text.count("[red]a[/red]") > 2
    assert "[link=http://x]:smile:" in text


def test_names__no_text_of_a_result_reaches_a_page_raw(outcomes):
    outline = jr.outline(MODEL)
    page = render_page(spoiled(outcomes), outline=None, warnings=[(PLANT,) * 5], unplayed=PLANT)
    assert raw(page) == set()
    assert r"\u202e" in page
    for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        ElementTree.fromstring(svg)
    odd = outline.assign_attrs(name=PLANT, currency=PLANT)
    page = render_page(outcomes, outline=odd, replay=jr.replay(MODEL, "lean", path=3))
    assert raw(page) == set()


def test_names__words_from_right_to_left_are_isolated_on_a_page(outcomes):
    page = render_page(outcomes.assign_coords(strategy=["עברית אחת", "buffered"]).assign_attrs(name="العربية <b>"))
    assert "<bdi>עברית אחת</bdi>" in page
    assert "<bdi>العربية</bdi> &lt;b&gt;" in page
    assert "<bdi>buffered" not in page


def test_names__no_text_reaches_a_drawing_raw(tmp_path):
    outline = jr.outline(MODEL)
    names = {dim: [f"{name}{PLANT}" for name in outline[dim].values] for dim in ("strategy", "stage", "customer")}
    links = {
        name: (outline[name].dims, np.char.add(outline[name].values, PLANT))
        for name in ("target", "source", "input", "hit_stage_or_customer", "customer_stage")
    }
    odd = outline.assign_coords(names).assign(links)
    replay = jr.replay(MODEL, "lean", path=3).assign_attrs(name=PLANT)
    for figure in (network(odd.assign_attrs(name=PLANT)), timeline(replay)):
        figure.savefig(tmp_path / "drawn.svg")
        text = (tmp_path / "drawn.svg").read_text(encoding="utf-8")
        assert raw(text) == set()
        ElementTree.fromstring(text)


def test_names__a_planted_result_on_disk_is_shown_or_refused_without_a_raw_character(say, outcomes):
    # HDF5 has no null characters in texts.
    spoiled(outcomes, PLANT[1:]).to_netcdf("bad.nc", engine="h5netcdf")
    for words in (
        ("compare", "bad.nc"),
        ("compare", "bad.nc", "--json"),
        ("compare", "bad.nc", "--plot"),
        ("compare", "bad.nc", "-s", "nobody"),
        ("run", "bad.nc", "-s", f"lean{PLANT}"),
        ("show", "bad.nc"),
        ("show", "bad.nc", "--json"),
        ("show", "bad.nc", "--out", "drawn.svg"),
        ("replay", "bad.nc", "-s", "lean", "--path", "1"),
        ("report", "bad.nc", "--html", "made.html", "--no-replay"),
        ("reprice", "bad.nc", "--set", "stages.pump.value=3"),
        ("validate", "bad.nc"),
    ):
        assert say(*words)[0] in (0, 2)
    for made in (path for path in map(Path, ("made.html", "drawn.svg")) if path.exists()):
        assert raw(made.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize("attribute", ["jitrisk_format", "seed", "period_hours", "model", "contents", "libraries"])
def test_names__a_faulty_attribute_of_a_result_is_not_quoted_raw(say, outcomes, attribute):
    outcomes.assign_attrs({attribute: PLANT[1:]}).to_netcdf("bad.nc", engine="h5netcdf")
    assert outcomes.attrs["jitrisk_format"] == FORMAT
    for verb in ("compare", "show"):
        assert say(verb, "bad.nc")[0] in (0, 2)


def test_names__words_about_a_model_are_printable_without_the_command_line(outcomes):
    replay = jr.replay(MODEL, "lean", path=3)
    assert raw(str(build_replay_log(replay.assign_attrs(name=PLANT)))) == set()
    assert raw(summarize_model(jr.outline(MODEL)).title) == set()
