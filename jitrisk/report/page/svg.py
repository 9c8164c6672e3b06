"""A matplotlib figure as inline SVG: text stays text, identifiers are unique in the page, no style attributes.

A page's content security policy forbids style attributes, so what matplotlib writes there becomes presentation
attributes. The same figure gives the same bytes.
"""

from __future__ import annotations

import io
import re
import warnings
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

import matplotlib as mpl
from matplotlib.figure import Figure

from jitrisk.printable import escape

POINTS = 72
"""Points in an inch: the unit of the SVG's coordinates."""

_SVG = "http://www.w3.org/2000/svg"
_LINK = "http://www.w3.org/1999/xlink"
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_LONG_NUMBER = re.compile(r"(-?\d+\.\d\d)\d+")
_COORDINATES = ("d", "x", "y", "width", "height", "points", "transform")
_LOST = {"font-family"}


def render_inline_svg(figure: Figure, key: str, title: str, description: str) -> str:
    """Return a figure as an ``<svg>`` element that is as wide as its parent in the page.

    Parameters
    ----------
    figure : the figure; its resolution becomes that of the SVG, so that :mod:`jitrisk.report.page.data_points` finds
        the coordinates of the data.
    key : prefix of every identifier, unique in the page.
    title, description : the words that a screen reader reads in place of the picture.
    """
    figure.set_dpi(POINTS)
    written = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": key}), warnings.catch_warnings():
        # Text stays text in a page: the reader's fonts may have letters that the fonts here lack.
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        figure.savefig(written, format="svg", metadata=_NO_METADATA)
    root = ElementTree.fromstring(written.getvalue())
    for child in [child for child in root if _strip_namespace(child.tag) in ("metadata",)]:
        root.remove(child)
    for element in root.iter():
        _rewrite(element, key)
    _write_head(root, key, title, description)
    return "".join(_serialize(root))


def _strip_namespace(tag: str) -> str:
    return tag.rpartition("}")[2]


def _rewrite(element: ElementTree.Element, key: str) -> None:
    """Prefix identifiers, shorten coordinates, and turn the style into presentation attributes."""
    attributes = element.attrib
    for name, value in _parse_declarations(attributes.pop("style", "")):
        if name not in _LOST:
            attributes[name] = value
    if "id" in attributes:
        attributes["id"] = f"{key}-{attributes['id']}"
    for name, value in list(attributes.items()):
        if name == f"{{{_LINK}}}href":
            del attributes[name]
            attributes["href"] = f"#{key}-{value[1:]}"
        elif "url(" in value:
            attributes[name] = _REFERENCE.sub(rf"url(#{key}-\1)", value)
        elif name in _COORDINATES:
            attributes[name] = _LONG_NUMBER.sub(r"\1", " ".join(value.split()))


def _parse_declarations(style: str) -> Iterator[tuple[str, str]]:
    for declaration in filter(None, map(str.strip, style.split(";"))):
        name, _, value = declaration.partition(":")
        yield name.strip(), value.strip()


def _write_head(root: ElementTree.Element, key: str, title: str, description: str) -> None:
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    for parent in root.iter():
        for child in [child for child in parent if _strip_namespace(child.tag) == "style"]:
            parent.remove(child)  # joins and caps are attributes of the root, which are inherited
    words = {"title": title, "desc": description}
    for place, (tag, text) in enumerate(words.items()):
        element = ElementTree.Element(f"{{{_SVG}}}{tag}", {"id": f"{key}-{tag}"})
        element.text = escape(text)
        root.insert(place, element)
    root.attrib |= {
        "role": "img",
        "aria-labelledby": f"{key}-title {key}-desc",
        "stroke-linejoin": "round",
        "stroke-linecap": "butt",
    }


def _serialize(root: ElementTree.Element) -> Iterator[str]:
    """Yield the element as text for HTML, which needs no name spaces."""
    for element in root.iter():
        element.tag = _strip_namespace(element.tag)
    yield ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)
