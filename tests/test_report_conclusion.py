"""The conclusion says what the intervals allow, and no more."""

from __future__ import annotations

import re

import numpy as np
from handmade import of_cost, result
from rarely import UNTIL_RARE

import jitrisk as jr
from jitrisk.report import render_conclusion, summarize

NAMES = ("jit", "jic", "hybrid")
RNG_SEED = 9


def said(cost, **kwargs) -> str:
    table = np.asarray(cost, dtype=np.float64)
    return render_conclusion(summarize(of_cost(table, NAMES[: len(table)]), **kwargs))


def luck(paths: int = 6000) -> np.ndarray:
    return np.random.default_rng(RNG_SEED).normal(1000.0, 50.0, paths)


def test_render_conclusion__clear_winner_is_named_with_what_it_saves():
    # 10 periods of 12 hours: a year is 73 times the horizon.
    text = said([luck(), luck() + 100 + 0.1 * luck()[::-1]])
    assert text.startswith("jit costs least, 73.00 ± 0.09 k EUR per year: 14.600 ± 0.009 k EUR less than jic, ")
    assert "and it is the cheapest on > 99.93 % of paths" in text
    assert text.endswith(" of paths. In the worst 5 % of paths jit costs least, too.")


def test_render_conclusion__no_difference_is_claimed_where_the_interval_contains_0():
    noise = np.random.default_rng(1).normal(0.0, 1.0, 6000)
    text = said([luck(), luck() + noise])
    assert text.startswith("No difference in mean cost can be claimed between j")
    assert "at 6,000 paths" in text
    assert "its interval contains 0" in text
    assert text.endswith(". In the worst 5 % of paths no difference in cost can be claimed between jic and jit.")
    assert "least" not in text


def test_render_conclusion__a_tail_that_differs_is_told_where_the_means_cannot_be():
    even = np.repeat([900.0, 1100.0], 3000)
    risky = np.where(np.arange(6000) % 20 == 0, 1900.0, 953.0)
    text = said([even, risky])
    assert text.startswith("No difference in mean cost can be claimed between jit and jic")
    assert text.endswith(". In the worst 5 % of paths jit costs least.")


def test_render_conclusion__a_smaller_mean_with_a_worse_tail_says_both():
    rng = np.random.default_rng(2)
    fire = np.where(rng.random(6000) < 0.05, 5000.0, 0.0) + rng.normal(1000, 10, 6000)
    text = said([fire, rng.normal(1500, 10, 6000)])
    assert text.startswith("jit costs least, ")
    assert ". But in the worst 5 % of paths jic costs " in text
    assert text.endswith(" of jit.")


def test_render_conclusion__a_rarely_cheapest_winner_is_not_said_to_win_often():
    rng = np.random.default_rng(2)
    fire = np.where(rng.random(6000) < 0.05, 50_000.0, 0.0) + 1000
    text = said([fire, np.full(6000, 1500.0)])
    assert text.startswith("jic costs least, ")
    assert "though jit is the cheapest on 9" in text


def test_render_conclusion__strategies_that_never_differ_cost_the_same():
    text = said([luck(), luck(), luck() + 10])
    assert text == (
        "jit and jic cost the same on every path; hybrid costs more. "
        "In the worst 5 % of paths jit and jic cost least, too."
    )
    assert said([luck(), luck()]) == "jit and jic cost the same on every path."


def test_render_conclusion__worst_paths_are_not_compared_below_5000_and_the_reason_is_said():
    noise = np.random.default_rng(3).normal(0.0, 1.0, 4999)
    text = said([luck(4999), luck(4999) + noise + 50])
    assert text.startswith("jit costs least, ")
    assert text.endswith(" of paths. The worst 5 % of paths cannot be compared: fewer than 5,000 paths.")


def test_render_conclusion__worst_paths_that_one_path_tells_apart_are_not_compared():
    one = luck().copy()
    one[np.argmax(one)] += 5000.0
    text = said([luck(), one])
    assert text.endswith(" The worst 5 % of paths cannot be compared: the difference rests on fewer than two paths.")


def test_render_conclusion__a_claim_on_the_worst_paths_gets_the_digits_that_it_needs():
    close = 0
    for shift in np.linspace(165.0, 185.0, 9):
        # The worst years of the cheaper are dearer by about as much as the interval reaches.
        rng = np.random.default_rng(11)
        risky = np.where(rng.random(6000) < 0.03, rng.normal(1600.0 + shift, 300.0, 6000), 900.0)
        text = said([risky, np.where(rng.random(6000) < 0.03, rng.normal(1600.0, 300.0, 6000), 1000.0)])
        claim = re.search(r"jic costs ([\d.]+) ± ([\d.]+) k EUR less", text)
        assert claim or "no difference in cost can be claimed" in text
        if claim:
            amount, half = map(float, claim.groups())
            assert amount > half
            close += half > 0.9 * amount
    assert close > 0


def test_render_conclusion__several_that_cannot_be_told_apart_are_listed():
    noise = np.random.default_rng(3).normal(0.0, 50.0, (2, 6000))
    text = said(np.stack([luck(), luck() + noise[0], luck() + noise[1]]))
    assert text.startswith("No difference in mean cost can be claimed between ")
    assert all(name in text for name in NAMES)
    assert "the intervals of their differences contain 0" in text


def test_render_conclusion__intervals_hold_for_all_pairs_at_once():
    luck_of_two = np.random.default_rng(4).normal(0.0, 1.0, 2000)
    gap = 2.1 * luck_of_two.std(ddof=1) / np.sqrt(2000) - luck_of_two.mean()
    two = [luck(2000), luck(2000) + luck_of_two + gap]
    # 2.1 standard errors are enough for the one pair of two strategies and not for one of three pairs.
    assert said(two).startswith("jit costs least")
    assert said([*two, luck(2000) + 500]).startswith("No difference in mean cost can be claimed between jit and jic")


def test_render_conclusion__one_path_says_nothing():
    text = said([[1.0], [2.0]])
    assert "at 1 path: jic costs 73 ± ? EUR per year more than jit, and its interval is unknown. " in text
    assert text.endswith(" The worst 5 % of paths cannot be compared: fewer than 5,000 paths.")


def test_render_conclusion__one_strategy_is_described():
    text = said([luck()], level=0.9)
    assert text.startswith("jit costs 73.00 ± 0.09 k EUR per year on average. In the worst 10 % of paths it costs 1.0")
    # What one path adds up to is not scaled to a year.
    assert text.endswith("k EUR over 5 d.")


def test_render_conclusion__model_without_prices_is_not_compared_in_money():
    assert render_conclusion(summarize(result(NAMES[:2], 2))).startswith("Nothing has a price in this model")


def test_render_conclusion__prices_count_and_not_what_happened_to_be_paid():
    assert said([[0.0, 0.0], [0.0, 0.0]]) == "jit and jic cost the same on every path."


def of_profit(made: np.ndarray, price: float = 3.0):
    """A result whose strategies sell what they make, at a cost of 1 a unit."""
    flows = dict.fromkeys(("started", "shipped"), made[:, :, np.newaxis])
    return result(NAMES[: len(made)], made.shape[1], ("line",), **flows, unit_cost=1.0, price=price)


def test_render_conclusion__where_there_is_a_price_profit_decides_and_not_cost():
    rng = np.random.default_rng(5)
    outcomes = of_profit(np.stack([rng.normal(100, 1, 6000), rng.normal(200, 1, 6000)]))
    text = render_conclusion(summarize(outcomes))
    # 10 periods of 12 hours: a year is 73 times the horizon; 200 units earn 2 each.
    assert text.startswith("jic earns most, 29.20 k EUR per year: 14.598 ± 0.005 k EUR more than jit, ")
    assert "and it is the most profitable on > 99.93 % of paths" in text
    assert text.endswith(". In the worst 5 % of paths jic earns most, too.")
    assert "cost" not in text


def test_render_conclusion__a_bad_year_of_profit_is_one_that_sells_little():
    rng = np.random.default_rng(6)
    risky = np.where(rng.random(6000) < 0.05, 10.0, 200.0) + rng.normal(0, 1, 6000)
    text = render_conclusion(summarize(of_profit(np.stack([risky, rng.normal(150, 1, 6000)]))))
    assert text.startswith("jit earns most, ")
    assert ". But in the worst 5 % of paths jic earns " in text
    assert " more over 5 d than the " in text


def test_render_conclusion__where_all_lose_the_best_loses_least():
    rng = np.random.default_rng(7)
    risky = np.where(rng.random(6000) < 0.05, 400.0, 100.0) + rng.normal(0, 1, 6000)
    steady = rng.normal(150, 1, 6000)
    # Each unit loses 1/2, and a year is 73 times the horizon.
    text = render_conclusion(summarize(of_profit(np.stack([risky, steady]), price=0.5)))
    assert text.startswith("jit loses least, 4,")
    assert "jic, and it is the best on 9" in text
    assert ". But in the worst 5 % of paths, where jit loses " in text
    assert " EUR over 5 d, jic is better by 1" in text
    assert "earn" not in text
    assert "-" not in text
    alike = render_conclusion(summarize(of_profit(np.stack([steady, steady + 10]), price=0.5)))
    assert alike.endswith("In the worst 5 % of paths jit loses least, too.")


def test_render_conclusion__a_loss_in_the_bad_years_alone_is_called_one():
    sold = np.where(np.random.default_rng(8).random(6000) < 0.06, 10.0, 110.0)
    flows = {"started": np.full((2, 6000, 1), 100.0), "shipped": np.stack([sold, sold + 5.0])[:, :, np.newaxis]}
    text = render_conclusion(summarize(result(NAMES[:2], 6000, ("line",), **flows, unit_cost=1.0, price=1.0)))
    assert text.startswith("jic earns most, ")
    assert text.endswith(". In the worst 5 % of paths jic loses least.")


def test_render_conclusion__a_loss_is_called_one():
    text = render_conclusion(summarize(of_profit(np.full((1, 6000), 100.0), price=0.5)))
    assert text == "jit loses 3,650 EUR per year on average. In the worst 5 % of paths it loses 50 EUR over 5 d."


def test_render_conclusion__a_claim_gets_the_digits_that_it_needs():
    # 2 standard errors of the difference leave out 0 by little: "5 ± 5 less" would contradict itself.
    noise = np.random.default_rng(4).normal(0.0, 1.0, 2000)
    error = noise.std(ddof=1) / np.sqrt(2000)
    text = said([luck(2000), luck(2000) + noise - noise.mean() + 2.05 * error])
    amount, half = (
        word.replace(",", "") for word in re.search(r": ([\d.,]+) ± ([\d.,]+) .*less than jic", text).groups()
    )
    assert text.startswith("jit costs least")
    assert float(amount) > float(half)


def short(times: float, **options) -> str:
    """The conclusion on 1,000 paths of two strategies with a fire that is expected so many times."""
    rate = {"hazards": {"fire": {"rate": f"{times / 365_000:.15g} / d"}}}
    patches = {"lean": rate, "dear": rate | {"stages": {"press": {"order_cost": 2}}}}
    return render_conclusion(summarize(jr.simulate(UNTIL_RARE | {"strategies": patches}, 1000, seed=1, **options)))


def test_render_conclusion__no_winner_is_named_where_a_hazard_was_hardly_seen():
    text = short(1)
    assert text.startswith("No difference in mean cost can be claimed between ")
    assert text.endswith(
        "fire is expected to hit 1 time in these 1,000 paths; an interval of a mean, CVaR or difference needs 5: "
        "sample rare hazards more often (--rare), or take at least 5,010 paths."
    )
    assert "costs least" not in text


def test_render_conclusion__a_winner_is_named_where_it_was_seen_or_sampled_more_often():
    for text in (short(9), short(1, rare=True)):
        assert text.startswith("lean costs least, ")
        assert "expected to hit" not in text


def test_render_conclusion__one_strategy_hardly_known_is_told_with_unknown_intervals():
    text = render_conclusion(summarize(jr.simulate(UNTIL_RARE, 1000, seed=1)))
    assert text.startswith("base costs 365 ± ? EUR per year on average.")
    assert "fire is expected to hit 0.1 times in these 1,000 paths" in text
