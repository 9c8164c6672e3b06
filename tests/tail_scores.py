"""The scores of Rockafellar and Uryasev, whose mean is the conditional value at risk."""

import numpy as np

from jitrisk.risk.design import EqualDesign, Point


def compute_tail_scores(losses, level):
    """One score per path: ``v + max(loss - v, 0) / (1 - level)`` with v the value at risk.

    Rockafellar & Uryasev (2000) minimize its mean over v, so that the error made in v itself is of second order.
    """
    (var,) = EqualDesign(losses.size).quantiles(losses, [Point(level)], 0.95)
    return var.value + np.maximum(losses - var.value, 0.0) / (1 - level)
