"""The templates of pages: HTML with its style, its script and a security policy that allows nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from jitrisk.printable import escape
from jitrisk.report.page.charts import Chart

# Names and texts of a model may hold characters that would end a script element or begin another.
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}

# Words from right to left, which would reorder their neighbors: Hebrew, Arabic, Syriac, Thaana, N'Ko and others.
_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_WORDS = re.compile(f"([{_RIGHT_TO_LEFT}]+(?: [{_RIGHT_TO_LEFT}]+)*)")


def render_template(name: str, words: Mapping[str, Any], charts: Any, drawn: Sequence[Chart]) -> str:
    """Return the page that a template makes.

    Parameters
    ----------
    name : file name of the template, which extends ``layout.html.j2``.
    words : what it says, by the names that it uses.
    charts : its figures, as it uses them.
    drawn : all of them, for the data of their tooltips.
    """
    style, script = _read_part("page.css"), _read_part("page.js")
    environment = Environment(
        loader=FunctionLoader(_read_part),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_escape_text,
    )
    environment.filters["isolated"] = _isolate_right_to_left
    data = {chart.key: [panel.to_dict() for panel in chart.panels] for chart in drawn if chart.panels}
    return environment.get_template(name).render(
        **words,
        charts=charts,
        safe=Markup,
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=Markup(_encode_data(data)),
    )


def _escape_text(value: Any) -> Any:
    """Return a value of the template with every character of a text printable; markup stays as it is."""
    return escape(value, lines=True) if isinstance(value, str) and not isinstance(value, Markup) else value


def _isolate_right_to_left(text: str) -> Markup:
    """Return a text as HTML in which words from right to left do not reorder the words beside them."""
    odd = _WORDS.split(escape(text, lines=True))
    return Markup().join(Markup("<bdi>{}</bdi>").format(part) if i % 2 else part for i, part in enumerate(odd))


def _encode_data(data: dict[str, Any]) -> str:
    """Return plain values as JSON that may stand in a script element."""
    text = json.dumps(_escape_data(data), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(_ESCAPES)


def _escape_data(value: Any) -> Any:
    """Return plain values for a script with every text in them printable."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, Mapping):
        return {key: _escape_data(one) for key, one in value.items()}
    return [_escape_data(one) for one in value] if isinstance(value, list | tuple) else value


def _read_part(name: str) -> str:
    return files("jitrisk.report.page").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return the hash by which a content security policy allows a text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
