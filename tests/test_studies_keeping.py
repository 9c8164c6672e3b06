"""What a run keeps: the same figures to the last bit from metrics alone, and refusals where outcomes are needed."""

import numpy as np
import pytest

import jitrisk as jr
from jitrisk import risk
from jitrisk.arguments import parse_draws
from jitrisk.errors import CapacityError, JitriskError, ResultError
from jitrisk.lower import lower_all
from jitrisk.model import list_examples
from jitrisk.run import engine, memory
from jitrisk.run.backends import Threads
from jitrisk.run.kept import KeptMetrics
from jitrisk.run.totals import allocate_totals
from jitrisk.studies.keeping import Keeping, compute_kept_bytes, list_cost_outcomes
from jitrisk.vocabulary import METRICS, OUTCOMES, PRICES

# Few orders: on some paths nothing arrives and nothing is sold, so that ratios are missing there.
SELDOM = {
    "name": "spare parts",
    "period": "1 d",
    "horizon": "40 d",
    "stages": {"store": {"value": 10, "lead_time": "2 d", "policy": {"reorder_point": {"point": 2, "quantity": 3}}}},
    "customers": {"shop": {"stage": "store", "price": 30, "demand": {"poisson": {"mean": 0.08}}, "unmet": "lost"}},
    "strategies": {
        "as_is": {},
        "more": {"stages": {"store": {"policy": {"reorder_point": {"point": 4, "quantity": 3}}}}},
    },
}
OFTEN = SELDOM | {"customers": {"shop": SELDOM["customers"]["shop"] | {"demand": {"poisson": {"mean": 3}}}}}


@pytest.fixture(scope="module")
def full():
    return jr.simulate("bicycles", 6000, seed=4)


@pytest.fixture(scope="module")
def kept():
    return jr.simulate("bicycles", 6000, seed=4, outcomes="metrics")


def simulate_in_blocks(model, paths, lanes, threads=1, outcomes="metrics"):
    network = jr.load(model)
    job = parse_draws(network, network.strategies.values(), paths, 4).build_job(lower_all(network.strategies))
    keeping = Keeping(network, network.strategies, job, outcomes)
    engine.run_blocks(job, keeping.kept, Threads(threads), lanes=lanes)
    return keeping.label(job.paths)


def assert_same(one, other):
    assert one.identical(other)
    assert one.attrs == other.attrs
    assert {name: array.values.tobytes() for name, array in one.variables.items()} == {
        name: array.values.tobytes() for name, array in other.variables.items()
    }


@pytest.mark.filterwarnings("ignore:no hazard is rare")
@pytest.mark.parametrize("rare", [False, True])
@pytest.mark.parametrize("model", list(list_examples()))
def test_simulate__metrics_that_are_kept_are_those_of_all_outcomes_to_the_last_bit(model, rare):
    every = jr.simulate(model, 200, seed=4, rare=rare)
    alone = jr.simulate(model, 200, seed=4, rare=rare, outcomes="metrics")
    assert_same(alone.risk.metrics(), every.risk.metrics())
    assert_same(risk.count_occurrences(alone), risk.count_occurrences(every))
    assert not set(alone) & (set(OUTCOMES) | set(PRICES)) - set(METRICS)


@pytest.mark.parametrize("lanes", [1, 7, 500])
def test_run_blocks__kept_metrics_of_any_blocks_count_the_fixed_cost(lanes):
    plans = {"fixed_cost": "1000 / year", "strategies.jic.fixed_cost": "12345.67 / year"}
    network = jr.load("bicycles").patched(plans)
    every = jr.simulate(network, 131, 4)
    alone = simulate_in_blocks(network, 131, lanes, threads=2)
    assert_same(alone.risk.metrics(), every.risk.metrics())
    free = simulate_in_blocks("bicycles", 131, lanes)
    more = np.array([1000, 12345.67, 1000]) / every.risk.costs().attrs["per_year"]
    assert list(every["strategy"].values) == ["jit", "jic", "hybrid"]
    np.testing.assert_allclose((alone["cost"] - free["cost"]).T, np.tile(more, (131, 1)), rtol=1e-9)


@pytest.mark.parametrize(
    "compute",
    [
        lambda outcomes: outcomes.risk.describe(level=0.9),
        lambda outcomes: outcomes.risk.describe("cost", "occurrences").drop_attrs(deep=False),
        lambda outcomes: outcomes.risk.compare("jic"),
        lambda outcomes: outcomes.risk.exceedance(),
        lambda outcomes: outcomes.risk.dominance("downtime"),
        lambda outcomes: outcomes.risk.convergence("fill_rate"),
        lambda outcomes: outcomes.risk.histogram(),
        lambda outcomes: outcomes.risk.cheaper(),
    ],
)
def test_describe__statistics_of_kept_metrics_are_those_of_outcomes(full, kept, compute):
    assert_same(compute(kept), compute(full))


@pytest.mark.parametrize("outcomes", ["metrics", ("on_hand", "filled"), None])
@pytest.mark.parametrize(("lanes", "threads"), [(1, 1), (1, 2), (7, 2), (97, 1), (500, 2)])
def test_run_blocks__what_is_kept_does_not_depend_on_blocks_and_threads(lanes, threads, outcomes):
    assert_same(
        simulate_in_blocks("bicycles", range(5, 136), lanes, threads, outcomes),
        jr.simulate("bicycles", range(5, 136), 4, outcomes=outcomes),
    )


@pytest.mark.parametrize("lanes", [1, 3, 50])
def test_run_blocks__a_metric_that_one_path_lacks_is_kept_of_none(lanes):
    every = jr.simulate(SELDOM, 50, seed=4)
    assert (every["receipts"].sum("stage") == 0).any()
    assert (every["receipts"].sum("stage") > 0).any()
    found = simulate_in_blocks(SELDOM, 50, lanes)
    assert_same(found.risk.metrics(), every.risk.metrics())
    assert not {"cycle_service_level", "stock_at_receipt", "days_of_inventory", "gross_margin"} & set(found)
    assert {"turns", "profit"} <= set(found)


def test_simulate__metrics_of_cycles_and_ratios_are_kept_where_every_path_has_them():
    every, alone = (jr.simulate(OFTEN, 50, seed=4, outcomes=outcomes) for outcomes in (None, "metrics"))
    assert_same(alone.risk.metrics(), every.risk.metrics())
    assert {"cycle_service_level", "stock_at_receipt", "days_of_inventory", "gross_margin", "turns"} <= set(alone)


def test_simulate__only_the_outcomes_that_are_named_are_kept(full):
    found = jr.simulate("bicycles", 6000, seed=4, outcomes=["filled", "demand", "filled"])
    assert [name for name in OUTCOMES if name in found] == ["demand", "filled"]
    one, other = (outcomes[["filled", "demand"]].drop_attrs(deep=False) for outcomes in (found, full))
    assert_same(one, other)
    assert set(PRICES) <= set(found)
    assert_same(found.risk.describe("filled"), full.risk.describe("filled"))
    assert found.nbytes < 0.3 * full.nbytes


def test_simulate__outcomes_that_cost_nothing_at_the_prices_of_the_model_are_not_needed(full):
    network = jr.load("bicycles")
    needed = list_cost_outcomes(network, network.strategies)
    assert 0 < len(needed) < len(OUTCOMES)
    found = jr.simulate("bicycles", 6000, seed=4, outcomes=needed)
    assert_same(found.risk.costs(), full.risk.costs())
    assert_same(found.risk.ownership(), full.risk.ownership())
    assert_same(found.risk.metrics(), full.risk.metrics())
    priced = jr.reprice(found, {"stages.bike.scrap_cost": 5})
    with pytest.raises(ResultError, match=r"needs 'scrapped' as well: simulate again with them in outcomes=\[...\]"):
        priced.risk.costs()


@pytest.mark.parametrize(
    ("outcomes", "message"),
    [
        ("filed", "unknown outcome 'filed': allowed are 'metrics' alone, .* did you mean 'filled'"),
        (["filled", "metrics"], "in place of outcomes, not beside them"),
        (["receipts"], "no store of this model is replenished in cycles"),
        ([], "outcomes is empty"),
        ((), "outcomes is empty"),
        ([3], "unknown outcome 3"),
        (["cost"], "unknown outcome 'cost'"),
        ([["filled"]], "unknown outcome"),
        (7, "outcomes is 7"),
        ({"filled": True}, "outcomes is {"),
        (b"filled", "outcomes is b'filled'"),
        (True, "outcomes is True"),
    ],
)
@pytest.mark.parametrize(
    "call",
    [
        lambda outcomes: jr.simulate("bicycles", 10, outcomes=outcomes),
        lambda outcomes: jr.estimate("bicycles", 10, outcomes=outcomes),
        lambda outcomes: jr.simulate_until("bicycles", "cost.mean:50%", outcomes=outcomes),
    ],
)
def test_parse_outcomes__what_cannot_be_kept_is_refused_before_any_path(monkeypatch, call, outcomes, message):
    monkeypatch.setattr("jitrisk.run.engine.run_blocks", None)
    with pytest.raises(JitriskError, match=message):
        call(outcomes)


@pytest.mark.parametrize(
    "compute",
    [
        lambda outcomes: outcomes.risk.costs(),
        lambda outcomes: outcomes.risk.ownership(),
        lambda outcomes: outcomes.risk.describe("filled"),
        lambda outcomes: outcomes.risk.describe("stockout"),  # of each customer; the metric is another variable
        lambda outcomes: outcomes.risk.describe("holding"),
        lambda outcomes: jr.write_report(outcomes, "page.html"),
        lambda outcomes: jr.report.network(jr.outline(outcomes), outcomes),
    ],
)
def test_require__what_needs_outcomes_says_so_of_metrics(kept, tmp_path, monkeypatch, compute):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ResultError, match=r"keeps the metrics of every path alone.* simulate again without outcomes="):
        compute(kept)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["started", "stockout"])
def test_require__an_outcome_that_is_not_kept_is_named(name):
    found = jr.simulate("bicycles", 20, outcomes="filled")
    with pytest.raises(ResultError, match=f"keeps some outcomes alone, and this needs '{name}' as well"):
        found.risk.describe(name)


def test_metrics__prices_cannot_be_changed_where_metrics_alone_are_kept(kept):
    with pytest.raises(ResultError, match="'holding_rate' cannot change them: simulate again"):
        kept.assign(holding_rate=0.1).risk.metrics()
    with pytest.raises(ResultError, match="no prices to change"):
        jr.reprice(kept, {"holding_rate": "15 % / year"})


def test_metrics__a_kept_metric_without_its_dimensions_is_refused(kept):
    with pytest.raises(ResultError, match=r"to keep one strategy, select it as a list"):
        kept.sel(strategy="jit").expand_dims(strategy=["jit"]).assign(cost=kept["cost"].isel(strategy=0)).risk.metrics()
    with pytest.raises(ResultError, match="lacks the metric 'cost'"):
        kept.drop_vars("cost").risk.metrics()


def test_metrics__some_paths_and_strategies_of_kept_metrics_are_a_result(full, kept):
    part = {"path": slice(100, 300), "strategy": [2, 0]}
    assert_same(kept.isel(part).risk.compare(), full.isel(part).risk.compare())


def test_measure_last_year__metrics_of_the_last_year_are_those_of_its_outcomes():
    every, alone = (jr.simulate("heavy-machinery", 60, seed=1, outcomes=outcomes) for outcomes in (None, "metrics"))
    dear = every.assign(holding_rate=2 * every["holding_rate"])
    assert jr.measure_last_year(alone).attrs["kept"] == "metrics"
    assert_same(jr.measure_last_year(alone).risk.metrics(), jr.measure_last_year(every).risk.metrics())
    assert (jr.measure_last_year(dear)["holding_rate"] == dear["holding_rate"]).all()


def test_replay__a_path_of_kept_metrics_is_found_and_verified(full, kept):
    for choice in ({"worst": "cost"}, {"path": 17}, {"quantile": 0.9, "metric": "downtime"}):
        assert_same(jr.replay(kept, "jit", **choice), jr.replay(full, "jit", **choice))
    changed = kept.copy(deep=True)
    changed["cost"][0, 17] += 1
    with pytest.raises(ResultError, match="differs from the result in cost"):
        jr.replay(changed, "jit", 17)


def test_simulate_until__metrics_that_are_kept_are_those_of_as_many_paths_at_once(monkeypatch):
    monkeypatch.setattr("jitrisk.studies.until.FIRST", 300)
    alone = jr.simulate_until("bicycles", "cost.mean:4%", 3, outcomes="metrics")
    every = jr.simulate_until("bicycles", "cost.mean:4%", 3)
    assert alone.sizes["path"] > 300
    assert_same(alone, jr.simulate("bicycles", alone.sizes["path"], 3, outcomes="metrics"))
    assert_same(alone.risk.metrics(), every.risk.metrics())


def test_simulate_until__a_metric_that_a_later_path_lacks_is_named_with_those_there_are(monkeypatch):
    monkeypatch.setattr("jitrisk.studies.until.FIRST", 50)
    with pytest.raises(ResultError, match=r"there is no cycle_service_level in this result: it holds .*turns"):
        jr.simulate_until(SELDOM, "cycle_service_level.mean:1%", 4)


def test_simulate__exogenous_paths_keep_their_weights_beside_metrics():
    drawn = jr.sample("brake-valves", 40, seed=2, rare=True)
    every, alone = (jr.simulate("brake-valves", exogenous=drawn, outcomes=outcomes) for outcomes in (None, "metrics"))
    assert_same(alone.risk.describe(), every.risk.describe())


@pytest.mark.parametrize("model", ["bicycles", "brake-valves"])
@pytest.mark.parametrize("outcomes", ["metrics", ("filled", "on_hand")])
def test_compute_kept_bytes__the_bytes_of_a_path_are_known_before_it_is_there(model, outcomes):
    network = jr.load(model)
    few, many = (jr.simulate(network, paths, outcomes=outcomes).nbytes for paths in (200, 700))
    assert many - few == 500 * compute_kept_bytes(network, network.strategies, False, outcomes)


def test_estimate__the_memory_is_that_of_what_is_kept():
    every, alone = (jr.estimate("tohoku", 200_000, outcomes=outcomes).bytes for outcomes in (None, "metrics"))
    taken = jr.simulate("tohoku", 1000, outcomes="metrics").nbytes * 200
    # In memory, occurrences that are the same for every strategy are there once.
    assert 0.6 * taken < alone < 1.3 * taken + 50e6
    assert alone < every / 3


def test_simulate__paths_fit_by_what_is_kept_of_them(monkeypatch):
    network = jr.load("tohoku")
    free = jr.estimate(network, 3000, outcomes="metrics").bytes * 1.2
    monkeypatch.setattr(memory, "measure_free_memory", lambda: free)
    assert jr.simulate(network, 3000, outcomes="metrics").sizes["path"] == 3000
    with pytest.raises(CapacityError):
        jr.simulate(network, 3000)


@pytest.mark.parametrize("name", ["kept.nc", "kept.zarr"])
@pytest.mark.parametrize("outcomes", ["metrics", ("filled", "demand")])
def test_save__what_is_kept_is_saved_and_opened(tmp_path, name, outcomes):
    found = jr.simulate("bicycles", 30, outcomes=outcomes)
    jr.save(found, tmp_path / name)
    again = jr.open(tmp_path / name)
    assert_same(again, found)
    if outcomes == "metrics":
        assert_same(again.risk.compare(), found.risk.compare())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda kept: kept.drop_vars("cost"), "lacks the metric 'cost'"),
        (lambda kept: kept.assign(started=kept["cost"]), "keeps metrics alone, and holds 'started'"),
        (lambda kept: kept.assign(value=kept["cost"]), "keeps metrics alone, and holds 'value'"),
        (lambda kept: kept.assign(lost=kept["lost"].astype("float32")), "its metric 'lost' is of type float32"),
        (lambda kept: kept.assign(lost=kept["lost"].isel(strategy=0)), "its metric 'lost' is of type"),
        (lambda kept: kept.assign_attrs(kept="filled", kept_cycles=0), "and holds"),
        (lambda kept: kept.assign_attrs(kept="filled"), "neither 0 nor 1"),
        (lambda kept: kept.assign_attrs(kept="nothing"), "no list of outcomes"),
        (lambda kept: kept.assign_attrs(kept=""), "no list of outcomes"),
        (lambda kept: kept.assign_attrs(kept=3), "no list of outcomes"),
        (lambda kept: kept.assign_attrs(priced=7), "neither 0 nor 1"),
        (lambda kept: kept.assign_attrs(priced="yes"), "neither 0 nor 1"),
        (
            lambda kept: kept.assign(downtime=kept["downtime"].assign_attrs(over="bike\x1b[2J")),
            "the attribute over of 'downtime' contains",
        ),
    ],
)
def test_open__kept_metrics_that_are_not_whole_are_refused(tmp_path, change, message):
    jr.save(change(jr.simulate("bicycles", 5, outcomes="metrics")), tmp_path / "kept.nc")
    with pytest.raises(ResultError, match=message):
        jr.open(tmp_path / "kept.nc")


@pytest.mark.parametrize("length", [10, 400, 4000])
def test_open__a_kept_file_with_changed_bytes_is_refused(tmp_path, length, kept):
    path = tmp_path / "kept.nc"
    jr.save(kept.isel(path=slice(0, 200)), path)
    content = bytearray(path.read_bytes())
    at = len(content) // 2
    content[at : at + length] = bytes(255 - byte for byte in content[at : at + length])
    path.write_bytes(bytes(content))
    with pytest.raises(ResultError):
        jr.open(path).load()


def test_run__zeros_are_not_written():
    network = jr.load("brake-valves")
    job = parse_draws(network, network.strategies.values(), 100).build_job(lower_all(network.strategies))
    keeping = Keeping(network, network.strategies, job)
    keeping.kept.reserve(100)
    # Whatever stays as it is was not written.
    for array in keeping.kept.totals.values():
        array.fill(np.nan)
    engine.run_blocks(job, keeping.kept, Threads(1), lanes=100)
    totals, usual = keeping.kept.totals, engine.run(job)
    zeros = 0
    for name in (name for names in usual.names.values() for name in names):
        written, zero = ~np.isnan(totals.read(name)), ~usual.read(name).any(axis=-1)
        zeros += zero.sum()
        assert not written[zero].any()
        assert written[~zero].all()
        np.testing.assert_array_equal(totals.read(name)[~zero], usual.read(name)[~zero])
    assert zeros > 30


# The second strategy sets a price and a cost of downtime; with the first alone there is no profit.
MIXED = SELDOM | {
    "customers": {"shop": {"stage": "store", "demand": {"poisson": {"mean": 3}}, "unmet": "lost"}},
    "strategies": {
        "plain": {},
        "priced": {"customers": {"shop": {"price": 30}}, "stages": {"store": {"downtime_cost": "5 / d"}}},
        "more": {"customers": {"shop": {"price": 40}}},
    },
}


@pytest.fixture(scope="module")
def mixed():
    return jr.simulate(MIXED, 40, seed=4, outcomes="metrics")


def test_metrics__of_strategies_with_different_prices_are_refused_for_some_of_them(mixed):
    every = jr.simulate(MIXED, 40, seed=4)
    assert "profit" in mixed.risk.metrics()
    assert "profit" not in every.sel(strategy=["plain"]).risk.metrics()
    assert_same(mixed.isel(strategy=[2, 0, 1]).risk.metrics(), every.isel(strategy=[2, 0, 1]).risk.metrics())
    with pytest.raises(ResultError, match="plain, priced, more were computed together"):
        mixed.sel(strategy=["plain"]).risk.metrics()


@pytest.mark.parametrize("strategy", MIXED["strategies"])
def test_replay__of_kept_metrics_compares_what_all_strategies_decide(mixed, strategy):
    expected = jr.replay(jr.simulate(MIXED, 40, seed=4), strategy, path=3)
    assert jr.replay(mixed, strategy, path=3).attrs == expected.attrs
    changed = mixed.copy(deep=True)
    changed["cost"].loc[{"path": 3}] += 1
    with pytest.raises(ResultError, match="differs from the result in cost"):
        jr.replay(changed, strategy, path=3)


def test_save__kept_metrics_of_different_prices_are_checked(mixed, tmp_path):
    jr.save(mixed, tmp_path / "mixed.nc")
    assert jr.open(tmp_path / "mixed.nc").attrs["kept_strategies"] == '["plain", "priced", "more"]'
    for damaged, message in (("plain", "no JSON list"), ("[1]", "no JSON list"), ('["\\u202e"]', "which no name has")):
        jr.save(mixed.assign_attrs(kept_strategies=damaged), tmp_path / "damaged.nc")
        with pytest.raises(ResultError, match=message):
            jr.open(tmp_path / "damaged.nc")


def test_metrics__of_named_outcomes_are_refused_without_those_of_cycles(tmp_path):
    kept = jr.simulate("fast-food", 5, outcomes=list(OUTCOMES))
    with pytest.raises(ResultError, match="receipts"):
        kept.risk.metrics()
    jr.save(kept, tmp_path / "kept.nc")
    with pytest.raises(ResultError, match="receipts"):
        jr.open(tmp_path / "kept.nc").risk.metrics()


def test_save__results_that_were_turned_or_cut_are_opened(kept, tmp_path):
    few = kept.isel(path=slice(20))
    jr.save(few.transpose("path", "strategy", ...), tmp_path / "turned.nc")
    assert_same(jr.open(tmp_path / "turned.nc").risk.describe(), few.risk.describe())
    jr.save(jr.simulate("bicycles", 5, outcomes=["filled", "demand"]).drop_vars("filled"), tmp_path / "cut.nc")
    assert "demand" in jr.open(tmp_path / "cut.nc")


@pytest.mark.parametrize("order", [1, -1])
def test_kept_metrics__list_what_every_block_has_in_any_order(order):
    job = parse_draws(jr.load(SELDOM), jr.load(SELDOM).strategies.values(), 2).build_job(
        lower_all(jr.load(SELDOM).strategies)
    )
    blocks = [{"cost": np.ones((2, 1)), "turns": np.ones((2, 1))}, {"cost": np.ones((2, 1))}][::order]
    found = KeptMetrics(job, ["cost"], lambda _: blocks.pop())
    found.reserve(2)
    for place in range(2):
        found.put(range(place, place + 1), allocate_totals(job, 1))
    assert found.list_found() == list(found.arrays) == ["cost"]
