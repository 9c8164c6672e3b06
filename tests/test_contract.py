"""Imports only look back along the pipeline, and heavy packages are imported only where pyproject.toml allows."""

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import jitrisk
import jitrisk.report

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "jitrisk"
CONTRACT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["jitrisk"]["contract"]
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.name not in ("__main__.py",))


def part_of(path: Path) -> str:
    """The pipeline stage a file belongs to; empty for the package's own __init__."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def for_type_checkers(tree: ast.AST) -> list[ast.AST]:
    """What only type checkers read."""
    blocks = [one for one in ast.walk(tree) if isinstance(one, ast.If) and "TYPE_CHECKING" in ast.unparse(one.test)]
    return [node for block in blocks for node in ast.walk(block)]


def imports(path: Path) -> set[str]:
    """Full names of what a file imports, those for type checkers left out."""
    tree = ast.parse(path.read_text())
    hidden = {id(node) for node in for_type_checkers(tree)}
    found = set()
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def name_module(path: Path) -> str:
    """The full name of a file's module."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def build_import_graph() -> dict[str, set[str]]:
    """Every module of the package with those it imports, anywhere in it, when it runs.

    A name taken from a package counts as the module in which it is defined where the package only passes it on.
    """
    modules = {name_module(path): path for path in FILES}
    used = {name: imports(path) for name, path in modules.items()}

    def resolve(full: str, seen: frozenset[str] = frozenset()) -> str:
        """The module that an imported name leads to."""
        if full in modules or not full.startswith("jitrisk"):
            return full
        package, _, name = full.rpartition(".")
        passed_on = next((one for one in used.get(package, ()) if one.rpartition(".")[2] == name), "")
        return resolve(passed_on, seen | {full}) if passed_on and full not in seen else package

    return {name: {resolve(one) for one in used[name]} & set(modules) - {name} for name in modules}


def find_circle(graph: dict[str, set[str]]) -> list[str]:
    """The modules of one circle of imports, empty where there is none."""
    done: set[str] = set()

    def follow(module: str, above: list[str]) -> list[str]:
        if module in above:
            return [*above[above.index(module) :], module]
        if module in done:
            return []
        for below in sorted(graph[module]):
            if circle := follow(below, [*above, module]):
                return circle
        done.add(module)
        return []

    return next((circle for module in sorted(graph) if (circle := follow(module, []))), [])


def allowed(part: str) -> set[str]:
    """The stages a stage may import, itself included."""
    running, reading, composition = (CONTRACT[arm] for arm in ("running", "reading", "composition"))
    leaf = set(CONTRACT["leaf"])
    if part in leaf:
        return set(CONTRACT["leaf"][: CONTRACT["leaf"].index(part) + 1])
    for arm in (running, reading, running + reading + composition):
        seen = set(leaf)
        for step in arm:
            if part in step:
                return seen | {part}
            seen |= set(step)
    raise AssertionError(f"{part} is not in the contract of pyproject.toml")


def test_imports__every_module_has_its_place_in_the_contract():
    listed = set(CONTRACT["leaf"])
    listed |= {name for arm in ("running", "reading", "composition") for step in CONTRACT[arm] for name in step}
    there = {part_of(path) for path in FILES} - {""} | {"_core", "_core_double"}
    there -= {"examples"}
    assert there == listed


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports__imports_look_back_only(path):
    part = part_of(path)
    used = {name.split(".")[1] for name in imports(path) if name.startswith("jitrisk.")}
    used -= {"__version__"}
    assert used <= (allowed(part) if part else set()), f"{path} imports {sorted(used)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports__heavy_packages_stay_in_their_rooms(path):
    packages = {name.split(".")[0] for name in imports(path)}
    for package, rooms in CONTRACT["only"].items():
        if package in packages:
            assert part_of(path) in rooms, f"{path} imports {package}"


def test_imports__no_two_modules_import_each_other_in_a_circle():
    assert find_circle(build_import_graph()) == []


def test_imports__a_circle_of_imports_is_found():
    assert find_circle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["b", "c", "b"]
    graph = build_import_graph()
    assert "jitrisk.studies.replay" in graph["jitrisk.cli.replay"]  # imported in a function
    assert "jitrisk.model.network" in graph["jitrisk.arguments"]  # passed on by its package
    assert find_circle(graph | {"jitrisk.model.faults": {"jitrisk.pipeline"}}) != []


@pytest.mark.parametrize("package", [jitrisk, jitrisk.report], ids=lambda package: package.__name__)
def test_imports__type_checkers_see_every_name_that_is_imported_late(package):
    tree = ast.parse(Path(package.__file__).read_text())
    late = [node for node in for_type_checkers(tree) if isinstance(node, ast.ImportFrom)]
    assert {alias.name for node in late for alias in node.names} == set(package._WHERE)
    assert set(package._WHERE) <= set(package.__all__)
    assert {name for name in package.__all__ if not hasattr(package, name)} == set()


def test_imports__the_compiled_core_imports_nothing_of_the_package():
    sources = [path.read_text() for suffix in ("pyx", "pxi") for path in PACKAGE.glob(f"*.{suffix}")]
    source = "".join(sources)
    assert "import jitrisk" not in source
    assert "from jitrisk" not in source


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import jitrisk", {"numpy", "numba", "xarray", "click", "pydantic"}),
        ("import jitrisk.cli", {"numpy", "numba", "xarray", "pydantic", "rich"}),
        ("import jitrisk.model", {"numba", "xarray", "scipy.stats"}),
        ("import jitrisk.risk", {"numba", "jitrisk.run", "jitrisk._core", "scipy.stats"}),
        (
            "import jitrisk.report",
            {"numba", "jitrisk.run.engine", "jitrisk._core", "scipy.stats", "matplotlib", "jinja2"},
        ),
        ("import jitrisk.pipeline", {"scipy.stats", "matplotlib", "jinja2"}),
    ],
)
def test_imports__an_import_brings_no_more_than_it_needs(statement, unwanted):
    code = f"{statement}; import sys; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not unwanted & loaded


def test_imports__a_small_comparison_brings_no_more_than_it_needs():
    code = """
import sys
from jitrisk.cli.group import run

assert run(["compare", "bicycles", "--paths", "10"]) == 0
sys.stdout.flush()
print("loaded", *sys.modules)
"""

    def run() -> set[str]:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return set(done.stdout.rpartition("loaded")[2].split())

    run()  # compiles the kernels where they are not stored yet
    loaded = run()
    assert {"numba", "xarray", "jitrisk.report"} <= loaded
    # The compiler of Numba with the linear algebra that it imports, formats of files, other verbs, and figures.
    unwanted = {"numba.np.linalg", "scipy.linalg", "scipy.stats", "scipy.sparse", "matplotlib", "jinja2"}
    unwanted |= {"zarr", "h5py", "h5netcdf", "netCDF4", "dask", "jitrisk.studies.until", "jitrisk.cli.report"}
    assert not unwanted & loaded


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted where Linux lists them")
def test_imports__the_command_starts_no_threads_of_linear_algebra():
    code = """
import os, sys
from jitrisk.cli.process import run_as_process

run_as_process(["--version"])
import numpy, scipy.linalg
print(len(os.listdir("/proc/self/task")), os.environ["OPENBLAS_NUM_THREADS"])
"""
    env = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    assert done.stdout.split()[-2:] == ["1", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env | {"OPENBLAS_NUM_THREADS": "2"})
    assert done.stdout.split()[-1] == "2"
