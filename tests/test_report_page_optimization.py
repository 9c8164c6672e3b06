"""The page of an optimization, and of any study: everything in it, nothing that a browser would run but its script."""

import json
import shlex

import numpy as np
import pytest
from handmade import result
from optimizations import ARGUMENTS, build_minimal, build_study, build_wide
from test_report_page import ATTACK, Page

from jitrisk.cli.group import cli
from jitrisk.errors import ResultError
from jitrisk.report import build_optimization_tables, write_optimization_page
from jitrisk.report.page.optimization import render_command, render_optimization_page


@pytest.fixture(scope="module")
def text():
    return render_optimization_page(build_study())


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_page__has_every_section_and_figure(page):
    assert {"answer", "figures", "model", "provenance", "decision", "search-progress"} <= set(page.ids())
    assert len(page.ids()) == len(set(page.ids()))


def test_page__says_all_that_the_tables_say(page):
    tables, said = build_optimization_tables(build_study()), page.text()
    for sentence in (*tables.plan, *tables.answer):
        assert sentence in said
    for table in tables.tables:
        assert table.title in said
        for row in table.rows:
            assert row.label in said


def test_page__needs_nothing_from_outside(page):
    for _, attrs in page.elements:
        for name in ("src", "href", "xlink:href"):
            assert (attrs.get(name) or "#").startswith("#")
    assert not any(name == "style" or name.startswith("on") for _, attrs in page.elements for name in attrs)


def test_page__its_policy_allows_its_own_style_and_script_alone(page):
    (policy,) = [a["content"] for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert [tag for tag, _ in page.elements].count("script") == 2


def test_page__the_same_study_gives_the_same_text(text):
    assert render_optimization_page(build_study()) == text


def test_page__names_are_text_and_never_markup():
    study = build_study(name=ATTACK, plan=json.dumps({"stages": ATTACK}))
    study["decision_stage"][0] = ""
    study = study.assign_coords(
        decision=np.array([f"stages.{ATTACK}.policy.kanban.cards", *study["decision"].values[1:]]),
        strategy=[ATTACK, "jic", "optimized"],
        constraint=[ATTACK],
    )
    keys = study["neighbor_decision"].values.astype(object)
    keys[:2] = f"stages.{ATTACK}.policy.kanban.cards"
    study["neighbor_decision"] = ("neighbor", keys.astype(str))
    attacked = Page(render_optimization_page(study))
    assert [tag for tag, _ in attacked.elements].count("script") == 2
    assert "img" not in [tag for tag, _ in attacked.elements]


def test_page__a_study_without_steps_says_why_a_figure_is_missing():
    study = build_minimal().isel(step=slice(0))
    assert "Not drawn: the search took no step" in Page(render_optimization_page(study)).text()


def test_page__shows_where_the_study_comes_from(page):
    said = page.text()
    for words in ("Seed 1", "10,000, numbered 0 to 9,999", "cost.mean", "fill_rate.mean >= 98%", "312 plans"):
        assert words in said
    assert '"period"' in said  # the model as text


def test_command__repeats_the_search():
    words = shlex.split(render_command(build_study().attrs))
    assert words[:3] == ["jitrisk", "optimize", "model.yaml"]
    command = cli.get_command(None, "optimize")
    found = command.make_context("optimize", words[2:]).params
    for name in ("minimize", "strategy", "paths", "seed", "rare"):
        assert found[name] == ARGUMENTS[name]
    assert list(found["vary"]) == ARGUMENTS["vary"]
    assert list(found["subject"]) == ARGUMENTS["subject"]


def test_command__takes_the_indifference_as_it_was_given():
    arguments = json.dumps(ARGUMENTS | {"indifference": 0.005, "rare": True})
    words = shlex.split(render_command(build_study(arguments=arguments).attrs))
    found = cli.get_command(None, "optimize").make_context("optimize", words[2:]).params
    assert (found["indifference"], found["rare"]) == (0.005, True)


@pytest.mark.parametrize(
    "attrs",
    [{"stopped": "time"}, {"stopped": "interrupted"}, {"arguments": json.dumps(ARGUMENTS | {"budget": 1e6})}],
    ids=["time", "interrupted", "budget"],
)
def test_command__is_none_where_it_would_end_elsewhere(attrs):
    assert render_command(build_study(**attrs).attrs) == ""


def test_write__replaces_a_page_and_nothing_else(tmp_path):
    target = tmp_path / "plan.html"
    write_optimization_page(build_wide(), target)
    write_optimization_page(build_study(), target)
    assert target.read_text() == render_optimization_page(build_study())
    other = tmp_path / "notes.html"
    other.write_text("my notes")
    with pytest.raises(ResultError, match="is no HTML page"):
        write_optimization_page(build_study(), other)
    with pytest.raises(ResultError, match=r"use what jr\.optimize returned"):
        write_optimization_page(result(), target)
