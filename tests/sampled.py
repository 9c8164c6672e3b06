"""Samples of a few series, and a plain-Python twin of the streams, for the tests of sampling."""

import hashlib

import numpy as np

from jitrisk.sampling import Effect, ExogenousSeries, HazardProcess, Sampler, build_constant

ALWAYS = build_constant(1.0)
MASK = 0xFFFFFFFF


def sample(series, periods, paths, seed=1, first=0, tile=64):
    """Return [period, series, path], drawn tile by tile."""
    sampler = Sampler(series, seed)
    state = sampler.begin(first, paths)
    out = np.empty((periods, len(series), paths), np.float32)
    for start in range(0, periods, tile):
        sampler.fill(state, start, out[start : start + tile])
    return out


def availability(*effects, thing="s"):
    return ExogenousSeries("availability", thing, ALWAYS, 1, effects)


def outage(quiet, active, ramp=0.0, factor=0.0, chance=1.0, name="fire"):
    return Effect(HazardProcess(name, quiet, active, ramp), factor, chance)


def word(seed, stream, path, number):
    """Return draw `number` of a stream: Philox 4x32-10 as the paper writes it."""
    key = int.from_bytes(hashlib.blake2b(f"{seed}:{stream}".encode(), digest_size=8).digest(), "little")
    block = number // 4
    c0, c1, c2, c3 = block & MASK, block >> 32, path & MASK, path >> 32
    k0, k1 = key & MASK, key >> 32
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * c0, 1 << 32)
        high1, low1 = divmod(0xCD9E8D57 * c2, 1 << 32)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return (c0, c1, c2, c3)[number % 4]


def draw(law, seed, stream, path, number):
    return float(law.quantile((word(seed, stream, path, number) + 0.5) / 2**32))


def walk(spells, seed, path, horizon):
    """Yield number, begin and end of the spells of one path that begin before the horizon."""
    stream, number, clock = f"hazard:{spells.name}", 0, 0.0
    while True:
        begin = clock + draw(spells.time_between, seed, stream, path, 4 * number)
        if begin >= horizon:
            return
        end = begin + draw(spells.duration, seed, stream, path, 4 * number + 1)
        yield number, begin, end
        number, clock = number + 1, end + spells.ramp


def covered(spells, seed, path, periods, thing="", chance=1.0):
    """Return the coverage of every period by the spells that hit, by adding up small steps of the ramp exactly."""
    total = np.zeros(periods)
    edges = np.arange(periods + 1.0)
    for number, begin, end in walk(spells, seed, path, periods):
        if chance < 1 and word(seed, f"chance:{spells.name}:{thing}", path, number) >= chance * 2**32:
            continue
        worn = np.clip(edges, begin, end) - begin
        if spells.ramp:
            gone = np.clip(edges - end, 0, spells.ramp)
            worn = worn + gone - gone**2 / (2 * spells.ramp)
        total += np.diff(worn)
    return total
