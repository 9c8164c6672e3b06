"""References to names of the package in its docstrings and documents."""

import ast
import builtins
import importlib
import re
from collections.abc import Iterator

from names import PACKAGE, ROOT

from jitrisk.risk.accessor import RiskAccessor

PAGES = [
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs/how-to").glob("*.md")),
    *(ROOT / f"{name}.md" for name in ("README", "ARCHITECTURE", "CONTRIBUTING")),
]
ROLE = re.compile(r":(?:func|meth|class|mod|data|attr|exc|obj|const):`[~.]*([\w.]+)")
DOTTED = re.compile(r"(?<![\w./-])(?:jitrisk|jr)(?:\.[A-Za-z_]\w*)+(?![\w/*])")
ACCESSOR = re.compile(r"(?<!jitrisk)(?<!jr)\.risk\.([a-z]\w*)")
QUOTED = re.compile(r"(?<![`:])`([A-Za-z_]\w*)`(?!`)")
# The kinds of JSON documents and the file of the schema in the documents: not names of Python.
SCHEMAS = re.compile(r"jitrisk\.(?:summary|outline|optimization|replay|repricing|validation|examples|schema\.json)$")


def list_stale_references() -> Iterator[str]:
    """Yield every reference to a name that does not exist, with the file it stands in."""
    known = set(_list_identifiers())
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        text, names = "\n".join(_list_docstrings(tree)), set(_list_names(tree))
        yield from (f"{path.relative_to(ROOT)}: {name}" for name in find_stale_names(text, names, known))
    for path in PAGES:
        yield from (f"{path.relative_to(ROOT)}: {name}" for name in _find_stale_paths(path.read_text(encoding="utf-8")))


def find_stale_names(text: str, names: set[str], known: set[str]) -> list[str]:
    """Return the names in docstrings that do not exist.

    Parameters
    ----------
    text : the docstrings of a module.
    names : what a role without a path may refer to: what the module defines.
    known : what may stand between single backticks: the identifiers of the package.
    """
    stale = {target for target in ROLE.findall(text) if not (_exists(target) or target in names)}
    stale |= {name for name in QUOTED.findall(text) if name not in known}
    return sorted(stale | _find_stale_paths(text))


def _find_stale_paths(text: str) -> set[str]:
    dotted = {name for name in DOTTED.findall(text) if not SCHEMAS.match(name)}
    stale = {name for name in dotted if not _exists(re.sub(r"^jr\b", "jitrisk", name))}
    return stale | {f".risk.{name}" for name in ACCESSOR.findall(text) if not hasattr(RiskAccessor, name)}


def _exists(target: str) -> bool:
    """Return whether a dotted name is a module of the package, or something in one, or is built in."""
    parts = target.split(".")
    if parts[0] != "jitrisk":
        return len(parts) == 1 and hasattr(builtins, target)
    for count in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            # Fields of dataclasses have no value in their class.
            fields = getattr(found, "__annotations__", {})
            if not hasattr(found, part):
                return part in fields and part == parts[-1]
            found = getattr(found, part)
        return True
    return False


def _list_docstrings(tree: ast.AST) -> Iterator[str]:
    """Yield the text of every docstring, also below variables."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value


def _list_names(tree: ast.Module) -> Iterator[str]:
    """Yield what a module defines or imports, and the members of its classes, also as ``Class.member``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name
            members = [member for member in node.body if isinstance(member, ast.FunctionDef | ast.AnnAssign)]
            names = [
                member.name if isinstance(member, ast.FunctionDef) else ast.unparse(member.target) for member in members
            ]
            yield from (text for name in names for text in (name, f"{node.name}.{name}"))
        elif isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        yield from (ast.unparse(target) for target in targets)


def _list_identifiers() -> Iterator[str]:
    """Yield every identifier of the code, compiled or not, and every word of a text that is no docstring."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            yield from (str(value) for name, value in ast.iter_fields(node) if name in ("id", "arg", "attr", "name"))
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
                yield from re.findall(r"\w+", node.value)
    for pattern in ("*.pyx", "*.pxi", "*.pyi"):
        for path in sorted(PACKAGE.glob(pattern)):
            yield from re.findall(r"\w+", path.read_text(encoding="utf-8"))
    yield from dir(builtins)
    yield from (path.stem for path in PACKAGE.rglob("*.py"))
