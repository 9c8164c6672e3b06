import numpy as np
import pytest

from jitrisk.sampling import draw_kernels, kernels

# Random123's kat_vectors, "philox 4x32 10": counter, key, words.
KNOWN = [
    ((0x00000000,) * 4, (0x00000000,) * 2, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize("count", [1, 7, 64, 129])
@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_philox__philox_gives_the_published_words_in_every_lane(counter, key, expected, count):
    blocks = np.full(count, counter[0] | counter[1] << 32, np.uint64)
    paths = np.full(count, counter[2] | counter[3] << 32, np.uint64)
    words = np.zeros((4, count), np.uint32)
    draw_kernels.philox(np.uint64(key[0] | key[1] << 32), blocks, paths, words)
    np.testing.assert_array_equal(words, np.repeat(np.array(expected, np.uint32)[:, None], count, axis=1))


def test_kernels__few_functions_are_compiled_of_their_own():
    jitted = [kernel for kernel in (vars(kernels) | vars(draw_kernels)).values() if hasattr(kernel, "py_func")]
    assert len([kernel for kernel in jitted if kernel.targetoptions.get("inline") != "always"]) <= 15


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 31, 32, 33, 816])
def test_find_least__returns_the_least_of_a_row_wherever_it_stands(count):
    values, work = np.random.default_rng(count).exponential(50.0, count), np.empty(count)
    for place in range(count):
        row = np.roll(values, place)
        assert kernels.find_least.py_func(row, work) == values.min()
        assert np.array_equal(row, np.roll(values, place))


def test_select_lanes__lists_the_lanes_before_the_stop_in_their_order():
    begins, lanes = np.random.default_rng(3).exponential(50.0, 200), np.zeros((2, 200), np.uint64)
    for stop in (0, 20, 64, 10_000):
        kept = kernels.select_lanes.py_func(begins, stop, lanes)
        assert lanes[0, :kept].tolist() == np.flatnonzero(begins < stop).tolist()
