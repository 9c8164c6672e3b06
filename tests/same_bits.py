"""Hashes of all that should have the same bits on every processor; as a script it prints them as JSON.

The first argument names what is wanted, separated by commas: `tables`, `levels`, `outcomes`, or `mathematics`, which
is what processors are known to differ in.
"""

import hashlib
import json
import math
import sys

import numpy as np

from jitrisk.model import list_examples
from jitrisk.sampling import FAMILIES, build_constant, build_distribution, quantile_tables

_MEANS = (0.013, 0.7, 3.1, 19.0, 350.3, 7123.0)


def distributions():
    """Yield distributions of every family, narrow and wide."""
    yield build_constant(3.7)
    for mean in _MEANS:
        for cv in (0.07, 0.41, 1.0, 3.3):
            yield build_distribution("normal", mean=mean, cv=cv)
            yield build_distribution("lognormal", mean=mean, cv=cv)
            yield build_distribution("gamma", mean=mean, cv=cv)
            yield build_distribution("weibull", mean=mean, shape=0.31 + cv)
            yield build_distribution("negative_binomial", mean=mean, size=cv)
            yield build_distribution("geometric", mean=1.0 + mean * cv)
            yield build_distribution("uniform", low=mean, high=mean * (1.0 + cv))
            yield build_distribution("triangular", low=mean, mode=mean * (1.0 + 0.3 * cv), high=mean * (1.0 + cv))
            yield build_distribution("binomial", n=float(math.ceil(10.0 * mean)), p=0.3 * cv)
            yield build_distribution("exponential", mean=mean * cv)
            yield build_distribution("poisson", mean=mean * cv)
        yield build_distribution(
            "empirical", values=[mean * k for k in range(9)], weights=[1.0 + k % 4 for k in range(9)]
        )
    for shape in (1e-3, 0.02, 1e4, 1e6, 1e9, 1e15):
        yield build_distribution("gamma", shape=shape, scale=2.0)
    for mean in (1e6, 3e7, 1e9, 1e25):
        yield build_distribution("poisson", mean=mean)
        yield build_distribution("negative_binomial", mean=min(mean, 1e12), size=0.01)
        yield build_distribution("negative_binomial", mean=min(mean, 1e12), size=1e3)
        yield build_distribution("geometric", mean=mean)
    for n, p in ((1e9, 0.3), (1e9, 0.9), (1e12, 1e-6)):
        yield build_distribution("binomial", n=n, p=p)
    yield build_distribution("empirical", values=[float(k * k) for k in range(6000)])


def hash_of(*parts):
    found = hashlib.sha256()
    for part in parts:
        found.update(part.tobytes() if isinstance(part, np.ndarray) else repr(part).encode())
    return found.hexdigest()[:16]


def tables_of_families():
    """Return one hash of all tables of each family, and one of tables of the lower parts."""
    found = {family: [] for family in [*FAMILIES, "lower parts"]}
    for number, distribution in enumerate(distributions()):
        found[distribution.family].append(quantile_tables.compile_table(distribution))
        if distribution.lowest >= 0.0 and distribution.family != "constant" and number % 5 == 0:
            found["lower parts"].append(quantile_tables.compile_lower_part(distribution, 0.017))
    return {
        family: hash_of(
            *(part for one in several for part in (one.shape, one.lowest, one.highest, one.bits, one.cells, one.steps)),
            *(one.values for one in several),
        )
        for family, several in found.items()
    }


def levels():
    """Return levels of random and constant lead times, crossing and in order, in hexadecimal."""
    from jitrisk.lower.service_level import Loop, _compute_level

    demands = [
        build_distribution("lognormal", mean=10, cv=2),
        build_distribution("gamma", mean=20, cv=0.7),
        build_distribution("normal", mean=10, cv=0.4),
        build_distribution("poisson", mean=7.3),
    ]
    loops = [
        Loop(build_constant(6), "crossing", 1),
        Loop(build_distribution("gamma", mean=5, cv=0.3), "in_order", 2),
        Loop(build_distribution("poisson", mean=4), "crossing", 1),
    ]
    return {
        f"{demand} {loop}": float(_compute_level(loop, ((1, demand, 1.5),), 0.95)).hex()
        for demand in demands
        for loop in loops
    }


def outcomes():
    """Return one hash for each bundled example, of all outcomes of every strategy on a few paths."""
    import jitrisk as jr

    found = {}
    for name in list_examples():
        data = jr.simulate(name, paths=12, seed=5, threads=1, rare=name == "tohoku")
        numbers = {str(key): data[key].values for key in data.variables if data[key].dtype.kind in "fiub"}
        found[name] = hash_of(*(part for key in sorted(numbers) for part in (key, np.ascontiguousarray(numbers[key]))))
    return found


def mathematics():
    """Return hashes of what the C library and NumPy compute."""
    x = np.arange(1.0, 20001.0) / 401.0
    return {
        "C library": hash_of([math.exp(each) for each in x.tolist()], [each**1.37 for each in x.tolist()]),
        "NumPy": hash_of(np.log(x), np.exp(x)),
    }


if __name__ == "__main__":
    PARTS = {"tables": tables_of_families, "levels": levels, "outcomes": outcomes, "mathematics": mathematics}
    json.dump({part: PARTS[part]() for part in sys.argv[1].split(",")}, sys.stdout)
