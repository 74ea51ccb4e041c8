"""Measure who feels the lesion of a node of a network, and whether the wiring explains it.

Data walks through the modules in one direction::

    connectome -> reservoir -> task -> training -> sweep -> influence -> decomposition -> figures

`shapley` plans the walks of the sweep and serves any other game; `statistics` holds the uncertainty of every number;
`seeds`, `configuration`, `storage`, `provenance` and `cost` are what a study needs around the science.
"""
