"""The model that a Dataset carries is read as a mapping or refused: no text in it opens a file."""

import json

import pytest

import jitrisk as jr
from jitrisk import risk
from jitrisk.provenance import read_model_text
from jitrisk.vocabulary import OUTCOMES

TEXTS = ['"/etc/passwd"', '"bicycles"', "[]", "3", "null", "no JSON", "[" * 100_000, 7]


@pytest.fixture(scope="module")
def outcomes():
    return jr.simulate("bicycles", 4, threads=1)


def test_read_model_text__is_the_mapping_that_load_reads(outcomes):
    assert jr.load(read_model_text(outcomes.attrs)) == jr.load("bicycles")


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_read_model_text__anything_but_a_mapping_is_refused_wherever_it_is_used(outcomes, text, tmp_path):
    changed = outcomes.assign_attrs(model=text)
    users = (
        lambda: read_model_text(changed.attrs),
        lambda: jr.check(changed),
        lambda: jr.replay(changed, "jit", 1),
        lambda: jr.reprice(changed, {"holding_rate": 0}),
        lambda: jr.outline(changed),
    )
    for use in users:
        with pytest.raises(jr.ResultError, match="model"):
            use()


def test_reprice__refuses_datasets_of_other_formats(outcomes):
    with pytest.raises(jr.ResultError, match="not a result of this version"):
        jr.reprice(outcomes.assign_attrs(jitrisk_format=4), {"holding_rate": 0})


@pytest.mark.parametrize(
    "make",
    [
        lambda: jr.trace("bicycles", 2),
        lambda: jr.sample("bicycles", 2),
        lambda: jr.replay("bicycles", "jit", 1),
        lambda: jr.outline("bicycles"),
        lambda: jr.simulate("bicycles", 2).isel(path=[]),
        lambda: jr.simulate("bicycles", 2).sel(strategy="jit"),
    ],
)
def test_measure_last_year__takes_results_only(make):
    with pytest.raises(jr.ResultError):
        jr.measure_last_year(make())


def test_compare__takes_metrics_only(outcomes):
    with pytest.raises(jr.ResultError, match=f"{next(iter(OUTCOMES))} is no metric"):
        risk.compare(outcomes)


def test_simulate__refuses_the_network_of_one_strategy():
    with pytest.raises(jr.JitriskError, match="network of one strategy"):
        jr.simulate(jr.load("bicycles").strategies["jic"], 5)


def test_model_text__of_a_result_is_that_of_its_network(outcomes):
    assert json.loads(outcomes.attrs["model"]) == json.loads(jr.load("bicycles").text)
