"""Every warning about a model: found under each strategy, reported once, with its place in the file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from jitrisk.errors import Fault, ModelError
from jitrisk.model import Network, count_matched_steps
from jitrisk.model.faults import KeyPath
from jitrisk.model_warnings.distributions import find_clipped_means, find_rounded_lead_times
from jitrisk.model_warnings.flows import find_empty_fallbacks, find_low_capacities, find_partial_hazards
from jitrisk.model_warnings.forecasts import find_biased_forecasts, find_unfollowed_forecasts
from jitrisk.model_warnings.notation import find_high_holding_rates, find_numbers_per_period
from jitrisk.model_warnings.prices import find_values_above_cost
from jitrisk.model_warnings.subject import AllStrategies, Check, CheckFinding, Subject
from jitrisk.warning_register import WARNINGS

# A warning names this many of the strategies under which it is found.
_MOST_NAMED = 10

CHECKS: dict[str, Check] = {
    "clipped-mean": find_clipped_means,
    "rounded-lead-time": find_rounded_lead_times,
    "partial-hazards": find_partial_hazards,
    "empty-fallback": find_empty_fallbacks,
    "number-per-period": find_numbers_per_period,
    "high-holding-rate": find_high_holding_rates,
    "capacity-below-demand": find_low_capacities,
    "value-above-cost": find_values_above_cost,
    "unfollowed-forecast": find_unfollowed_forecasts,
    "biased-forecast": find_biased_forecasts,
}
"""The check of each warning of the register."""


@dataclass(frozen=True)
class ModelWarning:
    """A place in a model that may not mean what its author meant.

    Attributes
    ----------
    name : name in the register, with which `silence` of the model turns it off.
    found : what was found, with its numbers.
    effect : its effect on the results.
    remedy : what to write instead.
    key : the key path, such as ``stages.valve.capacity``.
    file : name of the file, empty for a mapping handed in from Python.
    line : line in the file, counted from 1; None where there is no file.
    strategies : the strategies under which it is found; none where it is found under all of them.
    """

    name: str
    found: str
    effect: str
    remedy: str
    key: str = ""
    file: str = ""
    line: int | None = None
    strategies: tuple[str, ...] = ()

    def __str__(self) -> str:
        return str(self.as_fault())

    @property
    def found_under(self) -> str:
        """What was found, and under which strategies where not under all."""
        more = len(self.strategies) - _MOST_NAMED
        names = ", ".join(self.strategies[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
        return f"{self.found} (under {names})" if self.strategies else self.found

    @property
    def message(self) -> str:
        """Everything but its place, in one sentence."""
        return f"{self.found_under}; {self.effect}; {self.remedy} [{self.name}]"

    def as_fault(self) -> Fault:
        """Return it as a fault of the model."""
        return Fault(self.message, self.key, self.file, self.line)

    def as_document(self) -> dict[str, Any]:
        """Return it as a mapping of plain values."""
        return asdict(self) | {"strategies": list(self.strategies)}


def find_warnings(network: Network, strategies: Collection[str] | None = None) -> tuple[ModelWarning, ...]:
    """Return the warnings about a model without those that it silences, in the order of its file.

    Parameters
    ----------
    network : the model.
    strategies : names of the strategies that are checked; all by default.
    """
    # The network of one strategy has no strategies itself.
    names = list(network.strategies if strategies is None else strategies) or [""]
    every = AllStrategies(tuple(network.strategies.values()) or (network,))
    patches = Subject(network, every).model.get("strategies") or {}
    under: dict[tuple[str, KeyPath, str], list[str]] = {}
    for strategy in names:
        for name, (key_path, message) in _run_checks(network, strategy, every):
            under.setdefault((name, _find_written_key(key_path, strategy, patches), message), []).append(strategy)
    warnings = [
        _build_warning(network, name, key_path, message, found if _is_named(found, names, key_path) else [])
        for (name, key_path, message), found in under.items()
    ]
    return tuple(sorted(warnings, key=lambda warning: warning.line or 0))


def _run_checks(network: Network, strategy: str, every: AllStrategies) -> Iterator[tuple[str, CheckFinding]]:
    subject = Subject(network.strategies.get(strategy, network), every)
    for name, check in CHECKS.items():
        if name not in network.silence:
            yield from ((name, found) for found in check(subject))


def _find_written_key(key_path: KeyPath, strategy: str, patches: Mapping[str, Any]) -> KeyPath:
    """Return the key path at which a value under a strategy is written: in its patch, or in the model itself."""
    patch = patches.get(strategy, {})
    written = count_matched_steps(patch, key_path) >= (3 if len(key_path) >= 3 else len(key_path))
    return ("strategies", strategy, *key_path) if written else key_path


def _is_named(found: Collection[str], names: Collection[str], key_path: KeyPath) -> bool:
    """Return whether a warning names its strategies: not where it is found under all, or its key is in a patch."""
    return len(found) < len(names) and key_path[0] != "strategies"


def _build_warning(
    network: Network, name: str, key_path: KeyPath, message: str, strategies: Collection[str]
) -> ModelWarning:
    key, line = network.origin.locate(key_path)
    row = WARNINGS[name]
    return ModelWarning(name, message, row.effect, row.remedy, key, network.origin.file, line, tuple(strategies))


def refuse_warnings(warnings: Collection[ModelWarning]) -> None:
    """Raise ModelError with warnings as faults, where there are any."""
    if warnings:
        raise ModelError(warning.as_fault() for warning in warnings)
