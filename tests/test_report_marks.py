"""What a page says of a figure is what the figure draws: the same places as in its SVG, the same values and units."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from jitrisk.report.page.data_points import read_panels, tag
from jitrisk.report.page.svg import render_inline_svg


def axes(rows: int = 1):
    figure = Figure(figsize=(5, 3), layout="constrained")
    return figure, figure.subplots(rows, 1, sharex=True)


def drawn(figure: Figure):
    svg = render_inline_svg(figure, "key", "Title", "Description")
    return ElementTree.fromstring(svg), read_panels(figure)


def corners(element: ElementTree.Element) -> np.ndarray:
    numbers = re.findall(r"-?[\d.]+", element.find(".//path").get("d"))
    return np.array(numbers, dtype=np.float64).reshape(-1, 2)


def test_a_line_is_where_the_svg_draws_it():
    figure, ax = axes()
    ax.plot([1.0, 10.0, 100.0], [5.0, -2.5, 1234.5], label="jit", gid="line")
    ax.set_xscale("log")
    ax.set_xlabel("return period, years")
    ax.set_ylabel("cost, k EUR a year")
    root, (panel,) = drawn(figure)
    path = corners(root.find(".//g[@id='key-line']"))
    np.testing.assert_allclose(np.column_stack([panel.x, panel.series[0].y]), path, atol=0.1)
    assert panel.texts == ("1 years", "10 years", "100 years")
    assert panel.series[0].texts == ("5 k EUR a year", "-2.5 k EUR a year", "1,234 k EUR a year")
    assert (panel.name, panel.across) == ("cost", "return period")


def test_series_share_a_panel_where_they_share_their_abscissas():
    figure, ax = axes()
    ax.plot([0, 1], [1, 2], label="one")
    ax.plot([0, 1], [3, 4], label="two")
    ax.plot([0, 2], [3, 4], label="three")
    ax.plot([0, 1], [0, 0], label="_hidden")
    _, found = drawn(figure)
    assert [[series.name for series in panel.series] for panel in found] == [["one", "two"], ["three"]]


def test_a_band_says_both_its_ends():
    figure, ax = axes()
    ax.fill_between([0, 1, 2], [1, 2, 3], [4, 6, 8], step="post", label="90 %")
    ax.set_ylabel("stock, units; in thousands")
    _, (panel,) = drawn(figure)
    assert panel.series[0].texts[0] == "1 to 4 units"


def test_bars_are_called_by_their_category():
    figure, ax = axes()
    ax.bar([0, 1], [2.0, 3.0], label="holding")
    ax.bar([0, 1], [0.5, 0.25], bottom=[2.0, 3.0], label="downtime")
    ax.set_xticks([0, 1], ["jit", "just\nin case"])
    _, (panel,) = drawn(figure)
    assert panel.texts == ("jit", "just in case")
    assert [series.texts for series in panel.series] == [("2", "3"), ("0.5", "0.25")]


def test_steps_are_read_at_the_middle_of_their_bins():
    figure, ax = axes()
    ax.stairs([10.0, 20.0], [0.0, 2.0, 4.0], label="jit")
    ax.set_ylabel("share of paths, % (root scale)")
    ax.set_xlabel("downtime, hours")
    _, (panel,) = drawn(figure)
    assert panel.texts == ("1 hours", "3 hours")
    assert panel.series[0].texts == ("10 %", "20 %")


def test_spells_and_boxes_are_things():
    figure, (above, below) = axes(2)
    above.broken_barh([(3.0, 2.0), (9.0, 0.5)], (-0.4, 0.8), label="fire")
    above.invert_yaxis()
    below.add_patch(FancyBboxPatch((1, 1), 4, 2, label="valve"))
    below.text(2, 2.5, "valve")
    below.text(2, 1.5, "8 h")
    below.text(20, 20, "elsewhere")
    below.set(xlim=(0, 30), ylim=(0, 30), xlabel="time, days")
    _, (spells, boxes) = drawn(figure)
    assert spells.list_rows() == [("fire", "3 to 5 days"), ("fire", "9 to 9.5 days")]
    assert boxes.list_rows() == [("valve", "8 h")]


def test_many_points_are_thinned_evenly_with_both_ends():
    figure, ax = axes()
    ax.plot(np.arange(5000), np.arange(5000), label="jit")
    _, (panel,) = drawn(figure)
    assert len(panel.x) < 300
    assert (panel.texts[0], panel.texts[-1]) == ("0", "4,999")
    assert len(panel.list_rows()) < 30


def test_what_belongs_to_a_series_is_marked():
    figure, ax = axes()
    ax.plot([0, 1], [0, 1], label="jit", color="#005b96")
    ax.plot([0, 1], [0, 2], label="jic", color="#e69f00")
    ax.fill_between([0, 1], [0, 1], [1, 2], color="#005b96", alpha=0.2, label="_band")
    ax.text(1, 1, "jit")
    tag(figure, ["jit", "jic"])
    root, _ = drawn(figure)
    marked = [element.get("id") for element in root.iter() if "-series-" in (element.get("id") or "")]
    assert len([one for one in marked if one.startswith("key-series-0-")]) == 3
    assert len([one for one in marked if one.startswith("key-series-1-")]) == 1


def test_the_svg_has_no_styles_and_keeps_its_text():
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
def test_the_same_figure_gives_the_same_svg(key):
    def text() -> str:
        figure, ax = axes()
        ax.plot([0, 1], [0, 1], marker="o")
        ax.bar([0], [1], hatch="//")
        return render_inline_svg(figure, key, "Title", "Description")

    assert text() == text()
    assert all(one.startswith(f"{key}-") for one in re.findall(r' id="([^"]+)"', text()))
