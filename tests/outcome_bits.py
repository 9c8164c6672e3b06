"""Hashes of what is simulated, for every bundled example and strategy; as a script it prints them as JSON.

The hash of a strategy covers outcomes, prices, weights and traces, not the names of variables.
"""

import hashlib
import json
import sys
import warnings

import numpy as np

import jitrisk as jr
from jitrisk.model import list_examples

PATHS, TRACED, SEED = 40, 3, 5
# Prices and outcomes that results did not hold when the first hashes were pinned; where one is not 0, the hash has it.
LATER = ("fixed_cost", "overtime_cost", "expire_cost", "overtime", "expired")


def hash_arrays(*parts):
    """Return one hash of several Datasets: each variable of numbers, whatever its name, without `LATER` that are 0."""
    hashes = sorted(
        hashlib.sha256(str(part[name].dtype).encode() + np.ascontiguousarray(part[name].values).tobytes()).hexdigest()
        for part in parts
        for name in part.variables
        if part[name].dtype.kind in "fiub" and (name not in LATER or part[name].any())
    )
    return hashlib.sha256("".join(hashes).encode()).hexdigest()[:16]


def hash_strategies(name):
    """Return the hash of each strategy of an example."""
    network = jr.load(name)
    plain = jr.simulate(network, paths=PATHS, seed=SEED, threads=1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "no hazard is rare")
        rare = jr.simulate(network, paths=PATHS, seed=SEED, threads=2, rare=True)
    trace = jr.trace(network, paths=TRACED, seed=SEED, threads=1)
    return {
        strategy: hash_arrays(*(part.sel(strategy=strategy) for part in (plain, rare, trace)))
        for strategy in network.strategies
    }


if __name__ == "__main__":
    json.dump({name: hash_strategies(name) for name in sys.argv[1:] or list_examples()}, sys.stdout, indent=4)
