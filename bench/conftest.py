"""Nothing to set up: standing here, this file puts the folder on the import path."""
