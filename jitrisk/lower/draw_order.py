"""Which customer or stage draws on each store first in a period, or alone."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np


def find_draw_order(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return which acts of a period can be combined, because it is known who draws on a store first, or alone.

    What is due enters a store in the act that draws on it first, which saves a pass over the store, where that act
    draws on one store only, and nothing reads the store before. Where one customer alone draws on a store, its
    stockouts are the shortages of the store.

    Parameters
    ----------
    arrays : the arrays of a network, without those returned.

    Returns
    -------
    ``received_late`` (n,), ``draws_first`` of stages (n,), ``served_first`` of customers (m,), and ``only_customer``
    (n,), the number of that customer, -1 where there is none; see `jitrisk.lower.NetworkArrays`.
    """
    customers = [range(*ends) for ends in _list_ranges(arrays["customer_start"])]
    sources = _list_sources(arrays)
    consumers: list[list[int]] = [[] for _ in sources]
    for i, stores in enumerate(sources):
        for k in stores:
            consumers[k].append(i)
    received_late, draws_first = (np.zeros(len(sources), dtype=np.uint8) for _ in range(2))
    served_first = np.zeros(len(arrays["demand"]), dtype=np.uint8)
    only_customer = np.full(len(sources), -1, dtype=np.int32)
    for k, served in enumerate(customers):
        if len(served) == 1 and not arrays["gathers_shortage"][k]:
            only_customer[k] = served[0]
        if not arrays["deterministic"][k] or arrays["has_cycles"][k] or arrays["shelf_life"][k]:
            continue
        if served and (arrays["customers_first"][k] or not consumers[k]):
            served_first[served[0]] = received_late[k] = 1
        elif consumers[k] and sources[consumers[k][0]] == [k]:
            draws_first[consumers[k][0]] = received_late[k] = 1
    return {
        "received_late": received_late,
        "draws_first": draws_first,
        "served_first": served_first,
        "only_customer": only_customer,
    }


def _list_ranges(starts: np.ndarray) -> list[tuple[int, int]]:
    return list(pairwise(starts.tolist()))


def _list_sources(arrays: Mapping[str, np.ndarray]) -> list[list[int]]:
    """Return the stores that each stage draws on, once per input and source."""
    source, bounds = arrays["source"].tolist(), arrays["source_start"].tolist()
    return [source[bounds[begin] : bounds[end]] for begin, end in _list_ranges(arrays["input_start"])]
