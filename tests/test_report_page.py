"""The report as one file: everything in it, nothing from outside, nothing of a model that a browser would run."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import xarray as xr
from handmade import of_cost, random_result, result
from rarely import burning

import jitrisk as jr
from jitrisk import risk
from jitrisk.errors import JitriskError, ResultError
from jitrisk.report import build_comparison_table, render_conclusion, summarize
from jitrisk.report.page import render_page
from jitrisk.report.page.sections import render_command, render_model_text
from jitrisk.report.writing import check_page, write_page
from jitrisk.risk import describe, estimate_needed_paths, metrics

ATTACK = (
    """</script><script>window.attacked=1</script><img src=x onerror="window.attacked=2">"' {{7*7}} ]]> \u2028 &lt;"""
)
SECTIONS = ("answer", "figures", "assumptions", "precision", "provenance")
FIGURES = ("cost", "exceedance", "downtime", "stockout", "components", "network", "convergence")


class Page(HTMLParser):
    """What a page holds: elements with their attributes, identifiers, and texts by the element they stand in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open = [""]
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        while len(self._open) > 1 and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        self.texts.append((self._open[-1], data))

    def ids(self):
        return [attrs["id"] for _, attrs in self.elements if "id" in attrs]

    def text(self):
        return " ".join(" ".join(data for tag, data in self.texts if tag not in ("script", "style")).split())


@pytest.fixture(scope="module")
def outcomes():
    return jr.simulate("bicycles", 400, seed=3)


@pytest.fixture(scope="module")
def written(outcomes, tmp_path_factory):
    target = tmp_path_factory.mktemp("page") / "report.html"
    jr.write_report(outcomes, target, base="jic")
    return target.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(written):
    return Page(written)


def test_page__every_section_and_figure_is_there_in_order(page):
    ids = page.ids()
    assert [one for one in ids if one in SECTIONS] == list(SECTIONS)
    assert set(FIGURES) | {"time", "fan-on_hand", "fan-backlog", "timeline"} <= set(ids)
    assert "Not drawn" not in page.text()


def test_build_comparison_table__question_answer_and_table_say_what_the_terminal_says(page, outcomes):
    text = page.text()
    assert "jit, jic or hybrid: which costs less" in text
    assert render_conclusion(summarize(outcomes, "jic")) in text
    sheet = build_comparison_table(outcomes, "jic")
    for row in sheet.rows:
        assert " ".join([row.label, *map(str, row.cells)]) in text
    assert all(note in text for note in sheet.notes)


def test_page__a_page_asks_for_nothing(page, written):
    for tag, attrs in page.elements:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "form")
        assert not [name for name in attrs if name.startswith("on")]
        assert "style" not in attrs, "the content security policy forbids it"
        for name in ("src", "href", "xlink:href", "action"):
            assert (attrs.get(name) or "#").startswith("#")
    outside = re.findall(r"(?:https?:)?//[a-z][^\s\"'<>]*", written, re.IGNORECASE)
    assert set(outside) <= {"http://www.w3.org/2000/svg"}, "the name space of SVG is a name, not an address"
    assert "@import" not in written
    assert "url(" not in re.sub(r"url\(#[\w-]+\)", "", written)


def test_page__its_policy_allows_its_own_script_and_style_alone(page, written):
    (policy,) = [a["content"] for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert re.findall(r"<script>|<script type=[^>]*>", written) == [
        '<script type="application/json" id="data">',
        "<script>",
    ]


def test_page__identifiers_are_unique_and_references_lead_somewhere(page, written):
    ids = page.ids()
    assert len(set(ids)) == len(ids)
    wanted = set(re.findall(r"url\(#([^)]+)\)", written))
    wanted |= {attrs["href"][1:] for _, attrs in page.elements if (attrs.get("href") or "").startswith("#")}
    wanted |= {one for _, attrs in page.elements for one in (attrs.get("aria-labelledby") or "").split()}
    assert wanted <= set(ids)


def test_page__every_figure_is_named_and_has_its_table(page):
    pictures = [attrs for tag, attrs in page.elements if tag == "svg"]
    assert len(pictures) == len(FIGURES) + 3
    assert all(attrs["role"] == "img" and attrs["aria-labelledby"] for attrs in pictures)
    assert page.text().count("The figure as a table") == len(pictures)
    assert [tag for tag, _ in page.elements].count("caption") == [tag for tag, _ in page.elements].count("table")
    assert all(attrs.get("scope") in ("row", "col") for tag, attrs in page.elements if tag == "th")


def test_write_report__the_same_result_gives_the_same_bytes(outcomes, written, tmp_path):
    jr.write_report(outcomes, tmp_path / "again.html", base="jic", threads=1)
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == written


def test_write_report__a_file_gives_the_page_of_the_result(outcomes, written, tmp_path):
    jr.save(outcomes, tmp_path / "kept.nc")
    jr.write_report(tmp_path / "kept.nc", tmp_path / "kept.html", base="jic")
    assert (tmp_path / "kept.html").read_text(encoding="utf-8") == written


def test_page__it_is_small(written):
    assert len(written.encode()) < 5e6


def hostile():
    things = random_result(2, 60)
    names = {dim: [f"{ATTACK}{k}" for k in range(things.sizes[dim])] for dim in ("strategy", "stage", "customer")}
    things = things.assign_coords(names)
    return things.assign_attrs(name=ATTACK, currency=ATTACK, model=json.dumps({"name": ATTACK}), model_hash=ATTACK)


def test_render_page__names_and_texts_of_a_model_stay_text():
    written = render_page(hostile())
    page = Page(written)
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert not [attrs for tag, attrs in page.elements if tag == "img"]
    assert "{{7*7}}" in page.text()
    assert "49 ]]>" not in page.text()
    (data,) = [json.loads(text) for (tag, text) in page.texts if tag == "script" and text.startswith('{"')]
    assert ATTACK[:20] in json.dumps(data).replace("\\", "")


def test_render_page__without_its_model_a_result_still_gives_a_page():
    page = Page(render_page(random_result(2, 60)))
    ids = page.ids()
    assert [one for one in ids if one in SECTIONS] == list(SECTIONS)
    assert "network" not in ids
    assert "time" not in ids


def test_write_report__a_result_of_paths_handed_in_says_why_none_is_replayed(tmp_path):
    paths = jr.sample("bicycles", 50, seed=1)
    handed = jr.simulate("bicycles", exogenous=paths)
    jr.write_report(handed, tmp_path / "page.html")
    text = Page((tmp_path / "page.html").read_text(encoding="utf-8")).text()
    assert "No path could be run again: its paths were handed in" in text
    assert "To repeat it" not in text


def test_write_report__the_last_year_of_long_paths_gives_a_page_with_its_replay(tmp_path):
    run = jr.simulate(burning("3 years"), 40)
    jr.write_report(jr.measure_last_year(run), tmp_path / "page.html")
    assert "No path could be run again" not in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_write_report__a_result_changed_by_hand_is_not_replayed(outcomes, tmp_path):
    changed = outcomes.assign(started=outcomes["started"] + 1)
    jr.write_report(changed, tmp_path / "page.html")
    assert "No path could be run again: " in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_write_report__a_result_without_its_seed_is_not_replayed(outcomes, tmp_path):
    unknown = outcomes.copy()
    del unknown.attrs["seed"]
    jr.write_report(unknown, tmp_path / "page.html")
    text = Page((tmp_path / "page.html").read_text(encoding="utf-8")).text()
    assert "No path could be run again: the Dataset does not say with which seed" in text
    assert "To repeat it" not in text


def test_write_report__no_replay_leaves_the_story_out(outcomes, tmp_path):
    jr.write_report(outcomes, tmp_path / "page.html", replay=False)
    ids = Page((tmp_path / "page.html").read_text(encoding="utf-8")).ids()
    assert "network" in ids
    assert not {"time", "timeline", "fan-on_hand"} & set(ids)


def test_render_page__where_nothing_costs_anything_no_money_is_asked_about():
    text = Page(render_page(result(paths=30))).text()
    assert "jit or jic: which serves better?" in text
    assert "so no estimate of money has to be precise" in text
    assert "How well does jit serve?" in Page(render_page(result(("jit",), paths=30))).text()


@pytest.mark.filterwarnings("error")
def test_render_page__letters_that_no_font_here_has_stay_text():
    outcomes = of_cost([np.arange(50.0)], ["jit"]).assign_attrs(name="\u6570\u636e")
    assert "\u6570\u636e" in render_page(outcomes)


@pytest.mark.parametrize(
    "made",
    [
        lambda: of_cost([[1.0], [2.0]], ["jit", "jic"]),
        lambda: of_cost([[0.0, 0.0], [0.0, 0.0]], ["jit", "jic"]),
        lambda: of_cost([np.arange(50.0)], ["jit"]),
        lambda: result(paths=30),
    ],
    ids=["one path", "no prices", "one strategy", "all zero"],
)
def test_render_page__poor_results_give_a_page(made):
    page = Page(render_page(made()))
    assert [one for one in page.ids() if one in SECTIONS] == list(SECTIONS)


def test_render_page__points_that_weighted_paths_do_not_reach_give_valid_data():
    outcomes = jr.simulate("brake-valves", 300, rare=True)
    curves = risk.exceedance(metrics(outcomes), "cost")["value"]
    absent = int(np.isnan(curves.sel(strategy="hybrid")).sum())
    assert absent, "the example does not show the case"

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON: the script of the page would stop")

    (text,) = [data for tag, data in Page(render_page(outcomes)).texts if tag == "script" and data.startswith('{"')]
    (panel,) = json.loads(text, parse_constant=refuse)["exceedance"]
    (hybrid,) = [series for series in panel["series"] if series["name"] == "hybrid"]
    assert hybrid["y"].count(None) == absent
    assert sum(said.startswith("?") for said in hybrid["texts"]) == absent


def test_write_report__what_is_no_result_gives_none(tmp_path):
    with pytest.raises(ResultError, match="not a result"):
        jr.write_report(xr.Dataset(), tmp_path / "page.html")
    broken = random_result(2, 20)
    broken["started"][0, 3, 1] = np.nan
    with pytest.raises(ResultError, match="nan"):
        jr.write_report(broken, tmp_path / "page.html")
    with pytest.raises(JitriskError, match="nobody"):
        jr.write_report(random_result(2, 20), tmp_path / "page.html", base="nobody")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "message"),
    [("page.pdf", "unknown kind of file"), ("no/page.html", "make it first"), ("folder.html", "is a folder")],
)
def test_write_report__a_target_is_refused_before_the_work(tmp_path, name, message):
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(ResultError, match=message):
        jr.write_report("no such model", tmp_path / name)


def test_write_page__only_a_page_is_written_over(tmp_path):
    target = tmp_path / "page.html"
    target.write_text("my notes")
    with pytest.raises(ResultError, match="exists and is no HTML page"):
        check_page(target)
    target.write_text("<!DOCTYPE HTML>\n<p>old")
    write_page("<!doctype html>new", target)
    assert target.read_text() == "<!doctype html>new"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_render_command__the_command_repeats_the_run(outcomes, written, tmp_path):
    assert render_command(outcomes) == "jitrisk report model.yaml --paths 400 --seed 3 --html report.html"
    (tmp_path / "model.yaml").write_text(render_model_text(outcomes), encoding="utf-8")
    again = jr.simulate(str(tmp_path / "model.yaml"), 400, seed=3)
    assert again.identical(outcomes)


def test_render_command__the_command_names_the_strategies_of_a_selection(outcomes):
    assert "--strategy jic --strategy jit --paths" in render_command(outcomes.sel(strategy=["jic", "jit"]))
    assert render_command(outcomes.isel(path=slice(0, 10))) == ""


def test_estimate_needed_paths__enough_paths_make_the_interval_as_narrow_as_wanted():
    rng = np.random.default_rng(4)
    cost = rng.normal(100.0, 20.0, (1, 40_000))
    few = estimate_needed_paths(describe(metrics(of_cost(cost[:, :2_500]))), "cost", 0.002).sel(statistic="mean")
    # Half an interval is 1.96 x 20 / sqrt(n), and 0.2 on a mean of 100 takes 38,416 paths.
    assert float(few["needed"].item()) == pytest.approx(38_416, rel=0.1)
    wide = estimate_needed_paths(describe(metrics(of_cost(cost[:, :38_416]))), "cost", 0.002).sel(statistic="mean")
    assert float(wide["width"].item()) == pytest.approx(0.002, rel=0.05)


def test_estimate_needed_paths__sufficiency_is_unknown_where_the_interval_is():
    one = estimate_needed_paths(describe(metrics(of_cost([[5.0]]))))
    assert np.isnan(one["needed"].sel(statistic="mean")).all()
    nothing = estimate_needed_paths(describe(metrics(of_cost([[0.0, 0.0]]))))
    assert np.isnan(nothing["width"].sel(statistic="mean")).all()
    with pytest.raises(ResultError, match="no luck"):
        estimate_needed_paths(describe(metrics(of_cost([[5.0]]))), "luck")
