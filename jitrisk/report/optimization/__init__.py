"""An optimization in tables, sentences and a document."""

from jitrisk.report.optimization.document import build_optimization_document
from jitrisk.report.optimization.tables import OptimizationTables, build_optimization_tables

__all__ = ["OptimizationTables", "build_optimization_document", "build_optimization_tables"]
