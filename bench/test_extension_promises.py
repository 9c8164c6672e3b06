"""What each feature costs that is off by default, relative to a plain base-stock line, in time per stage-period.

The line is that of `base_stock_line`; every feature is on at every stage that can have it, so that nothing else pays.
Ratios are medians of interleaved pairs in CPU time of one thread.
"""

from __future__ import annotations

import pytest
from subjects import EXTENSIONS, base_stock_line
from test_promises import cpu, interleaved, note

import jitrisk as jr

PATHS = 100_000


@pytest.mark.parametrize(("name", "most"), [(name, most) for name, (_, most) in EXTENSIONS.items()])
def test_a_feature_costs_at_most(benchmark, name, most):
    models = [jr.load(base_stock_line()), jr.load(EXTENSIONS[name][0]())]
    for model in models:
        jr.simulate(model, paths=PATHS, threads=1)
    plain, extended = (
        lambda model=model: cpu(lambda: jr.simulate(model, paths=PATHS, seed=1, threads=1)) for model in models
    )
    before, after, ratio = interleaved(plain, extended)
    periods = models[0].horizon * len(models[0].stages) * PATHS
    note(benchmark, feature=name, plain_ns=before / periods * 1e9, ns=after / periods * 1e9, ratio=ratio, most=most)
    assert ratio <= most
