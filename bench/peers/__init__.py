"""The line of `numpy_line.py` in the packages that a user would take instead: one module each, all with one signature."""
