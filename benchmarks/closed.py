"""Closed loops: networks in vectors against tensors, on the published network, mended after each lesion or not."""

from pathlib import Path
from typing import Any

from measure import SEED, interleaved, row

from echolesion import connectome, sweep, training
from echolesion.dynamics import reservoir
from echolesion.records import seeds
from echolesion.training import published_tuning, task

ROOT = Path(__file__).parents[1]
WALKS, ROUNDS = 16, 5


def published() -> tuple[Any, Any, Any]:
    """Return the published network, its read-out and the split, as `config/studies/paper.yaml` makes them."""
    graph = connectome.load({"model": "published", "parameters": {"draw": 2}}, "published36", ROOT)
    settings = {
        "name": "file", "series": ROOT / "data/mackey_glass/series.txt", "horizon": 1, "loop": "closed",
        "standardise": False, "washout": 0, "train": 1999, "validation": 1000, "test": 500,
    }  # fmt: skip
    series = task.make(settings, seeds.generator(SEED, "task"))
    unscaled = reservoir.input_weights(graph, series["input"], seeds.generator(SEED, "input"))
    network = reservoir.build(
        graph, unscaled, spectral_radius=published_tuning.RADII[6], leak=published_tuning.LEAK, input_scaling=1,
        bias=published_tuning.BIAS,
    )  # fmt: skip
    return network, training.train(network, series, [0]), task.split(series, "test")


def measure() -> list[dict[str, Any]]:
    """Return the rows: a whole sweep, and the same without what is mended."""
    networks = published()
    rows = []
    for case, mended in {"read-out fitted again, rescaled": True, "nothing mended": False}.items():
        options = {"seed": SEED, "batches": [0], "walks": WALKS, "refit_readout": mended, "rescale": mended}
        seconds = interleaved(
            {
                engine: lambda engine=engine, options=options: sweep.run(*networks, engine=engine, **options)
                for engine in ("torch", "lanes")
            },
            ROUNDS,
        )
        ratio = seconds["torch"] / seconds["lanes"]
        rows.append(row("published36 in closed loop, lanes against torch", case, ratio, at_least=2 if mended else None))
    return rows
