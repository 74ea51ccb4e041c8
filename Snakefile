import json
import os
import sys
from pathlib import Path

import yaml
from snakemake.sourcecache import LocalSourceFile
from snakemake.utils import min_version, update_config

min_version("9.0")

# The clone that this file is in; `workflow.basedir` is that of the workflow that uses this one as a module, if one does.
BASE = workflow.current_basedir
if not isinstance(BASE, LocalSourceFile):
    sys.exit(
        "error: the Snakefile comes without the code beside it: clone the repository, and give the module the path of"
        " the clone's Snakefile (snakefile: 'echolesion/Snakefile')"
    )
BASE = Path(BASE.get_path_or_uri(secret_free=True))
if set("{}:\n") & set(str(BASE)):
    sys.exit(
        f"error: '{BASE}' has braces, a colon or a line break in its path: move the clone"
    )

# The package beside this file serves every job, installed or not, on this machine or another.
sys.path.insert(0, str(BASE / "src"))
os.environ.update(
    PYTHONPATH=os.pathsep.join([sys.path[0], os.environ.get("PYTHONPATH", "")])
)

# Keys that are left out have their defaults, also in a module's `config`, over which `configfile` lays nothing.
given, config = config, yaml.safe_load((BASE / "config/config.yaml").read_text())
update_config(config, given)

# Whether this is the workflow that Snakemake was started with; and whether another one has said what it makes.
MAIN = workflow.modifier.is_main_snakefile()
FIRST = workflow.default_target is None


include: "workflow/rules/common.smk"
include: "workflow/rules/files.smk"
include: "workflow/rules/networks.smk"
include: "workflow/rules/connectome.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/sweep.smk"
include: "workflow/rules/analysis.smk"
include: "workflow/rules/study.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/start.smk"


rule all:
    default_target: FIRST
    input:
        rules.tables.output,
        rules.map.output if MAP else [],
        rules.noise_curves.output if NOISE else [],
        rules.published_tuning.output if PUBLISHED else [],
        rules.figures.input,
        rules.report.output,
    localrule: True


# The same study up to a stage; of sweeps in rounds, the first round.
rule reservoirs:
    input:
        expand(rules.training.output, connectome=CONNECTOMES, regime=REGIMES),
    localrule: True


rule sweeps:
    input:
        expand(
            rules.sweep.output,
            connectome=CONNECTOMES,
            regime=REGIMES,
            round=0,
            shard=SHARDS,
        ),
    localrule: True


rule estimates:
    input:
        rules.tables.output,
        expand(rules.contribution.output, connectome=CONNECTOMES, regime=REGIMES),
    localrule: True


# Not part of `all`, as `edge_cuts` is not.
rule interactions:
    input:
        expand(rules.interaction.output, connectome=CONNECTOMES, regime=REGIMES),
    localrule: True


# A module's `onstart` does not run; `before_jobs` does, see start.smk.
onstart:
    before_jobs()


onsuccess:
    if Path(rules.report.output[0]).exists():
        print(f"echolesion: the answer is in {rules.report.output[0]}")
