"""An optimization as one JSON document for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import xarray as xr

from jitrisk.dataset_variables import Variable
from jitrisk.report.json_documents import convert_value
from jitrisk.report.optimization.quantities import require_optimization
from jitrisk.report.optimization.sentences import list_answer_sentences, list_plan_sentences
from jitrisk.vocabulary import OPTIMIZATION

SCHEMA_VERSION = 1
_JSON = ("arguments", "plan", "rare", "libraries")
_LEFT_OUT = ("contents",)


def build_optimization_document(study: xr.Dataset) -> dict[str, Any]:
    """Return an optimization as plain mappings, numbers, texts and None, ready for ``json.dumps``.

    Amounts are over the measured horizon, in ``objective_unit``; times ``objective_per_year`` they are values per year.
    What is unknown is None.

    Parameters
    ----------
    study : what ``jr.optimize`` returns.

    Raises
    ------
    ResultError
        When the Dataset is no optimization.
    """
    require_optimization(study)
    attrs = {str(name): convert_value(value) for name, value in study.attrs.items() if name not in _LEFT_OUT}
    attrs |= {name: json.loads(attrs[name]) for name in _JSON if name in attrs}
    strategies = _list_entries(study, "strategy", ("strategy",))
    for name, entry in strategies.items():
        one = study.sel(strategy=name)
        entry["constraints"] = _list_entries(one, "constraint", ("constraint", "strategy"))
    plans = _list_rows(study, "plan", ("plan",))
    for row, values in zip(plans, study["plan_value"].values.tolist(), strict=True):
        row["values"] = dict(zip(map(str, study["decision"].values), values, strict=True))
    return {
        "schema": "jitrisk.optimization",
        "schema_version": SCHEMA_VERSION,
        **attrs,
        "strategies": strategies,
        "constraints": _list_entries(study, "constraint", ("constraint",)),
        "decisions": _list_entries(study, "decision", ("decision",)),
        "neighbors": _list_rows(study, "neighbor", ("neighbor",)),
        "plans": plans,
        "plans_simulated": attrs["plans"],
        "steps": _list_rows(study, "step", ("step",)),
        "plan_sentences": list(list_plan_sentences(study)),
        "conclusion": " ".join(list_answer_sentences(study)),
    }


def _list_entries(study: xr.Dataset, dim: str, dims: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Return the variables of some dims by the names along the first of them."""
    return dict(zip(map(str, study[dim].values), _list_rows(study, dim, dims), strict=True))


def _list_rows(study: xr.Dataset, dim: str, dims: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the variables of some dims, one mapping for each place along a dimension."""
    found = {row.name: study[row.name].values.tolist() for row in _select_variables(dims)}
    return [{name: convert_value(values[k]) for name, values in found.items()} for k in range(study.sizes[dim])]


def _select_variables(dims: tuple[str, ...]) -> Iterable[Variable]:
    return (row for row in OPTIMIZATION.values() if row.dims == dims)
