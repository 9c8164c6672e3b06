"""What runs the blocks of a job: one class per way, each with the methods of `Backend`."""

from jitrisk.run.backends.base import Backend
from jitrisk.run.backends.threads import Threads

__all__ = ["Backend", "Threads"]
