"""Stage 9 of the pipeline: the command line, one Click verb a file: parse, call the pipeline, print."""

from __future__ import annotations

import sys


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit.

    Parameters
    ----------
    args : the words after the command's name; those of the process by default.
    """
    try:
        from jitrisk.cli.group import run
    except KeyboardInterrupt:  # while the program still starts
        sys.exit(130)
    sys.exit(run(sys.argv[1:] if args is None else args))
