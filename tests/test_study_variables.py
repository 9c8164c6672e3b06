"""Datasets of studies: the vocabulary has each variable, files keep it, and nothing takes it for a result."""

import numpy as np
import pytest
from optimizations import build_minimal, build_study, build_wide

import jitrisk as jr
from jitrisk import vocabulary
from jitrisk.errors import ResultError


def test_optimization__has_only_dimensions_of_the_vocabulary():
    used = {dim for row in vocabulary.OPTIMIZATION.values() for dim in row.dims}
    assert used <= set(vocabulary.DIMENSIONS)
    assert used >= {"strategy", "constraint", "decision", "neighbor", "plan", "step"}


def test_optimization__every_estimate_has_both_ends_of_its_interval():
    rows = vocabulary.OPTIMIZATION
    lower = {name.removesuffix("_lower") for name in rows if name.endswith("_lower")}
    assert lower == {name.removesuffix("_upper") for name in rows if name.endswith("_upper")}
    for name in lower:
        assert rows[name].dims == rows[f"{name}_lower"].dims == rows[f"{name}_upper"].dims


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
@pytest.mark.parametrize("build", [build_study, build_minimal, build_wide])
def test_save__an_optimization_comes_back_as_it_was(tmp_path, build, suffix):
    study, path = build(), tmp_path / f"plan{suffix}"
    jr.save(study, path)
    again = jr.open(path)
    assert again.drop_attrs(deep=False).identical(study.drop_attrs(deep=False))
    assert set(again.attrs) == set(study.attrs)
    np.testing.assert_equal(again.attrs, study.attrs)


@pytest.mark.parametrize(
    "use",
    [
        lambda study: study.risk.metrics(),
        lambda study: study.risk.compare(),
        lambda study: jr.reprice(study, {"holding_rate": 1}),
        lambda study: jr.replay(study, "jit", path=0),
        lambda study: jr.measure_last_year(study),
    ],
    ids=["metrics", "compare", "reprice", "replay", "last year"],
)
def test_results__an_optimization_is_refused_by_name(use):
    with pytest.raises(ResultError, match="the plan that a search found"):
        use(build_study())
