"""Leaves: writing files completely or not at all, reading files without waiting, and stop signals."""
