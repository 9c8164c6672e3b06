"""Studies: Datasets that take more than one simulation of a model as it is."""
