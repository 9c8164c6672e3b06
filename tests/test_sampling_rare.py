"""Weights of paths on which rare hazards are sampled more often than they occur."""

import numpy as np
import pytest

from jitrisk.sampling.rare import Mixture
from jitrisk.sampling.streams import stream_key


@pytest.mark.parametrize("hazard", ["flood", "fire"])
def test_weights_need_no_key_of_a_certain_size(hazard: str):
    assert (stream_key(0, "hazard", hazard) < 2**63) == (hazard == "flood")
    weights = Mixture((hazard,), (0.01,)).weights(0, range(1000))
    assert weights.max() <= 2
    assert np.isclose(weights[1::2], 1 / (0.5 + 0.5 / 0.01)).all()
