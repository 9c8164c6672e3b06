"""What this process may use: limits of control groups, nested and of both versions, and of the process itself."""

import resource
import subprocess
import sys

import psutil
import pytest

from jitrisk.run import machine

MIB = 2**20


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """Lay out a process and its control groups; each group is (path, files)."""

    def lay(process: str, mounts: str, *found: tuple[str, dict[str, object]]) -> None:
        monkeypatch.setattr(machine, "_PROCESS", tmp_path / "self")
        (tmp_path / "self").mkdir()
        (tmp_path / "self" / "cgroup").write_text(process)
        (tmp_path / "self" / "mountinfo").write_text(mounts.format(root=tmp_path / "groups"))
        for path, files in found:
            folder = tmp_path / "groups" / path
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                (folder / name).write_text(f"{content}\n")

    return lay


UNIFIED = "31 23 0:28 / {root} rw,relatime shared:9 - cgroup2 cgroup2 rw\n"


def test_measure_free_memory__the_tightest_of_nested_groups_counts_less_what_it_uses(groups):
    groups(
        "0::/user/run\n",
        UNIFIED,
        ("user", {"memory.max": 100 * MIB, "memory.current": 70 * MIB, "memory.stat": "anon 5"}),
        ("user/run", {"memory.max": 50 * MIB, "memory.current": 10 * MIB, "memory.stat": "anon 5"}),
    )
    assert machine.measure_free_memory() == 30 * MIB


def test_measure_free_memory__file_cache_that_the_kernel_can_drop_is_not_used(groups):
    stat = f"anon {MIB}\nfile {60 * MIB}\ninactive_file {40 * MIB}"
    groups("0::/a\n", UNIFIED, ("a", {"memory.max": 90 * MIB, "memory.current": 70 * MIB, "memory.stat": stat}))
    assert machine.measure_free_memory() == 60 * MIB


def test_measure_free_memory__the_limit_at_which_a_group_is_slowed_down_counts(groups):
    groups(
        "0::/a\n",
        UNIFIED,
        ("a", {"memory.max": "max", "memory.high": 80 * MIB, "memory.current": 50 * MIB, "memory.stat": "anon 1"}),
    )
    assert machine.measure_free_memory() == 30 * MIB


def test_measure_free_memory__a_group_beyond_its_limit_leaves_nothing(groups):
    groups("0::/a\n", UNIFIED, ("a", {"memory.max": 10 * MIB, "memory.current": 50 * MIB, "memory.stat": "anon 1"}))
    assert machine.measure_free_memory() == 0


def test_measure_free_memory__a_group_of_version_1_counts(groups):
    groups(
        "4:memory:/box/run\n3:cpu,cpuacct:/\n",
        "35 31 0:32 /box {root} rw,relatime - cgroup cgroup rw,memory\n",
        ("", {"memory.limit_in_bytes": 2**63 - 4096, "memory.usage_in_bytes": 90 * MIB, "memory.stat": "rss 1"}),
        (
            "run",
            {
                "memory.limit_in_bytes": 64 * MIB,
                "memory.usage_in_bytes": 30 * MIB,
                "memory.stat": f"inactive_file 7\ntotal_inactive_file {6 * MIB}",
            },
        ),
    )
    assert machine.measure_free_memory() == 40 * MIB


def test_measure_free_memory__a_mount_that_shows_the_group_alone_is_read_at_its_top(groups):
    groups(
        "0::/docker/abc\n",
        "31 23 0:28 /docker/abc {root} rw - cgroup2 cgroup2 rw\n",
        ("", {"memory.max": 20 * MIB, "memory.current": 5 * MIB, "memory.stat": "anon 1"}),
    )
    assert machine.measure_free_memory() == 15 * MIB


def test_measure_free_memory__without_groups_the_machine_counts(groups):
    groups("", "")
    available = psutil.virtual_memory().available
    assert machine.measure_free_memory() == pytest.approx(available, rel=0.2)


@pytest.mark.parametrize("limit", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_measure_free_memory__limits_of_the_process_leave_what_can_be_had(limit):
    """What is said to be free is tried: it can be had, and more than that and what is reserved cannot."""
    code = f"""
import resource
from jitrisk.run.machine import RESERVED, measure_free_memory
import psutil
resource.setrlimit(resource.{limit}, (600 * {MIB}, 600 * {MIB}))
free = measure_free_memory()
assert 0 < free < 600 * {MIB}, free
bytearray(free)
try:
    bytearray(free + RESERVED + 50 * {MIB})
except MemoryError:
    print("refused")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"
    assert resource.getrlimit(getattr(resource, limit))[0] == resource.RLIM_INFINITY
