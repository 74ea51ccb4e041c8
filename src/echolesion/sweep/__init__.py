"""Lesioned networks are simulated, and what they tell is summed up.

In come a network, its read-out and the test split. Of every walk the coalitions are simulated, as many side by side as
the cache holds: nodes that are not intact are lesioned for the whole run, whatever a lesion is, and in closed loop the
lesioned network is taught and mended first. One simulated coalition serves every target in it, the read-out and the
score; copies of the targets of the node that is added hear, beyond what they heard, only what their connection carries.
Out go sums and weights, a file per shard: ``influence_sum (batch, source, target, time)``, ``direct_sum (batch,
connection, time)``, if there are bins of time also ``sampled_sum (batch, sampled, step)`` of some pairs,
``contribution_sum (batch, level, node, step, output)``, in units of activity and of the read-out.

`batches`
    `run` a sweep; the `game` of a network for other estimators
`parts`
    `merge` the parts of a sweep, its shards and rounds
`lesion`
    what lesioned nodes are `held` at, and `read_out_activity`
`simulation`
    `prepare` a `Problem` (with a `Mending`), `simulate` it (a `Run` of an `Instant` per step), `outputs`,
    `rows_at_once`, `connections`, `longest_delay`, `aligned`
`closed_lanes`
    The same in closed loop, eight networks side by side: `start` with the `Intact` one, by `of_problem` and
    `intact_run`; `add_walks` by `orders_of` and `add_pairs`
`closed_plan`
    `lay_out` prefixes of walks in `Vectors`, `plan` the run of a `Network`
`closed_steps`
    What numba compiles of it: `Units` that hear what is in a `Loop` and are added to `Totals`; `teach`,
    `fit`, `generate`
`sums`
    `Sums` of a batch: `sums.empty`, `sums.add`, `walks_at_once`
`edge_cut`
    `edge_cut.estimate`, what an influence loses when its connection is cut: a sweep per connection
"""

from echolesion import lazily

__getattr__, __dir__, __all__ = lazily(__name__, __file__)
