"""Where paths start: the clone is in one folder, the study runs in another."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import yaml
from conftest import ROOT

#: What a path may have in it; that of a working folder and of data braces too, which are wildcards to Snakemake.
ODD = "a b'c&[d](e)"
CONNECTOME, TASK = "results/tiny/net/connectome.nc", "results/tiny/task.nc"
SERIES = "data/mackey_glass/series.txt"
OF_SERIES = {
    "name": "file", "series": SERIES, "horizon": 1, "washout": 20, "train": 200, "validation": 80, "test": 24,
}  # fmt: skip


def command(clone: Path, *arguments: str | Path) -> list[str]:
    return ["snakemake", "--snakefile", str(clone / "Snakefile"), "--cores", "2", *map(str, arguments)]


def snakemake(folder: Path, clone: Path, *arguments: str | Path):
    """Run snakemake from a folder."""
    answer = subprocess.run(command(clone, *arguments), cwd=folder, capture_output=True, text=True, check=False)
    answer.output = answer.stdout + answer.stderr
    return answer


def planned(answer) -> set[str]:
    """Return the rules of which a dry run would start jobs."""
    return set(re.findall(r"^(\w+) +\d+$", answer.output, re.MULTILINE)) - {"total"}


def study(file: Path, **change) -> None:
    """Write the configuration of a study."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump({"study": "tiny", "orientation": "source_target"} | change, sort_keys=False))


def network(file: Path, strongest: float = 1.0) -> None:
    """Write a network of three nodes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(file, [[0, strongest, 0], [0, 0, 0.5], [0.5, 0, 0]], delimiter=",")


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if "__pycache__" not in path.parts}


def test_everything_is_in_the_folder_that_it_is_started_in(tmp_path, clone):
    folder, before = tmp_path / f"{ODD}{{f}}", files_in(clone)
    network(folder / "my data/{1} [x]'s.csv", strongest=4)
    network(folder / "net.csv", strongest=3)
    network(clone / "net.csv", strongest=2)  # of the same name, and none of this study
    study(folder / "mine.yaml", connectomes=["my data/{1} [x]'s.csv", "net.csv"], weighting="own")
    odd = "results/tiny/_1_ _x__s/connectome.nc".replace(" ", "_")
    answer = snakemake(folder, clone, "--configfile", "mine.yaml", "--", CONNECTOME, odd)
    assert answer.returncode == 0, answer.output
    for target, strongest in ((odd, 4), (CONNECTOME, 3)):
        with xr.open_dataset(folder / target) as made:
            assert float(made["weight"].max()) == strongest
    assert (folder / ".snakemake").is_dir() and (folder / "results/tiny/logs/connectome_net.log").exists()
    assert files_in(clone) == before | {"net.csv"}
    # A path with braces is no input, but what is in it counts.
    network(folder / "my data/{1} [x]'s.csv", strongest=5)
    answer = snakemake(folder, clone, "--configfile", "mine.yaml", "--dry-run", "--", CONNECTOME, odd)
    assert re.search(r"^connectome +1$", answer.output, re.MULTILINE), answer.output


def test_with_directory_paths_start_there(tmp_path, clone):
    network(tmp_path / "there/net.csv", strongest=3)
    network(tmp_path / "here/net.csv", strongest=2)
    study(tmp_path / "here/mine.yaml", connectomes=["net.csv"], weighting="own", task=OF_SERIES | {"series": "s.txt"})
    np.savetxt(tmp_path / "there/s.txt", np.sin(np.arange(500)))
    answer = snakemake(
        tmp_path / "here", clone, "--configfile", "mine.yaml", "--directory", "../there", "--", CONNECTOME, TASK
    )
    assert answer.returncode == 0, answer.output
    with xr.open_dataset(tmp_path / "there" / CONNECTOME) as made:
        assert float(made["weight"].max()) == 3
    assert {path.name for path in (tmp_path / "here").iterdir()} == {"mine.yaml", "net.csv"}
    assert "taken from" not in answer.output


def test_a_series_of_the_clone_is_taken_and_it_is_said_and_a_moved_clone_makes_nothing_again(tmp_path, clone):
    folder = tmp_path / "folder"
    study(folder / "mine.yaml", connectomes=["celegans279"], task=OF_SERIES)
    targets = ("results/tiny/celegans279/connectome.nc", TASK)
    answer = snakemake(folder, clone, "--configfile", "mine.yaml", "--", *targets)
    assert answer.returncode == 0, answer.output
    said = f"echolesion: task.series: '{SERIES}' is not in the working folder, and is taken from {clone}"
    assert answer.output.count(said) == 1  # not by every job
    (tmp_path / "elsewhere").mkdir()
    moved = clone.rename(tmp_path / "elsewhere/clone")
    answer = snakemake(folder, moved, "--configfile", "mine.yaml", "--", *targets)
    assert answer.returncode == 0 and "Nothing to be done" in answer.output, answer.output
    # What changed is made again, and only that.
    with (moved / "data/celegans279/edges.csv").open("a") as edges:
        edges.write("\n")
    answer = snakemake(folder, moved, "--configfile", "mine.yaml", "--dry-run", "--", *targets)
    assert planned(answer) == {"connectome"}, answer.output
    # A file of the folder comes first, and nothing is to be said.
    (folder / SERIES).parent.mkdir(parents=True)
    np.savetxt(folder / SERIES, np.sin(np.arange(500)))
    answer = snakemake(folder, moved, "--configfile", "mine.yaml", "--dry-run", "--", *targets)
    assert "task" in planned(answer) and "taken from" not in answer.output


def test_paths_in_the_clones_config_start_in_the_clone(tmp_path, clone):
    folder = tmp_path / "folder"
    network(clone / "data/net.csv", strongest=3)
    study(clone / "config/studies/own.yaml", connectomes=["data/net.csv"], weighting="own", task=OF_SERIES)
    network(folder / "data/net.csv", strongest=2)
    answer = snakemake(folder, clone, "--configfile", clone / "config/studies/own.yaml", "--", CONNECTOME, TASK)
    assert answer.returncode == 0 and "taken from" not in answer.output, answer.output
    with xr.open_dataset(folder / CONNECTOME) as made:
        assert float(made["weight"].max()) == 3


@pytest.mark.parametrize(
    ("change", "file"),
    [
        ({"connectomes": ["nowhere.csv"]}, "nowhere.csv"),
        ({"catalogue": {"mine": {"file": "net.csv", "nodes": "n.csv"}}, "connectomes": ["mine"]}, "n.csv"),
        ({"task": OF_SERIES | {"series": "s.txt"}}, "s.txt"),
    ],
)
def test_a_missing_file_is_one_line_in_a_dry_run_too(tmp_path, change, file):
    network(tmp_path / "net.csv")
    study(tmp_path / "mine.yaml", **{"connectomes": ["net.csv"]} | change)
    answer = snakemake(tmp_path, ROOT, "--configfile", "mine.yaml", "--dry-run", "--quiet", "all")
    (line,) = [line for line in answer.output.splitlines() if not line.startswith("Using workflow specific profile")]
    assert answer.returncode != 0
    assert line == f"error: there is no file '{file}' (paths start in the working folder, {tmp_path})"


def test_a_clone_in_a_path_with_braces_is_refused_in_one_line(tmp_path, clone):
    clone = clone.rename(tmp_path / "{clone}")
    answer = snakemake(tmp_path, clone, "--dry-run", "--quiet", "all")
    assert answer.returncode != 0
    (line,) = [line for line in answer.output.splitlines() if not line.startswith("Using workflow specific profile")]
    assert line == f"error: '{clone}' has braces, a colon or a line break in its path: move the clone"


def test_two_folders_fetch_at_once_into_the_clone(tmp_path, clone, package):
    started = []
    for name in ("one", "two"):
        study(tmp_path / name / "mine.yaml", connectomes=["brain"], catalogue={"brain": package})
        started.append(
            subprocess.Popen(
                command(clone, "--configfile", "mine.yaml", "--", "results/tiny/brain/connectome.nc"),
                cwd=tmp_path / name, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )
        )  # fmt: skip
    said = [process.communicate()[0] for process in started]
    assert [process.returncode for process in started] == [0, 0], said
    assert all("fetched" in text and "terms of use: be kind" in text for text in said)
    (folder,) = (clone / "data/fetched/brain").iterdir()
    assert (folder / "brain/data/m.csv").exists()
    for name in ("one", "two"):
        assert (tmp_path / name / "results/tiny/brain/connectome.nc").exists()
        assert not (tmp_path / name / "data").exists()
        assert not (tmp_path / name / "results/tiny/brain/fetched.txt").exists()
    answer = snakemake(tmp_path / "one", clone, "--configfile", "mine.yaml", "--", "results/tiny/brain/connectome.nc")
    assert answer.returncode == 0 and "Nothing to be done" in answer.output, answer.output
