"""Tables, sentences and documents for people and programs; every figure in them comes from :mod:`jitrisk.risk`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from jitrisk.report.conclusion import conclusion
from jitrisk.report.digest import Digest, outline_digest, outline_document
from jitrisk.report.documents import document
from jitrisk.report.journal import Journal, journal, replay_document
from jitrisk.report.reached import reached_document, reached_line
from jitrisk.report.repricing import reprice_document, reprice_table
from jitrisk.report.sheet import Sheet
from jitrisk.report.summary import Summary, summarize
from jitrisk.report.table import compare_table, cost_table, ownership_table, profit_table
from jitrisk.report.textplot import text_plot

if TYPE_CHECKING:
    from jitrisk.report.figures import convergence, cost_stack, distribution, exceedance, fan, network, timeline

# What needs matplotlib is imported when it is first used.
_WHERE = {
    "convergence": "jitrisk.report.figures",
    "cost_stack": "jitrisk.report.figures",
    "distribution": "jitrisk.report.figures",
    "exceedance": "jitrisk.report.figures",
    "fan": "jitrisk.report.figures",
    "network": "jitrisk.report.figures",
    "timeline": "jitrisk.report.figures",
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
