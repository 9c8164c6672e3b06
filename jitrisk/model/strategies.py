"""Strategies: the complete network under each patch of a model, and the faults that each patch causes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from itertools import combinations
from typing import Any

from jitrisk.errors import MOST_FAULTS
from jitrisk.model.faults import Finding, KeyPath, KnownNames, quote_names
from jitrisk.model.fields.quantities import describe_found
from jitrisk.model.network import Network
from jitrisk.model.parts.decisions import MOST_INVESTMENTS
from jitrisk.model.parts.part import Part
from jitrisk.model.patches import FIELDS, ONLY, count_matched_steps, serialize_model
from jitrisk.model.reading import SECTIONS, Reading, read

MOST_STRATEGIES = 1_000
"""A model may have this many strategies."""

MOST_MEMBERS = 100_000
"""The networks of all strategies together may have this many stages, customers and hazards."""

_ALLOWED = (*FIELDS, *SECTIONS)

_ADDED_UP = ("fixed_cost",)  # what several patches may give together

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


def find_investment_faults(decisions: Any, base: Reading) -> Iterator[Finding]:
    """Yield the faults that the investments of a model cause, each with its key path.

    Parameters
    ----------
    decisions : the decisions of the model as given.
    base : the model they belong to.
    """
    investments = decisions.get("investments") if isinstance(decisions, Mapping) else None
    if not isinstance(investments, Mapping) or len(investments) > MOST_INVESTMENTS:
        return  # a fault of its own
    if refused := _check_count(investments, base.model, "investments"):
        yield refused._replace(key_path=("decisions", "investments"))
        return
    base_findings = frozenset(base.findings)
    for name, patch in investments.items():
        _, faulty = _read_patch(patch, base, base_findings)
        yield from (finding.add_prefix("decisions", "investments", name) for finding in faulty)


def find_option_faults(decisions: Any, base: Reading) -> Iterator[Finding]:
    """Yield the faults that the policies which a stage may have cause elsewhere in a model, each with its key path.

    Parameters
    ----------
    decisions : the decisions of the model as given.
    base : the model they belong to.
    """
    policies = decisions.get("policies") if isinstance(decisions, Mapping) else None
    base_findings = frozenset(base.findings)
    options = list(_list_reaching_options(policies))
    if _check_count(dict.fromkeys(map(str, range(len(options)))), base.model):
        return  # each is found when a plan that has it is read
    for stage, number, policy in options:
        _, faulty = _read_patch({"stages": {stage: {"policy": policy}}}, base, base_findings)
        own = ("stages", stage, "policy")
        for finding in faulty:
            below = finding.key_path[len(own) :] if finding.key_path[: len(own)] == own else ()
            yield finding._replace(key_path=("decisions", "policies", stage, number, *below))


def _list_reaching_options(policies: Any) -> Iterator[tuple[str, int, Any]]:
    """Yield the policies that refer to other stages or to customers, with their stage and number."""
    for stage, options in policies.items() if isinstance(policies, Mapping) else ():
        for number, policy in enumerate(options if isinstance(options, list) else ()):
            fields = next(iter(policy.values()), None) if isinstance(policy, Mapping) else None
            if isinstance(fields, Mapping) and ("conwip" in policy or "follow" in fields):
                yield stage, number, policy


def merge_patches(patches: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return one patch that changes a model as several patches do, applied one after another.

    Parameters
    ----------
    patches : patches without faults. Of two values of one field the later counts, and a later field takes the place
        of those that it excludes, such as ``time_between`` that of ``rate``.
    """
    merged: dict[str, Any] = {}
    for patch in patches:
        for key, change in patch.items():
            if key not in SECTIONS:
                merged[key] = deepcopy(change)
                continue
            section = merged.setdefault(key, {})
            for name, fields in change.items():
                kept = _drop_rivals(SECTIONS[key], section.get(name, {}), fields)
                section[name] = {**kept, **deepcopy(dict(fields))}
    return merged


def find_conflicts(patches: Mapping[str, Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Return the pairs of patches that set one field, or fields that exclude each other, to different values.

    Parameters
    ----------
    patches : patches without faults, by name.

    Returns
    -------
    The names of each pair, in the order of `patches`. Fixed costs are no conflict: those of two investments add up.
    """
    fields = {name: dict(_list_fields(patch)) for name, patch in patches.items()}
    return {(a, b) for a, b in combinations(patches, 2) if _is_conflict(fields[a], fields[b])}


def _list_fields(patch: Mapping[str, Any]) -> Iterator[tuple[KeyPath, tuple[str, Any]]]:
    """Yield what a patch sets: the key path of each field, or of its group of choices, with key and value."""
    for section, change in patch.items():
        if section not in SECTIONS:
            if section not in _ADDED_UP:
                yield (section,), (section, change)
            continue
        for name, fields in change.items():
            for key, value in fields.items():
                group = next((group for group in SECTIONS[section].choices if key in group), (key,))
                yield (section, name, *group), (key, value)


def _is_conflict(first: Mapping[KeyPath, Any], second: Mapping[KeyPath, Any]) -> bool:
    return any(first[place] != second[place] for place in first.keys() & second.keys())


def _check_count(patches: Mapping[str, Any], model: Mapping[str, Any], what: str = "strategies") -> Finding | None:
    """Return the fault of patches that are too many, for themselves or for so large a model."""
    sections = [section for section in map(model.get, SECTIONS) if isinstance(section, Mapping)]
    members = sum(map(len, sections))
    most = min(MOST_STRATEGIES, max(1, MOST_MEMBERS // max(1, members)))
    if len(patches) <= most:
        return None
    of = "" if most == MOST_STRATEGIES else f" of a model with {members:,} stages, customers and hazards"
    message = f"expected at most {most:,} {what}{of}, found {len(patches):,}; write several models"
    return Finding(("strategies",), message)


def _read_patch(patch: Any, base: Reading, base_findings: frozenset[Finding]) -> tuple[Network | None, list[Finding]]:
    """Return the network under a patch, None where it or the base has faults, and the faults that the patch causes."""
    model, faulty = _merge_patch(base.model, patch)
    if isinstance(patch, Mapping) and not patch:
        network, findings = base.network, []
    else:
        reading = read(model, before=base)
        network, findings = reading.network, [*faulty, *_select_caused(reading.findings, patch, base_findings)]
    return network.complete({}, serialize_model(model)) if network and base.network else None, findings


def _merge_patch(model: Mapping[str, Any], patch: Any) -> tuple[dict[str, Any], list[Finding]]:
    """Return a model with the patch of a strategy applied, and what is wrong with the patch itself.

    Mappings merge down to a stage, a customer or a hazard; each field below is replaced whole. A patch names nothing
    new, and what must be the same under every strategy cannot be patched.

    Parameters
    ----------
    model : the model that is patched.
    patch : what the strategy changes.

    Returns
    -------
    The merged model, which shares with `model` every member that is not patched and has no strategies; and the
    findings, with key paths from the top of the patch.
    """
    result = {key: value for key, value in model.items() if key != "strategies"}
    if not isinstance(patch, Mapping):
        expected = f"expected a mapping with the keys {quote_names(_ALLOWED)}, or `{{}}` for no change"
        message = f"{expected}, found {describe_found(patch)}"
        return result, [Finding((), message)]
    findings: list[Finding] = []
    allowed = KnownNames("key", _ALLOWED)
    for key, change in patch.items():
        if key in SECTIONS:
            result |= _patch_section(key, model, change, findings)
        elif key in FIELDS:
            result[key] = change
        elif key in Network.list_keys():
            message = f"`{key}` must be the same under every strategy; a strategy can change {quote_names(_ALLOWED)}"
            findings.append(Finding((key,), message))
        else:
            findings.append(Finding((key,), allowed.explain_unknown(key)))
    return result, findings


def _patch_section(section: str, model: Mapping[str, Any], change: Any, findings: list[Finding]) -> dict[str, Any]:
    """Return the patched section under its name, or nothing where the model has none that can be patched."""
    if not isinstance(change, Mapping):
        findings.append(Finding((section,), f"expected a mapping of names to changes, found {describe_found(change)}"))
        return {}
    base = model.get(section, {})
    if not isinstance(base, Mapping) or (section not in model and section in Network.guess_keys(model)):
        return {}
    result = dict(base)
    known = KnownNames(section.removesuffix("s"), base)
    for name, fields in change.items():
        if name not in known:
            findings.append(Finding((section, name), f"{known.explain_unknown(name)}; a strategy adds nothing new"))
        elif not isinstance(fields, Mapping):
            findings.append(Finding((section, name), f"expected a mapping of fields, found {describe_found(fields)}"))
        elif isinstance(base[name], Mapping):
            result[name] = {**_drop_rivals(SECTIONS[section], base[name], fields), **fields}
    return {section: result} if section in model else {}


def _drop_rivals(part: type[Part], base: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the base that the patch does not exclude."""
    rivals = {key for group in part.choices if any(key in fields for key in group) for key in group}
    return {key: value for key, value in base.items() if key not in rivals}


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
