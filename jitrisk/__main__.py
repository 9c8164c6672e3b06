"""``python -m jitrisk`` is the command line."""

from jitrisk.cli import main

main()
