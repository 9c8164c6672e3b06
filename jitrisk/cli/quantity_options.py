"""Options that are quantities, read as those of a model file: durations and shares."""

from __future__ import annotations

import click


def parse_duration(context: click.Context, parameter: click.Parameter, given: str | None) -> float | None:
    """Return a duration above 0, such as ``10 min``, in seconds, as which a plain number is read; None for none."""
    from jitrisk.model.fields.quantities import parse

    if given is None:
        return None
    try:
        found = parse(given)
    except ValueError as error:
        raise click.BadParameter(f"{given!r}: {error}; expected a duration such as '10 min'.") from None
    if found.time < 0 or found.percent or found.number <= 0:
        raise click.BadParameter(f"{given!r} is not a duration above 0, such as '10 min'.")
    return found.number


def parse_share(context: click.Context, parameter: click.Parameter, given: str | None) -> float | None:
    """Return a share between 0 and 1, such as ``0.5%``; None for none."""
    from jitrisk.model.fields.quantities import parse

    if given is None:
        return None
    try:
        found = parse(given)
    except ValueError as error:
        raise click.BadParameter(f"{given!r}: {error}; expected a share such as 0.5%.") from None
    if found.time or not 0 < found.number < 1:
        raise click.BadParameter(f"{given!r} is not a share between 0 and 100 %, such as 0.5%.")
    return found.number
