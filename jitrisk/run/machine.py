"""What this process may use of the machine it runs on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROCESS = Path("/proc/self")  # where Linux describes this process

_KIB = 1024
RESERVED = 256 * 2**20
"""Bytes of a limit on the process that are left to compiled code and stacks: the compiler aborts where it gets none."""


@dataclass(frozen=True)
class _Files:
    """Names of the files in which a version of control groups says what a group may use and uses."""

    limits: tuple[str, ...]
    used: str
    reclaimable: str


_VERSION_2 = _Files(("memory.max", "memory.high"), "memory.current", "inactive_file")
_VERSION_1 = _Files(("memory.limit_in_bytes",), "memory.usage_in_bytes", "total_inactive_file")


def count_cores() -> int:
    """Return the cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def measure_free_memory() -> int:
    """Return the memory this process could still get, in bytes.

    The least of what the machine has available, what each control group around the process may still use (a container
    is one; a group's limit holds for the groups in it), and what the limits of the process on its address space and
    data (``ulimit -v``, ``ulimit -d``) leave beside `RESERVED`. Swap is not counted.
    """
    import psutil

    free: int = psutil.virtual_memory().available
    return max(0, min([free, *_list_memory_by_group(), *_list_memory_by_limit()]))


def _list_memory_by_limit() -> Iterator[int]:
    """Yield what each limit of the process leaves, in bytes."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    for limit, field in ((resource.RLIMIT_AS, "VmSize"), (resource.RLIMIT_DATA, "VmData")):
        most = resource.getrlimit(limit)[0]
        if most != resource.RLIM_INFINITY:
            yield most - RESERVED - _KIB * _read_number(_PROCESS / "status", f"{field}:")


def _list_memory_by_group() -> Iterator[int]:
    """Yield what each control group around the process that has a limit may still use, in bytes."""
    for files, group, root in _find_control_groups():
        while True:
            used = _read_number(group / files.used) - _read_number(group / "memory.stat", files.reclaimable)
            for name in files.limits:
                # A group without a limit says "max", or in version 1 a number beyond any memory.
                if limit := _read_number(group / name):
                    yield limit - max(0, used)
            if group == root or group == group.parent:
                break
            group = group.parent


def _find_control_groups() -> Iterator[tuple[_Files, Path, Path]]:
    """Yield the group of this process in each version of control groups: its files, its folder, and the topmost one."""
    of_process = {}
    for line in _read_lines(_PROCESS / "cgroup"):
        _, controllers, path = line.split(":", 2)
        if not controllers or "memory" in controllers.split(","):
            of_process[_VERSION_1 if controllers else _VERSION_2] = path
    for line in _read_lines(_PROCESS / "mountinfo"):
        before, _, after = line.partition(" - ")
        shown, mounted = before.split(" ")[3:5]
        kind, _, options = after.split(" ", 2)
        files = {"cgroup2": _VERSION_2, "cgroup": _VERSION_1}.get(kind)
        if files is _VERSION_1 and "memory" not in options.split(","):
            continue
        if files is not None and files in of_process:
            # Inside a container, the mount may show a part of the tree only.
            path = of_process[files]
            part = path.removeprefix(shown.rstrip("/")) if path.startswith(shown) else ""
            group = Path(mounted, part.strip("/"))
            yield files, group if group.is_dir() else Path(mounted), Path(mounted)


def _read_lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


def _read_number(path: Path, field: str = "") -> int:
    """Return the number in a file, or that behind the name of a field; 0 where there is none."""
    for line in _read_lines(path):
        words = line.split()
        if field and words[:1] == [field]:
            words = words[1:]
        elif field:
            continue
        return int(words[0]) if words and words[0].isdigit() else 0
    return 0
