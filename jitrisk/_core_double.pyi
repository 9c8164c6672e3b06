"""Types of the compiled dynamics with float64 state."""

from jitrisk._core import DIGEST as DIGEST
from jitrisk._core import STRIPE as STRIPE
from jitrisk._core import Block as Block
from jitrisk._core import state_rows as state_rows
