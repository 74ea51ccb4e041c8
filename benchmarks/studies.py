"""Time and memory of whole studies: a worm's connectome to a target, and a large network's influence."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import yaml
from measure import SEED, make, row, run_process

from echolesion import sweep
from echolesion.analysis import influence
from echolesion.records import storage

ROOT = Path(__file__).parents[1]
NODES, BINS, STEPS, WALKS = 1384, 50, 100, 4
OF_SWEEPS = ["regime", "walks_per_batch", "power_reliability"]


def worm() -> list[dict[str, Any]]:
    """Run the chain up to the influence of both regimes on two cores, from the connectome on."""
    with tempfile.TemporaryDirectory() as folder:
        targets = [f"results/benchmark/{name}" for name in ("tables/sweeps.csv", "tables/decomposition.csv")]
        seconds, memory = run_process(
            ["snakemake", "-s", str(ROOT / "Snakefile"), "--directory", folder, "--cores", "2", *targets,
             "--configfile", str(ROOT / "benchmarks/celegans279.yaml")]
        )  # fmt: skip
        sweeps = pd.read_csv(Path(folder, targets[0]))
    case = "both regimes, reliability 0.9, time axis 500"
    reached = [
        row(f"celegans279, reliability of '{regime}'", f"{walks} walks per batch", reliability, at_least=0.9)
        for regime, walks, reliability in sweeps[OF_SWEEPS].itertuples(index=False)
    ]
    return [
        row("celegans279, time", case, seconds / 60, "min", at_most=5),
        row("celegans279, memory of all processes", case, memory, "GiB", at_most=4),
        *reached,
    ]


def sweeps(file: Path, regimes: Sequence[str], engine: str) -> tuple[float, float]:
    """Return minutes and memory (GiB) of all sweeps of a study on two cores, once its networks are trained."""
    config = yaml.safe_load(file.read_text())
    config["sweep"] |= {"engine": engine, "until": None, "shards": 8}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "study.yaml").write_text(yaml.safe_dump(config))
        of_regimes = [f"results/{config['study']}/{config['connectomes'][0]}/{regime}" for regime in regimes]
        shards = range(config["sweep"]["shards"])
        trained = [f"{regime}/training.nc" for regime in of_regimes]
        for targets in (trained, [f"{regime}/sweep/0-{shard}.nc" for regime in of_regimes for shard in shards]):
            seconds, memory = run_process(
                ["snakemake", "-s", str(ROOT / "Snakefile"), "--directory", folder, "--cores", "2", *targets,
                 "--configfile", str(Path(folder, "study.yaml"))]
            )  # fmt: skip
    return seconds / 60, memory


def published() -> list[dict[str, Any]]:
    """Sweep the published network in closed loop."""
    time, memory = sweeps(ROOT / "config/studies/paper.yaml", ["tuned"], "lanes")
    case = "1,200 walks, read-out fitted again, rescaled"
    return [
        row("published36 in closed loop, time of the sweep", case, time, "min", at_most=2),
        row("published36 in closed loop, memory of all processes", case, memory, "GiB"),
    ]


def engines() -> list[dict[str, Any]]:
    """Sweep a worm's connectome by both engines, in turn."""
    file, case = ROOT / "benchmarks/celegans279.yaml", "both regimes, 160 walks, time axis 500"
    found = {
        engine: np.array([sweeps(file, ["optimal", "non-optimal"], engine) for _ in range(2)]).mean(axis=0)
        for engine in ("torch", "lanes")
    }
    time, memory = found["torch"] / found["lanes"]
    return [
        row("celegans279, sweeps in lanes against tensors", case, time, "x", at_least=2.5),
        row("celegans279, memory of lanes over that of tensors", case, 1 / memory, "x", at_most=0.7),
    ]


def large() -> list[dict[str, Any]]:
    """Sweep a large network, batch by batch into files, and estimate its influence from them."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for step in ("sweep", "influence"):
            _, memory = run_process([sys.executable, __file__, step, folder])
            rows.append(
                row(f"large network, memory of the {step}", f"N = {NODES}, {BINS} bins", memory, "GiB", at_most=24)
            )
    return rows


def measure() -> list[dict[str, Any]]:
    """Return the rows."""
    return worm() + published() + engines() + large()


def _large_step(step: str, folder: Path) -> None:
    torch.set_num_threads(1)
    if step == "sweep":
        networks = make(NODES, STEPS, density=0.02)
        options = {"seed": SEED, "walks": WALKS, "time_bins": BINS}
        batches = (sweep.run(*networks, batches=[batch], **options) for batch in range(8))
        storage.write_parts(batches, folder / "0-0.nc", {"seed": SEED})
    else:
        with storage.opened([folder / "0-0.nc"]) as parts:
            result = influence.estimate(*parts)
        storage.write(result, folder / "influence.nc", {"seed": SEED})


if __name__ == "__main__":
    _large_step(sys.argv[1], Path(sys.argv[2]))
