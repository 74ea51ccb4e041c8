import json
import os
import sys
from pathlib import Path

import yaml
from snakemake.utils import min_version

min_version("9.0")

# The package beside this file serves every job, installed or not, on this machine or another.
sys.path.insert(0, str(Path(workflow.basedir, "src")))
os.environ.update(
    PYTHONPATH=os.pathsep.join([sys.path[0], os.environ.get("PYTHONPATH", "")])
)


configfile: str(Path(workflow.basedir, "config/config.yaml"))


include: "workflow/rules/common.smk"
include: "workflow/rules/connectome.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/sweep.smk"
include: "workflow/rules/analysis.smk"
include: "workflow/rules/study.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"


localrules:
    all,
    doctor,
    fetch,
    plan,
    reservoirs,
    sweeps,
    estimates,
    figures,
    interactions,


rule all:
    default_target: True
    input:
        rules.tables.output,
        rules.map.output if MAP else [],
        rules.noise_curves.output if NOISE else [],
        rules.published_tuning.output if PUBLISHED else [],
        rules.figures.input,
        rules.report.output,


# The same study up to a stage; of sweeps in rounds, the first round.
rule reservoirs:
    input:
        expand(rules.training.output, connectome=CONNECTOMES, regime=REGIMES),


rule sweeps:
    input:
        expand(
            rules.sweep.output,
            connectome=CONNECTOMES,
            regime=REGIMES,
            round=0,
            shard=SHARDS,
        ),


rule estimates:
    input:
        rules.tables.output,
        expand(rules.contribution.output, connectome=CONNECTOMES, regime=REGIMES),


# Not part of `all`, as `edge_cuts` is not.
rule interactions:
    input:
        expand(rules.interaction.output, connectome=CONNECTOMES, regime=REGIMES),


onstart:
    # What only says something leaves a study that is running alone.
    if {job.rule.name for job in workflow.dag.needrun_jobs()} - {"plan", "doctor"}:
        lock_study()
    print(announcement())


onsuccess:
    if Path(rules.report.output[0]).exists():
        print(f"echolesion: the answer is in {rules.report.output[0]}")
