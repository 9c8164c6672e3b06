"""Warnings about a model on the command line: on stderr for people, in the document for programs, or as faults."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import click

from jitrisk.cli.printing import add_to_document, echo

if TYPE_CHECKING:
    import xarray as xr

    from jitrisk.model import Network

strict_option = click.option("--strict", is_flag=True, help="Treat warnings about the model as faults.")
"""The option of every verb that shows warnings about a model."""


def print_warnings(network: Network, strict: bool, strategies: Collection[str] | None = None) -> None:
    """Print the warnings about a model on stderr, and keep them for the document of the verb.

    Parameters
    ----------
    network : the model.
    strict : whether warnings are faults.
    strategies : names of the strategies looked at; all by default.

    Raises
    ------
    ModelError
        With the warnings, where they are faults and there are any.
    """
    from jitrisk.errors import MOST_PRINTED
    from jitrisk.model_warnings import find_warnings, refuse_warnings

    found = find_warnings(network, strategies)
    if strict:
        refuse_warnings(found)
    printed, more = found[:MOST_PRINTED], len(found) - MOST_PRINTED
    rest = {"more_warnings": more} if more > 0 else {}
    add_to_document(warnings=[warning.as_document() for warning in printed], **rest)
    for warning in printed:
        echo(f"jitrisk: warning: {warning}", err=True)
    if more > 0:
        echo(f"jitrisk: and {more:,} more warning{'' if more == 1 else 's'}", err=True)


def print_result_warnings(result: xr.Dataset, strict: bool) -> None:
    """Print the warnings about the model of a result, as far as this version can read that model."""
    from jitrisk.arguments import load_network
    from jitrisk.errors import JitriskError

    try:
        network = load_network(result)
    except (JitriskError, ValueError):
        return
    names = [str(name) for name in result.indexes.get("strategy", [])]
    if set(names) <= set(network.strategies):
        print_warnings(network, strict, names)
