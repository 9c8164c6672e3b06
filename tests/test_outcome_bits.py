"""The same bits as before: pinned hashes of the outcomes and traces of every example and strategy.

A change that is meant to alter results gives other hashes; the changelog then says so.
"""

import outcome_bits
import pytest

from jitrisk.model import list_examples

PINNED = {
    "aerospace": {"jit": "62186955c875b632", "jic": "95eb9c1d9f448e83", "hybrid": "6e87348e2a9b4ea4"},
    "bicycles": {"jit": "fa2d0e1b3dc0aee2", "jic": "8c307250781ef6b6", "hybrid": "22fc2ddb889e2280"},
    "brake-valves": {"jit": "0c7a03f79da34040", "jic": "122bba3427e39c24", "hybrid": "2b36a946f170d990"},
    "chip-shortage": {"jit": "0824b549c1d19db2", "jic": "9330b9b2a09d3e25", "hybrid": "71ae34a5d474c34b"},
    "clinic-supplies": {"jit": "e38e0a0f0ce10449", "jic": "2b7d473a8be0b06a", "hybrid": "f9d39ffb5ee268a0"},
    "fast-fashion": {"jit": "da940f89a7dc606d", "jic": "5eea018e46e23b96", "hybrid": "5d065d3a5bff9860"},
    "fast-food": {"jit": "173be8433da6dfeb", "jic": "1ce58c382ffc7cee", "hybrid": "8159ce26c1188782"},
    "heavy-machinery": {"jit": "62f4add1cfb625d8", "jic": "3f65579e9dddf796", "hybrid": "9c8ab40fe725f645"},
    "hospital-pharmacy": {"jit": "fc5398942eda39b7", "jic": "e719891aa51ea987", "hybrid": "2ba36edb717734a4"},
    "push-or-pull": {"mrp": "e37ec3aef0c593a5", "kanban": "a11295fbd4feb301", "conwip": "68384f7c7952899b"},
    "tohoku": {"jit": "34ad84eb91d8a3f0", "jic": "ecc7f76d167a0b69", "hybrid": "f6de665e49eb4c54"},
}


@pytest.mark.parametrize("example", PINNED)
def test_simulate__outcomes_and_traces_have_their_pinned_bits(example):
    assert outcome_bits.hash_strategies(example) == PINNED[example]


def test_simulate__every_example_is_pinned():
    assert list(PINNED) == list(list_examples())
