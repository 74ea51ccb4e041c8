"""Decide, after a round of a sweep, whether another one is needed, and of how many walks."""

import json
import logging
import math
from pathlib import Path

from snakemake.iocontainers import Snakemake

from echolesion.analysis import influence
from echolesion.records import storage
from echolesion.records.log import logged
from echolesion.shapley import power

snakemake: Snakemake

with logged(snakemake.log[0]):
    wildcards, until = snakemake.wildcards, snakemake.params.until
    with storage.opened(snakemake.input) as shards:
        walks = sum({shard.attrs["round"]: int(shard.attrs["walks_per_batch"]) for shard in shards}.values())
        spread = influence.spread(*shards)
    reliability = power.reliability(spread)
    more = power.walks_of_next_round(spread, walks, until["reliability"], until["walks_per_batch"])
    logging.info(
        "%s, %s: after round %s, %d walks per batch, reliability %.3f (target %.3f, budget %d walks): %s",
        *(wildcards.connectome, wildcards.regime, wildcards.round, walks, reliability),
        *(until["reliability"], until["walks_per_batch"], f"{more} more" if more else "done"),
    )
    known = None if math.isnan(reliability) else reliability
    verdict = {"reliability": known, "walks_per_batch": walks, "walks_of_next_round": more}
    Path(snakemake.output[0]).write_text(json.dumps(verdict) + "\n")
