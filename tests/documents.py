"""Documents whose blocks run: what stands below a command or a piece of Python is what it prints.

Of the fenced blocks, ``python`` runs, with the ``text`` block below as what it prints; in ``console`` every line that
begins with ``$`` runs; ``yaml`` with a name after it becomes a file of that name. All blocks of one document run in
order, in one empty folder. To write what they print now into the documents:

    python tests/documents.py
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "ARCHITECTURE.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]

_FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```\n(\n```text\n.*?^```\n)?", re.MULTILINE | re.DOTALL)
_ESTIMATE = re.compile(r"about .* for [\d,]+ paths?\b")
_BAD_INPUT = 2


def rendered(document: Path) -> str:
    """Return the text of a document with what its blocks print now."""
    here, environment = Path.cwd(), dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        for name in [name for name in os.environ if name.startswith("JITRISK_")]:
            del os.environ[name]
        os.environ["COLUMNS"] = "80"
        os.chdir(folder)
        try:
            return _FENCE.sub(_Blocks().run, document.read_text(encoding="utf-8"))
        finally:
            os.chdir(here)
            os.environ.clear()
            os.environ.update(environment)


class _Blocks:
    """What the blocks of one document share."""

    def __init__(self) -> None:
        self._names: dict[str, Any] = {"__name__": "__main__"}

    def run(self, block: re.Match[str]) -> str:
        """Run one block and return it with what it prints."""
        kind, name, body, below = block.groups()
        if kind == "yaml" and name:
            Path(name).write_text(body, encoding="utf-8")
        elif kind == "python":
            printed = self._python(body)
            below = f"\n```text\n{printed}```\n" if printed else ""
        elif kind == "console":
            body = _console(body)
        return f"```{' '.join(filter(None, (kind, name)))}\n{body}```\n{below or ''}"

    def _python(self, source: str) -> str:
        with _captured() as printed:
            exec(compile(source, "<document>", "exec"), self._names)
        return _trimmed(printed.getvalue())


def _console(body: str) -> str:
    """Run the commands of a block; what `make test` prints is left as it stands."""
    if "$ make test\n" in body:
        return body
    commands = [line for line in body.splitlines() if line.startswith("$ ")]
    return "".join(f"{command}\n{_command(shlex.split(command[2:]))}" for command in commands)


def _command(words: list[str]) -> str:
    """Run one command and return what it prints."""
    if words[0] == "make":
        recipe = _recipe(words[1])
        return recipe + _command(shlex.split(recipe))
    assert Path(words[0]).name == "jitrisk", f"a document shows a command that is not run: {' '.join(words)}"
    if ">" not in words:
        return _jitrisk(words[1:])
    with Path(words[-1]).open("w", encoding="utf-8") as target:
        return _jitrisk(words[1 : words.index(">")], target)


def _recipe(target: str) -> str:
    """Return the one command of a target of the Makefile, as make prints it."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = re.search(rf"^{target}:.*\n\t(.*\n)", makefile, re.MULTILINE)
    binaries = re.search(r"^BIN := (.*)$", makefile, re.MULTILINE)
    assert found, f"the Makefile has no target {target}"
    assert binaries, "the Makefile does not say where its programs are"
    return found[1].replace("$(BIN)", binaries[1])


def _jitrisk(words: list[str], stdout: TextIO | None = None) -> str:
    from jitrisk.cli import main

    status: object = None
    with _captured() as printed, contextlib.redirect_stdout(stdout or printed):
        try:
            main(words)
        except SystemExit as stop:
            status = stop.code
    # Bad input is shown on purpose: what the program says of it stands in the document.
    assert status in (0, _BAD_INPUT), f"jitrisk {' '.join(words)} ends with {status}: {printed.getvalue()}"
    return _trimmed(printed.getvalue())


@contextlib.contextmanager
def _captured() -> Iterator[io.StringIO]:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        yield printed


def _trimmed(text: str) -> str:
    """Return a text without the blanks that tables leave at the end of lines, and without what a slow machine adds."""
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines() if not _ESTIMATE.match(line))


if __name__ == "__main__":
    for each in DOCUMENTS:
        each.write_text(rendered(each), encoding="utf-8")
