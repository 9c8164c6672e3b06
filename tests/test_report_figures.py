"""Figures show what risk computed, in units, with words that lie apart and within the canvas."""

import warnings
from itertools import combinations, pairwise

import handmade
import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr
from figures import find_outside, find_overlapping, list_words
from matplotlib.figure import Figure
from rarely import NOTHING_COSTS

import jitrisk as jr
from jitrisk import report, risk
from jitrisk.errors import ResultError
from jitrisk.report.figures.boxes import build_boxes
from jitrisk.report.figures.labels import spread_apart, spread_in_order, wrap_text
from jitrisk.report.figures.layout import compute_layout
from jitrisk.report.figures.style import COLORS, compute_lightness, select_look
from jitrisk.risk.trace_quantiles import compute_trace_quantiles

RNG = np.random.default_rng(5)
LOSSES = {
    "plain": handmade.of_cost(RNG.gamma(4.0, 1e9, (3, 800)), ["jit", "jic", "hybrid"]),
    "many": handmade.of_cost(
        RNG.gamma(4.0, 1e3, (8, 400)) * np.arange(1, 9)[:, None], [f"{k} is a rather long name" for k in range(8)]
    ),
    "alike": handmade.of_cost(np.repeat(RNG.gamma(4.0, 1.0, (1, 300)), 4, axis=0)),
    "constant": handmade.of_cost(np.full((2, 50), 5.0)),
    "one path": handmade.of_cost([[3.0], [4.0]]),
    "an atom": handmade.of_cost(np.where(RNG.random((3, 600)) < 0.9, 0.0, RNG.gamma(2.0, 100.0, (3, 600)))),
    "heavy tails": handmade.of_cost(RNG.pareto(1.1, (3, 2000)) * 1e6),
    "names": handmade.of_cost(RNG.normal(10.0, 1.0, (3, 200)), ["a$b$c", "x_{2}^3", "Öl é Жит"]),
    "twenty": handmade.of_cost(RNG.gamma(4.0, 1e9, (20, 100))),
}


@pytest.fixture(scope="module")
def bicycles():
    return jr.simulate("bicycles", 400, 3)


@pytest.fixture(scope="module")
def trace():
    return jr.trace("bicycles", 40, 3)


@pytest.fixture(scope="module")
def replay():
    return jr.replay("bicycles", "jit", worst="cost", paths=300)


def list_labeled(artists):
    """The artists that have a label, as those of data do."""
    return [artist for artist in artists if artist.get_label() and not artist.get_label().startswith("_")]


def map_curves(ax):
    return {line.get_label(): line for line in list_labeled(ax.get_lines())}


# --- the look ---------------------------------------------------------------------------------------------------------


def test_compute_lightness__lightness_is_that_of_the_cie():
    assert compute_lightness("#ffffff") == pytest.approx(100.0, abs=0.01)
    assert compute_lightness("#000000") == 0.0
    assert compute_lightness("#777777") == pytest.approx(50.03, abs=0.01)


def test_compute_lightness__colors_differ_in_gray():
    shades = [compute_lightness(color) for color in COLORS]
    assert min(abs(a - b) for a, b in combinations(shades, 2)) > 6
    assert min(abs(a - b) for a, b in combinations(shades[:3], 2)) > 12
    assert max(shades) < 85, "too light to be seen on white"


def test_select_look__series_of_one_color_differ_in_line_and_hatch():
    for k in range(len(COLORS)):
        one, other = select_look(k), select_look(k + len(COLORS))
        assert one.color == other.color
        assert (one.dashes, one.hatch, one.marker) != (other.dashes, other.hatch, other.marker)


def test_exceedance__settings_of_the_user_do_not_change_and_do_not_change_a_figure():
    with mpl.rc_context({"lines.linewidth": 7, "axes.facecolor": "red", "text.usetex": False}):
        before = dict(mpl.rcParams)
        figure = report.exceedance(LOSSES["plain"])
        assert dict(mpl.rcParams) == before
    (ax,) = figure.axes
    assert ax.get_facecolor() == (1.0, 1.0, 1.0, 1.0)
    assert {line.get_linewidth() for line in ax.get_lines()} == {1.8}


def test_cost_stack__a_figure_has_an_image_for_a_notebook(bicycles):
    image, size = report.cost_stack(bicycles)._repr_png_()
    assert image.startswith(b"\x89PNG")
    assert size == {"width": 700, "height": 400}


# --- labels -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_spread_apart__places_apart_do_not_overlap_and_are_the_nearest(seed):
    rng = np.random.default_rng(seed)
    wanted, sizes = rng.random(5).tolist(), (0.05 + 0.2 * rng.random(5)).tolist()
    placed = spread_apart(wanted, sizes)
    order = np.argsort(wanted)
    ends = [(placed[i] - sizes[i] / 2, placed[i] + sizes[i] / 2) for i in order]
    assert all(a[1] <= b[0] + 1e-12 for a, b in pairwise(ends))

    # The least squares among random other places that do not overlap either.
    def cost(places):
        return sum((p - w) ** 2 for p, w in zip(places, wanted, strict=True))

    for _ in range(200):
        tried = np.asarray(placed) + 0.05 * rng.normal(size=5)
        tops, feet = tried + np.asarray(sizes) / 2, tried - np.asarray(sizes) / 2
        if all(tops[i] <= feet[j] for i, j in pairwise(order)):
            assert cost(tried) >= cost(placed) - 1e-12


def test_spread_in_order__places_stay_between_the_ends_and_in_order():
    assert spread_in_order([0.9, 0.1], [0.2, 0.2], 0.0, 1.0) == pytest.approx([0.4, 0.6])
    assert spread_apart([2.0, -3.0], [0.2, 0.2], 0.0, 1.0) == pytest.approx([0.9, 0.1])


def test_wrap_text__long_names_are_wrapped_and_cut():
    assert wrap_text("short") == "short"
    assert wrap_text("one two three", 8) == "one two\nthree"
    assert wrap_text("abcdefghij", 4, 2) == "abcd\nefg…"
    assert wrap_text("日本語日本語", 6, 1) == "日本…"


# --- figures of a metric ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", LOSSES)
@pytest.mark.parametrize("draw", [report.distribution, report.exceedance, report.convergence, report.cost_stack])
def test_figures__words_lie_apart_and_within_the_figure(case, draw):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = draw(LOSSES[case])
    assert isinstance(figure, Figure)
    assert not find_outside(figure)
    assert not find_overlapping(figure)


def test_distribution__a_distribution_holds_the_shares_of_the_histogram(bicycles):
    found = risk.histogram(risk.metrics(bicycles), "cost")
    assert found["share"].sum() + found["below"].sum() + found["above"].sum() == pytest.approx(3)
    ax = report.distribution(bicycles).axes[0]
    outlines = {patch.get_label(): patch.get_data() for patch in list_labeled(ax.patches)}
    assert list(outlines) == ["jit", "jic", "hybrid"]
    for name, data in outlines.items():
        assert data.values == pytest.approx(100 * found["share"].sel(strategy=name).values)
        assert data.edges[:-1] == pytest.approx(found["left"].values / 1000)  # k EUR
    assert ax.get_xlabel() == "total cost, k EUR per year"
    assert ax.get_ylabel().startswith("share of paths in a bin, %")


def test_distribution__a_distribution_says_how_many_values_are_zero():
    losses = handmade.of_cost([[0.0] * 75 + [10.0] * 25, [5.0] * 100], ["now and then", "always"])
    assert any("exactly 0: 75 % (now and then)" in text for text, _ in list_words(report.distribution(losses)))


def test_exceedance__an_exceedance_figure_holds_the_curves(bicycles):
    found = risk.exceedance(risk.metrics(bicycles), "stockout")
    ax = report.exceedance(risk.metrics(bicycles), "stockout").axes[0]
    for name, line in map_curves(ax).items():
        one = found.sel(strategy=name)
        assert line.get_xdata() == pytest.approx(found["return_period"].values)
        assert line.get_ydata() == pytest.approx(one["value"].values)
    assert ax.get_xscale() == "log"
    assert ax.get_xlabel() == "return period, years"
    assert ax.get_ylabel() == "time short, days per year"


def test_convergence__a_convergence_figure_holds_the_estimates_of_a_year(bicycles):
    found = risk.convergence(risk.metrics(bicycles), "cost", "cvar")
    ax = report.convergence(bicycles, "cost", "cvar").axes[0]
    yearly = found["estimate"].attrs["per_year"] / 1000
    assert yearly != 0.001, "the horizon of the example is not a year"
    for k, (name, line) in enumerate(map_curves(ax).items()):
        one = found.sel(strategy=name)
        assert line.get_ydata() == pytest.approx(one["estimate"].values * yearly)
        level = [each for each in ax.get_lines() if each.get_label().startswith("_")][k].get_ydata()
        assert level == pytest.approx([one["all_estimate"].item() * yearly] * 2)
    assert ax.get_ylabel() == "CVaR 95 of total cost, k EUR per year"


def test_cost_stack__a_cost_stack_adds_up_to_the_mean_total(bicycles):
    measures = risk.describe(risk.costs(bicycles))
    ax = report.cost_stack(bicycles).axes[0]
    bars = {group.get_label(): [bar.get_height() for bar in group] for group in ax.containers}
    year = measures["total"].attrs["per_year"] / 1000
    assert np.sum(list(bars.values()), axis=0) == pytest.approx(measures["total"].sel(statistic="mean").values * year)
    assert bars["holding"] == pytest.approx((measures["holding"].sel(statistic="mean") * year).values)
    assert "purchase" not in bars, "nobody pays it in this example"
    assert ax.get_ylabel() == "mean cost, k EUR per year"


@pytest.mark.parametrize("count", [2, 5, 8])
def test_cost_stack__totals_above_the_bars_do_not_touch(count):
    cost = 1e6 + 1e4 * RNG.random((count, 4000))
    figure = report.cost_stack(handmade.of_cost(cost, [f"plan_{k}" for k in range(count)]))
    assert sum("±" in text for text, _ in list_words(figure)) == count
    assert not find_overlapping(figure)


def test_exceedance__an_exceedance_figure_of_profit_says_fallen_short_of():
    profit = handmade.result(paths=60, shipped=RNG.random((2, 60, 1)), price=-3.0, unit_cost=1.0, started=5.0)
    figure = report.exceedance(profit, "profit")
    assert "fallen short of" in figure.axes[0].get_title(loc="left")
    assert figure.axes[0].get_lines()[0].get_ydata()[-1] < 0


@pytest.mark.parametrize("draw", [report.distribution, report.exceedance, report.convergence])
def test_figures__an_unknown_metric_and_too_many_strategies_are_refused(bicycles, draw):
    with pytest.raises(ResultError, match="'costs'"):
        draw(bicycles, "costs")
    with pytest.raises(ResultError, match="30 strategies do not fit"):
        draw(handmade.of_cost(np.ones((30, 4))))


def test_cost_stack__a_result_without_prices_has_no_costs_to_stack():
    with pytest.raises(ResultError, match="nothing costs anything"):
        report.cost_stack(handmade.result())


def test_exceedance__figures_draw_into_axes_handed_in(bicycles, trace, replay):
    outline = jr.outline("bicycles")
    figure = Figure(figsize=(13, 18), layout="constrained")
    axes = figure.subplots(4, 2).ravel()
    assert report.distribution(bicycles, ax=axes[0]) is figure
    report.exceedance(bicycles, ax=axes[1])
    report.convergence(bicycles, ax=axes[2])
    report.cost_stack(bicycles, ax=axes[3])
    report.fan(trace, ax=axes[4])
    report.timeline(replay, ax=axes[5])
    report.network(outline, ax=axes[6])
    axes[7].set_axis_off()
    assert not find_outside(figure)
    assert not find_overlapping(figure)


# --- traces and replays -----------------------------------------------------------------------------------------------


def test_compute_trace_quantiles__bands_are_the_quantiles_over_the_paths(trace):
    found = compute_trace_quantiles(trace, "on_hand", [0.25, 0.5])
    for strategy, time, stage in (("jit", 40, "frame"), ("jic", 200, "bike")):
        values = np.sort(trace["on_hand"].sel(strategy=strategy, time=time, stage=stage).values)
        point = found.sel(strategy=strategy, time=time, stage=stage).values
        assert point.tolist() == [values[9], values[19]], "the 10th and the 20th of 40"


def test_compute_trace_quantiles__bands_stand_at_the_ranks_of_every_other_quantile(trace):
    some = trace[["on_hand"]].isel(path=[*range(40), *range(10)], time=[200]).drop_vars("path")
    numbered = (0 * some + xr.DataArray(np.arange(50.0), dims="path")).assign_attrs(trace.attrs)
    # 0.14 times 50 is a little above 7 in floating point, and the rank is 7.
    assert (compute_trace_quantiles(numbered, "on_hand", [0.14]) == 6).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop_attrs(), "not a trace"),
        (lambda t: t.where(t["time"] > 5), "not finite"),
        (lambda t: t.isel(strategy=0), "it needs strategy, path, time"),
    ],
)
def test_compute_trace_quantiles__bands_refuse_a_dataset_that_is_no_trace(trace, change, message):
    with pytest.raises(ResultError, match=message):
        compute_trace_quantiles(change(trace), "on_hand")


def test_fan__a_fan_holds_the_bands(trace):
    found = compute_trace_quantiles(trace, "on_hand").sel(stage="frame")
    figure = report.fan(trace, "on_hand", "frame")
    assert [ax.get_ylim() for ax in figure.axes] == [figure.axes[0].get_ylim()] * 3
    for ax, name in zip(figure.axes, ("jit", "jic", "hybrid"), strict=True):
        line = map_curves(ax)["median of 40 paths"]
        assert line.get_ydata() == pytest.approx(found.sel(strategy=name, quantile=0.5).values)
        assert line.get_xdata()[[0, -1]].tolist() == [1.0, 365.0]
    assert figure.axes[1].get_ylabel() == "stock on hand, units"
    assert figure.axes[-1].get_xlabel().startswith("time, days")
    assert not find_outside(figure)
    assert not find_overlapping(figure)


def test_fan__a_fan_refuses_an_unknown_stage_or_variable(trace):
    with pytest.raises(ResultError, match="no stage 'wheel': allowed are frame, bike"):
        report.fan(trace, "on_hand", "wheel")
    with pytest.raises(ResultError, match="no variable 'stock'"):
        report.fan(trace, "stock")


def test_timeline__a_timeline_holds_occurrences_downtime_and_backlog(replay):
    figure = report.timeline(replay)
    above, below = figure.axes
    rows = {bars.get_label(): bars for bars in list_labeled(above.collections)}
    occurrences = [path.get_extents() for path in rows["strike"].get_paths()]
    assert [box.x0 for box in occurrences] == pytest.approx(replay["begin"].values.tolist())
    assert [box.x1 for box in occurrences] == pytest.approx(replay["end"].values.tolist())
    starved = replay["starved"].sel(stage="bike").values > 0
    assert sum(path.get_extents().width for path in rows["bike starved"].get_paths()) == pytest.approx(starved.sum())
    (curve,) = (patch for patch in below.patches if patch.get_label() == "shop")
    assert curve.get_data().values == pytest.approx(replay["lost"].sel(customer="shop").values)
    assert "lost in a period" in below.get_ylabel(), "nobody waits in this example"
    assert not find_outside(figure)
    assert not find_overlapping(figure)


def test_timeline__a_timeline_of_a_window_shows_the_window(replay):
    figure = report.timeline(replay.sel(time=slice(100, 149)))
    assert figure.axes[1].get_xlim() == (100.0, 150.0)
    assert not find_outside(figure)


def test_timeline__a_timeline_shows_one_path(trace, replay):
    with pytest.raises(ResultError, match="not a replay"):
        report.timeline(trace)
    with pytest.raises(ResultError, match="one path"):
        report.timeline(replay.expand_dims("path"))


# --- the network ------------------------------------------------------------------------------------------------------


def chain(stages: int, wide: int = 1, hazards: int = 0) -> dict:
    """A model of `wide` lines that meet in one assembly."""
    policy = {"base_stock": {"level": 5}}
    model = {"name": "Lines", "period": "1 d", "horizon": "30 d", "stages": {}}
    for line in range(wide):
        for k in range(stages):
            inputs = {f"s{line}_{k - 1}": 1} if k else {}
            model["stages"][f"s{line}_{k}"] = {"inputs": inputs, "lead_time": "1 d", "policy": policy}
    ends = {f"s{line}_{stages - 1}": 1 for line in range(wide)}
    model["stages"]["assembly"] = {"inputs": ends, "lead_time": "1 d", "policy": policy}
    model["customers"] = {"shop": {"stage": "assembly", "demand": {"poisson": {"mean": 4}}}}
    model["hazards"] = {
        f"hazard number {k}": {"rate": "1 / year", "duration": "3 d", "hits": {"assembly": {"capacity": 0.5}}}
        for k in range(hazards)
    }
    return model


def box_extents(figure):
    figure.canvas.draw()
    return {box.get_label(): box.get_window_extent() for box in list_labeled(figure.axes[0].patches)}


@pytest.mark.parametrize(
    "model", ["brake-valves", "bicycles", "clinic-supplies", chain(3, 4), chain(2, 12), chain(12), chain(1, 1, 5)]
)
def test_network__boxes_of_a_network_lie_apart_and_hold_their_words(model):
    outline = jr.outline(model)
    figure = report.network(outline)
    found = box_extents(figure)
    assert set(found) == {*outline["stage"].values, *outline["customer"].values}
    assert not any(a.overlaps(b) for a, b in combinations(found.values(), 2))
    assert not find_outside(figure)
    assert not find_overlapping(figure)
    for _, box in list_words(figure):
        inside = [frame for frame in found.values() if frame.contains(box.x0, (box.y0 + box.y1) / 2)]
        assert all(box.x1 <= frame.x1 for frame in inside)


@pytest.mark.parametrize("measured", [False, True])
def test_network__the_heading_of_a_small_network_does_not_shrink_it(measured):
    # One stage and one customer are narrower than the legend in one line, which made the axes collapse.
    figure = report.network(jr.outline(NOTHING_COSTS), jr.simulate(NOTHING_COSTS, 20) if measured else None)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        figure.draw_without_rendering()
    assert not find_outside(figure)
    assert figure.axes[0].get_window_extent().width > 0.95 * figure.bbox.width


def test_network__links_lead_from_left_to_right():
    outline = jr.outline("brake-valves")
    found = box_extents(report.network(outline))
    links = [*zip(outline["source"].values, outline["target"].values, strict=True), ("car", "dealers")]
    assert len(links) == 6
    for source, target in links:
        assert found[source].x1 < found[target].x0


def test_compute_layout__the_layout_avoids_a_crossing():
    places = compute_layout(
        ["end"],
        ["a", "b", "x", "y"],
        [("x", "b"), ("y", "a"), ("a", "end"), ("b", "end")],
        dict.fromkeys("abxy", 1.0) | {"end": 1.0},
    )
    up = {name: places.heights[name, places.columns[name]] for name in "abxy"}
    assert (up["x"] - up["y"]) * (up["b"] - up["a"]) > 0


def test_compute_layout__links_that_pass_a_column_go_between_its_boxes():
    links = [("far", "end"), ("far", "near"), ("near", "end")]
    places = compute_layout(["end"], ["far", "near"], links, dict.fromkeys(("end", "far", "near"), 1.0))
    assert places.routes["far", "end"] == [("far", 2), ("far", 1), ("end", 0)]
    assert abs(places.heights["far", 1] - places.heights["near", 1]) >= 0.5


def test_network__a_network_with_a_result_shows_the_time_lost(bicycles):
    outline = jr.outline(bicycles)
    figure = report.network(outline, bicycles, "jit")
    hours = float(bicycles["starved"].sel(strategy="jit", stage="bike").mean()) * 24 * 365 / 337
    said = [text for text, _ in list_words(figure)]
    assert f"starved {hours / 24:.3g} d per year" in said
    faces = {box.get_label(): box.get_facecolor() for box in list_labeled(figure.axes[0].patches)}
    assert faces["frame"] == (1.0, 1.0, 1.0, 1.0)
    assert compute_lightness(mpl.colors.to_hex(faces["bike"])) < 80


def test_outline__a_store_of_level_zero_has_an_empty_bar():
    outline = jr.outline("fast-fashion")
    drawn = build_boxes(outline, None, "jit")
    assert float(outline["order_up_to"].sel(strategy="jit", stage="far")) == 0
    assert drawn["far"].cover == 0
    assert drawn["near"].cover > 0


def test_network__a_network_refuses_unknown_strategies_large_networks_and_other_models(bicycles):
    outline = jr.outline("bicycles")
    with pytest.raises(ResultError, match="did you mean 'jit'"):
        report.network(outline, strategy="jitt")
    with pytest.raises(ResultError, match="61 stages do not fit"):
        report.network(jr.outline(chain(10, 6)))
    with pytest.raises(ResultError, match="not one of this model"):
        report.network(outline, handmade.result(("jit",)))


def test_cost_stack__the_same_figure_is_the_same_file(tmp_path, bicycles):
    from jitrisk.report.writing import write_figure

    for suffix in (".svg", ".png", ".pdf"):
        for name in ("one", "two"):
            write_figure(report.cost_stack(bicycles), tmp_path / f"{name}{suffix}")
        assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"{n}.{s}" for n in ("one", "two") for s in ("pdf", "png", "svg")
    )
