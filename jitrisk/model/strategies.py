"""Strategies: the complete network under each patch of a model, and the faults that each patch causes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jitrisk.errors import MOST_FAULTS
from jitrisk.model.faults import Finding
from jitrisk.model.fields.quantities import describe_found
from jitrisk.model.network import Network
from jitrisk.model.patches import FIELDS, ONLY, count_matched_steps, merge_patch, serialize_model
from jitrisk.model.reading import SECTIONS, Reading, read

MOST_STRATEGIES = 1_000
"""A model may have this many strategies."""

MOST_MEMBERS = 100_000
"""The networks of all strategies together may have this many stages, customers and hazards."""

_ALLOWED = (*FIELDS, *SECTIONS)

_FIELD = 3  # steps from the top of a model to a field of a stage, customer or hazard, which a patch replaces whole


def read_strategies(patches: Any, base: Reading) -> tuple[dict[str, Network], list[Finding]]:
    """Return the network under every strategy, and the faults that the strategies cause.

    Parameters
    ----------
    patches : the patches by name.
    base : the model they patch.
    """
    if not isinstance(patches, Mapping):
        message = f"expected a mapping of names to patches, found {describe_found(patches)}"
        return {}, [Finding(("strategies",), message)]
    patches = patches or {ONLY: {}}
    if refused := _check_count(patches, base.model):
        return {}, [refused]
    base_findings = frozenset(base.findings)
    networks: dict[str, Network] = {}
    findings: list[Finding] = []
    done: dict[int, tuple[Network | None, list[Finding]]] = {}
    for name, patch in patches.items():
        # Aliases make one patch that of many strategies.
        if id(patch) not in done:
            done[id(patch)] = _read_patch(patch, base, base_findings)
        network, faulty = done[id(patch)]
        findings += (finding.add_prefix("strategies", name) for finding in faulty)
        if network is not None:
            networks[name] = network
        if len(findings) > MOST_FAULTS:
            break
    return networks, findings


def _check_count(patches: Mapping[str, Any], model: Mapping[str, Any]) -> Finding | None:
    """Return the fault of strategies that are too many, for themselves or for so large a model."""
    sections = [section for section in map(model.get, SECTIONS) if isinstance(section, Mapping)]
    members = sum(map(len, sections))
    most = min(MOST_STRATEGIES, max(1, MOST_MEMBERS // max(1, members)))
    if len(patches) <= most:
        return None
    of = "" if most == MOST_STRATEGIES else f" of a model with {members:,} stages, customers and hazards"
    message = f"expected at most {most:,} strategies{of}, found {len(patches):,}; write several models"
    return Finding(("strategies",), message)


def _read_patch(patch: Any, base: Reading, base_findings: frozenset[Finding]) -> tuple[Network | None, list[Finding]]:
    """Return the network under a patch, None where it or the base has faults, and the faults that the patch causes."""
    model, faulty = merge_patch(base.model, patch)
    if isinstance(patch, Mapping) and not patch:
        network, findings = base.network, []
    else:
        reading = read(model, before=base)
        network, findings = reading.network, [*faulty, *_select_caused(reading.findings, patch, base_findings)]
    return network.complete({}, serialize_model(model)) if network and base.network else None, findings


def _select_caused(findings: list[Finding], patch: Any, base_findings: frozenset[Finding]) -> Iterator[Finding]:
    """Yield the findings in a merged model that its patch caused, with key paths from the top of the patch.

    A fault that the model has anyway is left out. One outside the fields that the patch gives, such as a cycle it
    closes, is put as deep in the patch as its key path reaches.
    """
    for finding in findings:
        depth = count_matched_steps(patch, finding.key_path)
        given = _FIELD if finding.key_path[:1] and finding.key_path[0] in SECTIONS else 1
        if depth >= given and finding.key_path[0] in _ALLOWED:
            yield finding
        elif finding not in base_findings:
            yield finding._replace(key_path=finding.key_path[:depth])
