"""Stage 9 of the pipeline: the command line, one Click verb a file: parse, call the pipeline, print."""

from jitrisk.cli.group import main

__all__ = ["main"]
