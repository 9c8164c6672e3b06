"""Warnings about a model that can be simulated but may not mean what its author meant."""

from jitrisk.model_warnings.finding import CHECKS, ModelWarning, find_warnings, refuse_warnings

__all__ = ["CHECKS", "ModelWarning", "find_warnings", "refuse_warnings"]
