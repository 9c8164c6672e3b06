"""Types of the compiled dynamics with float64 state."""

from jitrisk._core import CUSTOMER_TOTALS as CUSTOMER_TOTALS
from jitrisk._core import CYCLE_TOTALS as CYCLE_TOTALS
from jitrisk._core import STAGE_TOTALS as STAGE_TOTALS
from jitrisk._core import STRIPE as STRIPE
from jitrisk._core import Block as Block
from jitrisk._core import state_rows as state_rows
