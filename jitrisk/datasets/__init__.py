"""Step: from the arrays of a run to Datasets with units and provenance, and from Datasets to files and back."""

from jitrisk.datasets.exogenous import copy_weights, is_weighted, label_paths, read_given_series, warn_of_patches
from jitrisk.datasets.hazards import read_mixture
from jitrisk.datasets.labels import (
    FORMAT,
    format_given_names,
    label_occurrences,
    label_outcomes,
    label_prices,
    read_given_names,
)
from jitrisk.datasets.outline import outline
from jitrisk.datasets.storage.files import (
    check_result_file,
    is_result,
    open_lazily,
    open_result,
    save_result,
    select_strategies,
)
from jitrisk.datasets.trace import find_differing_outcomes, label_replay, label_trace

__all__ = [
    "FORMAT",
    "check_result_file",
    "copy_weights",
    "find_differing_outcomes",
    "format_given_names",
    "is_result",
    "is_weighted",
    "label_occurrences",
    "label_outcomes",
    "label_paths",
    "label_prices",
    "label_replay",
    "label_trace",
    "open_lazily",
    "open_result",
    "outline",
    "read_given_names",
    "read_given_series",
    "read_mixture",
    "save_result",
    "select_strategies",
    "warn_of_patches",
]
