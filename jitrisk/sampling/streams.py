"""Random streams: a name and a seed make the key, the path and the number of the draw make the counter."""

from __future__ import annotations

import hashlib


def derive_stream_key(seed: int, *name: str) -> int:
    """Return the 64-bit Philox key of a named stream."""
    return int.from_bytes(hashlib.blake2b(":".join([str(seed), *name]).encode(), digest_size=8).digest(), "little")
