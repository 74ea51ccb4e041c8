"""Decide, after a round of a sweep, whether another one is needed, and of how many walks."""

import json
import logging
from pathlib import Path

from snakemake.iocontainers import Snakemake

from echolesion.analysis import influence
from echolesion.records import storage
from echolesion.records.log import logged
from echolesion.shapley import statistics

snakemake: Snakemake

with logged(snakemake.log[0]):
    wildcards, until = snakemake.wildcards, snakemake.params.until
    with storage.opened(snakemake.input) as shards:
        walks = sum({shard.attrs["round"]: int(shard.attrs["walks_per_batch"]) for shard in shards}.values())
        reliability = influence.reliability(*shards)
    more = statistics.walks_of_next_round(reliability, walks, until["reliability"], until["walks_per_batch"])
    logging.info(
        "%s, %s: after round %s, %d walks per batch, reliability %.3f (target %.3f, budget %d walks): %s",
        *(wildcards.connectome, wildcards.regime, wildcards.round, walks, reliability),
        *(until["reliability"], until["walks_per_batch"], f"{more} more" if more else "done"),
    )
    verdict = {"reliability": reliability, "walks_per_batch": walks, "walks_of_next_round": more}
    Path(snakemake.output[0]).write_text(json.dumps(verdict) + "\n")
