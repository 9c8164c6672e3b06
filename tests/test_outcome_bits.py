"""The same bits as before: pinned hashes of the outcomes and traces of every example and strategy.

A change that is meant to alter results gives other hashes; the changelog then says so.
"""

import outcome_bits
import pytest

from jitrisk.model import list_examples

PINNED = {
    "aerospace": {"jit": "7b51fc6976084860", "jic": "b5e5698d2d35e865", "hybrid": "c256132e2a951676"},
    "bicycles": {"jit": "fa2d0e1b3dc0aee2", "jic": "8c307250781ef6b6", "hybrid": "22fc2ddb889e2280"},
    "brake-valves": {"jit": "0c7a03f79da34040", "jic": "122bba3427e39c24", "hybrid": "2b36a946f170d990"},
    "chip-shortage": {"jit": "482bf50ea1f2bef3", "jic": "f9c85a3cd882ba35", "hybrid": "89440241683a8293"},
    "clinic-supplies": {"jit": "e38e0a0f0ce10449", "jic": "2b7d473a8be0b06a", "hybrid": "f9d39ffb5ee268a0"},
    "fast-fashion": {"jit": "0151272fddb6b39a", "jic": "2ba0f23c7a75a886", "hybrid": "f9c0cfdf8da7cdb0"},
    "fast-food": {"jit": "c0f5c44cfac92cee", "jic": "9ef091dbb2a06fb6", "hybrid": "7ac3d9c7e850aee4"},
    "heavy-machinery": {"jit": "62f4add1cfb625d8", "jic": "3f65579e9dddf796", "hybrid": "9c8ab40fe725f645"},
    "hospital-pharmacy": {"jit": "42788301c026d602", "jic": "a7f61bfeddb16dc4", "hybrid": "a35dbfc2ebc11af7"},
    "tohoku": {"jit": "34ad84eb91d8a3f0", "jic": "ecc7f76d167a0b69", "hybrid": "f6de665e49eb4c54"},
}


@pytest.mark.parametrize("example", PINNED)
def test_simulate__outcomes_and_traces_have_their_pinned_bits(example):
    assert outcome_bits.hash_strategies(example) == PINNED[example]


def test_simulate__every_example_is_pinned():
    assert list(PINNED) == list(list_examples())
