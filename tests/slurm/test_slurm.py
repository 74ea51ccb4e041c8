"""The workflow on a real SLURM cluster of two nodes, which `./run.sh test-slurm` starts; then faults, one by one.

Every disturbed run must end with the bits of the undisturbed one.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CLUSTER = ROOT / "tests/slurm/cluster.sh"
NETWORK = "results/smoke/smallworld36"
SHARDS = [f"{NETWORK}/optimal/sweep/0-{k}.nc" for k in range(2)]
INFLUENCE = f"{NETWORK}/optimal/influence.nc"
# Long enough to be disturbed: about half a minute for each of the two shards.
LONG = {"sweep": {"walks_per_batch": 3000, "engine": "torch"}, "tuning": {"leak": [1.0], "input_scaling": [0.3]}}


def command(*arguments: str) -> str:
    return subprocess.run(arguments, capture_output=True, text=True, check=True).stdout


def wait_for(what, condition, seconds=120):
    last = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < last, f"waited {seconds} s for {what}"
        time.sleep(0.5)
    return found


def profile(folder: Path, **changes) -> Path:
    """Copy the shipped profile and edit it as a user does."""
    settings = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())
    settings["slurm-init-seconds-before-status-checks"] = 1
    settings["latency-wait"] = 10
    settings["default-resources"] |= {"slurm_account": "lab", "slurm_partition": "cpu"}
    settings["set-resources"] = {"sweep": {"slurm_partition": "gpu", "gpu": 1}}
    for key, value in changes.items():
        settings[key.replace("_", "-")] = value
    (folder / "profile").mkdir(exist_ok=True)
    (folder / "profile/config.yaml").write_text(yaml.safe_dump(settings))
    return folder / "profile"


def arguments(folder: Path, *targets: str, change: dict | None = None, local: bool = False) -> list[str]:
    (folder / "change.yaml").write_text(yaml.safe_dump(change or {}))
    files = [str(ROOT / "config/studies/smoke.yaml"), str(folder / "change.yaml")]
    where = ["--cores", "2"] if local else ["--workflow-profile", str(folder / "profile")]
    return [
        "snakemake",
        "-s",
        str(ROOT / "Snakefile"),
        "--directory",
        str(folder),
        *where,
        *targets,
        "--configfile",
        *files,
    ]


def snakemake(folder: Path, *targets: str, change: dict | None = None, local: bool = False):
    answer = subprocess.run(
        arguments(folder, *targets, change=change, local=local), capture_output=True, text=True, check=False
    )
    answer.output = answer.stdout + answer.stderr
    return answer


def start(folder: Path, *targets: str, change: dict | None = None) -> subprocess.Popen:
    log = (folder / "terminal.txt").open("w")
    return subprocess.Popen(
        arguments(folder, *targets, change=change), stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    )


def ended(process: subprocess.Popen, folder: Path, seconds: int = 420) -> str:
    """Wait for Snakemake; return what it said."""
    code = process.wait(timeout=seconds)
    said = (folder / "terminal.txt").read_text()
    assert code == 0, said
    return said


def running_sweeps() -> list[tuple[str, str]]:
    """Return job and node of every sweep that is running."""
    lines = command("squeue", "-h", "-t", "RUNNING", "-o", "%i %N %k").splitlines()
    return [(job, node) for job, node, comment in (line.split(None, 2) for line in lines) if "sweep" in comment]


def sweeping(folder: Path) -> list[int]:
    """Return the processes that sweep in a folder."""
    found = subprocess.run(["pgrep", "-f", r"[.]sweep[.]py"], capture_output=True, text=True, check=False).stdout
    return [int(pid) for pid in found.split() if Path(f"/proc/{pid}/cwd").resolve() == folder.resolve()]


@pytest.fixture(autouse=True)
def _clean_queue():
    yield
    subprocess.run(["scancel", "--user", str(os.getuid())], check=False)
    wait_for("an empty queue", lambda: not command("squeue", "-h"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return a folder with all that comes before the long sweeps, and one with these too, made on this machine."""
    before, after = (tmp_path_factory.mktemp(name) for name in ("before", "after"))
    target = f"{NETWORK}/optimal/training.nc"
    assert snakemake(before, target, change=LONG, local=True).returncode == 0
    shutil.copytree(before, after, dirs_exist_ok=True)
    answer = snakemake(after, INFLUENCE, change=LONG, local=True)
    assert answer.returncode == 0, answer.output
    return before, after


@pytest.fixture
def folder(trained, tmp_path):
    shutil.copytree(trained[0], tmp_path / "study")
    profile(tmp_path / "study")
    return tmp_path / "study"


def assert_same(folder: Path, trained: tuple[Path, Path]) -> None:
    for name in (*SHARDS, INFLUENCE):
        assert (folder / name).read_bytes() == (trained[1] / name).read_bytes(), name
    assert not list(folder.rglob(".*.nc.*"))  # what a killed writer left behind, the next one removes


def test_the_smoke_study_runs_on_the_cluster_and_gives_the_bits_of_a_local_run(tmp_path):
    remote, local = tmp_path / "remote", tmp_path / "local"
    remote.mkdir()
    local.mkdir()
    profile(remote)
    since = time.strftime("%Y-%m-%dT%H:%M:%S")
    answer = snakemake(remote)
    assert answer.returncode == 0, answer.output
    fields = "jobid,state,nodelist,alloctres%80,comment%80"
    rows = command("sacct", "-X", "-n", "-P", "-S", since, "-o", fields).splitlines()
    jobs = [row.split("|") for row in rows]
    sweeps = [job for job in jobs if "sweep" in job[4] and "figure" not in job[4]]
    assert len(sweeps) == 4 and {job[1] for job in sweeps} == {"COMPLETED"}
    assert all("gres/gpu=1" in job[3] for job in sweeps)
    assert all("gres/gpu" not in job[3] for job in jobs if job not in sweeps)
    assert {job[2] for job in jobs} == {"node1", "node2"}
    assert {job[1] for job in jobs} == {"COMPLETED"} and len(jobs) > 20
    assert snakemake(local, local=True).returncode == 0
    made = {
        file.relative_to(local) for file in (local / "results").rglob("*.*") if file.suffix in (".nc", ".csv", ".png")
    }
    made = {name for name in made if "benchmarks" not in name.parts}
    assert len(made) > 20
    for name in made:
        assert (remote / name).read_bytes() == (local / name).read_bytes(), name
    # Memory that was asked for is enough, on the cluster too, and a second run has nothing to do.
    assert "Nothing to be done" in snakemake(remote).output


def test_a_node_that_is_lost_costs_a_restart_and_nothing_else(folder, trained):
    process = start(folder, INFLUENCE, change=LONG)
    _, node = wait_for("a sweep", running_sweeps)[0]
    time.sleep(10)
    try:
        command(str(CLUSTER), "kill-node", node)
        ended(process, folder)
    finally:
        command(str(CLUSTER), "start-node", node)
    assert_same(folder, trained)


def test_a_job_that_is_cancelled_is_sent_again(folder, trained):
    process = start(folder, INFLUENCE, change=LONG)
    job, _ = wait_for("a sweep", running_sweeps)[0]
    time.sleep(5)
    command("scancel", job)
    said = ended(process, folder)
    assert "Trying to restart job" in said
    assert_same(folder, trained)


def test_a_job_over_its_memory_gets_more(folder, trained):
    profile(folder, retries=4, set_resources={"sweep": {"mem_mb": "attempt * 350"}})
    said = ended(start(folder, INFLUENCE, change=LONG), folder)
    assert "Trying to restart job" in said
    assert_same(folder, trained)


def test_a_job_over_its_time_gets_more(folder, trained):
    """A sweep that hangs is ended after the minute that it asked for."""
    profile(folder, retries=1, set_resources={"sweep": {"runtime": "attempt * 1"}})
    process = start(folder, INFLUENCE, change=LONG)
    os.kill(wait_for("a sweep", lambda: sweeping(folder))[0], signal.SIGSTOP)
    assert "Trying to restart job" in ended(process, folder)
    assert_same(folder, trained)


def test_snakemake_that_is_killed_leaves_a_second_writer_that_does_no_harm(folder, trained):
    process = start(folder, INFLUENCE, change=LONG)
    wait_for("both sweeps", lambda: len(running_sweeps()) == 2)
    time.sleep(5)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert len(running_sweeps()) == 2  # they go on
    answer = snakemake(folder, INFLUENCE, change=LONG)
    assert answer.returncode != 0 and "--unlock" in answer.output
    assert snakemake(folder, "--unlock", change=LONG).returncode == 0
    ended(start(folder, INFLUENCE, change=LONG), folder)
    wait_for("the first writers", lambda: not running_sweeps())
    assert_same(folder, trained)


def test_a_full_disk_is_said_and_what_is_finished_stays(folder, trained):
    full = folder / NETWORK / "optimal/sweep"
    full.mkdir()
    command("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(full))
    try:
        profile(folder, retries=0)
        process = start(folder, INFLUENCE, change=LONG)
        assert process.wait(timeout=300) != 0
        logs = "".join(log.read_text() for log in folder.glob("results/smoke/logs/sweep_*.log"))
        assert re.search("No space left on device|cannot be written .* 0[.]0 MB are free", logs)
        assert not list(full.glob("*.nc"))
        assert (folder / NETWORK / "optimal/training.nc").exists()
    finally:
        command("umount", str(full))
    full.rmdir()
    ended(start(folder, INFLUENCE, change=LONG), folder)
    assert_same(folder, trained)


def test_a_truncated_shard_is_found_removed_and_made_again(folder, trained):
    shutil.copytree(trained[1], folder, dirs_exist_ok=True)
    profile(folder, retries=0)
    shard = folder / SHARDS[1]
    shard.write_bytes(shard.read_bytes()[:-1000])
    (folder / INFLUENCE).unlink()
    assert snakemake(folder, INFLUENCE, change=LONG).returncode != 0
    log = (folder / "results/smoke/logs/influence_smallworld36_optimal.log").read_text()
    assert "0-1.nc; run again, and they are made again" in log
    assert not shard.exists()
    assert snakemake(folder, INFLUENCE, change=LONG).returncode == 0
    assert_same(folder, trained)


@pytest.mark.parametrize("shards", [1, 8])
def test_the_number_of_shards_and_nodes_does_not_matter(folder, trained, shards):
    """Influence is the same file but for the configuration in it: no sum is made in another order."""
    import xarray as xr

    change = LONG | {"sweep": LONG["sweep"] | {"shards": shards}}
    if shards == 1:
        command("scontrol", "update", "NodeName=node2", "State=DRAIN", "Reason=test")
    try:
        ended(start(folder, INFLUENCE, change=change), folder)
    finally:
        if shards == 1:
            command("scontrol", "update", "NodeName=node2", "State=RESUME")
    ours, theirs = (xr.load_dataset(path / INFLUENCE) for path in (folder, trained[1]))
    assert ours.drop_attrs(deep=False).identical(theirs.drop_attrs(deep=False))


def test_a_study_in_a_folder_of_its_own_alone_and_as_a_module(tmp_path):
    """Jobs find the clone, its series and the folder's files; what fetches stays on this machine, renamed or not."""
    (tmp_path / "net.csv").write_text("0,1,0,0\n0,0,1,0\n0,0,0,1\n1,0,0,0\n")
    series = {"name": "file", "series": "data/mackey_glass/series.txt", "train": 200, "validation": 80, "test": 24}
    config = {"study": "tiny", "connectomes": ["net.csv"], "orientation": "source_target", "task": series}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(config))
    profile(tmp_path, executor="slurm")
    (tmp_path / "Snakefile").write_text(
        f"module echolesion:\n    snakefile: {str(ROOT / 'Snakefile')!r}\n    config: {config!r}\n"
        "    prefix: 'below'\n\n"
        "use rule * from echolesion as echo_*\n\nonstart:\n    print('local:', *sorted(workflow._localrules))\n"
    )
    results = ["results/tiny/net/connectome.nc", "results/tiny/task.nc"]
    for start, targets in (
        (["--snakefile", ROOT / "Snakefile", "--configfile", "mine.yaml"], results),
        ([], [f"below/{name}" for name in results]),
    ):
        answer = subprocess.run(
            ["snakemake", "--workflow-profile", "profile", *start, "--", *targets],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert answer.returncode == 0, answer.stdout + answer.stderr
        assert all((tmp_path / target).exists() for target in targets)
        assert len(re.findall(r"has been submitted with SLURM jobid", answer.stdout + answer.stderr)) == 2
    assert "echo_fetch" in re.search(r"local: (.*)", answer.stdout + answer.stderr)[1].split()
    alone, module = (tmp_path / folder / results[1] for folder in ("", "below"))
    assert alone.read_bytes() == module.read_bytes()
