"""Stage 6 of the pipeline: arrays become Datasets with units and provenance, and files of them."""

from jitrisk.datasets.exogenous import copy_weights, given_series, is_weighted, label_paths, warn_of_patches
from jitrisk.datasets.files import check_target, is_result, open_result, reading, save_result, select_strategies
from jitrisk.datasets.hazards import mixture_from
from jitrisk.datasets.labels import FORMAT, handed_in, label
from jitrisk.datasets.outline import outline
from jitrisk.datasets.pricing import repriced
from jitrisk.datasets.trace import differing_outcomes, label_replay, label_trace

__all__ = [
    "FORMAT",
    "check_target",
    "copy_weights",
    "differing_outcomes",
    "given_series",
    "handed_in",
    "is_result",
    "is_weighted",
    "label",
    "label_paths",
    "label_replay",
    "label_trace",
    "mixture_from",
    "open_result",
    "outline",
    "reading",
    "repriced",
    "save_result",
    "select_strategies",
    "warn_of_patches",
]
