"""Warnings about a model on the command line: on stderr, in the documents, on the page, and as faults with --strict."""

import hashlib
import json

import pytest

import jitrisk as jr
from jitrisk.cli import main

MODEL = """\
name: Slow plant
period: 1 d
horizon: 60 d
stages:
  plant:
    lead_time: 0
    capacity: 8 / d
    policy: {base_stock: {level: 90}}
customers:
  shop: {stage: plant, demand: 9 / d, backorder_cost: 1 / d}
strategies:
  slow: {}
  fast: {stages: {plant: {capacity: 12 / d}}}
"""

VERBS = {
    "validate": (),
    "compare": ("--paths", "20"),
    "run": ("--paths", "20", "-s", "slow"),
    "show": (),
    "report": ("--paths", "20", "--no-replay", "--html", "page.html"),
}


def run(capsys, *words):
    with pytest.raises(SystemExit) as stop:
        main(list(words))
    captured = capsys.readouterr()
    return stop.value.code, captured.out, captured.err


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "slow.yaml").write_text(MODEL)
    return "slow.yaml"


def warnings_in(err):
    return [line for line in err.splitlines() if line.startswith("jitrisk: warning: ")]


@pytest.mark.parametrize("verb", VERBS)
def test_cli__a_verb_prints_each_warning_once_on_stderr_with_file_line_and_key(capsys, model, verb):
    code, out, err = run(capsys, verb, model, *VERBS[verb])
    assert code == 0
    assert "warning" not in out
    rounded, capacity = warnings_in(err)
    assert "slow.yaml:6: stages.plant.lead_time: 0 h is rounded up to 24 h" in rounded
    assert "slow.yaml:7: stages.plant.capacity: a capacity of 8 / d for a mean demand of 9 / d" in capacity
    assert capacity.endswith("[capacity-below-demand]")
    assert ("(under slow)" in capacity) == (verb != "run")


@pytest.mark.parametrize("verb", VERBS)
def test_cli__a_document_for_programs_holds_the_warnings(capsys, model, verb):
    code, out, err = run(capsys, verb, model, *VERBS[verb], "--json")
    assert code == 0
    assert len(warnings_in(err)) == 2
    found = json.loads(out)["warnings"]
    assert [(one["name"], one["file"], one["line"], one["key"]) for one in found] == [
        ("rounded-lead-time", "slow.yaml", 6, "stages.plant.lead_time"),
        ("capacity-below-demand", "slow.yaml", 7, "stages.plant.capacity"),
    ]
    assert all(one["found"] and one["effect"] and one["remedy"] for one in found)


@pytest.mark.parametrize("verb", VERBS)
def test_cli__strict_makes_warnings_faults_and_runs_nothing(capsys, model, tmp_path, verb):
    code, out, err = run(capsys, verb, model, *VERBS[verb], "--strict")
    assert (code, out, warnings_in(err)) == (2, "", [])
    assert [line.split(": ")[1] for line in err.splitlines()] == ["slow.yaml:6", "slow.yaml:7"]
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize("verb", VERBS)
def test_cli__a_silenced_model_is_quiet_and_strict_takes_it(capsys, model, tmp_path, verb):
    (tmp_path / model).write_text(MODEL + "silence: [rounded-lead-time, capacity-below-demand]\n")
    code, _, err = run(capsys, verb, model, *VERBS[verb], "--strict")
    assert code == 0
    assert warnings_in(err) == []


def test_compare__only_strategies_that_run_are_looked_at(capsys, model):
    _, _, err = run(capsys, "run", model, "-s", "fast", "--paths", "20")
    assert len(warnings_in(err)) == 1
    _, _, err = run(capsys, "compare", model, "-s", "fast", "--paths", "20")
    assert len(warnings_in(err)) == 1


def test_validate__the_faults_of_strict_are_in_the_document_of_validate(capsys, model):
    code, out, _ = run(capsys, "validate", model, "--json", "--strict")
    document = json.loads(out)
    assert code == 2
    assert [fault["line"] for fault in document["faults"]] == [6, 7]
    assert document["warnings"] == []


def test_validate__a_model_without_warnings_has_an_empty_list(capsys):
    assert json.loads(run(capsys, "validate", "bicycles", "--json")[1])["warnings"] == []


@pytest.mark.parametrize("verb", ["compare", "show", "run", "report"])
def test_compare__a_kept_result_has_the_warnings_of_its_model_without_a_line(capsys, model, verb):
    jr.save(jr.simulate(model, paths=20), "kept.nc")
    words = [word for word in VERBS[verb] if word not in ("--paths", "20")]
    code, _, err = run(capsys, verb, "kept.nc", *words)
    assert code == 0
    assert warnings_in(err)[0].startswith("jitrisk: warning: stages.plant.lead_time: ")
    code, _, err = run(capsys, verb, "kept.nc", *words, "--strict")
    assert code == 2


def test_compare__a_result_whose_model_cannot_be_read_is_shown_without_warnings(capsys, model):
    result = jr.simulate(model, paths=20)
    text = json.loads(result.attrs["model"])
    later = json.dumps(text | {"later": 1})
    result.attrs |= {"model": later, "model_hash": hashlib.sha256(later.encode()).hexdigest()}
    jr.save(result, "later.nc")
    code, out, err = run(capsys, "compare", "later.nc")
    assert (code, warnings_in(err)) == (0, [])
    assert "Slow plant" in out


def test_report__the_page_has_the_warnings_beside_the_assumptions(capsys, model, tmp_path):
    run(capsys, "report", model, *VERBS["report"])
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assumptions = page.partition('<section id="assumptions"')[2].partition("</section>")[0]
    assert "Warnings about the model" in assumptions
    for words in ("capacity-below-demand", "stages.plant.capacity", "a capacity of 8 / d", "(under slow)"):
        assert words in assumptions
    jr.write_report("bicycles", "quiet.html", replay=False)
    assert "Warnings about the model" not in (tmp_path / "quiet.html").read_text(encoding="utf-8")
