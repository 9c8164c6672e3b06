"""How often the 95 % intervals cover the truth, over 2,000 repeats of samples whose law is known.

The functions are those that measure results. A share of 2,000 has a standard error of half a point around 95 %. The
tail of 1,000 paths at level 0.95 holds 50 paths, that of 10,000, the number simulated by default, 500.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from jitrisk.risk import describe

pytestmark = pytest.mark.verification

REPEATS, LEVEL = 2000, 0.95
QUANTILES = [0.05, 0.5, 0.9, 0.95, 0.99]
Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]


class Lognormal:
    """Losses that are 0 with probability `idle`, else lognormal with parameters 0 and 1."""

    def __init__(self, idle: float = 0.0) -> None:
        self.idle = idle

    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
        losses = np.exp(rng.standard_normal(shape))
        return losses * (rng.random(shape) >= self.idle) if self.idle else losses

    def quantile(self, level: float) -> float:
        return float(stats.lognorm(1).ppf((level - self.idle) / (1 - self.idle))) if level > self.idle else 0.0

    def truth(self) -> dict[str, float]:
        at = stats.norm.ppf(max(LEVEL - self.idle, 0) / (1 - self.idle))
        tail = (1 - self.idle) * math.exp(0.5) * stats.norm.cdf(1 - at) / (1 - LEVEL)
        return {"mean": (1 - self.idle) * math.exp(0.5), "var": self.quantile(LEVEL), "cvar": tail}


def described(losses: np.ndarray, low: bool = False) -> xr.Dataset:
    """Statistics of every row of losses, one repeat a strategy."""
    attrs = {"bad_tail": "lower" if low else "upper", "per_year": 1.0}
    values = xr.Dataset({"loss": (("strategy", "path"), -losses if low else losses, attrs)})
    return describe(values.assign_coords(strategy=np.arange(len(losses))), LEVEL, QUANTILES)


def covered(table: xr.Dataset, truth: Mapping[str, float], sign: float = 1.0) -> dict[str, float]:
    """The share of intervals that cover the truth, and of those that lie wholly below it."""
    shares = {}
    for name, value in truth.items():
        ends = ("lower", "upper") if name == "mean" else (f"{name}_lower", f"{name}_upper")
        lower, upper = (table["loss"].sel(statistic=end).values for end in ends)
        shares[name] = float(np.mean((lower <= sign * value) & (sign * value <= upper)))
    return shares


@pytest.mark.parametrize("paths", [1000, 10_000])
@pytest.mark.parametrize("idle", [0.0, 0.9], ids=["lognormal", "atom"])
def test_intervals_of_mean_and_tail_cover_the_truth(idle: float, paths: int) -> None:
    law = Lognormal(idle)
    table = described(law.draw(np.random.default_rng(2026), (REPEATS, paths)))
    for name, share in covered(table, law.truth()).items():
        assert 0.935 <= share <= 0.965, name


def test_intervals_of_a_lower_tail_cover_as_often() -> None:
    law = Lognormal(0.9)
    table = described(law.draw(np.random.default_rng(5), (REPEATS, 2000)), low=True)
    for name, share in covered(table, law.truth(), sign=-1.0).items():
        assert 0.935 <= share <= 0.965, name


@pytest.mark.parametrize("idle", [0.95, 0.97, 0.6])
def test_value_at_risk_beside_and_inside_an_atom_is_covered_at_least_as_often(idle: float) -> None:
    law = Lognormal(idle)
    table = described(law.draw(np.random.default_rng(3), (REPEATS, 2000)))
    assert covered(table, {"var": law.quantile(LEVEL)})["var"] >= 0.945
    # Half of the tail is the atom, and the mean of the tail is still known.
    assert covered(table, law.truth())["cvar"] >= 0.935


@pytest.mark.parametrize("paths", [1000, 10_000])
def test_intervals_of_quantiles_cover_as_often_as_the_binomial_law_says(paths: int) -> None:
    law = stats.poisson(3.0), stats.norm()
    rng = np.random.default_rng(11)
    for one, losses in zip(law, (rng.poisson(3.0, (REPEATS, paths)), rng.normal(size=(REPEATS, paths))), strict=True):
        table = described(losses.astype(np.float64))
        for q in QUANTILES:
            lower, upper = (table[f"loss_quantile_{end}"].sel(quantile=q).values for end in ("lower", "upper"))
            share = np.mean((lower <= one.ppf(q)) & (one.ppf(q) <= upper))
            assert share >= 0.935, q
            assert one is law[0] or share <= 0.985, q


def test_error_of_the_standard_deviation_covers_where_the_fourth_moment_is_mild() -> None:
    table = described(np.random.default_rng(7).exponential(size=(REPEATS, 2000)))["loss"]
    deviation, error = (table.sel(statistic=f"standard_deviation{end}") for end in ("", "_standard_error"))
    assert 0.925 <= float((abs(deviation - 1) < 1.96 * error).mean()) <= 0.965
