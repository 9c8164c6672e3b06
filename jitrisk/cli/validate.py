"""``jitrisk validate``: every fault of a model at once."""

from __future__ import annotations

from collections.abc import Mapping

import click

from jitrisk.cli import completion
from jitrisk.cli.group import define_verb
from jitrisk.cli.model_warnings import print_warnings, strict_option
from jitrisk.cli.options import set_option
from jitrisk.cli.printing import print_json, print_line


@define_verb("validate", "Example: jitrisk validate my-plant.yaml")
@click.argument("model", shell_complete=completion.complete_models)
@set_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document for programs.")
@strict_option
def command(model: str, changes: Mapping[str, str], as_json: bool, strict: bool) -> int:
    """Check a model and print every fault: file, line, key, what was found and what is allowed.

    A warning marks what can be simulated but may not be what is meant.
    """
    from jitrisk import model as models
    from jitrisk.datasets import is_result
    from jitrisk.errors import ModelError, list_names
    from jitrisk.lower import lower_all
    from jitrisk.units import format_duration

    if is_result(model):
        raise click.UsageError(f"{model!r} is a result, whose model was checked: `jitrisk show` prints it.")
    try:
        network = models.load(model).patched(changes)
        lower_all(network.strategies)
        if network.decisions is not None:
            from jitrisk.studies.optimize import check_decisions

            check_decisions(network)
        print_warnings(network, strict)
    except ModelError as error:
        if not as_json:
            raise
        faults = [vars(fault) for fault in error.printed]
        more = error.count - len(faults)
        rest = {"more_faults": more} if more else {}
        print_json({"schema": "jitrisk.validation", "schema_version": 1, "faults": faults, **rest, "warnings": []})
        return 2
    if as_json:
        print_json({"schema": "jitrisk.validation", "schema_version": 1, "faults": []})
    else:
        print_line(
            f"{network.name}: stages {len(network.stages)}, customers {len(network.customers)}, "
            f"hazards {len(network.hazards)}, strategies {list_names(network.strategies)}; "
            f"{network.horizon:,} periods of {format_duration(network.period)}"
        )
    return 0
