"""Tables, sentences and documents for people and programs; every figure in them comes from :mod:`jitrisk.risk`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from jitrisk.report.conclusion import conclusion
from jitrisk.report.json_documents import document
from jitrisk.report.model_summary import Digest, outline_digest, outline_document
from jitrisk.report.precision_target import reached_document, reached_line
from jitrisk.report.replay_log import Journal, journal, replay_document
from jitrisk.report.repricing import reprice_document, reprice_table
from jitrisk.report.summary import Summary, summarize
from jitrisk.report.table import compare_table, cost_table, ownership_table, profit_table
from jitrisk.report.terminal_table import Sheet
from jitrisk.report.textplot import text_plot

if TYPE_CHECKING:
    from jitrisk.report.figures.cost_stack import cost_stack
    from jitrisk.report.figures.curves import convergence, exceedance
    from jitrisk.report.figures.distribution import distribution
    from jitrisk.report.figures.fan import fan
    from jitrisk.report.figures.network import network
    from jitrisk.report.figures.timeline import timeline

# What needs matplotlib is imported when it is first used.
_WHERE = {
    "convergence": "jitrisk.report.figures.curves",
    "cost_stack": "jitrisk.report.figures.cost_stack",
    "distribution": "jitrisk.report.figures.distribution",
    "exceedance": "jitrisk.report.figures.curves",
    "fan": "jitrisk.report.figures.fan",
    "network": "jitrisk.report.figures.network",
    "timeline": "jitrisk.report.figures.timeline",
}

__all__ = [
    "Digest",
    "Journal",
    "Sheet",
    "Summary",
    "compare_table",
    "conclusion",
    "convergence",
    "cost_stack",
    "cost_table",
    "distribution",
    "document",
    "exceedance",
    "fan",
    "journal",
    "network",
    "outline_digest",
    "outline_document",
    "ownership_table",
    "profit_table",
    "reached_document",
    "reached_line",
    "replay_document",
    "reprice_document",
    "reprice_table",
    "summarize",
    "text_plot",
    "timeline",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'jitrisk.report' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_WHERE[name]), name)
    return value


def __dir__() -> list[str]:
    return __all__
