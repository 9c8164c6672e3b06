"""What the site needs beyond its Markdown.

Notebooks, links that leave the folder, links to tables of the vocabulary, and docstrings as this project writes them.
"""

from __future__ import annotations

import inspect
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from jitrisk import vocabulary

DOCS = Path(__file__).parent
ROOT = DOCS.parent
NOTEBOOKS = DOCS / "notebooks"

# Files outside this folder that are pages of the site, too.
_PAGES = {
    ROOT / "README.md": DOCS / "index.md",
    ROOT / "ARCHITECTURE.md": DOCS / "architecture.md",
    ROOT / "CHANGELOG.md": DOCS / "changelog.md",
    ROOT / "CONTRIBUTING.md": DOCS / "contributing.md",
    ROOT / "bench" / "RESULTS.md": DOCS / "benchmarks.md",
}
_LINK = re.compile(r"(\[[\w./-]+\.md)?\]\(([^)#:\s]+)(#[^)\s]*)?\)")


def _copy_notebooks(_: Sphinx) -> None:
    """Copy the notebooks to where Sphinx looks for pages, touching none that has not changed."""
    NOTEBOOKS.mkdir(exist_ok=True)
    sources = {path.name: path for path in (ROOT / "notebooks").glob("*.ipynb")}
    for old in NOTEBOOKS.glob("*.ipynb"):
        if old.name not in sources:
            old.unlink()
    for name, source in sources.items():
        if not (NOTEBOOKS / name).exists() or (NOTEBOOKS / name).read_bytes() != source.read_bytes():
            shutil.copyfile(source, NOTEBOOKS / name)


def _relinked(text: str, written_in: Path, shown_in: Path) -> str:
    """Return a document whose links lead from where it is shown, to pages of the site where there are such.

    A link that is called by the name of a file gets the title of the page instead.
    """

    def relink(link: re.Match[str]) -> str:
        name, path, place = link.groups(default="")
        target = (written_in / path).resolve()
        if not target.exists():
            return link[0]
        page = NOTEBOOKS / target.name if target.suffix == ".ipynb" else _PAGES.get(target, target)
        return f"{name and '['}]({Path(os.path.relpath(page, shown_in)).as_posix()}{place})"

    return _LINK.sub(relink, text)


def _relink_page(app: Sphinx, page: str, content: list[str]) -> None:
    path = Path(app.env.doc2path(page))
    if path.suffix == ".md":
        content[0] = _relinked(content[0], path.parent, path.parent)


def _relink_included(app: Sphinx, relative: Path, parent: str, content: list[str]) -> None:
    shown_in = Path(app.env.doc2path(parent)).parent
    content[0] = _relinked(content[0], (DOCS / relative).resolve().parent, shown_in)


_VOCABULARY = re.compile(r"^<!-- begin: vocabulary (\w+) -->$", re.MULTILINE)


def _mark_tables(_app: Sphinx, _page: str, content: list[str]) -> None:
    """Put a target right before every generated table of the vocabulary, behind the comment, which the site drops."""
    content[0] = _VOCABULARY.sub(r"\g<0>\n\n```{vocabulary} \1\n```", content[0])


class VocabularyTarget(SphinxDirective):
    """The target of links to one table of `jitrisk.vocabulary`, such as `jitrisk.vocabulary.OUTCOMES`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the target."""
        (table,) = self.arguments
        target = nodes.target("", "", ids=[f"vocabulary-{table}"])
        self.env.domains.python_domain.note_object(
            f"{vocabulary.__name__}.{table}", "data", target["ids"][0], location=target
        )
        return [target]


_SECTION = re.compile(r"^(?=[A-Z]\w+\n-{3,}$)", re.MULTILINE)
_DESCRIBED = re.compile(r"^(\w+(?:, \w+)*) : ", re.MULTILINE)


def _spell_out(_: Sphinx, _what: str, _name: str, subject: Any, _options: object, lines: list[str]) -> None:
    """Put descriptions where numpydoc expects them: types stand in the hints here, so descriptions follow the names."""
    sections = _SECTION.split("\n".join(lines))
    lines[:] = "\n".join(_spelled_out(section, subject) for section in sections).splitlines()


def _spelled_out(section: str, subject: Any) -> str:
    if section.startswith(("Parameters\n", "Attributes\n")):
        return _DESCRIBED.sub(r"\1\n    ", section)
    if section.startswith("Returns\n"):
        head, line, *text = section.splitlines()
        hint = str(inspect.signature(subject).return_annotation)
        return "\n".join([head, line, hint, *(f"    {each}" for each in text), ""])
    return section


def _keep_columns(_: Sphinx, _context: object, lines: list[str]) -> None:
    """Show what a help text sets in columns as it is in the terminal."""
    lines[:] = _literal(lines)


def _literal(lines: list[str]) -> Iterator[str]:
    inside = False
    for line in lines:
        if line.startswith("| ") and not inside:
            yield from ("::", "")
        inside = line.startswith("| ")
        yield f"   {line[2:]}" if inside else line


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the parts with Sphinx."""
    app.connect("builder-inited", _copy_notebooks)
    app.connect("source-read", _relink_page)
    app.connect("source-read", _mark_tables)
    app.connect("include-read", _relink_included)
    # Before numpydoc, whose place is 500.
    app.connect("autodoc-process-docstring", _spell_out, priority=400)
    app.connect("sphinx-click-process-description", _keep_columns)
    app.add_directive("vocabulary", VocabularyTarget)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
