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
    `merge` the parts of a sweep, its shards and rounds; `engines_of` them
`lesion`
    what lesioned nodes are `held` at, and `read_out_activity`
`simulation`
    `prepare` a `Problem` (with a `Mending`), `simulate` it (a `Run` of an `Instant` per step), `outputs`,
    `rows_at_once`, `connections`, `longest_delay`, `aligned`
`sums`
    `Sums` of a batch: `sums.empty`, `walks_at_once`; `add_weights`, `add_differences`, `add_outputs`
`engines`
    an `Engine` simulates walks and adds to the sums: `choose` one, `Tensors` or lanes, or say their `refusal`
`choice`
    the `reason` for which lanes cannot run a network, and the `configured_reason` of a study, as planning asks
`lanes`
    `lanes.Lanes` simulates prefixes of walks side by side in open loop, block by block of a `lanes.schedule`, from
    `lanes.Arrays` into a `lanes.Batch` of sums
`plans`
    a `plans.Network`, a `Plan` of walks, a `Schedule` of steps, `Room` for states and `plans.Totals`
`strips`
    where prefixes lie: `strips.make` a plan of walks in a `Wiring`, of `strips_of`, `connections_within`, `fill` and
    `fill_together`
`rows`
    what is compiled of a kind of node: `row_of` and `rows_of` it, `gathered`, `drive_of`, and the `receiver` of dense
    networks
`kernels`
    what is compiled of it all: `kernels.kernel` advances a plan and adds to the totals; `kernels.start`,
    `kernels.read`, `add_contributions`
`closed_lanes`
    `ClosedLanes` simulates eight networks side by side in closed loop: `add_pairs` beside the `Intact` network, from
    `of_problem` by `intact_run`
`closed_plan`
    where networks lie: `lay_out` prefixes of walks in `Vectors`, `closed_plan.plan` the run of a `closed_plan.Network`
`closed_steps`
    what is compiled of it: `Units` that hear what is in a `closed_steps.Loop` and are added to `closed_steps.Totals`;
    `teach`, `closed_steps.fit`, `closed_steps.generate`
`edge_cut`
    `edge_cut.estimate`, what an influence loses when its connection is cut: a sweep per connection
"""

from echolesion import lazily

__getattr__, __dir__, __all__ = lazily(__name__, __file__)
