"""Lesioned networks are simulated, and what they tell is summed up.

In come a network, its read-out and the test split. Of every walk the coalitions are simulated, as many side by side as
the cache holds: nodes that are not intact are lesioned for the whole run, whatever a lesion is, and in closed loop the
lesioned network is taught and mended first. One simulated coalition serves every target in it, the read-out and the
score; copies of the targets of the node that is added hear, beyond what they heard, only what their connection carries.
Out go sums and weights, a file per shard: ``influence_sum (batch, source, target, time)``, ``direct_sum (batch,
connection, time)``, if there are bins of time also ``sampled_sum (batch, sampled, step)`` of some pairs,
``contribution_sum (batch, level, node, step, output)``, in units of activity and of the read-out.

`batches`
    `run` a sweep, `merge` its parts; the `game` of a network for other estimators
`lesion`
    `held_activity` and `read_out_activity` of lesioned nodes
`simulation`
    `prepare` a `Problem` (with a `Mending`), `simulate` it (a `Run`), `outputs`, `rows_at_once`, `connections`,
    `longest_delay`, `aligned`
`lanes`
    the fast path: whether it can run a problem, `plan` a chunk of walks, `add` its differences
`strips`, `kernels`, `vectors`, `compilation`
    its parts: what a plan holds, what is compiled, vectors in registers, and where compiled code is kept
`sums`
    `Sums` of a batch: `sums.empty`, `sums.add`, `walks_at_once`
`edge_cut`
    `edge_cut.estimate`, what an influence loses when its connection is cut: a sweep per connection
"""

from echolesion import lazily

__getattr__, __dir__, __all__ = lazily(__name__, __file__)
