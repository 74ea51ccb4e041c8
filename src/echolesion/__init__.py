"""Measure who feels the lesion of a node of a network, and whether the wiring explains it.

Data walks through the modules in one direction::

    connectome -> task and reservoir -> training -> sweep -> influence -> decomposition -> figures and report

`shapley` plans the walks of the sweep and serves any other game; `statistics` holds the uncertainty of every number.
docs/architecture.md shows what is in which module.
"""
