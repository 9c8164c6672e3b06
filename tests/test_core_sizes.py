"""No behavior of a store depends on how large its full store, or the rarest demand on it, is."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import xarray as xr
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from networks import THIRDS, WHOLE, Amounts, exogenous_paths, networks, one_path
from reference import CUSTOMER_OUTCOMES, STAGE_OUTCOMES, Twin

import jitrisk as jr
from jitrisk.lower import Range, lower

COUNTS = ("orders", "shortage", "stockout", "first_stockout")
SCALES = [1, 1, 10, 1_000, 1_000_000, 100_000_000]


@st.composite
def stretched(draw: st.DrawFn, amounts: Amounts) -> tuple[dict[str, Any], xr.Dataset]:
    """A drawn network whose levels, capacities and demands are of very different sizes, and a path for it."""
    model = draw(networks(amounts, horizon=40))
    for stage in model["stages"].values():
        size = draw(st.sampled_from(SCALES))
        for fields in stage["policy"].values():
            for key in fields.keys() - {"review", "cards"}:
                fields[key] = fields[key] if fields[key] == "unlimited" else fields[key] * size
        for key in ("on_hand", "capacity"):
            if key in stage:
                stage[key] *= draw(st.sampled_from(SCALES))
    exogenous = exogenous_paths(model, draw(st.integers(0, 2**32)), paths=1, amounts=amounts)
    sizes = [draw(st.sampled_from(SCALES[:-1])) for _ in model["customers"]]
    return model, exogenous.assign(demand=exogenous["demand"] * np.array(sizes, dtype=np.float32))


def exact(value: float) -> Fraction:
    """The number meant: a third where a float can only be near it."""
    return Fraction(value).limit_denominator(10**7)


def assert_exact(model: dict[str, Any], exogenous: xr.Dataset) -> None:
    """The counts are those of rational arithmetic; amounts differ by rounding, a few parts in a million."""
    network, path = jr.load(model), one_path(exogenous, 0)
    ranges = {
        (str(name), thing): Range.from_array(values.values[0, :, k])
        for name, values in exogenous.items()
        for k, thing in enumerate(values[values.dims[2]].values.tolist())
    }
    rounding = float(lower(network, ranges).tolerance.max())
    truth = Twin(network, number=exact).run(path)[0]
    # What lacks less than rounding is no lack; a path on which that decides is no test of it.
    assume(truth == Twin(network, number=exact, tolerance=2 * rounding).run(path)[0] if rounding else True)
    found = jr.simulate(network, exogenous=exogenous).isel(strategy=0, path=0)
    for kind, names in (("stage", STAGE_OUTCOMES), ("customer", CUSTOMER_OUTCOMES)):
        for outcome in names:
            values = found[outcome].values
            wanted = np.array([float(truth[outcome, name]) for name in found[kind].values.tolist()])
            if outcome in COUNTS:
                np.testing.assert_array_equal(values, wanted, outcome)
            else:
                np.testing.assert_allclose(values, wanted, rtol=1e-5, atol=1e-4 + 30 * rounding, err_msg=outcome)
            assert (values >= (-1 if outcome == "first_stockout" else 0)).all(), outcome


@settings(max_examples=150, phases=[Phase.explicit, Phase.generate])
@given(drawn=stretched(WHOLE))
def test_load__whole_units_are_exact_at_any_size(drawn: tuple[dict[str, Any], xr.Dataset]) -> None:
    assert_exact(*drawn)


@settings(max_examples=100, phases=[Phase.explicit, Phase.generate])
@given(drawn=stretched(THIRDS))
def test_load__fractions_of_units_are_exact_at_any_size(drawn: tuple[dict[str, Any], xr.Dataset]) -> None:
    assert_exact(*drawn)


def test_sample__small_demand_handed_in_is_no_rounding_beside_what_the_model_draws() -> None:
    # The model asks for a million a day; the record handed in has one such day and then a hundredth of a unit.
    model = {
        "name": "record",
        "period": "1 d",
        "horizon": "30 d",
        "stages": {"store": {"on_hand": 0, "lead_time": "60 d", "policy": {"base_stock": {"level": 5e6}}}},
        "customers": {"shop": {"stage": "store", "demand": 1e6, "unmet": "lost"}},
    }
    record = jr.sample(model, paths=1)
    record["demand"].values[:, 1:] = 0.01
    assert jr.simulate(model, exogenous=record)["stockout"].item() == 30
