"""``jitrisk report``: what it writes, from what, and what it refuses before it begins."""

import html
import json
import re

import pytest
from modelfile import written
from test_cli import process, run
from test_sampling_rare import hazard, shop

import jitrisk as jr


def test_report__a_model_becomes_a_page(capsys, tmp_path):
    target = tmp_path / "page.html"
    code, out, err = run(capsys, "report", "bicycles", "--paths", "100", "--html", str(target))
    assert (code, out, err) == (0, "", f"wrote {target}\n")
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_report__a_kept_result_becomes_the_page_of_its_run(capsys, tmp_path):
    kept, fresh, again = (str(tmp_path / one) for one in ("kept.zarr", "fresh.html", "again.html"))
    run(capsys, "report", "bicycles", "--paths", "60", "-s", "jic", "-s", "jit", "--out", kept, "--html", fresh)
    code, _, err = run(capsys, "report", kept, "--html", again)
    assert (code, err) == (0, f"wrote {again}\n")
    with open(fresh) as one, open(again) as other:
        assert one.read() == other.read()


def test_report__strategies_of_a_kept_result_can_be_picked(capsys, tmp_path):
    jr.save(jr.simulate("bicycles", 60), tmp_path / "kept.nc")
    target = tmp_path / "page.html"
    assert run(capsys, "report", str(tmp_path / "kept.nc"), "-s", "hybrid", "--html", str(target))[0] == 0
    assert "What does hybrid cost" in target.read_text(encoding="utf-8")


def test_report__json_is_that_of_compare(capsys, tmp_path):
    words = ("bicycles", "--paths", "60", "--base", "jic", "--level", "0.9", "--json")
    code, out, _ = run(capsys, "report", *words, "--html", str(tmp_path / "page.html"), "--no-replay")
    assert code == 0
    assert json.loads(out) == json.loads(run(capsys, "compare", *words)[1])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("bicycles", "--html", "page.txt"), "unknown kind of file"),
        (("bicycles", "--html", "nowhere/page.html"), "make it first"),
        (("bicycles", "--html", "notes.html"), "is no HTML page"),
        (("no-such-model", "--html", "page.html"), "no-such-model"),
        (("bicycles", "--html", "page.html", "--base", "nobody"), "nobody"),
        (("no.nc", "--html", "page.html"), "no such file"),
        (("text.nc", "--html", "page.html"), "is not a result of jitrisk"),
        (("kept.nc", "--paths", "3", "--html", "page.html"), "leave --paths out"),
        (("kept.nc", "-s", "nobody", "--html", "page.html"), "nobody"),
        (("bicycles",), "--html"),
    ],
)
def test_report__bad_input_is_one_line_and_nothing_is_written(capsys, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.html").write_text("notes")
    (tmp_path / "text.nc").write_text("text")
    jr.save(jr.simulate("bicycles", 5), "kept.nc")
    before = sorted(path.name for path in tmp_path.iterdir())
    code, out, err = run(capsys, "report", *words)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_save__a_file_cut_short_is_no_result(tmp_path):
    jr.save(jr.simulate("bicycles", 2000), tmp_path / "kept.nc")
    whole = (tmp_path / "kept.nc").read_bytes()
    (tmp_path / "cut.nc").write_bytes(whole[: len(whole) // 2])
    done = process("report", str(tmp_path / "cut.nc"), "--html", str(tmp_path / "page.html"))
    assert done.returncode == 2
    assert "cut.nc: is not a result of jitrisk" in done.stderr
    assert not (tmp_path / "page.html").exists()


def test_report__a_page_of_weighted_paths_says_how_they_were_sampled_and_repeats_itself(capsys, tmp_path):
    # Fires on 300 paths of 100 days: 0.0082 are expected.
    model, target = written(tmp_path, shop(fire=hazard("1 / 10000 years"))), tmp_path / "page.html"
    code, _, _ = run(capsys, "report", str(model), "--paths", "300", "--seed", "3", "--rare", "--html", str(target))
    assert code == 0
    page = html.unescape(target.read_text(encoding="utf-8"))
    assert "--paths 300 --seed 3 --rare --html report.html" in page
    assert "How often hazards occurred on the 300 paths" in page
    cells = re.findall(r"fire: (seen|expected|evidence)</t[hd]>\s*<td[^>]*>([^<]+)<", page)
    assert dict(cells) == {"seen": "150", "expected": "0.00822", "evidence": "150"}
    assert "sampled in a share of the paths each: fire 50 %; paths are weighted accordingly" in page
    assert "expected to hit" not in page
    # The bad path is one of those with a fire, and the fans say that their paths are weighted.
    assert "fire began and lasted" in page
    assert "median of 200 paths, weighted" in page
    code, _, _ = run(capsys, "report", str(model), "--paths", "300", "--seed", "3", "--html", str(target))
    assert code == 0
    plain = html.unescape(target.read_text(encoding="utf-8"))
    assert "--seed 3 --html report.html" in plain
    assert "fire is expected to hit 0.0082 times in these 300 paths" in plain
