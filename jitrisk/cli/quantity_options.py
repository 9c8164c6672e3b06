"""Options that are quantities, read as those of a model file: durations and shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from jitrisk.model.fields.quantities import ParsedQuantity


def parse_duration(context: click.Context, parameter: click.Parameter, given: str | None) -> float | None:
    """Return a duration above 0, such as ``10 min``, in seconds, as which a plain number is read; None for none."""
    if given is None:
        return None
    found = _parse_quantity(given, "a duration such as '10 min'")
    if found.time < 0 or found.percent or found.number <= 0:
        raise click.BadParameter(f"{given!r} is not a duration above 0, such as '10 min'.")
    return found.number


def parse_share(context: click.Context, parameter: click.Parameter, given: str | None) -> float | None:
    """Return a share between 0 and 1, such as ``0.5%``; None for none."""
    if given is None:
        return None
    found = _parse_quantity(given, "a share such as 0.5%")
    if found.time or not 0 < found.number < 1:
        raise click.BadParameter(f"{given!r} is not a share between 0 and 100 %, such as 0.5%.")
    return found.number


def _parse_quantity(given: str, expected: str) -> ParsedQuantity:
    """Return a number with its unit; the error about another text says what is expected."""
    from jitrisk.model.fields.quantities import parse

    try:
        return parse(given)
    except ValueError as error:
        raise click.BadParameter(f"{given!r}: {error}; expected {expected}.") from None
