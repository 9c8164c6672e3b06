"""Tooltips and tables of a page: the places of the SVG, the recorded values and units."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from jitrisk.report.figures.recording import AxisQuantity, Node, Plot, SeriesIdentity, mark_strategy
from jitrisk.report.page.data_points import list_panels, list_toggles, tag_strategies
from jitrisk.report.page.svg import render_inline_svg


def axes(rows: int = 1):
    figure = Figure(figsize=(5, 3), layout="constrained")
    return figure, figure.subplots(rows, 1, sharex=True)


def drawn(figure: Figure):
    svg = render_inline_svg(figure, "key", "Title", "Description")
    return ElementTree.fromstring(svg), list_panels(figure)


def of(name: str, color: str = "#005b96") -> SeriesIdentity:
    """The identity of a series that shows the strategy of its name."""
    return SeriesIdentity(name, color, name)


def corners(element: ElementTree.Element) -> np.ndarray:
    numbers = re.findall(r"-?[\d.]+", element.find(".//path").get("d"))
    return np.array(numbers, dtype=np.float64).reshape(-1, 2)


def test_list_panels__a_curve_is_where_the_svg_draws_it():
    figure, ax = axes()
    plot = Plot(ax, AxisQuantity("return period", "years"), AxisQuantity("cost", "k EUR a year"))
    plot.draw_curve(of("jit"), [1.0, 10.0, 100.0], [5.0, -2.5, 1234.5], gid="line")
    ax.set_xscale("log")
    root, (panel,) = drawn(figure)
    path = corners(root.find(".//g[@id='key-line']"))
    np.testing.assert_allclose(np.column_stack([panel.x, panel.series[0].y]), path, atol=0.1)
    assert panel.texts == ("1 years", "10 years", "100 years")
    assert panel.series[0].texts == ("5 k EUR a year", "-2.5 k EUR a year", "1,234 k EUR a year")
    assert (panel.name, panel.across) == ("cost", "return period")


def test_list_panels__series_share_a_panel_where_they_share_their_abscissas():
    figure, ax = axes()
    plot = Plot(ax)
    plot.draw_curve(of("one"), [0, 1], [1, 2])
    plot.draw_curve(of("two"), [0, 1], [3, 4])
    plot.draw_curve(of("three"), [0, 2], [3, 4])
    plot.draw_level(of("one")._replace(is_companion=True), 1.0)
    _, found = drawn(figure)
    assert [[series.name for series in panel.series] for panel in found] == [["one", "two"], ["three"]]


def test_list_panels__a_band_says_both_its_ends():
    figure, ax = axes()
    plot = Plot(ax, y=AxisQuantity("stock", "units"), panel="jit")
    plot.draw_band(SeriesIdentity("90 %", "#005b96"), [0, 1, 2], [1, 2, 3], [4, 6, 8])
    _, (panel,) = drawn(figure)
    assert panel.name == "stock, jit"
    assert panel.series[0].texts == ("1 to 4 units", "2 to 6 units", "3 to 8 units")
    middle = figure.bbox.height - ax.transData.transform((0, 2.5))[1]
    assert panel.series[0].y[0] == pytest.approx(middle, abs=0.1)


def test_list_panels__bars_have_the_whole_names_of_what_they_show():
    figure, ax = axes()
    plot, names = Plot(ax), ["jit", "just in case, with a name that no axis has room for"]
    plot.draw_bars(SeriesIdentity("holding", "#005b96"), names, [2.0, 3.0], [0.0, 0.0])
    plot.draw_bars(SeriesIdentity("downtime", "#e69f00"), names, [0.5, 0.25], [2.0, 3.0])
    ax.set_xticks([0, 1], ["jit", "just…"])
    _, (panel,) = drawn(figure)
    assert panel.texts == tuple(names)
    assert [series.texts for series in panel.series] == [("2", "3"), ("0.5", "0.25")]
    middle = figure.bbox.height - ax.transData.transform((0, 2.25))[1]
    assert panel.series[1].y[0] == pytest.approx(middle, abs=0.1)


def test_list_panels__steps_are_read_at_the_middle_of_their_bins():
    figure, ax = axes()
    plot = Plot(ax, AxisQuantity("downtime", "hours"), AxisQuantity("share of paths", "%"))
    plot.draw_steps(of("jit"), [0.0, 2.0, 4.0], [10.0, 20.0], shade=0.1)
    _, (panel,) = drawn(figure)
    assert panel.texts == ("1 hours", "3 hours")
    assert [series.texts for series in panel.series] == [("10 %", "20 %")]


def test_list_panels__spans_and_nodes_stand_for_themselves():
    figure, (above, below) = axes(2)
    spans = Plot(above, AxisQuantity("time", "days"))
    spans.draw_spans(of("fire"), [(3.0, 2.0), (9.0, 0.5)], 0)
    spans.draw_spans(of("fire")._replace(is_companion=True), [(5.0, 1.0)], 0, alpha=0.3)
    box = below.add_patch(FancyBboxPatch((1, 1), 4, 2))
    Plot(below).record_nodes(of("jit"), [Node("valve", "8 h", (3.0, 2.0), box)])
    below.set(xlim=(0, 30), ylim=(0, 30))
    _, (fires, nodes) = drawn(figure)
    assert fires.list_rows() == [("fire", "3 to 5 days"), ("fire", "9 to 9.5 days")]
    assert nodes.list_rows() == [("valve", "8 h")]
    place = below.transData.transform((3.0, 2.0))
    assert (nodes.x[0], figure.bbox.height - nodes.series[0].y[0]) == pytest.approx(tuple(place), abs=0.1)


def test_list_panels__a_point_without_a_value_has_no_place_and_a_question_mark():
    figure, ax = axes()
    Plot(ax, y=AxisQuantity("cost", "EUR")).draw_curve(of("jit"), [1, 2], [5.0, np.nan])
    _, (panel,) = drawn(figure)
    assert panel.series[0].texts == ("5 EUR", "? EUR")
    assert panel.series[0].y[1] is None
    json.dumps(panel.to_dict(), allow_nan=False)


def test_list_panels__many_points_are_thinned_evenly_with_both_ends():
    figure, ax = axes()
    Plot(ax).draw_curve(of("jit"), np.arange(5000), np.arange(5000))
    _, (panel,) = drawn(figure)
    assert len(panel.x) < 300
    assert (panel.texts[0], panel.texts[-1]) == ("0", "4,999")
    assert len(panel.list_rows()) < 30


def test_tag_strategies__the_artists_of_a_strategy_are_tagged():
    figure, ax = axes()
    plot = Plot(ax)
    plot.draw_curve(of("jit"), [0, 1], [0, 1])
    plot.draw_curve(of("jic", "#e69f00"), [0, 1], [0, 2])
    plot.draw_band(of("jit")._replace(is_companion=True), [0, 1], [0, 1], [1, 2], alpha=0.2)
    mark_strategy(ax, [ax.text(1, 1, "just in time")], "jit")
    assert list_toggles(figure, ["jic", "jit", "absent"]) == ("jic", "jit")
    tag_strategies(figure, ["jit", "jic"])
    root, _ = drawn(figure)
    tagged = [element.get("id") for element in root.iter() if "-series-" in (element.get("id") or "")]
    assert len([one for one in tagged if one.startswith("key-series-0-")]) == 3
    assert len([one for one in tagged if one.startswith("key-series-1-")]) == 1


def test_list_toggles__only_figures_whose_series_are_strategies_have_toggles():
    figure, ax = axes()
    Plot(ax).draw_curve(of("jit"), [0, 1], [0, 1])
    assert list_toggles(figure, ["jit", "jic"]) == (), "one strategy alone cannot be hidden"
    Plot(ax).draw_curve(SeriesIdentity("jic", "#e69f00"), [0, 1], [0, 2])
    assert list_toggles(figure, ["jit", "jic"]) == (), "a customer may have the name of a strategy"


def test_render_inline_svg__the_svg_has_no_styles_and_keeps_its_text():
    figure, ax = axes()
    ax.plot([0, 1], [0, 1], ls="--", lw=2.5)
    ax.set_title('a < b & "c"')
    text = render_inline_svg(figure, "key", "<Title>", "Description")
    root = ElementTree.fromstring(text)
    assert not [element for element in root.iter() if "style" in element.attrib or element.tag == "style"]
    assert 'a < b & "c"' in [element.text for element in root.iter("text")]
    assert root.find("title").text == "<Title>"
    assert 'stroke-width="2.5"' in text
    assert "stroke-dasharray" in text
    assert "font-family" not in text


@pytest.mark.parametrize("key", ["one", "two"])
def test_render_inline_svg__the_same_figure_gives_the_same_svg(key):
    def text() -> str:
        figure, ax = axes()
        ax.plot([0, 1], [0, 1], marker="o")
        ax.bar([0], [1], hatch="//")
        return render_inline_svg(figure, key, "Title", "Description")

    assert text() == text()
    assert all(one.startswith(f"{key}-") for one in re.findall(r' id="([^"]+)"', text()))
