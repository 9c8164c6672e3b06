"""How often intervals and claims are wrong where a hazard is rare: 2,000 repeats, each side counted on its own.

A sample is what a run shows of one hazard that begins on a path with a known probability: it is expected to occur a
few times, and is drawn as it comes or by the mixture of :mod:`jitrisk.sampling.rare`. The functions are those that
measure results.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import jitrisk as jr
from jitrisk.risk import assess_precision, cheaper, compare, parse_precision_target
from jitrisk.risk.design import read_design
from jitrisk.risk.evidence import compute_run_evidence
from jitrisk.risk.statistics import RequestedStatistics, compute_statistics
from jitrisk.studies import until

pytestmark = pytest.mark.verification

REPEATS, PATHS, LEVEL = 2000, 1000, 0.95
OCCURRENCES = (1, 2, 3, 5, 10, 30)
NATURAL = 0.5
ENOUGH = 5
COST = {"bad_tail": "upper", "per_year": 1.0, "units": "EUR", "long_name": "cost"}
# What one side may miss with enough occurrences, and how often anything may be claimed falsely with fewer.
MEANS, REST, CLAIMED = 0.04, 0.05, 0.025


@dataclass(frozen=True)
class Law:
    """A loss of 1, or lognormal of mean 1, where the hazard occurs, beside a smaller one of every path.

    Attributes
    ----------
    probability : that a path holds the hazard.
    spread : whether the loss is lognormal.
    noise : the loss of every path is uniform from 0 to this.
    """

    probability: float
    spread: bool
    noise: float

    def severity(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return np.exp(rng.standard_normal(shape) - 0.5) if self.spread else np.ones(shape)

    def beyond(self, x: np.ndarray) -> np.ndarray:
        """P(loss > x); where the hazard occurs, integrated over the noise."""
        rest = x[..., None] - (np.arange(400) + 0.5) / 400 * self.noise
        with np.errstate(divide="ignore", invalid="ignore"):
            struck = stats.norm.sf(np.log(np.maximum(rest, 0.0)) + 0.5) if self.spread else rest < 1
        calm = np.clip(1 - x / self.noise, 0, 1) if self.noise else np.asarray(x < 0, dtype=float)
        return self.probability * struck.mean(-1) + (1 - self.probability) * calm

    def quantile(self, share: float) -> float:
        """The least x with P(loss > x) <= 1 - share, by bisection."""
        low, high = 0.0, 1e4
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if self.beyond(np.array(middle)) > 1 - share else (low, middle)
        return high

    def truth(self) -> dict[str, float]:
        at = self.quantile(LEVEL)
        grid = at + np.concatenate([[0.0], np.geomspace(1e-9, 1e3, 20_000)])
        tail = float(np.trapezoid(self.beyond(grid), grid))
        return {"mean": self.probability + self.noise / 2, "var": at, "cvar": at + tail / (1 - LEVEL)}


@dataclass(frozen=True)
class Sample:
    """Paths that show one hazard, natural or from the mixture in which every other path holds it."""

    occurs: np.ndarray
    weight: np.ndarray | None
    probability: float

    @classmethod
    def of(cls, rng: np.random.Generator, paths: int, probability: float, rare: bool) -> Sample:
        occurs = rng.random(paths) < probability
        if not rare:
            return cls(occurs, None, probability)
        occurs[1::2] = True
        return cls(occurs, 1 / (NATURAL + (1 - NATURAL) * occurs / probability), probability)

    def values(self, **costs: np.ndarray) -> xr.Dataset:
        """The metrics of a run with these costs, one strategy a name."""
        rare = self.weight is not None
        share = NATURAL + (1 - NATURAL) / self.probability if rare else 1.0
        shape = (len(costs), self.occurs.size)
        found = xr.Dataset(
            {"cost": (("strategy", "path"), np.stack(list(costs.values())), COST)},
            {
                "strategy": list(costs),
                "least_evidence": ("strategy", np.full(len(costs), self.probability * share)),
                "rarest_hazard": ("strategy", ["fire"] * len(costs)),
                "rarest_occurrences": (("strategy", "path"), np.broadcast_to(self.occurs.astype(np.int32), shape)),
            },
            {"per_year": 1.0},
        )
        if not rare:
            return found
        drawn = {"shares": [NATURAL, 1 - NATURAL], "rare_probability": self.probability}
        component = xr.Variable("path", (np.arange(self.occurs.size) % 2).astype(np.int16), drawn)
        return found.assign_coords(weight=("path", self.weight), component=component)


class Misses:
    """Counts intervals, and those that lie wholly below or above the truth."""

    def __init__(self) -> None:
        self.counts: dict[str, list[int]] = {}

    def add(self, name: str, lower: float, upper: float, truth: float) -> None:
        row = self.counts.setdefault(name, [0, 0, 0])
        slack = 1e-9 * abs(truth)
        row[0] += not math.isnan(lower + upper)
        row[1] += upper < truth - slack
        row[2] += lower > truth + slack

    def worst(self, name: str) -> float:
        """The share of all repeats on which the worse side is missed."""
        return max(self.counts[name][1:]) / REPEATS


def measured(sample: Sample, cost: np.ndarray, shares: dict[str, float]) -> Iterator[tuple[str, float, float]]:
    """Every statistic with its interval, as `describe` and `exceedance` compute them for one strategy."""
    values = sample.values(a=cost)
    design = read_design(values)
    evidence = float(compute_run_evidence(values, design)[0])
    found, quantiles = compute_statistics(
        cost, design, RequestedStatistics(LEVEL, tuple(shares.values())), low=False, evidence=evidence
    )
    for name, ends in {"mean": "", "var": "var_", "cvar": "cvar_"}.items():
        yield name, found[f"{ends}lower"], found[f"{ends}upper"]
    for name, quantile in zip(shares, quantiles, strict=True):
        yield name, quantile.lower, quantile.upper


@pytest.mark.parametrize("rare", [False, True], ids=["natural", "weighted"])
@pytest.mark.parametrize("spread", [False, True], ids=["atom", "lognormal"])
@pytest.mark.parametrize("expected", OCCURRENCES)
def test_read_design__no_side_of_an_interval_misses_too_often(expected: int, spread: bool, rare: bool) -> None:
    law = Law(expected / PATHS, spread, noise=2 * expected / PATHS)
    # What is exceeded three times as often as the hazard occurs, and half as often.
    shares = {"often": 1 - 3 * law.probability, "seldom": 1 - law.probability / 2}
    truth = law.truth() | {name: law.quantile(share) for name, share in shares.items()}
    rng, misses = np.random.default_rng(2026), Misses()
    for _ in range(REPEATS):
        sample = Sample.of(rng, PATHS, law.probability, rare)
        cost = sample.occurs * law.severity(rng, (PATHS,)) + law.noise * rng.random(PATHS)
        for name, lower, upper in measured(sample, cost, shares):
            misses.add(name, lower, upper, truth[name])
    known = rare or expected >= ENOUGH
    for name in misses.counts:
        rests_on_means = name in ("mean", "cvar")
        if rests_on_means and not known:
            assert misses.counts[name] == [0, 0, 0], name
        elif known:
            assert misses.worst(name) <= (MEANS if name == "mean" else REST), (name, misses.counts[name])
        else:
            # Order statistics hold whatever was not seen; beside them nothing is claimed.
            assert misses.worst(name) <= CLAIMED + 0.01, (name, misses.counts[name])
    if known:
        assert misses.counts["mean"][0] > 0.9 * REPEATS


@pytest.mark.parametrize("rare", [False, True], ids=["natural", "weighted"])
@pytest.mark.parametrize("spread", [False, True], ids=["atom", "lognormal"])
@pytest.mark.parametrize("expected", [1, 3, 5, 30])
def test_cheaper__no_winner_is_named_falsely_too_often(expected: int, spread: bool, rare: bool) -> None:
    # The same mean for both: one pays with a small probability, the other for certain.
    law = Law(expected / PATHS, spread, noise=0.0)
    rng, misses = np.random.default_rng(7), Misses()
    worse = law.probability * (stats.norm.sf(math.log(law.probability) + 0.5) if spread else 1.0)
    for _ in range(REPEATS):
        sample = Sample.of(rng, PATHS, law.probability, rare)
        risky = sample.occurs * law.severity(rng, (PATHS,)) / law.probability
        values = sample.values(risky=risky, certain=np.ones(PATHS))
        column = compare(values, "certain")["cost"].sel(strategy="risky").values
        misses.add("difference", column[2], column[3], 0.0)
        wins = cheaper(values)
        misses.add("share", wins["lower"].values[0, 1], wins["upper"].values[0, 1], 1 - worse)
    if not rare and expected < ENOUGH:
        assert misses.counts["difference"] == [0, 0, 0]
    assert misses.worst("difference") <= (MEANS if expected >= ENOUGH else CLAIMED if not rare else MEANS)
    assert misses.worst("share") <= CLAIMED + 0.01


@pytest.mark.parametrize("rare", [False, True], ids=["natural", "weighted"])
@pytest.mark.parametrize("expected", [1, 5])
def test_parse_precision_target__until_is_seldom_wrong_about_what_it_calls_known(
    monkeypatch, expected: int, rare: bool
) -> None:
    # `expected` occurrences at the first look; most runs go on from there.
    monkeypatch.setattr(until, "FIRST", PATHS)
    law, target = Law(expected / PATHS, True, noise=0.0), parse_precision_target("cost.mean:20%")
    rng, wrong, known, repeats = np.random.default_rng(11), 0, 0, 200
    for _ in range(repeats):
        found = grown(rng, law, rare, target)
        if found.attrs["stopped"] == "met":
            known += 1
            wrong += not found["lower"].item() <= law.probability <= found["upper"].item()
    assert known > 0.9 * repeats
    assert wrong / repeats <= 2 * REST


def grown(rng: np.random.Generator, law: Law, rare: bool, target) -> xr.Dataset:
    """What is found when a sample has grown until the target is reached."""
    occurs, cost, paths = np.empty(0, dtype=bool), np.empty(0), PATHS
    while True:
        more = Sample.of(rng, paths - cost.size, law.probability, rare)
        occurs = np.append(occurs, more.occurs)
        cost = np.append(cost, more.occurs * law.severity(rng, (paths - cost.size,)))
        weight = 1 / (NATURAL + (1 - NATURAL) * occurs / law.probability) if rare else None
        values = Sample(occurs, weight, law.probability).values(a=cost)
        found = until.plan_paths(assess_precision(values, target), 10**6, 10**9)
        if "stopped" in found.attrs:
            return found
        # Whole periods of the pattern of components.
        paths = found.attrs["planned"] + found.attrs["planned"] % 2


def test_describe__a_fire_once_in_7000_years_is_known_to_3_percent_from_4000_paths() -> None:
    # Its loss has a coefficient of variation of about 1: days of an exponential outage, less one day of stock.
    model = {
        "name": "Seldom",
        "period": "1 d",
        "horizon": "1 year",
        "stages": {"press": {"capacity": "1000 / d", "policy": {"base_stock": {"level": 100}}}},
        "customers": {"shop": {"stage": "press", "demand": 100, "unmet": "lost", "lost_cost": 1000}},
        "hazards": {
            "fire": {
                "rate": "1 / 7000 years",
                "duration": {"exponential": {"mean": "10 d"}},
                "hits": {"press": {"capacity": 0}},
            }
        },
    }
    means, errors = [], []
    for seed in range(40):
        table = jr.simulate(model, 4000, seed, rare=True).risk.describe()["cost"].isel(strategy=0)
        means.append(table.sel(statistic="mean").item())
        errors.append(table.sel(statistic="standard_error").item())
    relative = np.array(errors) / np.mean(means)
    assert relative.max() < 0.03
    # The errors that are stated are those that are made: the spread of 40 means has an error of 11 %.
    assert abs(np.std(means, ddof=1) / np.mean(errors) - 1) < 4 / math.sqrt(2 * 39)
