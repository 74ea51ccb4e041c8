"""Measure who feels the lesion of a node of a network, and whether the wiring explains it.

Data walks through the modules in one direction::

    connectome -> reservoir -> task -> training -> sweep -> influence -> decomposition -> figures

`statistics` holds the uncertainty that `influence` and `decomposition` attach to every number; `seeds`,
`configuration`, `storage`, `provenance` and `cost` are what a study needs around the science.
"""
