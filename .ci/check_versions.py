"""Run the tests with the lowest stated and with the newest versions of everything, and record what passed.

    python .ci/check_versions.py 3.11 3.13      # newest on these, and the lowest on 3.11, the oldest Python

The source distribution is built once; for each environment it is unpacked into a folder of its own, compiled there with
the Cython and setuptools of that environment, and tested. docs/tested-versions.md receives a column for each that
passes; columns of Pythons that were not asked for stay. `make check-versions` calls this with uv in .venv.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs" / "tested-versions.md"
BIN = Path(sys.executable).parent
BEGIN, END = "<!-- begin: make check-versions -->", "<!-- end: make check-versions -->"
BESIDE = ("pytest", "hypothesis")  # shown beside the dependencies and what builds the extension

# Every test that meets another library where this project uses it.
TESTS = (
    *("cli", "report_table"),  # Click, Rich
    *("model_loading", "model_schema", "model_prices"),  # PyYAML, pydantic
    *(
        "sampling_distributions",
        "sampling_occurrences",
        "sampling_kernels",
        "sampling_quantile_tables",
        "sampling_kernel_cache",
    ),  # Numba, SciPy
    *("run_engine", "core_reference"),  # Cython, NumPy, psutil
    # xarray, h5netcdf, h5py, zarr, numcodecs, xxhash
    *("datasets_files", "datasets_open_lazily", "risk_inputs", "datasets_safety"),
    *("report_figures", "report_page"),  # matplotlib, Jinja2
)


@dataclass
class Column:
    """What was run in one environment."""

    python: str
    lowest: bool
    versions: dict[str, str] = field(default_factory=dict)
    passed: str = ""

    @property
    def head(self) -> str:
        """Return the column's head in the table."""
        return f"{'lowest' if self.lowest else 'newest'}, {self.python}"


def requirements() -> list[str]:
    """Return what pyproject.toml asks for: to run, to test and to build."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = pyproject["project"]
    tests = project["optional-dependencies"]["test"]
    return [*project["dependencies"], *tests, *pyproject["build-system"]["requires"]]


def shown() -> list[str]:
    """Return the names of the packages that the table shows."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*pyproject["project"]["dependencies"], *pyproject["build-system"]["requires"], *BESIDE]
    return [re.split(r"[\[<>=; ]", line)[0].lower() for line in asked]


def run(*words: object, cwd: Path = ROOT) -> str:
    """Run a command and return what it prints; its errors go to stderr."""
    return subprocess.run([str(word) for word in words], cwd=cwd, check=True, stdout=subprocess.PIPE, text=True).stdout


def build_source(folder: Path) -> Path:
    """Build the source distribution in a folder."""
    run(BIN / "uv", "build", "--quiet", "--sdist", "--build-constraints", "constraints.txt", "--out-dir", folder)
    return next(folder.glob("*.tar.gz"))


def check(column: Column, source: Path, folder: Path) -> None:
    """Install one environment, test the unpacked source in it, and fill the column."""
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")
    (unpacked,) = folder.iterdir()
    python = folder / "env" / "bin" / "python"
    run(BIN / "uv", "venv", "--quiet", "--python", column.python, python.parents[1])
    install = (BIN / "uv", "pip", "install", "--quiet", "--python", python)
    resolution = "lowest-direct" if column.lowest else "highest"
    run(*install, "--resolution", resolution, *requirements())
    run(*install, "--no-deps", "--no-build-isolation", "--editable", unpacked)
    listed = json.loads(run(BIN / "uv", "pip", "list", "--python", python, "--format", "json"))
    column.versions = {package["name"].lower(): package["version"] for package in listed}
    column.versions["python"] = run(python, "-c", "import platform; print(platform.python_version())").strip()
    files = [f"tests/test_{name}.py" for name in TESTS]
    tests = subprocess.run(
        [python, "-m", "pytest", "--maxfail=20", "-p", "no:cacheprovider", *files],
        cwd=unpacked,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if tests.returncode:
        sys.exit(f"{tests.stdout}\n{column.head}: the tests failed")
    column.passed = re.findall(r"(\d+) passed", tests.stdout)[-1]


def columns_of(text: str) -> dict[str, dict[str, str]]:
    """Return the columns of the table in a document, by their heads."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.split(BEGIN)[1].split(END)[0].strip().splitlines()
    ]
    if not rows:
        return {}
    names = [row[0] for row in rows[2:]]
    return {head: dict(zip(names, [row[i] for row in rows[2:]], strict=True)) for i, head in enumerate(rows[0]) if i}


def table_of(columns: dict[str, dict[str, str]]) -> str:
    """Return the table of these columns: the lowest first, then by Python."""
    heads = sorted(columns, key=lambda head: (head.startswith("newest"), int(head.rpartition(".")[2])))
    names = list(dict.fromkeys(name for head in heads for name in columns[head]))
    rows = [["", *heads], ["---"] * (len(heads) + 1)]
    rows += [[name, *(columns[head].get(name, "-") for head in heads)] for name in names]
    return "\n".join(f"| {' | '.join(row)} |".replace("|  |", "| |") for row in rows)


def record(column: Column) -> None:
    """Write a column into the document."""
    text = TABLE.read_text(encoding="utf-8")
    columns = columns_of(text)
    names = ["python", *shown()]
    columns[column.head] = {name: column.versions[name] for name in names} | {"tests passed": column.passed}
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    TABLE.write_text(f"{before}{BEGIN}\n{table_of(columns)}\n{END}{after}", encoding="utf-8")


def main(words: list[str]) -> None:
    """Check the lowest versions on the oldest Python if that is asked for, and the newest on each."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    oldest = pyproject["project"]["requires-python"].removeprefix(">=")
    columns = [Column(python, lowest=False) for python in words]
    columns = [Column(oldest, lowest=True)] * (oldest in words) + columns
    folder = ROOT / "build" / "versions"
    shutil.rmtree(folder, ignore_errors=True)
    source = build_source(folder / "dist")
    for column in columns:
        check(column, source, folder / column.head.replace(", ", "-"))
        record(column)
        print(f"{column.head}: {column.passed} tests passed", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
