"""The line of `numpy_line.py` in what a user would take instead: one module each, all with one signature."""
