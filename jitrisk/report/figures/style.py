"""The style of all figures: one palette, one set of lines, one size. Global settings are not changed.

The colors follow Okabe & Ito (2008), "Color Universal Design", with lightness moved apart, so that strategies differ
in gray as well; they differ in line, hatch and marker, too.
"""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import get_font_names

from jitrisk.errors import ResultError
from jitrisk.printable import escape, shorten
from jitrisk.report.figures.recording import get_figure, get_record

SIZE = (7.0, 4.0)
MOST = 24  # strategies in a figure
INK, MUTED, GRID, PAPER = "#222222", "#5f6368", "#dddddd", "#ffffff"
ALARM = "#b84a00"
COLORS = ("#005b96", "#e69f00", "#009e73", "#222222", "#8cd0f5", "#b84a00", "#d084b1", "#5b2a6b")
_DASHES = ("-", (0, (6, 2)), (0, (6, 2, 1.5, 2)), (0, (1.5, 1.5)), (0, (10, 2)), (0, (3, 1)), (0, (6, 2, 1, 1, 1, 2)))
_HATCHES = ("", "///", "...", "xxx", "---", "\\\\\\", "ooo", "|||", "+++")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "*")

# Fonts for what DejaVu Sans lacks, most of all Chinese, Japanese and Korean; those installed are used.
_FALLBACKS = (
    "Noto Sans CJK JP",
    "Noto Sans JP",
    "IPAexGothic",
    "Hiragino Sans",
    "Yu Gothic",
    "Microsoft YaHei",
    "PingFang SC",
    "Malgun Gothic",
    "WenQuanYi Zen Hei",
    "Arial Unicode MS",
)
_RETINA = 2
_LONGEST_UNIT, _BELOW = 40, 120  # characters
_DARKER = 0.94
_LEGIBLE = 49.0  # CIE L* that stands out from white by 4.5 to 1

# Settings of the user that would change a figure; matplotlib's defaults hold while it is drawn.
_LOOKS = ("axes", "figure.", "font.", "grid", "hatch", "legend", "lines", "patch", "text.", "xtick", "ytick")

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Look:
    """The color, line, hatch and marker of a series."""

    color: str
    dashes: Any
    hatch: str
    marker: str


def select_look(index: int) -> Look:
    """Return the look of the series of that number; those of low numbers differ most."""
    # The lengths of the cycles have no common divisor: series of one color differ in line, hatch and marker.
    return Look(
        COLORS[index % len(COLORS)],
        _DASHES[index % len(_DASHES)],
        _HATCHES[index % len(_HATCHES)],
        _MARKERS[index % len(_MARKERS)],
    )


class Drawing(Figure):
    """A figure that a notebook displays without pyplot."""

    def _repr_png_(self) -> tuple[bytes, dict[str, float]]:
        image = io.BytesIO()
        width, height = self.get_size_inches() * self.dpi
        self.savefig(image, format="png", dpi=self.dpi * _RETINA)
        return image.getvalue(), {"width": round(width), "height": round(height)}


def apply_style(function: Callable[P, T]) -> Callable[P, T]:
    """Decorate a function so that it draws in the style of all figures, whatever the settings of the user.

    Names and texts in its arguments become printable, because SVG, which is XML, has no control characters.
    """

    @wraps(function)
    def draw_styled(*args: P.args, **kwargs: P.kwargs) -> T:
        visible = {name: _escape_texts(value) for name, value in kwargs.items()}
        with mpl.rc_context(_build_settings()), warnings.catch_warnings():
            # A letter that no font has is drawn as a box, which is warning enough.
            warnings.filterwarnings("ignore", "Glyph .* missing from")
            return function(*map(_escape_texts, args), **visible)

    return draw_styled


def _escape_texts(value: Any) -> Any:
    """Return a text, or a Dataset with all texts in it, with characters that are not printable as escapes."""
    if isinstance(value, str):
        return escape(value)
    if not isinstance(value, xr.Dataset):
        return value
    changed = {name: new for name, array in value.variables.items() if (new := _escape_array(array)) is not array}
    attrs = _escape_attrs(value.attrs)
    return value.assign(changed).assign_attrs(attrs) if changed or attrs != value.attrs else value


def _escape_array(array: xr.Variable) -> xr.Variable:
    attrs = _escape_attrs(array.attrs)
    given = array.values.ravel().tolist() if array.dtype.kind in "OU" else []
    shown = [escape(text) if isinstance(text, str) else text for text in given]
    if shown != given:
        return xr.Variable(array.dims, np.array(shown, dtype=array.dtype.kind).reshape(array.shape), attrs)
    return array if attrs == array.attrs else xr.Variable(array.dims, array, attrs)


def _escape_attrs(attrs: Mapping[Any, Any]) -> dict[Any, Any]:
    shown = {name: escape(text) if isinstance(text, str) else text for name, text in attrs.items()}
    # A longer unit along an axis would leave no room for the axes.
    short = {name: shorten(shown[name], _LONGEST_UNIT) for name in ("units", "currency") if name in shown}
    return shown | short


@cache
def _list_fonts() -> tuple[str, ...]:
    installed = set(get_font_names())
    return ("DejaVu Sans", *(name for name in _FALLBACKS if name in installed))


def _build_settings() -> Any:
    # Any: the type of a setting is known only by its name.
    return {
        **{name: value for name, value in mpl.rcParamsDefault.items() if name.startswith(_LOOKS)},
        "font.family": list(_list_fonts()),
        "font.size": 9,
        "text.parse_math": False,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": MUTED,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.titlesize": 11,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "grid.color": GRID,
        "grid.linewidth": 0.6,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "hatch.linewidth": 0.5,
        "legend.frameon": False,
        "lines.linewidth": 1.8,
        "figure.dpi": 100,
    }


def check_count(strategies: int, most: int = MOST) -> None:
    """Raise ResultError where there are more strategies than are legible in one figure."""
    if strategies > most:
        raise ResultError(f"{strategies} strategies do not fit in one figure: select {most} or fewer of them")


def create_canvas(ax: Axes | None, size: tuple[float, float] = SIZE) -> tuple[Figure, Axes]:
    """Return the figure and axes to draw in: those given, or fresh ones.

    Parameters
    ----------
    ax : axes to draw in, or None.
    size : width and height of a fresh figure, inches.
    """
    if ax is not None:
        ax.set_axisbelow(True)
        ax.spines[["top", "right"]].set_visible(False)
        return get_figure(ax), ax
    figure = Drawing(figsize=size, layout="constrained")
    return figure, figure.add_subplot()


def create_panels(ax: Axes | None, heights: list[float], size: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    """Return the figure and axes below each other with one x axis: in the axes given, or in a fresh figure.

    Parameters
    ----------
    ax : axes whose place the panels take, or None.
    heights : the panels' heights in proportion, from the top.
    size : width and height of a fresh figure, inches.
    """
    if ax is None:
        figure: Figure = Drawing(figsize=size, layout="constrained")
        grid = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)
        return figure, list(grid[:, 0])
    figure, ax = create_canvas(ax)
    ax.set_axis_off()
    gap = 0.3 * sum(heights) / len(heights) if len(heights) > 1 else 0.0
    total = sum(heights) + gap * (len(heights) - 1)
    inside: list[Axes] = []
    top = total
    for height in heights:
        top -= height
        shared: dict[str, Any] = {"sharex": inside[0]} if inside else {}
        inside.append(ax.inset_axes((0, top / total, 1, height / total), **shared))
        top -= gap
    for panel in inside[:-1]:
        panel.tick_params(labelbottom=False)
    return figure, inside


def create_columns(ax: Axes | None, widths: list[float], size: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    """Return the figure and axes side by side: in the axes given, or in a fresh figure.

    Parameters
    ----------
    ax : axes whose place the columns take, or None.
    widths : the columns' widths in proportion, from the left.
    size : width and height of a fresh figure, inches.
    """
    if ax is None:
        figure: Figure = Drawing(figsize=size, layout="constrained")
        return figure, list(figure.subplots(1, len(widths), squeeze=False, width_ratios=widths)[0])
    figure, ax = create_canvas(ax)
    ax.set_axis_off()
    gap = 0.3 * sum(widths) / len(widths) if len(widths) > 1 else 0.0
    total, left = sum(widths) + gap * (len(widths) - 1), 0.0
    inside: list[Axes] = []
    for width in widths:
        inside.append(ax.inset_axes((left / total, 0, width / total, 1)))
        left += width + gap
    return figure, inside


def set_title(ax: Axes, words: str, below: str = "", heading: str = "") -> None:
    """Write what a figure shows as its title, and small print of one or more lines below it; record the title.

    Parameters
    ----------
    ax : the axes above which they are written.
    words : the title, in lines that fit.
    below : the small print.
    heading : the title before it was cut to lines; by default the same.
    """
    get_record(get_figure(ax)).heading = heading or words
    # A line wider than the figure would leave no room for the axes.
    below = "\n".join(textwrap.fill(line, _BELOW) if len(line) > _BELOW else line for line in below.split("\n"))
    lines = below.count("\n") + 1 if below else 0
    ax.set_title(words, pad=8 + 12 * lines)
    ax.annotate(
        below,
        (0, 1),
        (0, 6),
        xycoords="axes fraction",
        textcoords="offset points",
        va="bottom",
        color=MUTED,
        fontsize=8,
        linespacing=1.25,
    )


def mix_with_white(color: str, share: float) -> str:
    """Return a mixture of a color and white, of which `share` is the color."""
    red, green, blue = (share * c + (1 - share) * p for c, p in zip(to_rgb(color), to_rgb(PAPER), strict=True))
    return to_hex((red, green, blue))


def compute_lightness(color: str) -> float:
    """Return the lightness of a color, CIE L* from 0, black, to 100, white."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 903.3 * luminance if luminance <= 0.008856 else 116 * luminance ** (1 / 3) - 16


def darken_color(color: str) -> str:
    """Return a color darkened until small print in it is legible on white, at a contrast of 4.5 or more."""
    while compute_lightness(color) > _LEGIBLE:
        red, green, blue = to_rgb(color)
        color = to_hex((_DARKER * red, _DARKER * green, _DARKER * blue))
    return color


def select_text_color(color: str) -> str:
    """Return the color of text that is legible on a color."""
    return PAPER if compute_lightness(color) < 60 else INK
