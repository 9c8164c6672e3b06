"""How long and with which seed the tests with random cases go on; the environment may say so."""

import os

SECONDS = float(os.environ.get("JITRISK_FUZZ_SECONDS") or 20)
SEED = int(os.environ.get("JITRISK_FUZZ_SEED") or 1)
LONGER = bool(os.environ.get("JITRISK_FUZZ_SECONDS"))
