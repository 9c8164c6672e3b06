"""Leaves: files that are written whole or not at all, files that are read without waiting, and stop signals."""
