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
