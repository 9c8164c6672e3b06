"""Every package simulates the same line: `make peers` runs this before it measures."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from numpy_line import Line

from peers import jitrisk_line

LINE = Line()
PEERS = [("peers.numba_line", 40_960), ("peers.simpy_line", 400), ("peers.stockpyl_line", 24)]


@functools.cache
def find_ours() -> dict[str, np.ndarray]:
    return jitrisk_line.simulate(LINE, 40_960, seed=2)


@functools.cache
def find_theirs(module: str, paths: int) -> dict[str, np.ndarray]:
    return pytest.importorskip(module).simulate(LINE, paths, seed=3)


@pytest.mark.parametrize(("module", "paths"), PEERS)
def test_means__agree_within_five_standard_errors(module: str, paths: int):
    theirs, ours = find_theirs(module, paths), find_ours()
    assert set(theirs) == set(ours) | {"shipped"}
    for name, one in ours.items():
        two = theirs[name]
        assert two.shape == (*one.shape[:-1], paths)
        error = np.sqrt(one.var(axis=-1) / one.shape[-1] + two.var(axis=-1, ddof=1) / paths)
        assert (np.abs(one.mean(axis=-1) - two.mean(axis=-1)) <= 5 * error).all(), name


@pytest.mark.parametrize(("module", "paths"), PEERS)
def test_every_path__keeps_its_units(module: str, paths: int):
    """No unit is lost: a lead time of one period, full stores at the start, whole containers, demand that waits."""
    totals, full_store = find_theirs(module, paths), LINE.cards * LINE.container
    started, ordered = totals["started"], totals["ordered"]
    np.testing.assert_allclose(totals["wip"] * LINE.periods, started)
    np.testing.assert_array_equal(ordered % LINE.container, 0)
    assert ((ordered - started >= 0) & (ordered - started <= full_store)).all()
    # What a store gave is what its consumer took, and it gave no more than what it held and received.
    taken = np.vstack([started[1:], totals["shipped"]])
    assert ((full_store + started - taken >= 0) & (started - taken <= 0)).all()
    assert (totals["filled"] <= totals["shipped"]).all()
    assert (totals["shipped"] <= totals["demand"]).all()
    np.testing.assert_array_equal(totals["shortage"][-1], totals["stockout"])
    np.testing.assert_array_equal(totals["stockout"] > 0, totals["first_stockout"] >= 0)
    assert (totals["peak_backlog"] >= totals["demand"] - totals["shipped"]).all()
