"""What can be checked of any figure: its words lie within it, and none lies on another."""

from __future__ import annotations

from itertools import combinations

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox


def words(figure: Figure) -> list[tuple[str, Bbox]]:
    """Every line of text that is drawn, and where it lies, pixels."""
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


def outside(figure: Figure) -> list[str]:
    """The texts that run out of the figure."""
    frame = figure.bbox.padded(1)
    corners = [(text, box.corners()) for text, box in words(figure)]
    return [text for text, points in corners if not all(frame.contains(x, y) for x, y in points)]


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """The pairs of texts that lie on each other, by more than the pixel in which neighbors may touch."""
    found = [(text, box.padded(-1)) for text, box in words(figure)]
    return [(a, b) for (a, one), (b, other) in combinations(found, 2) if one.overlaps(other)]
