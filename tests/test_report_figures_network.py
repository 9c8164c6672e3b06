"""The network as a picture: where its title stands, and the time lost in its boxes."""

import io
import re

import matplotlib as mpl
import pytest

import jitrisk as jr
from jitrisk import report
from jitrisk.report.figures.boxes import build_boxes


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
