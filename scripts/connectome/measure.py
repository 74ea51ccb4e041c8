"""Read and prepare connectomes, and keep how large they are: the child process of study/networks.py."""

import json
import logging
import sys
from pathlib import Path

import numpy as np

from echolesion.connectome import catalogue, preparation
from echolesion.connectome.connections import Connections
from echolesion.records import storage

logging.getLogger("echolesion").setLevel(logging.CRITICAL)  # a job says what it does
for asked in json.load(sys.stdin):
    name, fetched = asked["name"], asked["fetched"] and Path(asked["fetched"])
    print(name, flush=True)
    try:
        measured = catalogue.connections_of(asked["entry"], name, Path(asked["folder"]), fetched, asked["orientation"])
        prepared = preparation.prepared(measured, asked["steps"], "own", np.random.default_rng(0), name)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")
    except MemoryError as error:
        sys.exit(f"error: {name}: reading it takes more memory than there is ({error})")
    if isinstance(measured, Connections):
        read_nodes, read_values = measured.size, len(measured.weight)
    else:
        read_nodes, read_values = measured.sizes["source"], measured.size
    found = {
        "nodes": prepared.size,
        "connections": int(np.count_nonzero(prepared.weight)),
        "read_nodes": read_nodes,
        "read_values": read_values,
        "files_sha256": asked["files_sha256"],
    }
    storage.write_text(json.dumps(found), Path(sys.argv[1], f"{asked['key']}.json"))
