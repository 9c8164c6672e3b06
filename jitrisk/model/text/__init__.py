"""Step 1, from a YAML text or a mapping to a tree of plain values that has the line of every key."""

from jitrisk.model.text.mappings import copy_mapping
from jitrisk.model.text.scalars import parse_scalar
from jitrisk.model.text.tree import MOST_BYTES, TextError, TooManyFaultsError, Tree
from jitrisk.model.text.yaml_text import read_yaml

__all__ = ["MOST_BYTES", "TextError", "TooManyFaultsError", "Tree", "copy_mapping", "parse_scalar", "read_yaml"]
