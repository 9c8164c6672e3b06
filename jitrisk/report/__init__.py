"""Tables, sentences and documents for people and programs; every figure in them comes from :mod:`jitrisk.risk`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from jitrisk.report.conclusion import render_conclusion
from jitrisk.report.json_documents import build_document
from jitrisk.report.model_summary import ModelSummary, summarize_model
from jitrisk.report.optimization import (
    OptimizationTables,
    build_optimization_document,
    build_optimization_tables,
)
from jitrisk.report.outline_document import build_outline_document
from jitrisk.report.precision_target import build_precision_document, render_precision_line
from jitrisk.report.replay_log import ReplayLog, build_replay_document, build_replay_log
from jitrisk.report.repricing import build_reprice_document, build_reprice_table
from jitrisk.report.summary import Summary, summarize
from jitrisk.report.table import build_comparison_table, build_cost_table, build_ownership_table, build_profit_table
from jitrisk.report.terminal_table import ReportTable
from jitrisk.report.textplot import build_text_plot

if TYPE_CHECKING:
    from jitrisk.report.figures.convergence import convergence
    from jitrisk.report.figures.cost_stack import cost_stack
    from jitrisk.report.figures.decision import decision
    from jitrisk.report.figures.distribution import distribution
    from jitrisk.report.figures.exceedance import exceedance
    from jitrisk.report.figures.fan import fan
    from jitrisk.report.figures.network import network
    from jitrisk.report.figures.search_progress import search_progress
    from jitrisk.report.figures.timeline import timeline
    from jitrisk.report.page.optimization import write_optimization_page

# What needs matplotlib or the templates is imported when it is first used.
_WHERE = {
    "convergence": "jitrisk.report.figures.convergence",
    "cost_stack": "jitrisk.report.figures.cost_stack",
    "decision": "jitrisk.report.figures.decision",
    "distribution": "jitrisk.report.figures.distribution",
    "exceedance": "jitrisk.report.figures.exceedance",
    "fan": "jitrisk.report.figures.fan",
    "network": "jitrisk.report.figures.network",
    "search_progress": "jitrisk.report.figures.search_progress",
    "timeline": "jitrisk.report.figures.timeline",
    "write_optimization_page": "jitrisk.report.page.optimization",
}

__all__ = [
    "ModelSummary",
    "OptimizationTables",
    "ReplayLog",
    "ReportTable",
    "Summary",
    "build_comparison_table",
    "build_cost_table",
    "build_document",
    "build_optimization_document",
    "build_optimization_tables",
    "build_outline_document",
    "build_ownership_table",
    "build_precision_document",
    "build_profit_table",
    "build_replay_document",
    "build_replay_log",
    "build_reprice_document",
    "build_reprice_table",
    "build_text_plot",
    "convergence",
    "cost_stack",
    "decision",
    "distribution",
    "exceedance",
    "fan",
    "network",
    "render_conclusion",
    "render_precision_line",
    "search_progress",
    "summarize",
    "summarize_model",
    "timeline",
    "write_optimization_page",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'jitrisk.report' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_WHERE[name]), name)
    return value


def __dir__() -> list[str]:
    return __all__
