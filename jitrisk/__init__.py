"""Monte Carlo risk of production networks run just-in-time or just-in-case.

The public names, in the order of the pipeline; each is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jitrisk.errors import CapacityError, ExogenousError, Fault, JitriskError, ModelError, ResultError
    from jitrisk.model import Network, read_model
    from jitrisk.model_warnings import ModelWarning
    from jitrisk.pipeline import (
        check,
        estimate,
        load,
        open,
        outline,
        sample,
        save,
        simulate,
        trace,
        write_report,
    )
    from jitrisk.studies.last_year import measure_last_year
    from jitrisk.studies.optimize import optimize, write_plan
    from jitrisk.studies.replay import replay
    from jitrisk.studies.reprice import reprice
    from jitrisk.studies.until import simulate_until

    __version__: str

_WHERE = {
    "read_model": "jitrisk.model",
    "load": "jitrisk.pipeline",
    "check": "jitrisk.pipeline",
    "sample": "jitrisk.pipeline",
    "estimate": "jitrisk.pipeline",
    "simulate": "jitrisk.pipeline",
    "simulate_until": "jitrisk.studies.until",
    "outline": "jitrisk.pipeline",
    "reprice": "jitrisk.studies.reprice",
    "optimize": "jitrisk.studies.optimize",
    "write_plan": "jitrisk.studies.optimize",
    "trace": "jitrisk.pipeline",
    "replay": "jitrisk.studies.replay",
    "measure_last_year": "jitrisk.studies.last_year",
    "save": "jitrisk.pipeline",
    "open": "jitrisk.pipeline",
    "write_report": "jitrisk.pipeline",
    "Network": "jitrisk.model",
    "ModelWarning": "jitrisk.model_warnings",
    "JitriskError": "jitrisk.errors",
    "ModelError": "jitrisk.errors",
    "Fault": "jitrisk.errors",
    "ExogenousError": "jitrisk.errors",
    "CapacityError": "jitrisk.errors",
    "ResultError": "jitrisk.errors",
}

__all__ = [
    "CapacityError",
    "ExogenousError",
    "Fault",
    "JitriskError",
    "ModelError",
    "ModelWarning",
    "Network",
    "ResultError",
    "__version__",
    "check",
    "estimate",
    "load",
    "measure_last_year",
    "open",
    "optimize",
    "outline",
    "read_model",
    "replay",
    "reprice",
    "sample",
    "save",
    "simulate",
    "simulate_until",
    "trace",
    "write_plan",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":  # late as well: the command is to take over signals before anything slow
        from importlib.metadata import version

        globals()[name] = version("jitrisk")
        return globals()[name]
    if name not in _WHERE:
        raise AttributeError(f"module 'jitrisk' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_WHERE[name]), name)
    return value


def __dir__() -> list[str]:
    return __all__
