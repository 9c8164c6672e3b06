"""Words of other tools, each with what a model of jitrisk has in its place."""
