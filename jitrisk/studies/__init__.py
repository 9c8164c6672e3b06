"""Studies: Datasets that take more than one simulation of a model, one public function per module.

How their results are shown stands in `jitrisk.report`, and their verbs in `jitrisk.cli`.
"""
