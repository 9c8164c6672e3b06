"""Compiled kernels on disk: whatever lies in the cache's place, a run gives the same figures and one line at most."""

from __future__ import annotations

import importlib
import logging
import os
import pickle
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numba
import numpy as np
import pytest

from jitrisk.sampling import compilation, kernel_cache

SOURCE = """
from neighbor import FACTOR

def scale(row):
    for i in range(row.shape[0]):
        row[i] = row[i] * FACTOR
    return row.sum()
"""
LONGER = float(os.environ.get("JITRISK_FUZZ_SECONDS", "0"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder with the source of a kernel; what is compiled is stored in its __pycache__."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    source = tmp_path / "source"
    source.mkdir()
    # Two texts of one length and one second would be one to the bytecode cache.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (source / "scaling.py").write_text(SOURCE)
    write_neighbor(source, 2)
    forget()
    yield source
    forget()


def forget() -> None:
    """Bring the module into the state that it has in a new process."""
    kernel_cache._report.cache_clear()
    kernel_cache._digest_environment.cache_clear()


def write_neighbor(folder: Path, factor: int) -> None:
    (folder / "neighbor.py").write_text(f"FACTOR = {factor}\n")


def run_kernel(folder: Path) -> tuple[float, bool]:
    """Call the kernel as a new process would; return its result for three ones, and whether it came from disk."""
    forget()
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        kernel: Callable[..., float] = compilation.compile_entry(importlib.import_module("scaling").scale)
        result = kernel(np.ones(3))
    finally:
        sys.path.remove(str(folder))
        for name in ("scaling", "neighbor"):
            sys.modules.pop(name, None)
    return result, bool(sum(kernel.stats.cache_hits.values()))


def stored(folder: Path) -> Path:
    (file,) = (folder / "__pycache__").glob("scale-*.kernel")
    return file


def test_a_second_process__loads_what_the_first_compiled(folder, caplog):
    assert run_kernel(folder) == (6, False)
    assert run_kernel(folder) == (6, True)
    assert not caplog.records


def test_stored_kernels__are_linked_without_the_compiler():
    code = """
import sys
import numpy as np
import jitrisk as jr

wanted = jr.simulate("bicycles", paths=16, threads=1)  # compiles what is not stored yet
print("numba.np.linalg" in sys.modules, "scipy.linalg" in sys.modules)

from jitrisk.sampling import compilation

def double(row):
    for i in range(row.shape[0]):
        row[i] = 2 * row[i]
    return row.sum()

print(compilation.compile_entry(double)(np.ones(3)), "numba.np.linalg" in sys.modules)
assert jr.simulate("bicycles", paths=16, threads=1).identical(wanted)
"""

    def run() -> list[str]:
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    run()
    assert run() == ["False", "False", "6.0", "True"]


def test_stored_kernels__use_none_of_the_runtime_of_numba(folder):
    """Its functions have no address before the compiler is set up: a kernel that calls one would end the process."""
    run_kernel(folder)
    (_, kind, (code, _)), *_ = pickle.loads(kernel_cache.read_verified(stored(folder), folder / "scaling.py"))
    assert kind == "object"
    assert b"numba_adapt_ndarray" in code  # names of outer functions stand in the code as they are
    assert b"NRT_" not in code


def test_reading__finds_every_flipped_byte_and_every_truncation(tmp_path):
    path, payload = tmp_path / "fill-0.kernel", random.Random(1).randbytes(3000)
    kernel_cache.write_verified(path, payload)
    content = path.read_bytes()
    assert kernel_cache.read_verified(path, path) == payload
    damaged = [content[:i] + bytes([content[i] ^ 1 << i % 8]) + content[i + 1 :] for i in range(len(content))]
    damaged += [content[:length] for length in range(len(content))] + [content + b"\0"]
    for text in damaged:
        path.write_bytes(text)
        with pytest.raises(kernel_cache.DamagedFileError):
            kernel_cache.read_verified(path, path)


def test_reading__refuses_a_whole_file_under_another_name(tmp_path):
    kernel_cache.write_verified(tmp_path / "fill-0.kernel", b"code")
    (tmp_path / "fill-0.kernel").rename(tmp_path / "fill-1.kernel")
    with pytest.raises(kernel_cache.DamagedFileError):
        kernel_cache.read_verified(tmp_path / "fill-1.kernel", tmp_path)


def make_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def make_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def make_loop(file: Path) -> None:
    file.unlink()
    file.symlink_to(file)


def make_huge(file: Path) -> None:
    os.truncate(file, 1 << 40)


def open_to_all(file: Path) -> None:
    file.chmod(0o666)


def store_nonsense(file: Path) -> None:
    kernel_cache.write_verified(file, pickle.dumps((1, 2, 3)))


MENDED: dict[str, Callable[[Path], object]] = {
    "empty": lambda file: file.write_bytes(b""),
    "truncated": lambda file: os.truncate(file, file.stat().st_size // 2),
    "garbage": lambda file: file.write_bytes(random.Random(2).randbytes(20_000)),
    "huge": make_huge,
    "named pipe": make_pipe,
    "loop of links": make_loop,
    "writable by all": open_to_all,
    "whole, but not what Numba stores": store_nonsense,
}


@pytest.mark.parametrize("damage", MENDED.values(), ids=MENDED)
def test_a_file_that_is_not_a_kernel__costs_a_compilation_and_a_line(folder, caplog, damage):
    run_kernel(folder)
    damage(stored(folder))
    assert run_kernel(folder) == (6, False)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("jitrisk", logging.WARNING)
    assert "compiled again" in record.getMessage()
    assert len(record.getMessage().splitlines()) == 1
    assert run_kernel(folder) == (6, True)


@pytest.mark.parametrize("owner", ["_result", "_serializer"])
def test_a_numba_without_what_the_cache_uses__compiles_in_every_run(folder, caplog, monkeypatch, owner):
    run_kernel(folder)
    monkeypatch.setattr(kernel_cache, owner, object())
    write_neighbor(folder, 3 if owner == "_serializer" else 2)
    assert run_kernel(folder) == (9.0 if owner == "_serializer" else 6.0, False)
    assert ["has no attribute" in record.getMessage() for record in caplog.records] == [True]


def test_a_folder_in_the_place_of_a_file__leaves_the_next_place(folder, caplog):
    run_kernel(folder)
    make_folder(stored(folder))
    assert run_kernel(folder) == (6, False)
    assert run_kernel(folder) == (6, True)
    assert all("Is a directory" in record.getMessage() for record in caplog.records)


def test_flipped_bytes__never_change_a_figure(folder, caplog):
    run_kernel(folder)
    content, chance, until = stored(folder).read_bytes(), random.Random(3), time.monotonic() + LONGER
    tried = 0
    while tried < 10 or time.monotonic() < until:
        place, bit = chance.randrange(len(content)), 1 << chance.randrange(8)
        stored(folder).write_bytes(content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :])
        caplog.clear()
        assert run_kernel(folder) == (6, False)
        assert ["damaged" in record.getMessage() for record in caplog.records] == [True]
        tried += 1


def test_a_change_in_any_file_beside_the_source__compiles_again(folder, caplog):
    run_kernel(folder)
    write_neighbor(folder, 5)
    assert run_kernel(folder) == (15, False)
    write_neighbor(folder, 2)
    assert run_kernel(folder) == (6, True)
    assert not caplog.records


@pytest.mark.parametrize("module", [numba, kernel_cache.llvmlite, np], ids=lambda module: module.__name__)
def test_another_version_of_a_library__compiles_again(folder, monkeypatch, module):
    run_kernel(folder)
    monkeypatch.setattr(module, "__version__", "0.0.1")
    assert run_kernel(folder) == (6, False)


def test_options_of_numba_that_change_code__compile_again(folder, monkeypatch):
    run_kernel(folder)
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    assert run_kernel(folder) == (6, True)
    monkeypatch.setenv("NUMBA_BOUNDSCHECK", "1")
    assert run_kernel(folder) == (6, False)


class Trap:
    """Runs code where it is unpickled."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[Callable[..., object], tuple[Path]]:
        return Path.touch, (self.witness,)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give a file to another user")
@pytest.mark.parametrize(("owner", "sprung"), [(0, True), (65534, False)])
def test_a_file_of_another_user__is_not_unpickled(folder, caplog, owner, sprung):
    run_kernel(folder)
    witness = folder / "witness"
    kernel_cache.write_verified(stored(folder), pickle.dumps(Trap(witness)))
    os.chown(stored(folder), owner, 0)
    assert run_kernel(folder) == (6, False)
    assert witness.exists() == sprung
    assert len(caplog.records) == 1


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_file_of_the_owner_of_the_source__is_read(folder):
    run_kernel(folder)
    for file in (stored(folder), folder / "scaling.py"):
        os.chown(file, 65534, 0)
    assert run_kernel(folder) == (6, True)


def test_a_folder_that_cannot_be__is_passed_over_with_a_line(folder, caplog, monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(folder / "scaling.py"))
    assert run_kernel(folder) == (6, False)
    (record,) = caplog.records
    assert "not where NUMBA_CACHE_DIR says" in record.getMessage()
    assert run_kernel(folder) == (6, True)


@pytest.mark.skipif(os.name != "posix", reason="users without an entry in a password database")
def test_no_home__leaves_no_folder_for_the_user(folder, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    assert kernel_cache.list_folders(folder / "scaling.py") == [folder / "__pycache__"]
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert kernel_cache.list_folders(folder / "scaling.py") == [folder / "__pycache__"]


def test_what_a_killed_process_left__is_removed_after_an_hour(tmp_path):
    old, new = tmp_path / ".fill-0.kernel.00.tmp", tmp_path / ".fill-0.kernel.01.tmp"
    for file in (old, new):
        file.write_bytes(b"half")
    os.utime(old, (time.time() - 4000,) * 2)
    kernel_cache.write_verified(tmp_path / "fill-0.kernel", b"code")
    assert sorted(file.name for file in tmp_path.iterdir()) == [new.name, "fill-0.kernel"]


LIMITED = """
import resource, sys
sys.path[:0] = sys.argv[1:]
import numpy as np, neighbor, scaling
from jitrisk.sampling import compilation
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
print(compilation.compile_entry(scaling.scale)(np.ones(3)))
"""


def test_a_file_that_cannot_grow__costs_a_line_and_leaves_nothing(folder):
    pytest.importorskip("resource")
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "caches"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(folder)], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "6.0\n"
    (line,) = done.stderr.splitlines()
    assert "cannot be stored" in line
    assert "File too large" in line
    assert not [file for file in folder.rglob("*") if "scale-" in file.name]


TOGETHER = """
import sys
sys.path[:0] = sys.argv[1:]
import numpy as np, neighbor, scaling
from jitrisk.sampling import compilation
kernel = compilation.compile_entry(scaling.scale)
print("ready", flush=True)
sys.stdin.readline()
print(kernel(np.ones(3)))
print(sum(kernel.stats.cache_hits.values()))
"""


def start_together(folder: Path) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", TOGETHER, str(folder)]
    pipes: dict[str, int] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(words, text=True, **pipes)  # type: ignore[call-overload,no-any-return]


def test_processes_that_compile_together__agree(folder):
    started = [start_together(folder) for _ in range(3)]
    assert [process.stdout.readline() for process in started] == ["ready\n"] * 3
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate() for process in started]
    assert [(out.splitlines()[0], errors) for out, errors in said] == [("6.0", "")] * 3
    assert start_together(folder).communicate("go\n") == ("ready\n6.0\n1\n", "")
