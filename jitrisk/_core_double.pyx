"""The dynamics of `_core.pyx` with float64 state: the same source, compiled with JR_DOUBLE."""

include "_core.pyx"
