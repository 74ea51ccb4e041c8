"""Sums become influences, contributions, shares and comparisons.

In come the sums of all shards. Divided by their weights they go out as ``influence.nc``, with ``influence``, ``direct``
and ``indirect (source, target, time)`` and ``power (source, target)``, in units of activity and their squares, and as
``contribution.nc``, with ``contribution (node, time, output)``, each with its standard error. The influence is then set
against the wiring (``decomposition.nc``: correlations with the weights, shares that are direct and indirect), against
other measures of structure and surrogates (``topology.nc``), networks wired at random (``nulls.nc``), other parameters
(``map.nc``) and fewer walks (``noise_curve.nc``): numbers without units, each with a 95 % interval.

`influence`
    `influence.estimate`; the `spread` of power over pairs and its `reliability`
`contribution`
    `contribution.estimate`
`interaction`
    `interactions`, what two nodes add to the score together
`decomposition`
    `decompose`, by `measure`, `by_pairs`, `correlations`, `ceiling` and `bounds`; `pearson` and `ranks`, with
    noise; `edge_cut`, the same of cut connections
`topology`
    `measures` of structure, `topology.compare`
`measurement`
    `measurement.measured`, a network in numbers; `labelled`
`nulls`
    `nulls.draw` one, `nulls.study` it, `nulls.compare` them
`parameter_map`
    `explore` a grid, `summarise` it `over_graphs`, `compare_regimes` that are points of it
`noise_curve`
    `noise_curve.measured`, `expected`, `gather`
`cautions`
    `warnings` that stand between results and a conclusion; how many nodes are `distinct`
"""

from echolesion import lazily

__getattr__, __dir__, __all__ = lazily(__name__, __file__)
