"""Every notebook is its jupytext source, holds no outputs, and runs."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jupytext
import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
NAMES = [path.stem for path in NOTEBOOKS]


def cells(path: Path) -> list[tuple[str, Any]]:
    return [(cell.cell_type, cell.source) for cell in jupytext.read(path).cells]


def test_notebooks__every_source_has_its_notebook():
    assert {path.stem for path in FOLDER.glob("*.py")} == set(NAMES) > set()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_notebooks__a_notebook_is_in_sync_with_its_source(path: Path):
    assert cells(path) == cells(path.with_suffix(".py")), f"jupytext --to ipynb notebooks/{path.stem}.py"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_notebooks__a_notebook_holds_no_outputs(path: Path):
    code = [cell for cell in jupytext.read(path).cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_notebooks__a_notebook_runs(path: Path, tmp_path: Path):
    # In a pytest of its own: the settings of this one, such as warnings as errors, are not for kernels.
    options = ["--nbmake", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(tmp_path)]
    command = [sys.executable, "-m", "pytest", *options, str(path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
