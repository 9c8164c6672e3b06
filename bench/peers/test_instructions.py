"""Reading what callgrind writes."""

from __future__ import annotations

import pytest

from peers.instructions import COMPILED, check_valgrind, describe, read_costs

# In the format of callgrind: names by number, lines relative to the last one, the cost of calls after `calls=`.
WRITTEN = """\
# callgrind format
positions: line
events: Ir

ob=(1) /lib/jitrisk/_core.abi3.so
fl=(1) ???
fn=(1) __pyx_f_7jitrisk_5_core_serve.arch_x86_64_v3
0 70
+3 30
cob=(2) ???
cfn=(2) 0x000000001fff6eb0
calls=4 0
0 500
* 5

ob=(2)
fn=(2)
0 500

ob=(1)
fn=(3) __pyx_f_7jitrisk_5_core_5Block_start
7 11
fn=(1)
9 1
fn=(4) recursive'2
1 2
fn=(5) recursive
1 3

totals: 622
"""


def test_read_costs__counts_each_instruction_once():
    costs = read_costs(WRITTEN)
    assert costs == {
        ("_core", "serve.arch_x86_64_v3"): 106,
        ("_core", "Block_start"): 11,
        ("_core", "recursive"): 5,
        (COMPILED, "kernels"): 500,
    }
    assert sum(costs.values()) == 622


def test_describe__leaves_nothing_out_of_the_total():
    lines = describe({("a", "f"): 2.0, ("a", "g"): 0.04, ("b", "h"): 3.0}).splitlines()
    assert [line.split() for line in lines] == [
        ["3.00", "b:", "h"],
        ["2.00", "a:", "f"],
        ["0.04", "all", "others"],
        ["5.04", "total"],
    ]


def test_check_valgrind__says_what_is_missing(monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit, match="valgrind is not installed"):
        check_valgrind()


def test_check_valgrind__refuses_other_processors(monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    with pytest.raises(SystemExit, match="on x86-64, this machine is arm64"):
        check_valgrind()
