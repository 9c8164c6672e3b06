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

from jitrisk.risk import describe, dominance

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

    def truth(self, level: float = LEVEL) -> dict[str, float]:
        at = stats.norm.ppf(max(level - self.idle, 0) / (1 - self.idle))
        tail = (1 - self.idle) * math.exp(0.5) * stats.norm.cdf(1 - at) / (1 - level)
        return {"mean": (1 - self.idle) * math.exp(0.5), "var": self.quantile(level), "cvar": tail}


def described(losses: np.ndarray, low: bool = False, level: float = LEVEL) -> xr.Dataset:
    """Statistics of every row of losses, one repeat a strategy."""
    attrs = {"bad_tail": "lower" if low else "upper", "per_year": 1.0}
    values = xr.Dataset({"loss": (("strategy", "path"), -losses if low else losses, attrs)})
    return describe(values.assign_coords(strategy=np.arange(len(losses))), level, QUANTILES)


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
def test_describe__intervals_of_mean_and_tail_cover_the_truth(idle: float, paths: int) -> None:
    law = Lognormal(idle)
    table = described(law.draw(np.random.default_rng(2026), (REPEATS, paths)))
    for name, share in covered(table, law.truth()).items():
        assert 0.935 <= share <= 0.965, name


@pytest.mark.parametrize(("paths", "level"), [(500, 0.95), (2500, 0.99)])
@pytest.mark.parametrize("idle", [0.0, 0.9], ids=["lognormal", "atom"])
def test_describe__intervals_cover_nearly_as_often_where_25_paths_are_in_the_tail(
    idle: float, paths: int, level: float
) -> None:
    law = Lognormal(idle)
    table = described(law.draw(np.random.default_rng(99), (REPEATS, paths)), level=level)
    for name, share in covered(table, law.truth(level)).items():
        assert 0.93 <= share <= 0.97, name


def test_describe__intervals_of_a_short_tail_cover_more_often_but_for_the_mean() -> None:
    law = Lognormal()
    shares = covered(described(law.draw(np.random.default_rng(99), (REPEATS, 200))), law.truth())
    assert 0.92 <= shares["mean"] <= 0.95
    assert 0.95 <= shares["var"] <= 0.98
    assert 0.965 <= shares["cvar"] <= 0.99


def test_describe__intervals_of_a_lower_tail_cover_as_often() -> None:
    law = Lognormal(0.9)
    table = described(law.draw(np.random.default_rng(5), (REPEATS, 2000)), low=True)
    for name, share in covered(table, law.truth(), sign=-1.0).items():
        assert 0.935 <= share <= 0.965, name


@pytest.mark.parametrize("idle", [0.95, 0.97, 0.6])
def test_describe__value_at_risk_beside_and_inside_an_atom_is_covered_at_least_as_often(idle: float) -> None:
    law = Lognormal(idle)
    table = described(law.draw(np.random.default_rng(3), (REPEATS, 2000)))
    assert covered(table, {"var": law.quantile(LEVEL)})["var"] >= 0.945
    # Half of the tail is the atom, and the mean of the tail is still known.
    assert covered(table, law.truth())["cvar"] >= 0.935


@pytest.mark.parametrize("paths", [1000, 10_000])
@pytest.mark.parametrize("struck", [0.047, 0.049, 0.05, 0.053])
@pytest.mark.parametrize("low", [False, True])
def test_describe__conditional_value_at_risk_is_covered_where_losses_jump_at_the_level(
    struck: float, paths: int, low: bool
) -> None:
    # A disaster in about one horizon of twenty costs 10 and more, anything else 1 at most.
    rng, shape = np.random.default_rng(17), (REPEATS // 2, paths)
    losses = np.where(rng.random(shape) < struck, 10 + rng.exponential(size=shape), rng.random(shape))
    if struck < 1 - LEVEL:
        rest = (1 - LEVEL - struck) / (1 - struck)
        truth = (struck * 11 + (1 - LEVEL - struck) * (1 - rest / 2)) / (1 - LEVEL)
    else:
        truth = 11 + math.log(struck / (1 - LEVEL))
    share = covered(described(losses, low), {"cvar": truth}, -1.0 if low else 1.0)["cvar"]
    assert share >= 0.93


@pytest.mark.parametrize("paths", [1000, 10_000])
@pytest.mark.parametrize("mean", [0.35, 0.3554, 0.36])
def test_describe__conditional_value_at_risk_of_days_is_covered_where_the_next_day_begins_at_the_level(
    mean: float, paths: int
) -> None:
    days, law = np.arange(40), stats.poisson(mean)
    worst = np.minimum(law.sf(days - 1), 1 - LEVEL)
    truth = float(days @ (worst - np.minimum(law.sf(days), 1 - LEVEL))) / (1 - LEVEL)
    losses = np.random.default_rng(23).poisson(mean, (REPEATS // 2, paths)).astype(np.float64)
    assert covered(described(losses), {"cvar": truth})["cvar"] >= 0.93


@pytest.mark.parametrize("paths", [1000, 10_000])
def test_describe__intervals_of_quantiles_cover_as_often_as_the_binomial_law_says(paths: int) -> None:
    law = stats.poisson(3.0), stats.norm()
    rng = np.random.default_rng(11)
    for one, losses in zip(law, (rng.poisson(3.0, (REPEATS, paths)), rng.normal(size=(REPEATS, paths))), strict=True):
        table = described(losses.astype(np.float64))
        for q in QUANTILES:
            lower, upper = (table[f"loss_quantile_{end}"].sel(quantile=q).values for end in ("lower", "upper"))
            share = np.mean((lower <= one.ppf(q)) & (one.ppf(q) <= upper))
            assert share >= 0.935, q
            assert one is law[0] or share <= 0.985, q


def test_describe__error_of_the_standard_deviation_covers_where_the_fourth_moment_is_mild() -> None:
    table = described(np.random.default_rng(7).exponential(size=(REPEATS, 2000)))["loss"]
    deviation, error = (table.sel(statistic=f"standard_deviation{end}") for end in ("", "_standard_error"))
    assert 0.925 <= float((abs(deviation - 1) < 1.96 * error).mean()) <= 0.965


@pytest.mark.parametrize(("shown", "least", "most"), [(1, 0.3, 0.45), (10, 0.01, 0.06), (50, 0.0, 0.03)])
def test_dominance__a_certain_cost_is_called_worse_than_a_disaster_no_path_has_shown(
    shown: int, least: float, most: float
) -> None:
    rng, runs, paths, mean = np.random.default_rng(2), 600, 4000, 0.1
    wrong = 0
    for _ in range(runs):
        # On average the disaster costs the same, and so the certain cost dominates in the second order.
        disaster = np.where(rng.random(paths) < shown / paths, mean * paths / shown, 0.0)
        attrs = {"bad_tail": "upper", "units": "EUR", "per_year": 1.0}
        array = xr.DataArray(np.stack([np.full(paths, mean), disaster]), dims=("strategy", "path"), attrs=attrs)
        found = dominance(xr.Dataset({"cost": array.assign_coords(strategy=["sure", "gamble"])}))
        wrong += str(found["second"].sel(strategy="sure", other="gamble").item()) == "violated"
    assert least <= wrong / runs <= most
