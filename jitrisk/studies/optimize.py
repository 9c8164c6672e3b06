"""Which stages run on cards, which hold stock, and how much: a search for the best plan, and how sure it is.

Plans are compared on common random numbers, in batches of strategies on the same paths. What the search found is then
judged on paths that it did not use: those that `simulate` draws with the same seed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import xarray as xr

from jitrisk.arguments import (
    PATHS,
    Source,
    build_backend,
    load_network,
    parse_draws,
    parse_path_numbers,
    parse_strategies,
    parse_whole_number,
)
from jitrisk.errors import Fault, JitriskError, ModelError, ResultError
from jitrisk.files.atomic_files import replace_atomically
from jitrisk.lower import lower_all
from jitrisk.model import (
    LevelRange,
    Network,
    insert_strategy,
    list_level_keys,
    parse_level_key,
    parse_level_range,
)
from jitrisk.model.fields.readers import Clock
from jitrisk.risk.design import read_design
from jitrisk.risk.inputs import Array, read_outcome
from jitrisk.risk.metrics import metrics as compute_result_metrics
from jitrisk.risk.objective import Constraint, Objective, parse_constraint, parse_objective
from jitrisk.run import engine
from jitrisk.run.backends import Backend
from jitrisk.run.job import Progress
from jitrisk.studies.keeping import Keeping, build_formulas
from jitrisk.studies.search.decisions import DecisionSpace, build_space
from jitrisk.studies.search.evaluation import FIRST_PATH, Estimate, Evaluator, Limits, count_units, has_values
from jitrisk.studies.search.labels import Judgment, label_study
from jitrisk.studies.search.neighborhood import list_choice_changes
from jitrisk.studies.search.search import FEWEST_PATHS, Search
from jitrisk.study_variables import OPTIMIZED
from jitrisk.units import HOUR
from jitrisk.vocabulary import KEPT_METRICS

INDIFFERENCE = 0.005
"""Differences of the objective that do not matter by default, as a share of it."""

Vary = Sequence[str] | Mapping[str, str] | str
_Ranges = dict[tuple[str, str, str], LevelRange]
_Parsed = TypeVar("_Parsed")
_PERMILLE = 1000


def optimize(
    network: Source,
    *,
    minimize: str | None = None,
    subject: Sequence[str] = (),
    vary: Vary = (),
    strategy: str | None = None,
    paths: int = PATHS,
    seed: int = 0,
    threads: int | None = None,
    rare: bool = False,
    indifference: float | None = None,
    time_limit: float | None = None,
    budget: int | None = None,
    progress: Progress | None = None,
    is_stopped: Callable[[], bool] | None = None,
) -> xr.Dataset:
    """Search for the plan that minimizes an objective, and judge it on fresh paths.

    Parameters
    ----------
    network : a network, or whatever `load` takes; its `decisions` say what may vary, and for what.
    minimize : a statistic of a metric, ``"cost.mean"``, or a weighted sum, ``"0.7*cost.mean + 0.3*cost.cvar95"``. By
        default what the model says, else the mean cost; where the model has a price, ``"-profit.mean"``.
    subject : constraints such as ``"fill_rate.mean >= 98%"``; by default those of the model. The bound on what is shown
        per year is per year.
    vary : keys of the levels that may vary, each perhaps with its range, ``"stages.bike.policy.kanban.cards=2..40"``,
        or ranges by key; by default what the model says, else all levels.
    strategy : the strategy that the plan builds upon; the model itself by default.
    paths : how many fresh paths the plan and the given strategies are judged on.
    seed : seed of every random stream.
    threads : threads to use; all cores by default. The result does not depend on it.
    rare : whether rare hazards are sampled more often than they occur, see `simulate`.
    indifference : differences that do not matter, as a share of the objective; 0.005 by default.
    time_limit : seconds after which the search ends with the best plan so far; none by default.
    budget : path-periods after which it does; none by default.
    progress : called now and then with the work done and the work there is.
    is_stopped : asked before every batch of plans; where it returns true, the search ends with the best plan so far.

    Returns
    -------
    Dataset of the plan, see `jitrisk.vocabulary.OPTIMIZATION`: what the strategies and the plan give on fresh paths,
    what each level is and was, what its neighbors would give, and which plans cannot be told from it. The attribute
    ``plan`` is the patch of the strategy ``optimized`` as JSON, ``arguments`` are those with which the search is
    repeated to the last bit, also where it ended early, and ``stopped`` says why it ended.

    Raises
    ------
    ModelError
        If the model has faults, or what it says about decisions does not fit it.
    ResultError
        If the objective or a constraint is none.
    JitriskError
        If a key, a range, a strategy or a number is not allowed, nothing can vary, or nothing costs anything.

    Notes
    -----
    How it searches, and how that was verified, stands in the documentation ("How the search was verified").
    """
    begun = time.monotonic()
    network = load_network(network)
    request = _Request.read(network, minimize, subject, vary, strategy, _parse_share(indifference))
    space = build_space(network, strategy, request.ranges)
    limits = Limits(
        None if time_limit is None else begun + _parse_positive("time_limit", time_limit),
        None if budget is None else parse_whole_number("budget", budget),
        is_stopped or (lambda: False),
    )
    backend, numbers = build_backend(threads), parse_path_numbers(parse_whole_number("paths", paths))
    evaluator = _build_evaluator(space, request, backend, limits, seed, rare)
    _require_prices(evaluator)
    search = Search(evaluator, request.share, evaluator.period)
    if progress is not None:
        limits.report = _build_report(search, progress, begun, time_limit)
    found = search.run()
    if found.best is None:
        found.best = _estimate_start(evaluator)
    arguments = {
        **{"minimize": minimize, "subject": list(_list_texts(subject)), "vary": dict(_list_ranges(vary))},
        **{"strategy": strategy, "paths": len(numbers), "seed": evaluator.draws.seed, "rare": rare},
        "indifference": indifference,
        "budget": limits.path_periods if found.stopped in ("time", "interrupted", "budget") else None,
    }
    judgment, stock = _judge(evaluator, space.build_patch(found.best.plan), numbers, rare)
    attrs = {"arguments": json.dumps(arguments, ensure_ascii=False), "given_strategy": strategy or ""}
    return label_study(evaluator, found, judgment, stock, attrs)


def write_plan(source: Source, study: xr.Dataset, target: str | os.PathLike[str]) -> None:
    """Write a model with the plan of a study as its strategy ``optimized``; its text stays as it is otherwise.

    Parameters
    ----------
    source : the model of the study: a file, the name of an example, or a mapping.
    study : what `optimize` returned for it.
    target : the file, written whole or not at all.

    Raises
    ------
    ModelError
        If the strategy cannot be inserted.
    ResultError
        If the Dataset is no study, or not one of this model.
    """
    if study.attrs.get("contents") != "optimization":
        raise ResultError("the Dataset holds no plan: use what jr.optimize returned")
    origin = source.origin.file if isinstance(source, Network) else ""
    if isinstance(source, Network) and not origin:
        source = json.loads(source.text)
    source = origin or source
    if load_network(source).digest != study.attrs["model_hash"]:
        raise ResultError("the plan is of another model: it was changed since, or another one was given")
    target = Path(target)
    text = insert_strategy(source, OPTIMIZED, json.loads(study.attrs["plan"]), target)  # type: ignore[arg-type]
    with replace_atomically(target) as place:
        place.write_text(text, encoding="utf-8", newline="")


def check_decisions(network: Network) -> None:
    """Raise ModelError where the decisions of a model say what cannot be searched for."""
    if network.decisions is not None:
        build_space(network, None, _Request.read(network, None, (), (), None, INDIFFERENCE).ranges)


@dataclass(frozen=True)
class _Request:
    """What is searched for, from arguments, or else from the decisions of the model.

    Attributes
    ----------
    objective, constraints : what plans are judged by.
    ranges : the levels that may vary; None for all.
    share : the indifference.
    """

    objective: Objective
    constraints: tuple[Constraint, ...]
    ranges: _Ranges | None
    share: float

    @classmethod
    def read(
        cls,
        network: Network,
        minimize: str | None,
        subject: Sequence[str],
        vary: Vary,
        strategy: str | None,
        share: float,
    ) -> _Request:
        """Return what is searched for."""
        decisions = network.decisions
        if strategy is not None:
            parse_strategies(network, [strategy])
        is_priced = any(customer.price > 0 for customer in network.customers.values())
        if minimize is None and decisions is not None and decisions.minimize is not None:
            with _place_faults(network, "minimize"):
                objective = parse_objective(decisions.minimize)
        else:
            usual = "-profit.mean" if is_priced else "cost.mean"
            objective = parse_objective(usual if minimize is None else minimize)
        texts = _list_texts(subject)
        if not texts and decisions is not None:
            with _place_faults(network, "subject"):
                constraints = tuple(map(parse_constraint, decisions.subject))
        else:
            constraints = tuple(map(parse_constraint, texts))
        given = dict(_list_ranges(vary))
        if not given and decisions is not None:
            given = dict(decisions.vary)
        of = network if strategy is None else network.strategies[strategy]
        return cls(objective, constraints, _read_ranges(network, of, given) if given else None, share)


@contextmanager
def _place_faults(network: Network, key: str) -> Iterator[None]:
    """Raise errors about a value of the decisions with its place in the model file."""
    try:
        yield
    except JitriskError as error:
        where, line = network.origin.locate(("decisions", key))
        raise ModelError([Fault(str(error), where, network.origin.file, line)]) from None


def _list_texts(texts: Sequence[str] | str) -> list[str]:
    found = texts if isinstance(texts, list | tuple) else [texts]
    for text in found:
        if not isinstance(text, str):
            raise JitriskError(f"found {text!r}: expected a text, or a list of texts")
    return list(found)


def _list_ranges(vary: Vary) -> Iterator[tuple[str, str]]:
    """Yield the key and the range of every level that may vary, the range empty where none is given."""
    if isinstance(vary, Mapping):
        yield from vary.items()
        return
    for text in _list_texts(vary):
        key, _, given = text.partition("=")
        yield key.strip(), given.strip()


def _read_ranges(network: Network, of: Network, given: Mapping[str, str]) -> _Ranges:
    """Return the ranges of levels by stage, kind of policy and field.

    Parameters
    ----------
    network : the model, whose decisions name further policies.
    of : the network that plans build upon.
    given : ranges by key.
    """
    known = list_level_keys(of)
    clock = Clock(network.period * HOUR)
    found: _Ranges = {}
    for key, text in given.items():
        level = parse_level_key(of if key in known else network, key)
        if not isinstance(text, str):
            raise JitriskError(f"{key}: the range is {text!r:.60}, expected a text such as '2..40'")
        try:
            found[level.stage, level.kind, level.field] = parse_level_range(text, level.kind, level.field, clock)
        except JitriskError as error:
            raise JitriskError(f"{key}: {error}") from None
    return found


def _parse_share(share: float | None) -> float:
    """Return the indifference."""
    if share is None:
        return INDIFFERENCE
    if not isinstance(share, int | float) or not 0 < share < 1:
        raise JitriskError(f"indifference is {share!r}: allowed is a share of the objective, above 0 and below 1")
    return float(share)


def _parse_positive(what: str, number: float) -> float:
    if not isinstance(number, int | float) or not number > 0:
        raise JitriskError(f"{what} is {number!r}: allowed is a number above 0")
    return float(number)


def _build_evaluator(
    space: DecisionSpace, request: _Request, backend: Backend, limits: Limits, seed: int, rare: bool
) -> Evaluator:
    """Return what estimates plans; every hazard that some choice changes counts as rare or not."""
    changed = [plan for *_, plan in list_choice_changes(space, space.start)]
    networks = space.build_networks([space.start, *changed])
    draws = parse_draws(space.network, networks.values(), 1, seed, rare=rare)
    return Evaluator(space, draws, backend, request.objective, request.constraints, limits)


def _estimate_start(evaluator: Evaluator) -> Estimate:
    """Return the estimate of the plan that changes nothing, where the search ended before it had another."""
    unlimited = replace(evaluator, limits=Limits(path_periods=evaluator.limits.path_periods))
    paths = -(-FEWEST_PATHS // evaluator.period) * evaluator.period
    return unlimited.evaluate([evaluator.space.start], range(FIRST_PATH, FIRST_PATH + paths))[0]


def _require_prices(evaluator: Evaluator) -> None:
    """Raise JitriskError where only the cost counts and nothing costs anything, so that all plans are alike."""
    networks = evaluator.space.build_networks([evaluator.space.start])
    job = evaluator.build_job(networks, range(1))
    if (
        evaluator.objective.metrics == ["cost"]
        and not build_formulas(evaluator.space.network, networks, job).pricing.is_priced
    ):
        raise JitriskError(
            "nothing costs anything in this model, so that all plans are alike: set prices, or minimize another "
            "metric, such as stockout.mean"
        )


def _build_report(
    search: Search, progress: Progress, begun: float, time_limit: float | None
) -> Callable[[Limits], None]:
    """Return what reports how far a search is: by its stages, by its budget, or by its time, whichever is farthest."""

    def report(limits: Limits) -> None:
        shares = [search.share_done]
        if limits.budget:
            shares.append(limits.path_periods / limits.budget)
        if time_limit:
            shares.append((time.monotonic() - begun) / time_limit)
        progress(min(_PERMILLE, int(_PERMILLE * max(shares))), _PERMILLE)

    return report


def _judge(evaluator: Evaluator, patch: Mapping[str, Any], paths: range, rare: bool) -> tuple[Judgment, Array]:
    """Return the plan beside the given strategies on the paths that `simulate` draws, and the stock of each."""
    given = json.loads(evaluator.space.network.text).get("strategies") or {"base": {}}
    network = evaluator.space.network.patched({"strategies": {**given, OPTIMIZED: patch}})
    strategies = parse_strategies(network, None)
    draws = parse_draws(network, strategies.values(), paths, evaluator.draws.seed, rare=rare)
    job = draws.build_job(lower_all(strategies))
    is_valued = has_values(strategies)
    keeping = Keeping(network, strategies, job, KEPT_METRICS if is_valued else None)
    engine.run_blocks(job, keeping.kept, evaluator.backend)
    result = keeping.label(job.paths)
    return Judgment(job, result), _compute_stock(result, is_valued)


def _compute_stock(result: xr.Dataset, is_valued: bool) -> Array:
    """Return the mean stock of every strategy: working capital, or units where nothing has a value."""
    if is_valued:
        stock = compute_result_metrics(result)["working_capital"].transpose("strategy", "path").values
    else:
        stock = count_units(partial(read_outcome, result))
    return read_design(result).mean(np.ascontiguousarray(stock))
