"""What this process may use of the machine it runs on."""

from __future__ import annotations

import os
from pathlib import Path

_CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")  # where Linux says what a container may use


def cores() -> int:
    """Return the cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_memory() -> int:
    """Return the memory this process could still get, in bytes: the machine's, or what its container is allowed."""
    import psutil

    free: int = psutil.virtual_memory().available
    try:
        return min(free, int(_CONTAINER_LIMIT.read_text()))
    except (OSError, ValueError):  # no container, or one without a limit
        return free
