"""A read-only installation, run by another user without a home: the figures are those of the owner."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from documents import ROOT

STRANGER = 54321  # no entry in the password database
COMPARE = ("compare", "bicycles", "--paths", "200", "--seed", "3", "--json")
PACKAGE = ROOT / "jitrisk"


def can_mount() -> bool:
    if sys.platform != "linux" or os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "setpriv"))):
        return False
    return subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not can_mount(), reason="only root on Linux can mount and run as another user")


@pytest.fixture
def world() -> Iterator[Path]:
    """Return an empty folder that every user can reach and only root can write to."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def opened(world: Path) -> list[str]:
    """Return commands that let another user pass through folders that are closed to him, on the way to Python."""
    commands = []
    needed = {Path(sys.base_prefix).resolve(), Path(sys.prefix), PACKAGE}
    closed = {folder for path in needed for folder in path.parents if not folder.stat().st_mode & 0o001}
    for number, folder in enumerate(sorted(closed, key=lambda folder: len(folder.parts))):
        aside = world / f"aside-{number}"
        aside.mkdir()
        commands += [f"mount --rbind {folder} {aside}", f"mount -t tmpfs -o mode=755 none {folder}"]
        for child in sorted({path.relative_to(folder).parts[0] for path in needed if folder in path.parents}):
            commands += [f"mkdir {folder / child}", f"mount --rbind {aside / child} {folder / child}"]
    return commands


def run_as_stranger(world: Path, *commands: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Compare as a stranger, with the package on a read-only file system and after these commands of root's."""
    words = [sys.executable, "-m", "jitrisk", *COMPARE]
    script = [
        "set -e",
        *opened(world),
        f"mount --bind {PACKAGE} {PACKAGE}",
        f"mount -o remount,bind,ro {PACKAGE}",
        *commands,
        f"cd {world}",
        f"exec setpriv --reuid {STRANGER} --regid {STRANGER} --clear-groups {shlex.join(words)}",
    ]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **variables}
    return subprocess.run(
        ["unshare", "--mount", "bash", "-c", "\n".join(script)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def expected() -> str:
    """Return what the owner's run prints; it leaves compiled kernels beside the package."""
    done = subprocess.run(
        [sys.executable, "-m", "jitrisk", *COMPARE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_a_read_only_installation__serves_its_compiled_kernels_to_everyone(world, expected):
    home = world / "home-of-another"
    home.mkdir(mode=0o700)
    done = run_as_stranger(world, HOME=str(home))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == expected


def test_nowhere_to_store_and_a_full_disk__costs_a_line(world, expected):
    full = world / "full"
    full.mkdir()
    done = run_as_stranger(
        world,
        f"mount -t tmpfs -o size=4k,mode=777 none {full}",
        f"dd if=/dev/zero of={full}/filler status=none 2>/dev/null || true",
        f"mount -t tmpfs -o ro none {PACKAGE}/sampling/__pycache__",
        NUMBA_CACHE_DIR=str(full),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == expected
    assert len(done.stderr.splitlines()) == 1, done.stderr
    line = done.stderr
    assert "compiled kernels cannot be stored" in line
    assert "No space left on device" in line
    assert "Read-only file system" in line
