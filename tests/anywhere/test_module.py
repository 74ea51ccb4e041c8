"""The workflow as a module of another one."""

import json
import os
import re
import subprocess
import textwrap
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import yaml
from conftest import ROOT

PAGE = (ROOT / "docs/module.md").read_text()


def write_example(folder: Path) -> None:
    """Write the files that the page shows."""
    (folder / "echolesion").symlink_to(ROOT)
    blocks = {kind: re.search(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)[1] for kind in ("text", "yaml", "python")}
    for name, kind in (("Snakefile", "text"), ("config.yaml", "yaml"), ("network.py", "python")):
        (folder / name).write_text(blocks[kind])


def write(
    folder: Path,
    config: dict,
    prefix: str | None = None,
    use: str = "as echo_*",
    before: str = "",
    snakefile: str | Path = ROOT / "Snakefile",
) -> None:
    """Write a workflow with the module; what stands before it, and how its rules are taken."""
    lines = [
        textwrap.dedent(before), "module echolesion:", f"    snakefile: {str(snakefile)!r}",
        f"    config: {config!r}", *([f"    prefix: {prefix!r}"] if prefix else []), "",
        f"use rule * from echolesion {use}", "",
    ]  # fmt: skip
    (folder / "Snakefile").write_text("\n".join(lines))


def snakemake(folder: Path, *arguments: str, **environment: str):
    """Run snakemake in a folder."""
    command = ["snakemake", "--cores", "2", *arguments]
    answer = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=os.environ | environment
    )
    answer.output = answer.stdout + answer.stderr
    return answer


def planned(answer) -> set[str]:
    """Return the rules of which a dry run would start jobs."""
    assert answer.returncode == 0, answer.output
    return set(re.findall(r"^(\w+) +\d+$", answer.output, re.MULTILINE)) - {"total"}


def test_the_rules_of_the_page_have_its_names_and_its_prefix(tmp_path):
    write_example(tmp_path)
    answer = snakemake(tmp_path, "--dry-run")
    named = planned(answer)
    assert {"all", "network", "echolesion_connectome", "echolesion_check", "echolesion_report"} <= named
    assert all(name.startswith("echolesion_") for name in named - {"all", "network"})
    outputs = set(", ".join(re.findall(r"^    output: (.*)$", answer.output, re.MULTILINE)).split(", "))
    assert outputs - {"networks/mine.csv"} == {file for file in outputs if file.startswith("analysis/results/mine/")}
    for what in ("log", "benchmark"):
        places = re.findall(rf"^    {what}: (.*)$", answer.output, re.MULTILINE)
        assert places and all(place.startswith(f"analysis/results/mine/{what}s/") for place in places)
    assert re.search(r"^rule echolesion_connectome:\n    input: networks/mine.csv\n", answer.output, re.MULTILINE)


def test_files_of_rules_and_of_users_have_no_prefix_and_left_out_keys_their_defaults(tmp_path):
    before = """
        onstart:
            print("the other begins; local are", *sorted(workflow._localrules))

        rule all:
            input:
                "made.csv",

        rule network:
            output:
                "made.csv",
            shell:
                "printf '0,3,0,0\\n0,0,1,0\\n0,0,0,1\\n1,0,0,0\\n' > {output}"
        """
    config = {
        "study": "tiny", "connectomes": ["made.csv", "own.csv", "celegans279"], "orientation": "source_target",
        "weighting": "own",
        "task": {"name": "file", "series": "data/mackey_glass/series.txt", "train": 200, "validation": 80, "test": 24},
    }  # fmt: skip
    np.savetxt(tmp_path / "own.csv", 2 * np.eye(4, k=1) + np.eye(4, k=-3), delimiter=",")
    write(tmp_path, config, prefix="below/here", before=before)
    assert planned(snakemake(tmp_path, "--dry-run")) == {"all", "network"}  # what the other makes by default
    results = tmp_path / "below/here/results/tiny"
    targets = [f"below/here/results/tiny/{name}/connectome.nc" for name in ("made", "own", "celegans279")]
    answer = snakemake(tmp_path, *targets, "below/here/results/tiny/task.nc")
    assert answer.returncode == 0, answer.output
    assert "is not in the working folder, and is taken from" in answer.output
    # Checks, and what the other does at its start.
    assert answer.output.index("echolesion: study 'tiny': made, own, celegans279;") < answer.output.index("the other")
    local = re.search(r"local are (.*)", answer.output)[1].split()
    assert {"echo_all", "echo_fetch", "echo_plan", "echo_figures"} <= set(local) and "all" not in local
    for name, strongest in (("made", 3), ("own", 2)):
        with xr.open_dataset(results / name / "connectome.nc") as made:
            assert float(made["weight"].max()) == strongest
            recorded = json.loads(made.attrs["study_configuration"])
    defaults = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    assert recorded.keys() == defaults.keys() and recorded["tuning"] == defaults["tuning"]
    assert recorded["task"] == defaults["task"] | config["task"]
    assert {path.name for path in tmp_path.iterdir()} == {"Snakefile", "made.csv", "own.csv", "below", ".snakemake"}
    answer = snakemake(tmp_path, *targets, "below/here/results/tiny/task.nc")
    assert "Nothing to be done" in answer.output, answer.output


@pytest.mark.parametrize(
    ("size", "said"), [({"size": 77}, "later 77 sweep"), ({}, "not known yet, as files are still to be made: later")]
)
def test_a_file_that_is_still_to_be_made_counts_as_its_size_or_as_unknown(tmp_path, size, said):
    before = """
        rule later:
            output:
                "later.csv",
            shell:
                "exit 1"
        """
    write(tmp_path, {"connectomes": ["later"], "catalogue": {"later": {"file": "later.csv"} | size}}, before=before)
    answer = snakemake(tmp_path, "echo_plan")
    assert answer.returncode == 0 and said in " ".join(answer.output.split()), answer.output


def test_fetched_files_have_no_prefix(tmp_path, clone, package):
    clone = clone.rename(tmp_path / "clone")  # below the working folder, where a prefix could be meant for it
    config = {"study": "tiny", "connectomes": ["brain"], "catalogue": {"brain": package}}
    write(tmp_path, config, prefix="out", snakefile="clone/Snakefile")
    answer = snakemake(tmp_path, "out/results/tiny/brain/connectome.nc")
    assert answer.returncode == 0, answer.output
    assert list((clone / "data/fetched/brain").iterdir())
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"results"}


def test_a_module_without_other_names_makes_all_by_default(tmp_path):
    write(tmp_path, {"study": "tiny", "connectomes": ["smallworld36"]}, use="")
    named = planned(snakemake(tmp_path, "--dry-run"))
    assert {"all", "report", "connectome"} <= named


def test_two_studies_in_one_workflow(tmp_path):
    write(tmp_path, {"study": "one", "connectomes": ["smallworld36"]}, prefix="a", use="as one_*")
    text = (tmp_path / "Snakefile").read_text()
    write(tmp_path, {"study": "two", "connectomes": ["ring100"]}, prefix="b", use="as two_*")
    second = (tmp_path / "Snakefile").read_text()
    text += second.replace("module echolesion", "module second").replace("from echolesion", "from second")
    (tmp_path / "Snakefile").write_text(text)
    answer = snakemake(tmp_path, "--dry-run", "one_reservoirs", "two_reservoirs")
    assert {"one_task", "two_task", "one_training", "two_training"} <= planned(answer)
    assert "output: a/results/one/task.nc" in answer.output and "output: b/results/two/task.nc" in answer.output


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"sweep": {"walkz": 3}}, "error in the configuration: sweep.walkz: unknown key (allowed: "),
        ({"connectomes": ["nowhere"]}, "error in the configuration: connectomes[0]: 'nowhere' is not in the catalogue"),
    ],
)
def test_a_wrong_configuration_is_one_line_in_a_dry_run_too(tmp_path, config, message):
    write(tmp_path, config)
    answer = snakemake(tmp_path, "--dry-run")
    assert answer.returncode != 0
    (line,) = [line for line in answer.output.splitlines() if line.startswith("error")]
    assert line.startswith(message) and "Traceback" not in answer.output


def test_a_file_that_no_rule_makes_is_one_line_in_a_dry_run_too(tmp_path):
    before = """
        rule network:
            output:
                "made/{name}.csv",
            shell:
                "touch {output}"
        """
    write(tmp_path, {"connectomes": ["made/a.csv", "nowhere.csv"]}, prefix="x", before=before)
    answer = snakemake(tmp_path, "--dry-run", "--quiet", "all", "--", "x/results/default/report.html")
    assert answer.returncode != 0
    (line,) = [line for line in answer.output.splitlines() if line.startswith("error")]
    assert "Traceback" not in answer.output
    assert line == f"error: there is no file 'nowhere.csv' (paths start in the working folder, {tmp_path})"


def test_a_file_that_cannot_be_read_stops_before_the_first_job(tmp_path):
    (tmp_path / "bad.csv").write_text("0,1,0,0\nx,0,1,0\n0,0,0,1\n1,0,0,0\n")
    write(tmp_path, {"study": "tiny", "connectomes": ["bad.csv"], "orientation": "source_target"})
    answer = snakemake(tmp_path, "results/tiny/task.nc")
    assert answer.returncode != 0 and "error: " in answer.output and "'x' is not a number" in answer.output
    assert "Traceback" not in answer.output and not (tmp_path / "results").exists()


@pytest.mark.parametrize("where", ["github('someone/echolesion', path='Snakefile', branch='main')", "git"])
def test_a_snakefile_without_the_code_beside_it_is_refused_in_one_line(tmp_path, where):
    """As from a hosted repository: git is told that it is a folder here."""
    hosted = tmp_path / "hosted/someone/echolesion"
    hosted.mkdir(parents=True)
    (hosted / "Snakefile").write_text((ROOT / "Snakefile").read_text())
    for arguments in (
        ["init", "--quiet", "--initial-branch", "main"],
        ["add", "Snakefile"],
        ["-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "--quiet", "--message", "x"],
    ):
        subprocess.run(["git", *arguments], cwd=hosted, check=True)
    folder = tmp_path / "folder"
    folder.mkdir()
    snakefile = where if where != "git" else f"gitfile({str(hosted)!r}, path='Snakefile', ref='main')"
    (folder / "Snakefile").write_text(
        f"module echolesion:\n    snakefile: {snakefile}\n    config: {{}}\n\nuse rule * from echolesion as echo_*\n"
    )
    redirected = {
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{tmp_path}/hosted/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/", "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }  # fmt: skip
    answer = snakemake(folder, "--dry-run", **redirected)
    assert answer.returncode != 0
    (line,) = [line for line in answer.output.splitlines() if line.startswith("error")]
    assert line.startswith("error: the Snakefile comes without the code beside it: clone the repository, and give")
    assert "Traceback" not in answer.output
