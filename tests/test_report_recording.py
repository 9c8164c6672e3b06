"""Figures record what they draw: every artist, equal to what risk computes, whatever labels and titles say."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import handmade
import numpy as np
import pytest
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Rectangle, StepPatch

import jitrisk as jr
from jitrisk import report, risk
from jitrisk.report.figures.recording import AxisQuantity, get_record
from jitrisk.report.page.charts import ChartRequest, draw_chart
from jitrisk.report.page.data_points import list_panels
from jitrisk.risk.trace_quantiles import compute_trace_quantiles

PACKAGE = Path(report.__file__).parent
STRATEGIES = ("jit", "jic", "hybrid")
NAMES = ("distribution", "exceedance", "convergence", "cost_stack", "fan", "timeline", "network")
DRAWING = {"plot", "stairs", "bar", "barh", "broken_barh", "vlines", "axhline", "fill_between", "scatter", "errorbar"}


@pytest.fixture(scope="module")
def data():
    outcomes = jr.simulate("bicycles", 200, 3)
    return {
        "outcomes": outcomes,
        "metrics": risk.metrics(outcomes),
        "trace": jr.trace("bicycles", 30, 3),
        "replay": jr.replay("bicycles", "jit", worst="cost", paths=200),
        "outline": jr.outline("bicycles"),
    }


def draw(name: str, data) -> Figure:
    if name == "network":
        return report.network(data["outline"], data["outcomes"], "jit")
    source = {"cost_stack": "outcomes", "fan": "trace", "timeline": "replay"}.get(name, "metrics")
    return getattr(report, name)(data[source])


def series_of(figure: Figure, kind: str) -> dict[tuple[str, str], object]:
    """The recorded series of a kind, by strategy and name."""
    found = {(one.identity.strategy, one.identity.name): one for one in get_record(figure).series if one.kind == kind}
    assert len(found) == sum(one.kind == kind for one in get_record(figure).series), "two series of one name"
    return found


def list_artists(figure: Figure) -> list:
    return [one for ax in figure.axes for one in (*ax.lines, *ax.collections, *ax.patches)]


# --- every artist -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_record__every_artist_that_shows_data_is_recorded(name, data):
    figure = draw(name, data)
    recorded = {id(artist) for one in get_record(figure).series for artist in one.artists}
    everything = list_artists(figure)
    assert recorded <= set(map(id, everything))
    rest = Counter(type(artist).__name__ for artist in everything if id(artist) not in recorded)
    components = len(series_of(figure, "bars"))
    decoration = {
        "cost_stack": {"FillBetweenPolyCollection": 2 * components},  # shades between neighboring bars
        "timeline": {"LineCollection": 1},  # lines between rows
        "network": {"PathPatch": 2, "Polygon": 2, "Rectangle": 4},  # two links with their arrows, two bars of stores
    }
    warm_up = {"fan": 3, "timeline": 2}.get(name, 0) * (int(data["trace"].attrs.get("warm_up", 0)) > 0)
    expected = Counter(decoration.get(name, {})) + Counter({"Rectangle": warm_up})
    assert rest == expected


def test_record__each_figure_records_as_many_series_as_it_shows(data):
    counts = {name: Counter(one.kind for one in get_record(draw(name, data)).series) for name in NAMES}
    components = sum(bool(risk.costs(data["outcomes"])[name].any()) for name in risk.pricing.COMPONENTS)
    replay = data["replay"]
    lost = [replay[name].values > 0 for name in ("broken", "starved", "shortage", "stockout")]
    rows = sum(int(one.any(axis=0).sum()) for one in lost)
    hazards = len(set(replay["hazard"].values.tolist()))
    recoveries = int((replay["recovered"] > replay["end"]).any())
    assert counts == {
        "distribution": {"steps": 3},
        "exceedance": {"band": 3, "curve": 3},
        "convergence": {"intervals": 3, "points": 3, "level": 3},
        "cost_stack": {"bars": components},
        "fan": {"band": 9, "curve": 3},
        "timeline": {"spans": rows + hazards + recoveries, "steps": 1},
        "network": {"nodes": 1},
    }


def test_cost_stack__the_fixed_cost_is_a_segment_of_its_own():
    paid = handmade.result(("jit", "jic"), stages=("press",), started=20.0, unit_cost=1.0, fixed_cost=[0.0, 4.0])
    series = get_record(report.cost_stack(paid)).series
    assert [one.identity.name for one in series] == ["purchase", "fixed"]
    # Per year, of which 10 periods of 12 h are a 73rd.
    np.testing.assert_allclose([one.y for one in series], [[20 * 73, 20 * 73], [0, 4 * 10 * 73]])


@pytest.mark.parametrize("name", NAMES)
def test_record__artists_show_the_recorded_values(name, data):
    compared = 0
    for one in get_record(draw(name, data)).series:
        artist = one.artists[0]
        assert artist.axes is one.plot.ax
        if isinstance(artist, Line2D) and one.kind != "level":
            np.testing.assert_array_equal(np.array(artist.get_data()), [one.x, one.y])
        elif isinstance(artist, Line2D):
            assert set(artist.get_ydata()) == set(one.y)
        elif isinstance(artist, StepPatch):
            np.testing.assert_array_equal(artist.get_data().values, one.y)
            np.testing.assert_array_equal(artist.get_data().edges, [*one.x[:, 0], one.x[-1, 1]])
        elif isinstance(artist, Rectangle):
            np.testing.assert_allclose([bar.get_height() for bar in one.artists], one.y)
            np.testing.assert_allclose([bar.get_y() for bar in one.artists], one.foot)
        elif isinstance(artist, LineCollection):
            np.testing.assert_array_equal([ends[:, 1] for ends in artist.get_segments()], one.y)
        elif isinstance(artist, PolyCollection) and one.kind == "spans":
            boxes = [path.get_extents() for path in artist.get_paths()]
            np.testing.assert_allclose([(box.x0, box.x1) for box in boxes], one.x)
        elif isinstance(artist, PolyCollection):
            corners = np.concatenate([path.vertices for path in artist.get_paths()])
            known = np.isfinite(one.y).all(axis=1)
            for end in one.y[known].T:
                distance = np.abs(corners[:, np.newaxis] - np.column_stack([one.x[known], end])).max(axis=2).min(axis=0)
                assert distance.max() <= 1e-9 * max(1.0, np.abs(end).max()), "each point is a corner of the polygon"
        else:
            assert isinstance(artist, FancyBboxPatch)
            assert len(one.artists) == len(one.names)
        compared += 1
    assert compared == len(get_record(draw(name, data)).series)


# --- equal to what risk computes --------------------------------------------------------------------------------------


def test_record__a_distribution_records_the_histogram(data):
    found, (one, *_) = series_of(draw("distribution", data), "steps"), get_record(draw("distribution", data)).series
    bins = risk.histogram(data["metrics"], "cost")
    assert set(found) == {(name, name) for name in STRATEGIES}
    for name in STRATEGIES:
        np.testing.assert_allclose(found[name, name].y, 100 * bins["share"].sel(strategy=name).values)
        np.testing.assert_allclose(found[name, name].x[:, 0], bins["left"].values / 1000)
    assert one.plot.x == AxisQuantity("total cost", "k EUR per year")
    assert one.plot.y == AxisQuantity("share of paths in a bin", "%")


def test_record__an_exceedance_figure_records_curves_and_intervals(data):
    figure, curves = draw("exceedance", data), risk.exceedance(data["metrics"], "cost")
    lines, bands = series_of(figure, "curve"), series_of(figure, "band")
    for name in STRATEGIES:
        one = curves.sel(strategy=name)
        np.testing.assert_array_equal(lines[name, name].x, curves["return_period"].values)
        np.testing.assert_allclose(lines[name, name].y, one["value"].values / 1000)
        np.testing.assert_allclose(bands[name, name].y[:, 0], one["value_lower"].values / 1000)
        np.testing.assert_allclose(bands[name, name].y[:, 1], one["value_upper"].values / 1000)
        assert bands[name, name].identity.is_companion


def test_record__a_convergence_figure_records_sizes_that_were_sampled(data):
    figure = draw("convergence", data)
    steps = risk.convergence(data["metrics"], "cost", "mean")
    per_year = steps["estimate"].attrs["per_year"] / 1000
    points, levels, intervals = (series_of(figure, kind) for kind in ("points", "level", "intervals"))
    for name in STRATEGIES:
        one = steps.sel(strategy=name)
        assert points[name, name].names == tuple(f"{size:,}" for size in steps["size"].values.tolist())
        np.testing.assert_allclose(points[name, name].y, one["estimate"].values * per_year)
        np.testing.assert_allclose(levels[name, name].y, [one["all_estimate"].item() * per_year])
        known = np.isfinite(one["lower"].values)
        np.testing.assert_allclose(intervals[name, name].y[:, 1], one["upper"].values[known] * per_year)


def test_record__a_cost_stack_records_the_mean_of_each_component(data):
    measures = risk.describe(risk.costs(data["outcomes"])).sel(statistic="mean")
    bars = series_of(draw("cost_stack", data), "bars")
    factor = measures["total"].attrs["per_year"] / 1000
    foot = np.zeros(3)
    for (_, name), one in bars.items():
        np.testing.assert_allclose(one.y, measures[name.replace(" ", "_")].values * factor)
        np.testing.assert_allclose(one.foot, foot, atol=1e-12)
        assert one.names == STRATEGIES
        foot = foot + one.y
    np.testing.assert_allclose(foot, measures["total"].values * factor)


def test_record__a_fan_records_the_quantiles_over_the_paths(data):
    figure = report.fan(data["trace"], "on_hand", "frame")
    found = compute_trace_quantiles(data["trace"], "on_hand").sel(stage="frame")
    bands, medians = series_of(figure, "band"), series_of(figure, "curve")
    for name in STRATEGIES:
        one = found.sel(strategy=name)
        np.testing.assert_allclose(medians[name, "median of 30 paths"].y, one.sel(quantile=0.5).values)
        ends = np.column_stack([one.sel(quantile=0.25).values, one.sel(quantile=0.75).values])
        np.testing.assert_allclose(bands[name, "50 %"].y, ends)
        assert bands[name, "50 %"].plot.panel == name
        assert bands[name, "50 %"].plot.y == AxisQuantity("stock on hand", "units")


def test_record__a_timeline_records_occurrences_losses_and_backlog(data):
    replay, figure = data["replay"], draw("timeline", data)
    spans = [one for one in get_record(figure).series if one.kind == "spans" and not one.identity.is_companion]
    by_name = {one.identity.name: one for one in spans}
    days = replay.attrs["period_hours"] / 24
    for hazard in set(replay["hazard"].values.tolist()):
        its = replay["hazard"].values == hazard
        ends = np.column_stack([replay["begin"].values[its], replay["end"].values[its]]) * days
        np.testing.assert_allclose(by_name[hazard].x, ends)
    starved = by_name["bike starved"].x
    assert np.diff(starved).sum() == pytest.approx(days * (replay["starved"].sel(stage="bike") > 0).sum().item())
    ((_, curve),) = series_of(figure, "steps").items()
    np.testing.assert_allclose(curve.y, replay["lost"].sel(customer="shop").values)


def test_record__a_network_records_its_stages_and_customers_from_left_to_right(data):
    (one,) = get_record(draw("network", data)).series
    assert one.names == ("frame", "bike", "shop")
    assert (np.diff(one.x) > 0).all()
    level = data["outline"]["order_up_to"].sel(strategy="jit", stage="bike").item()
    assert f"store {level:g}" in one.texts[1]


# --- labels and titles are no data ------------------------------------------------------------------------------------


def reword(figure: Figure) -> None:
    """Change every word, weight and color of a figure that shows no data."""
    for ax in figure.axes:
        ax.set(xlabel="weight, kg", ylabel="age, 7 years; (old)")
        ax.set_title("another title", loc="left")
        for text in ax.texts:
            text.set(text="other words", color="#123456", weight="light")
        for artist in (*ax.lines, *ax.collections, *ax.patches, *ax.containers):
            artist.set_label("other label")
        for artist in (*ax.lines, *ax.collections, *ax.patches):
            artist.set_color("#123456")
        ax.set_xticks(ax.get_xticks(), ["tick"] * len(ax.get_xticks()))
        if ax.yaxis_inverted():
            ax.invert_yaxis()


@pytest.mark.parametrize("name", NAMES)
def test_record__rewording_a_figure_changes_no_table_and_no_tooltip(name, data):
    figure, other = draw(name, data), draw(name, data)
    reword(other)
    panels, others = list_panels(figure), list_panels(other)
    assert [panel.list_rows() for panel in panels] == [panel.list_rows() for panel in others]
    for one, two in zip(panels, others, strict=True):
        assert (one.name, one.across, one.texts) == (two.name, two.across, two.texts)
        said = [[(series.name, series.color, series.texts) for series in panel.series] for panel in (one, two)]
        assert said[0] == said[1]


@pytest.mark.parametrize("name", NAMES)
def test_record__rewording_a_figure_changes_neither_heading_nor_toggles_of_its_chart(name, data):
    def draw_reworded() -> Figure:
        figure = draw(name, data)
        reword(figure)
        return figure

    plain = draw_chart(ChartRequest(name, "", "note", lambda: draw(name, data)), STRATEGIES)
    reworded = draw_chart(ChartRequest(name, "", "note", draw_reworded), STRATEGIES)
    assert plain.heading == reworded.heading != ""
    assert "another title" not in reworded.svg
    assert plain.list_tables() == reworded.list_tables()
    assert plain.toggles == reworded.toggles
    assert plain.toggles == (STRATEGIES if name in ("distribution", "exceedance", "convergence") else ())


def test_record__a_strategy_is_hidden_with_its_band_its_line_and_its_label(data):
    svg = draw_chart(ChartRequest("exceedance", "", "", lambda: draw("exceedance", data)), STRATEGIES).svg
    for number in range(3):
        assert svg.count(f'id="exceedance-series-{number}-') == 3


def test_record__the_page_reads_no_artist():
    for path in sorted((PACKAGE / "page").glob("*.py")):
        tree = ast.parse(path.read_text())
        modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert {one for one in modules if one.startswith("matplotlib")} <= {"matplotlib.axes", "matplotlib.figure"}
        used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert {one for one in used if one.startswith("get_")} <= {"get_window_extent", "get_template"}
        assert not used & {"patches", "collections", "containers", "child_axes", "findobj"}


def test_record__figures_draw_data_only_through_a_plot():
    found = set()
    for path in sorted((PACKAGE / "figures").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in DRAWING:
                found.add((path.stem, node.func.attr))
    drawn = {one for one in found if one[0] != "recording"}
    assert drawn == {("cost_stack", "fill_between"), ("decision", "axhline")}, "shades between bars, and the line at 0"
