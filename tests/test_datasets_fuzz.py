"""Damaged results are refused or give the same figures; longer with JITRISK_FUZZ_SECONDS."""

import json
import resource
import subprocess
import sys
from pathlib import Path

from fuzzing import SECONDS, SEED

MEMORY = 6 * 2**30  # of address space, most of it libraries and their threads


def limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def test_open__damage_is_found(tmp_path):
    words = [sys.executable, str(Path(__file__).with_name("damage_trials.py")), str(SEED), str(SECONDS), str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, preexec_fn=limit_memory, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    counts = json.loads(done.stdout)
    wrong = {what: count for what, count in counts.items() if not what.endswith((": refused", ": the same"))}
    assert not wrong, done.stderr[-2000:]
    # Bytes of a NetCDF file that nothing reads lie between its parts; a Zarr folder has hardly any.
    same = sum(count for what, count in counts.items() if what.endswith("the same"))
    tried = sum(counts.values())
    assert tried >= 10
    assert same < tried / 2
