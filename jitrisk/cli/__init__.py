"""Step: the command line, one Click verb per file: parse, call the pipeline, print."""

from __future__ import annotations

import sys


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit.

    Parameters
    ----------
    args : the words after the command's name; by default those of the process, which this then takes over: signals end
        it, and its streams are made safe. A caller who hands in words keeps both.
    """
    if args is not None:
        from jitrisk.cli.group import run

        sys.exit(run(args))
    from jitrisk.files import stop_signals

    # First of all: whatever is imported from here on takes its time.
    stop_signals.install_handlers()
    from jitrisk.cli.process import run_as_process

    stop_signals.exit_with(run_as_process(sys.argv[1:]))
