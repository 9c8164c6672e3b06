"""``jitrisk show``: a model in words, as a document and as a diagram."""

import io
import json
import os

import pytest
import yaml
from rich.console import Console

import jitrisk as jr
from jitrisk.cli import main
from jitrisk.report import summarize_model


def run(capsys, *words):
    """Run the command line; return its exit code, stdout and stderr."""
    with pytest.raises(SystemExit) as stop:
        main(["show", *words])
    captured = capsys.readouterr()
    return stop.value.code, captured.out, captured.err


def printed(outline, width):
    console = Console(width=width, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(summarize_model(outline))
    console.file.close()
    return console.export_text().splitlines()


@pytest.fixture
def wide(tmp_path):
    """A model of 2,000 stages in lines of ten."""
    stages = {
        f"stage {k:04d}": {
            "inputs": {f"stage {k - 1:04d}": 1} if k % 10 else {},
            "lead_time": "1 d",
            "policy": {"base_stock": {"level": 5}},
        }
        for k in range(2000)
    }
    model = {"name": "Wide", "period": "1 d", "horizon": "30 d", "stages": stages}
    model["customers"] = {f"c{k}": {"stage": f"stage {10 * k + 9:04d}", "demand": 1} for k in range(200)}
    path = tmp_path / "wide.yaml"
    path.write_text(yaml.safe_dump(model, sort_keys=False))
    return str(path)


def test_show__a_model_is_told_in_words(capsys):
    code, out, err = run(capsys, "brake-valves")
    assert (code, err) == (0, "")
    for words in (
        "Brake valves, strategy jit",
        "One period is 8 h",
        "kanban: 139 cards of 100; order-up-to level 13,900 = 12 h of demand",
        "2 valve (99 %)",
        "lognormal, mean 5 d, cv 0.5",
        "What jic changes",
    ):
        assert words in " ".join(out.split())


def test_outline__without_a_warm_up_all_of_it_counts():
    stages = {"bike": {"lead_time": "1 d", "policy": {"base_stock": {"level": 5}}}}
    customers = {"shop": {"stage": "bike", "demand": 2}}
    model = {"name": "Shop", "period": "1 d", "horizon": "90 d", "stages": stages, "customers": customers}
    assert "One period is 1 d; 90 d are simulated, and all of it counts." in printed(jr.outline(model), 100)


def test_show__another_strategy_is_told_by_what_it_changes(capsys):
    out = " ".join(run(capsys, "bicycles", "-s", "jic")[1].split())
    assert "Bicycles, strategy jic" in out
    assert "What jit changes frame base stock: up to 112 = 14 d of demand What hybrid" in out


def test_show__a_replay_is_shown_with_its_strategy(capsys, tmp_path):
    jr.save(jr.replay("bicycles", "hybrid", path=1), tmp_path / "replay.nc")
    code, out, err = run(capsys, str(tmp_path / "replay.nc"))
    assert (code, err) == (0, "")
    assert "Bicycles, strategy hybrid" in out


@pytest.mark.parametrize("width", [40, 80, 200])
def test_outline__lines_are_as_wide_as_the_terminal_at_most(width):
    lines = printed(jr.outline("brake-valves"), width)
    assert max(map(len, lines)) <= min(width, 110)
    assert min(map(len, lines)) == 0, "sections stand apart"


def test_summarize_model__a_pipe_without_umlauts_takes_it(capsys, monkeypatch):
    pipe = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Console(width=80, file=pipe).print(summarize_model(jr.outline("brake-valves")))
    pipe.flush()
    assert b"dealers: demand x 1.05" in pipe.buffer.getvalue()


def test_show__a_large_model_is_cut_and_says_so(capsys, wide):
    code, out, _ = run(capsys, wide)
    assert code == 0
    assert len(out.splitlines()) < 300
    assert "and 1,960 more; --json has them all" in out
    document = json.loads(run(capsys, wide, "--json")[1])
    assert len(document["strategies"]["base"]["stages"]) == 2000


def test_show__a_large_model_is_not_drawn(capsys, wide, tmp_path):
    code, out, err = run(capsys, wide, "--out", str(tmp_path / "wide.svg"))
    assert (code, out) == (2, "")
    assert "2,000 stages do not fit in a diagram that can be read: at most 60 are drawn" in err
    assert [path.name for path in tmp_path.iterdir()] == ["wide.yaml"]


def test_show__a_document_holds_the_outline(capsys):
    document = json.loads(run(capsys, "bicycles", "--json")[1])
    assert (document["schema"], document["schema_version"]) == ("jitrisk.outline", 2)
    outline = jr.outline("bicycles")
    assert list(document["strategies"]) == ["jit", "jic", "hybrid"]
    for name, strategy in document["strategies"].items():
        for stage, told in strategy["stages"].items():
            one = outline.sel(strategy=name, stage=stage)
            for key in ("order_up_to", "reorder_point", "lot_size", "policy_kind"):
                assert told[key] == one[key].item()
    assert document["strategies"]["jit"]["stages"]["frame"]["capacity"] is None
    assert list(json.loads(run(capsys, "bicycles", "-s", "jic", "--json")[1])["strategies"]) == ["jic"]


@pytest.mark.parametrize(("suffix", "head"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_show__a_network_is_drawn_to_a_file(capsys, tmp_path, suffix, head):
    target = tmp_path / f"network.{suffix}"
    code, out, err = run(capsys, "bicycles", "--strategy", "jic", "--out", str(target))
    assert (code, out, err) == (0, "", f"wrote {target}\n")
    assert target.read_bytes().startswith(head)
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_show__a_result_is_shown_by_its_model_and_drawn_with_what_was_lost(capsys, tmp_path):
    kept, drawn = str(tmp_path / "run.nc"), tmp_path / "network.svg"
    jr.save(jr.simulate("bicycles", 50, strategies=["jic"]), kept)
    assert "Bicycles, strategy jic" in run(capsys, kept)[1]
    assert run(capsys, kept, "--out", str(drawn))[0] == 0
    plain = tmp_path / "plain.svg"
    run(capsys, "bicycles", "-s", "jic", "--out", str(plain))
    assert drawn.stat().st_size > plain.stat().st_size, "it says where time is lost"
    code, _, err = run(capsys, kept, "-s", "jit", "--out", str(drawn))
    assert code == 2
    assert "the result has no strategy 'jit'" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("bicycles", "--out", "network.gif"), "unknown kind of file '.gif': allowed are .svg and .png and .pdf"),
        (("bicycles", "--out", "nowhere/network.svg"), "there is no folder 'nowhere'"),
        (("bicycles", "--out", "folder.svg"), "is a folder"),
        (("bicycles", "-s", "jitt"), "unknown strategy 'jitt': the model has jit, jic, hybrid; did you mean 'jit'?"),
        (("bicicles",), "bicicles"),
        (("missing.nc",), "there is no such file"),
    ],
)
def test_show__bad_input_is_refused_in_one_line(capsys, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.svg").mkdir()
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["folder.svg"]


def test_show__an_existing_figure_is_replaced_and_a_failed_one_leaves_it(capsys, tmp_path, monkeypatch):
    target = tmp_path / "network.svg"
    target.write_text("old")
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "full")))
    code, _, err = run(capsys, "bicycles", "--out", str(target))
    assert code == 2
    assert "could not be written" in err
    assert target.read_text() == "old"
    monkeypatch.undo()
    assert run(capsys, "bicycles", "--out", str(target))[0] == 0
    assert target.read_text().startswith("<?xml")
