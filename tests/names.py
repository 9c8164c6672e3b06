"""Public identifiers of the package, and the words that they are made of."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from jitrisk import vocabulary

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "jitrisk"
GLOSSARY = ROOT / "docs/glossary.md"


def split_words(name: str) -> list[str]:
    """Return the words of an identifier or a term in lower case, in the singular."""
    return [_singular(word.lower()) for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def _singular(word: str) -> str:
    if word.endswith(("series", "ss", "is", "us", "as")) or len(word) < 4:
        return word
    for plural, singular in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("s", "")):
        if word.endswith(plural):
            return word.removesuffix(plural) + singular
    return word


def list_public_names() -> Iterator[tuple[str, str]]:
    """Yield every public name: modules, functions, classes, their methods and fields, and variables of Datasets."""
    for path in sorted(PACKAGE.rglob("*.py")):
        where = str(path.relative_to(ROOT))
        if not path.stem.startswith("_"):
            yield path.stem, where
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                yield node.name, where
                if isinstance(node, ast.ClassDef):
                    yield from ((name, where) for name in _list_members(node))
    for name, table in vars(vocabulary).items():
        if isinstance(table, dict) and not name.startswith("_"):
            yield from ((str(name), "jitrisk/vocabulary.py") for name in table)


def _list_members(node: ast.ClassDef) -> Iterator[str]:
    for member in node.body:
        name = ""
        if isinstance(member, ast.FunctionDef):
            name = member.name
        elif isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
            name = member.target.id
        if name and not name.startswith("_"):
            yield name


def read_glossary() -> tuple[set[str], set[str], set[str]]:
    """Return the words of the glossary's terms, its verbs, and its plain words."""
    terms, verbs, plain = re.split(r"^## .*$", GLOSSARY.read_text(encoding="utf-8"), flags=re.MULTILINE)
    columns = [[line.split("|")[1] for line in part.splitlines() if line.startswith("| ")] for part in (terms, verbs)]
    found = [{word for cell in cells for word in split_words(cell)} for cells in columns]
    listed = re.findall(r"^[a-z].*", plain.split("\n\n", 2)[-1], flags=re.MULTILINE)
    return found[0], found[1], {word for line in listed for word in split_words(line)}
