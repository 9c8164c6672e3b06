"""Tables, sentences and documents for people and programs; every figure in them comes from :mod:`jitrisk.risk`."""

from jitrisk.report.conclusion import conclusion
from jitrisk.report.documents import document
from jitrisk.report.sheet import Sheet
from jitrisk.report.summary import Summary, summarize
from jitrisk.report.table import compare_table, cost_table

__all__ = ["Sheet", "Summary", "compare_table", "conclusion", "cost_table", "document", "summarize"]
