"""Checks of any figure: its words lie within it, and none overlaps another."""

from __future__ import annotations

from itertools import combinations

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox


def list_words(figure: Figure) -> list[tuple[str, Bbox]]:
    """Return every line of text that is drawn, and its box, pixels."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # settles the layout
    renderer, found = canvas.get_renderer(), []
    draw, top = renderer.draw_text, figure.bbox.height

    def recorded(gc, x, y, line, prop, angle, ismath=False, mtext=None):
        if line.strip():
            width, height, below = renderer.get_text_width_height_descent(line, prop, ismath)
            upright = (x, top - y - below, width, height)
            found.append(
                (line, Bbox.from_bounds(*upright if angle == 0 else (x - height + below, top - y, height, width)))
            )
        draw(gc, x, y, line, prop, angle, ismath, mtext)

    renderer.draw_text = recorded
    figure.draw(renderer)
    return found


def find_outside(figure: Figure) -> list[str]:
    """Return the texts that reach beyond the figure."""
    frame = figure.bbox.padded(1)
    corners = [(text, box.corners()) for text, box in list_words(figure)]
    return [text for text, points in corners if not all(frame.contains(x, y) for x, y in points)]


def find_overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Return the pairs of texts that overlap by more than the pixel in which neighbors may touch."""
    found = [(text, box.padded(-1)) for text, box in list_words(figure)]
    return [(a, b) for (a, one), (b, other) in combinations(found, 2) if one.overlaps(other)]
