"""Settings for every test; standing here, it also puts this folder on the import path of the folders below."""

from hypothesis import settings

settings.register_profile("jitrisk", deadline=None, derandomize=True)
settings.load_profile("jitrisk")
