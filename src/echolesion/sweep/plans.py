"""What compiled code of `lanes` takes: a network, a plan of walks, a schedule of steps, and room; arrays are flat.

A *strip* is a run of neighbouring prefixes of one walk, at most `WIDEST` lanes. Its nodes stand in the order of the
walk, each a row of lanes: of prefix sizes f, f + 1, ... the node at place a is intact from lane a + 1 - f on. So what
is intact, and what can be left out, is one comparison. Activity and signals are counted from where lesioned nodes are
held: they are 0 in the lanes in which a node is lesioned. The strips of a walk share a lane: the last prefix of one is
the first of the next.

Nodes are of any kind that is compiled (`nodes.Compiled`). Activity is kept for some steps, as it is added to the sums
then; other rows of a kind, if it has such, for this step and the last.

Connections are lists, or, of dense networks, matrices, of which what is sent is loaded once for four targets.

Short walks do not fill vectors. Of those, 16 stand *together*: their lanes lie side by side, prefix by prefix, in one
strip, whose connections are those of any of them and have 16 weights, one for each.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: Steps, and bins of time, that are kept before they are turned and added to the sums.
BLOCK = 16
#: Most lanes of a strip.
WIDEST = 64
Floats: TypeAlias = NDArray[np.float32]
Doubles: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int32]
Longs: TypeAlias = NDArray[np.int64]


class Network(NamedTuple):
    """A network and what it hears, in natural units."""

    drives: Floats  # (step, channel, node), with what all nodes send at which they are held
    parameters: tuple[np.float32, ...]  # of the kind of node
    size: int
    outputs: int


class Plan(NamedTuple):
    """Walks of one length and the strips of their prefixes; `strips.make` makes it."""

    nodes: Ints  # (walk, place), or, of walks that stand together, (group, place, 16), and so on
    length: int
    together: int  # walks in a strip, 1 or 16
    begin: Longs  # (walk, place): first of the connections to the node, which are sorted by the place of the sender
    sender: Ints  # (connection): its place
    weight: Floats  # (connection)
    matrix: Floats  # (walk, four targets, sender, one of four): instead of connections if these are many
    held: Floats  # (walk, place, row that is held)
    readout: Floats  # (walk, place, output)
    target: Longs  # (walk, place): place in the sums
    # Of every strip:
    walk: Longs  # or group
    smallest: Longs  # size of the first prefix
    lanes: Longs
    rows: Longs  # nodes in the largest prefix
    state: Longs  # first of its states
    lane: Longs  # first of its lanes
    end: Longs  # first of its rows in `stop`
    copy: Longs  # first of its copies, a multiple of 16, and the end of the last
    sample: Longs  # first of its sampled pairs, and the end of the last
    stop: Longs  # (strip, row): end of the connections whose sender is in the largest prefix
    lane_place: Longs  # (lane): place in the sums of the node that is added with the lane
    lane_weight: Floats  # (lane): of the difference from the lane before
    copy_target: Ints  # place of the target in the smaller coalition, among the states of the strip
    copy_sender: Ints  # that of the added node in the larger one
    copy_carried: Floats  # weight of the connection
    copy_own: Floats  # weight of the target's connection to itself
    copy_held: Floats  # (row that is held, copy)
    copy_place: Longs  # of the connection in the sums
    copy_weight: Floats
    sample_row: Ints
    sample_lane: Ints  # of the larger coalition
    sample_place: Longs
    own: bool  # whether there are connections of nodes to themselves


class Schedule(NamedTuple):
    """Steps in blocks, and blocks in groups whose bins of time are added to the sums together."""

    begin: Longs  # (block): first step
    steps: Longs  # (block)
    group: Longs  # (group): first block, and the end of the last
    first_bin: Longs  # (group)
    washout: int
    bins: Longs  # (scored step)
    share: Floats  # (scored step): 1 / steps in its bin
    binned: bool  # whether a bin is longer than a step


class Room(NamedTuple):
    """What is kept between steps: states of all strips and those of a block of one strip behind them, and so on."""

    states: Floats  # the first rows
    ring: int  # first state of the block
    others: Floats  # (strip, even or odd step, row): all rows but the first
    received: Floats  # (channel)
    binned: Floats
    copies: Floats  # (row, copy)
    apart: Floats  # (step, copy): what copies differ by
    binned_apart: Floats
    readings: Floats  # (step, output, lane)
    turned: Floats  # (17, 16)


class Totals(NamedTuple):
    """What is added to; time, padded, is contiguous."""

    influence: Floats  # (source, target, bin)
    direct: Floats  # (connection, bin)
    sampled: Floats  # (pair, step)
    outputs: Floats  # (lane, output, step): not a sum
    bins: int  # padded
    steps: int  # padded
