"""Who draws on a store in one period, and who is the first: its customers, and the stages that start from it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def find_askers(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return what the acts of a period combine where a store has one asker, or where it is known who asks first.

    An arrival enters a store in the act of its first asker, which saves a pass over the store, where that act draws on
    one store only, and nothing reads the store before. Where a customer alone draws on a store, its stockouts are the
    store's shortages.

    Parameters
    ----------
    arrays : the arrays of a network, without those returned.

    Returns
    -------
    ``arrives_when_asked`` (n,), ``asks_first`` of stages (n,), ``serves_first`` of customers (m,), and ``sole_customer``
    (n,), its number, -1 where there is none; see `jitrisk.lower.NetworkArrays`.
    """
    stages = len(arrays["deterministic"])
    customers = _count_customers(arrays)
    consumers = _list_consumers(arrays)
    single = {i: k for i in range(stages) if (k := _find_single_source(arrays, i)) >= 0}
    found = {
        "arrives_when_asked": np.zeros(stages, dtype=np.uint8),
        "asks_first": np.zeros(stages, dtype=np.uint8),
        "serves_first": np.zeros(len(arrays["demand"]), dtype=np.uint8),
        "sole_customer": np.full(stages, -1, dtype=np.int32),
    }
    for k in range(stages):
        first_customer = arrays["customer_start"][k]
        if customers[k] == 1 and not consumers[k] and not arrays["gathers_shortage"][k]:
            found["sole_customer"][k] = first_customer
        if not arrays["deterministic"][k] or arrays["has_cycles"][k]:
            continue
        if customers[k] and (arrays["customers_first"][k] or not consumers[k]):
            found["serves_first"][first_customer] = found["arrives_when_asked"][k] = 1
        elif consumers[k] and single.get(consumers[k][0]) == k:
            found["asks_first"][consumers[k][0]] = found["arrives_when_asked"][k] = 1
    return found


def _count_customers(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.diff(arrays["customer_start"])


def _list_consumers(arrays: Mapping[str, np.ndarray]) -> list[list[int]]:
    """Return the stages that have each store among their sources, in the order in which they start."""
    consumers: list[list[int]] = [[] for _ in arrays["deterministic"]]
    for i in range(len(consumers)):
        inputs = arrays["source_start"][arrays["input_start"][[i, i + 1]]]
        for k in arrays["source"][inputs[0] : inputs[1]]:
            consumers[k].append(i)
    return consumers


def _find_single_source(arrays: Mapping[str, np.ndarray], i: int) -> int:
    """Return the only store that a stage draws on, -1 where there are several or none."""
    begin, end = arrays["input_start"][[i, i + 1]]
    if end - begin != 1:
        return -1
    first, last = arrays["source_start"][[begin, end]]
    return int(arrays["source"][first]) if last - first == 1 else -1
