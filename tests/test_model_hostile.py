"""Hostile models are refused quickly, with little memory and in few words, or simulated in what the horizon takes.

Every model is tried in a process with a limit on its address space and its CPU time, so that one that exhausts the
machine is a failure and not a hang.
"""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hostile import BASE, FAULTY, TAKEN, single
from modelfile import GOOD, faults, written

import jitrisk as jr
from jitrisk.errors import MOST_FAULTS, MOST_PRINTED, Fault, ModelError, find_closest
from jitrisk.lower import lower_all
from jitrisk.model import load
from jitrisk.model.faults import describe_unknown, format_text, quote_names
from jitrisk.model.strategies import MOST_STRATEGIES

ADDRESS_SPACE = 6 << 30
"""Bytes of address space of a process, of which the libraries alone take two thirds of a gigabyte and more."""

CPU_SECONDS = 200
"""Seconds for all models of one process: far more than they need, far less than one needs that is not bounded."""

MEMORY = 1_000_000_000
"""Bytes that a process may use at its peak."""

LONGEST = 20_000
"""Characters that the refusal of a model may have."""


def confine() -> None:
    """Limit the process that calls this."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))


def refuse(folder: Path) -> None:
    """Load and lower every model of a folder and print what came of each, as JSON; called in a process of its own."""
    outcomes = {}
    for file in sorted(folder.glob("*.yaml")):
        try:
            lower_all(load(file).strategies)
            outcomes[file.stem] = {"words": "", "count": 0, "kept": 0}
        except ModelError as error:
            outcomes[file.stem] = {"words": str(error), "count": error.count, "kept": len(error.faults)}
    outcomes["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(outcomes))


def simulate(folder: Path) -> None:
    """Simulate every model of a folder and print the mean stock and the peak memory, as JSON."""
    outcomes = {}
    for file in sorted(folder.glob("*.yaml")):
        result = jr.simulate(file, 3, threads=1)
        outcomes[file.stem] = float(result["on_hand"].mean())
    outcomes["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(outcomes))


def run_confined(function: str, folder: Path, models: dict) -> dict:
    """Return what a function of this module prints about models, called in a confined process."""
    names = list(models)
    for number, name in enumerate(names):
        (folder / f"{number}.yaml").write_text(models[name](), encoding="utf-8")
    code = f"from pathlib import Path; from test_model_hostile import {function}; {function}(Path({str(folder)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(jr.__file__).parents[1]), *sys.path])},
        preexec_fn=confine,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    printed = json.loads(done.stdout)
    return {name: printed[str(number)] for number, name in enumerate(names)} | {"peak": printed["peak"]}


@pytest.fixture(scope="module")
def refusals(tmp_path_factory):
    return run_confined("refuse", tmp_path_factory.mktemp("faulty"), FAULTY)


def test_load__hostile_models_are_refused_within_the_limits_on_time_and_memory(refusals):
    assert refusals["peak"] < MEMORY
    assert [name for name in FAULTY if not refusals[name]["words"]] == []


@pytest.mark.parametrize("name", FAULTY)
def test_load__the_refusal_of_a_hostile_model_is_short_and_counts_the_rest(refusals, name):
    words, count, kept = (refusals[name][key] for key in ("words", "count", "kept"))
    printed = words.splitlines()
    assert len(words) <= LONGEST
    assert max(map(len, printed)) <= 2_000
    assert kept == min(count, MOST_FAULTS)
    assert len(printed) == min(count, MOST_PRINTED) + (count > MOST_PRINTED)
    if count > MOST_PRINTED:
        least = "at least " if count > MOST_FAULTS else ""
        assert printed[-1] == f"and {least}{count - MOST_PRINTED:,} more fault{'s' * (count > MOST_PRINTED + 1)}"


@pytest.mark.parametrize(
    ("name", "limit", "step"),
    [
        ("strategies by alias, too many", "at most 1,000 strategies, found 20,001", "write several models"),
        ("strategies too many for so many stages", "at most 332 strategies", "write several models"),
        ("levels of a service", "more than 1,000 different levels by `service`", "give `level` or `cover`"),
        ("levels of a service under strategies", "more than 1,000 different levels", "give `level` or `cover`"),
        ("customers behind stages", "at most 2,000,000 pairs", "join customers"),
        ("quantities that multiply", "expected 0 or from 1e-30 to 1e+30", "change the quantities"),
        ("quantities that vanish", "expected 0 or from 1e-30 to 1e+30", "change the quantities"),
        ("counts beyond doubles", "numbers above 4.5e+15", "use gamma"),
        ("hazards that never pause", "most 100,000,000", "shorten the horizon"),
    ],
)
def test_load__a_limit_on_work_says_what_is_allowed_and_the_next_step(refusals, name, limit, step):
    first = refusals[name]["words"].splitlines()[0]
    assert limit in first
    assert step in first


def test_load__unusual_models_are_simulated_within_the_limits_on_time_and_memory(tmp_path):
    outcomes = run_confined("simulate", tmp_path, TAKEN)
    assert outcomes["peak"] < MEMORY
    assert np.isfinite([outcomes[name] for name in TAKEN]).all()


@pytest.mark.parametrize("far", ["31 d", "45 d", "1e9 d", "1e12 d"])
def test_load__a_lead_time_beyond_the_horizon_gives_the_bits_of_one_just_beyond_and_takes_its_work_space(far, tmp_path):
    # Of 30 periods the first start is due in period 30, so that nothing arrives.
    policy = "{base_stock: {level: 50}}"
    near = load(written(tmp_path, single(lead="30 d", policy=policy), "near.yaml"))
    beyond = load(written(tmp_path, single(lead=far, policy=policy), "beyond.yaml"))
    first, second = (jr.simulate(network, 20, seed=5) for network in (near, beyond))
    for name in first.data_vars:
        if "path" in first[name].dims:
            assert np.array_equal(first[name], second[name], equal_nan=True), name
    assert float(second["filled"].max()) == 50.0
    assert lower_all(beyond.strategies)["base"].ring.max() <= beyond.horizon + 2


def test_load__strategies_by_alias_share_their_arrays_and_give_the_results_of_their_own(tmp_path):
    text = single(lead="{lognormal: {mean: 5, cv: 1}}") + "strategies:\n  a: &a {stages: {s: {on_hand: 7}}}\n"
    shared = load(written(tmp_path, text + "  b: *a\n"))
    apart = load(written(tmp_path, text + "  b: {stages: {s: {on_hand: 7}}}\n", "apart.yaml"))
    plants = lower_all(shared.strategies)
    assert plants["a"] is plants["b"]
    one, two = (jr.simulate(network, 50, seed=2) for network in (shared, apart))
    assert np.array_equal(one["on_hand"], two["on_hand"])
    assert np.array_equal(one["on_hand"].sel(strategy="a"), one["on_hand"].sel(strategy="b"))


def test_load__as_many_strategies_as_the_limit_are_taken():
    assert not faults({**GOOD, "strategies": {f"a{i}": {} for i in range(MOST_STRATEGIES)}})


def run_cli(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "jitrisk", *words], capture_output=True, text=True, check=False)


def test_load__validate_prints_fifty_faults_and_counts_the_rest(tmp_path):
    path = written(tmp_path, BASE + "".join(f"strange{i}: 1\n" for i in range(123)))
    done = run_cli("validate", str(path))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 51
    assert done.stderr.splitlines()[-1] == "jitrisk: and 73 more faults"
    document = json.loads(run_cli("validate", str(path), "--json").stdout)
    assert len(document["faults"]) == 50
    assert document["more_faults"] == 73


def test_load__compare_prints_fifty_warnings_and_counts_the_rest(tmp_path):
    stages = "".join(f"  s{i}: {{capacity: 1, policy: {{base_stock: {{level: 9}}}}}}\n" for i in range(60))
    customers = "".join(f"  c{i}: {{stage: s{i}, demand: 5}}\n" for i in range(60))
    model = f"name: w\nperiod: 1 d\nhorizon: 30 d\nstages:\n{stages}customers:\n{customers}"
    done = run_cli("validate", "--json", str(written(tmp_path, model)))
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == 51
    assert done.stderr.splitlines()[-1] == "jitrisk: and 10 more warnings"
    document = json.loads(done.stdout)
    assert (len(document["warnings"]), document["more_warnings"]) == (50, 10)


def test_load__an_error_keeps_a_thousand_faults_and_says_that_there_may_be_more():
    error = ModelError(Fault(f"fault {i}") for i in range(MOST_FAULTS + 5))
    assert (len(error.faults), error.count) == (MOST_FAULTS, MOST_FAULTS + 5)
    assert str(error).splitlines()[-1] == "and at least 955 more faults"
    assert str(ModelError([Fault("one")])) == "one"
    assert str(ModelError(Fault(str(i)) for i in range(51))).splitlines()[-1] == "and 1 more fault"


def test_find_closest__the_closest_of_many_names_is_that_of_the_plain_search():
    from difflib import get_close_matches

    random = np.random.default_rng(4)
    names = ["".join(random.choice(list("abcdefgh"), 8)) for _ in range(300)]
    agree = 0
    for name in names[:40]:
        typed = name[:3] + "z" + name[4:]
        agree += find_closest(typed, names) == get_close_matches(typed, names, n=1)[0]
    assert agree == 40
    assert find_closest("qqqq", names) is None


def test_format_text__texts_in_messages_are_cut():
    assert len(format_text("\x00" * 1_000_000)) <= 63
    assert format_text("a" * 61) == "a" * 60 + "..."
    assert len(quote_names("k" * 1_000 for _ in range(10_000))) < 2_500
    assert quote_names(["a", "b"]) == "`a`, `b`"
    assert "allowed" not in describe_unknown("key", "x", ["n" * 100] * 9)
