"""Print what this machine has, what a study takes of it, and what is wrong."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from echolesion.records.log import logged
from echolesion.study import durations, machine, resources

snakemake: Snakemake

with logged(snakemake.log[0]):
    config, sizes = snakemake.config, snakemake.params.sizes
    plan = resources.plan(config, sizes, snakemake.params.read)
    largest = plan["memory_mb"].max() / 1e3 if len(plan) else 0
    nodes = ", ".join(f"{key} ({size or 'unknown'} nodes)" for key, size in sizes.items())
    lines = machine.describe(Path()) | {
        "study": f"{config['study']}: {nodes}",
        "takes": f"jobs of up to {largest:.1f} GB of memory, one thread a job, {plan['disk_mb'].sum() / 1e3:.2f} GB of"
        f" disk, and about {snakemake.params.seconds / 60:.1f} min on all cores; sweeps run on"
        f" {config['sweep']['device']} by the engine {durations.engine_of(config)}",
    }
    here = snakemake.params.here
    troubles = machine.troubles(config, sizes, Path(), snakemake.params.read, here)
    refused = machine.refusal_of(plan, config) if here else None
    found = [f"! {trouble}" for trouble in troubles if trouble != refused]
    if not (found or refused):
        found = ["Nothing stands in the way of this study."]
    text = "\n".join(f"{name:9} {value}" for name, value in lines.items())
    text += "\n\n" + "\n".join(found)
    Path(snakemake.log[0]).write_text(text + "\n")
    print(text, flush=True)
    if refused:
        raise ValueError(refused)
