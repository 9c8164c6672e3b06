"""Plots in characters: what stands in them is what the figures say, whatever the distribution and the width."""

import io
import re

import numpy as np
import pytest
from handmade import of_cost, result
from rich.cells import cell_len
from rich.console import Console

from jitrisk import risk
from jitrisk.report import build_text_plot

PERCENT = re.compile(r"([\d.]+)\s*$")
RNG = np.random.default_rng(5)
ATOM = np.where(RNG.random((2, 4000)) < 0.9, 10.0, 10 + RNG.gamma(2, 20, (2, 4000)))


def drawn(outcomes, kind="histogram", width=80, encoding="utf-8"):
    """A plot as lines."""
    sink = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    Console(file=sink, width=width, highlight=False).print(build_text_plot(outcomes, kind))
    sink.flush()
    lines = [line.rstrip() for line in sink.buffer.getvalue().decode(encoding).splitlines()]
    assert max(map(cell_len, lines)) <= width
    return lines


def bins_of(lines):
    return [line for line in lines if re.match(r" *([-\d.,]+ to|below|above) ", line)]


def test_build_text_plot__shares_add_up_and_are_those_of_the_histogram():
    outcomes = of_cost(RNG.normal(100, 10, (1, 10_000)))
    lines = drawn(outcomes)
    bins = risk.histogram(risk.metrics(outcomes), "cost", 16)
    shares = [float(PERCENT.search(line)[1]) for line in bins_of(lines) if "< 0.1" not in line]
    assert sum(shares) == pytest.approx(100, abs=1)
    assert max(shares) == pytest.approx(100 * bins["share"].max().item(), abs=0.5)
    assert any("of 10,000 paths by total cost" in line for line in lines)


def test_build_text_plot__bars_are_as_long_as_shares():
    cost = np.repeat([10.0, 20.0, 30.0], [200, 400, 800])
    lengths = [line.count("#") for line in bins_of(drawn(of_cost(cost), encoding="ascii"))]
    one, two, four = (length for length in lengths if length)
    assert two == pytest.approx(2 * one, abs=1)
    assert four == pytest.approx(4 * one, abs=2)
    eighths = [line.count("█") for line in bins_of(drawn(of_cost(cost)))]
    assert [length for length in eighths if length] == [one, two, four]


def test_build_text_plot__what_was_seen_once_has_a_mark_and_what_was_not_has_none():
    cost = np.full(20_000, 10.0)
    cost[:6] = 99.0
    first, *between, last = bins_of(drawn(of_cost(cost)))
    assert first.endswith("█ 100")
    assert all(re.search(r"to [\d,.]+$", line) for line in between)
    assert last.endswith("▏ < 0.1")
    assert bins_of(drawn(of_cost(cost), encoding="ascii"))[-1].endswith(". < 0.1")


def test_build_text_plot__all_strategies_share_bins_and_scale():
    lines = bins_of(drawn(of_cost(ATOM, ["jit", "jic"])))
    columns = np.array([[line[12:].count("█") for line in lines]])
    assert columns.sum() > 0
    first = lines[0]
    # Nine paths in ten cost 10 under both.
    assert len(re.findall(r"9\d", first)) == 2


def test_build_text_plot__the_overflow_of_a_long_tail_is_stated():
    tail = of_cost(np.random.default_rng(1).lognormal(0, 2, (1, 5000)))
    lines = bins_of(drawn(tail))
    above = risk.histogram(risk.metrics(tail), "cost", 16)["above"].item()
    assert "above" in lines[-1]
    assert float(PERCENT.search(lines[-1])[1]) == pytest.approx(100 * above, abs=0.05)


@pytest.mark.parametrize("kind", ["histogram", "exceedance"])
@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp437"])
@pytest.mark.parametrize(
    "cost",
    [ATOM, np.full((1, 50), 7.0), np.zeros((2, 50)), [[3.0]], -ATOM, 1e12 * ATOM, RNG.lognormal(0, 2, (8, 300))],
    ids=["atom", "constant", "nothing", "one path", "negative", "large", "eight strategies"],
)
def test_build_text_plot__any_distribution_can_be_drawn(cost, encoding, width, kind):
    names = [f"a rather long name {k}" for k in range(len(cost))]
    lines = drawn(of_cost(cost, names), kind, width, encoding)
    assert len(lines) > 4
    assert not any("nan" in line for line in lines)
    if encoding == "ascii":
        assert not any("?" in line.replace("+- ?", "").replace("?: too", "") for line in lines)


def test_build_text_plot__eight_strategies_stand_in_blocks_on_the_same_bins():
    names = [f"plan {k}" for k in range(8)]
    lines = drawn(of_cost(RNG.gamma(2, 10, (8, 500)), names))
    heads = [line for line in lines if "plan" in line]
    assert [re.findall(r"plan \d", head) for head in heads] == [names[:4], names[4:]]
    bins = [line[:14] for line in bins_of(lines)]
    assert bins[: len(bins) // 2] == bins[len(bins) // 2 :]


def test_build_text_plot__the_curve_is_that_of_the_figures():
    outcomes = of_cost(RNG.exponential(10, (2, 20_000)), ["jit", "jic"])
    # A horizon of ten periods of 12 hours is 5 days; a year of them is 73.
    points = risk.exceedance(risk.metrics(outcomes), "cost", years=[2, 5, 10])
    lines = drawn(outcomes, "exceedance")
    rows = [line.split() for line in lines if re.match(r" *(\d[\d,]*)? +(jit|jic) ", line)]
    shown = {}
    for words in rows:
        if words[0] not in ("jit", "jic"):
            years = words.pop(0)
        shown[years, words[0]] = float(words[-3 if "±" in words else -1].replace(",", ""))
    for k, years in enumerate(("2", "5", "10")):
        for name in ("jit", "jic"):
            value = points["value"].sel(strategy=name).values[k] / (1000 if "k EUR" in lines[0] else 1)
            assert shown[years, name] == pytest.approx(value, rel=0.05)


def test_build_text_plot__dots_stand_where_their_values_are():
    outcomes = of_cost(RNG.normal(100, 10, (1, 50_000)))
    lines = drawn(outcomes, "exceedance", 120)
    marks = [line.index("●") for line in lines if "●" in line and "plan" in line]
    assert len(marks) > 3
    assert marks == sorted(marks)
    assert marks[0] < marks[-1]


def test_build_text_plot__a_bad_year_falls_short_of_a_profit():
    made = {"shipped": RNG.random((2, 60, 1)), "price": 3.0}
    assert "profit in 5 d fallen short of once in so many years" in drawn(result(paths=60, **made), "exceedance")[0]
    assert "cost in 5 d exceeded once in so many years" in drawn(of_cost(np.arange(60.0)), "exceedance")[0]


def test_build_text_plot__downtime_is_drawn_where_nothing_costs_anything():
    lines = drawn(result(paths=50, starved=RNG.random((2, 50, 2))))
    assert "downtime in 5 d, hours" in lines[0]
