"""Where the values of variables are in an HDF5 file."""

from __future__ import annotations

import h5py


def find_value_ranges(file: h5py.File) -> dict[str, tuple[int, int]]:
    """Return the first byte of the values of every variable and the byte after the last, by name.

    Variables whose values are not in one piece, or have no bytes, are left out.
    """
    variables = {name: one.id for name, one in file.items() if isinstance(one, h5py.Dataset)}
    places = {name: (one.get_offset(), one.get_storage_size()) for name, one in variables.items()}
    return {name: (start, start + size) for name, (start, size) in places.items() if start is not None and size}
