"""Stage 6 of the pipeline: arrays become Datasets with units and provenance, and files of them."""

from jitrisk.outcomes.dataset import FORMAT, label
from jitrisk.outcomes.exogenous import given_series, label_paths, warn_of_patches
from jitrisk.outcomes.files import check_target, open_result, save_result, select_strategies

__all__ = [
    "FORMAT",
    "check_target",
    "given_series",
    "label",
    "label_paths",
    "open_result",
    "save_result",
    "select_strategies",
    "warn_of_patches",
]
