"""``--keep``: what a file holds, and that the figures that are printed do not depend on it."""

import json

import pytest

import jitrisk as jr
from jitrisk.cli import main

FEW = ("--paths", "400", "--seed", "3")


def run(capsys, *words):
    """Run the command line; return its exit status, stdout and stderr."""
    with pytest.raises(SystemExit) as stop:
        main(list(words))
    captured = capsys.readouterr()
    return stop.value.code, captured.out, captured.err


@pytest.mark.parametrize("options", [("--plot",), ("--json",)])
def test_compare__prints_the_same_whatever_is_kept(capsys, tmp_path, options):
    words = ("compare", "brake-valves", *options, *FEW)
    code, shown, _ = run(capsys, *words)
    assert code == 0
    for keep in ("outcomes", "metrics"):
        assert run(capsys, *words, "--out", str(tmp_path / f"{keep}.nc"), "--keep", keep)[:2] == (0, shown)
    assert run(capsys, "compare", str(tmp_path / "metrics.nc"), *options)[:2] == (0, shown)
    every, alone = (jr.open(tmp_path / f"{keep}.nc") for keep in ("outcomes", "metrics"))
    assert alone.risk.metrics().identical(every.risk.metrics())
    assert alone.nbytes < 0.4 * every.nbytes


def test_compare__outcomes_are_kept_by_default(capsys, tmp_path):
    path = str(tmp_path / "run.nc")
    assert run(capsys, "compare", "bicycles", *FEW, "--out", path)[0] == 0
    assert jr.open(path).identical(jr.simulate("bicycles", 400, 3))


def test_compare__no_outcomes_are_kept_without_a_file(capsys, monkeypatch):
    asked, simulate = [], jr.simulate

    def watch(*args, **options):
        asked.append(options["outcomes"])
        return simulate(*args, **options)

    monkeypatch.setattr("jitrisk.pipeline.simulate", watch)
    assert run(capsys, "compare", "bicycles", *FEW)[0] == 0
    assert run(capsys, "run", "bicycles", "-s", "jit", "--json", *FEW)[0] == 0
    assert run(capsys, "run", "bicycles", "-s", "jit", *FEW)[0] == 0
    assert asked[:2] == ["metrics", "metrics"]
    assert "on_hand" in asked[2]
    assert "scrapped" not in asked[2]


def test_compare__paths_until_a_target_are_kept_as_metrics(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("jitrisk.studies.until.FIRST", 300)
    words = ("compare", "bicycles", "--until", "cost.mean:5%")
    code, shown, _ = run(capsys, *words)
    assert code == 0
    assert run(capsys, *words, "--out", str(tmp_path / "run.nc"), "--keep", "metrics")[:2] == (0, shown)
    found = jr.open(tmp_path / "run.nc")
    assert found.sizes["path"] > 300
    assert found.identical(jr.simulate("bicycles", found.sizes["path"], outcomes="metrics"))


def test_run__costs_are_the_same_from_the_outcomes_that_cost_something(capsys, tmp_path):
    words = ("run", "fast-fashion", "-s", next(iter(jr.load("fast-fashion").strategies)), *FEW)
    code, shown, _ = run(capsys, *words)
    assert code == 0
    assert "mean cost per year by stage and customer" in shown
    assert run(capsys, *words, "--out", str(tmp_path / "run.nc"))[:2] == (0, shown)


def test_run__metrics_alone_have_no_cost_by_component_and_that_is_said(capsys, tmp_path):
    path, words = str(tmp_path / "run.nc"), ("run", "bicycles", "-s", "jit", *FEW)
    every = run(capsys, *words)[1]
    code, shown, err = run(capsys, *words, "--out", path, "--keep", "metrics")
    assert code == 0
    assert every.startswith(shown.rstrip("\n"))
    assert "Cost by component, stage and customer is not known from metrics alone: use --keep outcomes." in err
    assert run(capsys, "run", path, "-s", "jit")[:2] == (0, shown)
    document = json.loads(run(capsys, "run", path, "-s", "jit", "--json")[1])
    assert document == json.loads(run(capsys, *words, "--json")[1])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("compare", "bicycles", "--keep", "metrics"), "give --out FILE, or leave --keep out"),
        (("compare", "bicycles", "--keep", "all", "--out", "new.nc"), "'all' is not one of 'outcomes', 'metrics'"),
        (("report", "bicycles", "--html", "x.html", "--out", "new.nc", "--keep", "metrics"), "shows more than metrics"),
        (("compare", "kept.nc", "--out", "new.nc", "--keep", "outcomes"), "leave --keep out"),
        (("compare", "kept.nc", "--set", "stages.bike.value=9"), "no prices to change"),
        (("reprice", "kept.nc", "--set", "stages.bike.value=9"), "no prices to change"),
        (("report", "kept.nc", "--html", "x.html"), "simulate again without outcomes='metrics'"),
    ],
)
def test_keep__what_metrics_cannot_give_exits_with_2(capsys, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    jr.save(jr.simulate("bicycles", 10, outcomes="metrics"), "kept.nc")
    monkeypatch.setattr("jitrisk.run.engine.run_blocks", None)
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert message in " ".join(err.split())
    assert [path.name for path in tmp_path.iterdir()] == ["kept.nc"]


def test_replay__a_path_is_found_in_kept_metrics(capsys, tmp_path):
    jr.save(jr.simulate("bicycles", 400, 3, outcomes="metrics"), tmp_path / "kept.nc")
    jr.save(jr.simulate("bicycles", 400, 3), tmp_path / "every.nc")
    alone, every = (
        run(capsys, "replay", str(tmp_path / name), "-s", "jit", "--worst", "cost") for name in ("kept.nc", "every.nc")
    )
    assert alone == every
    assert alone[0] == 0


def test_show__a_model_is_read_from_kept_metrics(capsys, tmp_path):
    jr.save(jr.simulate("bicycles", 10, outcomes="metrics"), tmp_path / "kept.nc")
    assert run(capsys, "show", str(tmp_path / "kept.nc"))[:2] == run(capsys, "show", "bicycles")[:2]
