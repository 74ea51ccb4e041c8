"""Print what the jobs of a study ask a cluster for."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from echolesion.records.log import logged
from echolesion.study import machine, resources

snakemake: Snakemake

with logged(snakemake.log[0]):
    table = resources.plan(snakemake.config, snakemake.params.sizes, snakemake.params.read)
    text = table.to_string(index=False) if len(table) else "No network is known."
    if unknown := [key for key, size in snakemake.params.sizes.items() if not size]:
        text += f"\nnot known yet, as files are still to be made: {', '.join(unknown)}"
    hours = (table["jobs"] * table["work_minutes"]).sum() / 60
    text += f"\n{hours:.2f} hours of work on one core, {table['disk_mb'].sum() / 1e3:.2f} GB"
    text += "; on a cluster every job has 10 s more"
    Path(snakemake.log[0]).write_text(text + "\n")
    print(text)
    if snakemake.params.here and (refused := machine.refusal_of(table, snakemake.config)):
        print(f"! {refused}")
