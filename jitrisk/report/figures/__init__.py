"""Figures for notebooks and pages, each from a Dataset: drawn with matplotlib's objects, without pyplot."""

from jitrisk.report.figures.convergence import convergence
from jitrisk.report.figures.cost_stack import cost_stack
from jitrisk.report.figures.decision import decision
from jitrisk.report.figures.distribution import distribution
from jitrisk.report.figures.exceedance import exceedance
from jitrisk.report.figures.fan import fan
from jitrisk.report.figures.network import network
from jitrisk.report.figures.search_progress import search_progress
from jitrisk.report.figures.timeline import timeline

__all__ = [
    "convergence",
    "cost_stack",
    "decision",
    "distribution",
    "exceedance",
    "fan",
    "network",
    "search_progress",
    "timeline",
]
