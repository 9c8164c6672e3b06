"""Figures for notebooks and pages, each from a Dataset: drawn with matplotlib's objects, without pyplot."""

from jitrisk.report.figures.bars import cost_stack
from jitrisk.report.figures.chart import timeline
from jitrisk.report.figures.curves import convergence, exceedance
from jitrisk.report.figures.diagram import network
from jitrisk.report.figures.fans import fan
from jitrisk.report.figures.spread import distribution

__all__ = ["convergence", "cost_stack", "distribution", "exceedance", "fan", "network", "timeline"]
