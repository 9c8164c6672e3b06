"""The network as a picture: where its title stands, and the time lost in its boxes."""

import io
import re

import matplotlib as mpl
import pytest
import test_datasets_outline_members as members
from matplotlib.colors import to_hex
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon

import jitrisk as jr
from jitrisk import report
from jitrisk.report.figures.boxes import build_boxes
from jitrisk.report.figures.style import PAPER


@pytest.fixture(scope="module")
def bicycles():
    return jr.simulate("bicycles", 400, 3)


def test_network__title_of_a_network_keeps_the_margin_of_the_figure(bicycles):
    figure = report.network(jr.outline(bicycles), bicycles, "jit")
    written = io.BytesIO()
    figure.savefig(written, format="svg")
    title = figure.axes[0].get_title(loc="left") or figure.axes[0].get_title()
    baseline = re.search(rf"<!-- {title} -->\s*<g [^>]*translate\([\d.-]+ ([\d.-]+)\)", written.getvalue().decode())
    capital = 0.729 * figure.axes[0].title.get_fontsize()  # height of capital letters in DejaVu Sans
    assert baseline is not None
    assert float(baseline[1]) - capital >= 72 * mpl.rcParams["figure.constrained_layout.h_pad"]


def test_build_boxes__time_lost_below_a_minute_per_year_has_no_digits(bicycles):
    starved = bicycles["starved"].where(bicycles["stage"] != "bike", 1e-9)
    stage = build_boxes(jr.outline(bicycles), bicycles.assign(starved=starved), "jit")["bike"]
    assert [line for line in stage.lost if "starved" in line] == ["starved < 1 min per year"]


def find_patches(outline):
    """The dashed lines of a diagram, the tips of its arrows, those that are hollow, and the middles of its boxes."""
    ax = report.network(outline).axes[0]
    patches = ax.patches
    dashed = [patch for patch in patches if isinstance(patch, PathPatch) and patch.get_linestyle() != "solid"]
    tips = [patch for patch in patches if isinstance(patch, Polygon)]
    hollow = [tip for tip in tips if to_hex(tip.get_facecolor()) == PAPER]
    boxes = [patch for patch in patches if isinstance(patch, FancyBboxPatch)]
    middles = {str(box.get_label()): box.get_x() + box.get_width() / 2 for box in boxes}
    return dashed, tips, hollow, middles


def test_network__a_loop_is_closed_by_a_line_and_arrows_into_pushed_stages_are_hollow():
    dashed, tips, hollow, middles = find_patches(jr.outline(members.MODEL))
    # casting to machining to packing are pushed; the tip of the loop is one more than those of the links.
    assert (len(dashed), len(hollow), len(tips)) == (1, 2, 4 + 3 + 1)
    way = dashed[0].get_path().vertices
    assert way[0][0] == pytest.approx(middles["packing"])
    assert way[-1][0] == pytest.approx(middles["casting"])


def test_network__a_network_that_is_pulled_has_neither(bicycles):
    dashed, tips, hollow, _ = find_patches(jr.outline(bicycles))
    assert (len(dashed), len(hollow)) == (0, 0)
    assert tips


def test_build_boxes__say_what_is_on_and_nothing_of_what_is_off():
    boxes = build_boxes(jr.outline(members.MODEL), None, "base")
    assert boxes["machining"].facts == (
        "8 h, ≤ 90 per day",
        "takt 14.4 min, too slow: 16 min per unit",
        "push: whatever lies before it",
    )
    assert "loop 200 = 2 d" in boxes["casting"].facts
    assert boxes["casting"].cover == boxes["machining"].cover == 0.0
    assert boxes["packing"].facts[-1] == "overtime × 1.25 below 100"
    assert "grows 5 % per year" in boxes["market"].facts
    assert boxes["shop"].facts == ("100 per day", "unmet demand is backordered")


def test_network__no_line_of_the_legend_is_broken_twice():
    loop = {"conwip": {"cards": 9, "container": 1, "through": "pack"}}
    stages = {
        "saw": {"policy": loop},
        "mill": {"inputs": {"saw": 1}, "policy": {"push": {}}},
        "pack": {"inputs": {"mill": 1}, "policy": {"push": {}}},
    }
    customers = {"shop": {"stage": "pack", "demand": 1}}
    line = {"name": "line", "period": "1 d", "horizon": 9, "stages": stages, "customers": customers}
    figure = report.network(jr.outline(line), jr.simulate(line, 1))
    (legend,) = (text.get_text() for text in figure.axes[0].texts if text.get_text().startswith("store:"))
    *full, _ = legend.split("\n")
    assert "cards come back" in legend
    assert full
    assert min(map(len, full)) > 80, legend
