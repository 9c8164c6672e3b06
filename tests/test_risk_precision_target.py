"""Targets: what they may say, and how precise an estimate is found to be, against intervals computed here."""

import numpy as np
import pytest
from handmade import of_cost, result
from scipy import stats

from jitrisk import risk
from jitrisk.errors import ResultError
from jitrisk.risk import PrecisionTarget, assess_precision, parse_precision_target


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("cost.cvar95:1%", PrecisionTarget("cost", "cvar", 0.95, 0.01)),
        ("cost.mean:0.5%", PrecisionTarget("cost", "mean", 0.95, 0.005)),
        ("downtime.var99:2%", PrecisionTarget("downtime", "var", 0.99, 0.02)),
        (" fill_rate.mean : 0.001 ", PrecisionTarget("fill_rate", "mean", 0.95, 0.001)),
        ("profit.var99.5:10 %", PrecisionTarget("profit", "var", 0.995, 0.1)),
    ],
)
def test_parse_precision_target__a_target_says_what_is_to_be_known_and_how_well(text, target):
    found = parse_precision_target(text)
    assert found.metric == target.metric
    assert found.statistic == target.statistic
    assert (found.level, found.width) == pytest.approx((target.level, target.width))


@pytest.mark.parametrize("text", ["cost.cvar95:1%", "downtime.var99.5:2%", "cost.mean:0.5%"])
def test_parse_precision_target__a_target_reads_back_what_it_prints(text):
    assert str(parse_precision_target(text)) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cost", "no METRIC.STATISTIC:WIDTH"),
        ("cost.mean", "no METRIC.STATISTIC:WIDTH"),
        ("", "cost.cvar95:1%"),
        ("cots.mean:1%", "did you mean 'cost'?"),
        ("cost.cvra95:1%", "did you mean 'cvar'?"),
        ("cost.median:1%", "allowed are mean, var95 and cvar95"),
        ("cost.cvar:1%", "allowed are mean, var95 and cvar95"),
        ("cost.mean95:1%", "allowed are mean, var95 and cvar95"),
        ("cost.var100:1%", "level"),
        ("cost.var0:1%", "level"),
        ("cost.var9.9.9:1%", "level"),
        ("cost.mean:0%", "between 0 and 100 %"),
        ("cost.mean:100%", "between 0 and 100 %"),
        ("cost.mean:1.2.3%", "between 0 and 100 %"),
    ],
)
def test_parse_precision_target__what_is_no_target_is_refused_with_what_is_allowed(text, words):
    with pytest.raises(ResultError) as refusal:
        parse_precision_target(text)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_assess_precision__the_width_of_a_normal_mean_is_student_s():
    cost = np.random.default_rng(1).normal(10, 1, (2, 5000))
    found = assess_precision(risk.metrics(of_cost(cost)), parse_precision_target("cost.mean:0.2%"))
    half = stats.t.ppf(0.975, 4999) * cost.std(axis=1, ddof=1) / np.sqrt(5000)
    # The interval is corrected for skewness, of which a normal sample has next to none.
    assert found["width"].values == pytest.approx(half / cost.mean(axis=1), rel=0.01)
    assert found["needed"].values == pytest.approx(5000 * (found["width"].values / 0.002) ** 2)
    assert not found["met"].any()
    assert assess_precision(risk.metrics(of_cost(cost)), parse_precision_target("cost.mean:1%"))["met"].all()


def test_assess_precision__the_width_of_a_value_at_risk_is_half_its_order_statistics():
    cost = np.random.default_rng(2).lognormal(0, 1, (1, 4000))
    found = assess_precision(risk.metrics(of_cost(cost)), parse_precision_target("cost.var95:1%"))
    lower, upper = (found[end].item() for end in ("lower", "upper"))
    assert lower in cost
    assert upper in cost
    covered = stats.binom.cdf([(cost < lower).sum(), (cost < upper).sum()], 4000, 0.95)
    assert 0.93 < covered[1] - covered[0] < 0.97
    assert found["width"].item() == pytest.approx((upper - lower) / 2 / found["estimate"].item())


def test_assess_precision__zero_has_no_width_and_says_so():
    values = risk.metrics(result(paths=500, starved=np.zeros((1, 500, 1))))
    for statistic in ("mean", "cvar95"):
        found = assess_precision(values, parse_precision_target(f"downtime.{statistic}:1%"))
        assert np.isnan(found["width"]).all()
        assert found["zero"].all()
        assert not found["met"].any()


def test_assess_precision__a_value_at_risk_of_zero_is_known_where_its_order_statistics_are_zero():
    starved = np.zeros((1, 2000, 1))
    starved[0, :20] = 1.0
    values = risk.metrics(result(paths=2000, starved=starved))
    found = assess_precision(values, parse_precision_target("downtime.var95:1%"))
    assert found["met"].all()
    assert not found["zero"].any()
    # With the level at the atom's edge, the interval reaches beyond it: not known.
    found = assess_precision(values, parse_precision_target("downtime.var99:1%"))
    assert not found["met"].any()
    assert not found["zero"].any()


def test_assess_precision__a_constant_is_known_exactly():
    found = assess_precision(risk.metrics(of_cost(np.full((1, 100), 7.0))), parse_precision_target("cost.mean:0.1%"))
    assert found["met"].all()
    assert found["width"].item() == 0


def test_assess_precision__too_few_paths_for_an_interval_are_not_enough():
    found = assess_precision(risk.metrics(of_cost(np.arange(1.0, 11.0))), parse_precision_target("cost.cvar95:50%"))
    assert np.isnan(found["width"]).all()
    assert not found["met"].any()
    assert not found["zero"].any()


def test_assess_precision__a_metric_that_the_result_lacks_is_named():
    with pytest.raises(ResultError, match="no profit"):
        assess_precision(risk.metrics(of_cost([1.0, 2.0])), parse_precision_target("profit.mean:1%"))
