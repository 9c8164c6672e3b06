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


def availability(*effects, stage_or_customer="s"):
    return ExogenousSeries("availability", stage_or_customer, ALWAYS, 1, effects)


def outage(time_between, duration, ramp=0.0, factor=0.0, chance=1.0, name="fire"):
    return Effect(HazardProcess(name, time_between, duration, ramp), factor, chance)


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


def draw(distribution, seed, stream, path, number):
    return float(distribution.quantile((word(seed, stream, path, number) + 0.5) / 2**32))


def walk(process, seed, path, horizon):
    """Yield number, begin and end of the occurrences of one path that begin before the horizon."""
    stream, number, clock = f"hazard:{process.name}", 0, 0.0
    while True:
        begin = clock + draw(process.time_between, seed, stream, path, 4 * number)
        if begin >= horizon:
            return
        end = begin + draw(process.duration, seed, stream, path, 4 * number + 1)
        yield number, begin, end
        number, clock = number + 1, end + process.ramp


def covered(process, seed, path, periods, stage_or_customer="", chance=1.0):
    """Return the coverage of every period by the occurrences that hit, by adding up small steps of the ramp exactly."""
    total = np.zeros(periods)
    edges = np.arange(periods + 1.0)
    for number, begin, end in walk(process, seed, path, periods):
        if chance < 1 and word(seed, f"chance:{process.name}:{stage_or_customer}", path, number) >= chance * 2**32:
            continue
        worn = np.clip(edges, begin, end) - begin
        if process.ramp:
            gone = np.clip(edges - end, 0, process.ramp)
            worn = worn + gone - gone**2 / (2 * process.ramp)
        total += np.diff(worn)
    return total
