"""Whole clones, with this one's environment, where and as users have them; `./run.sh test-anywhere` runs this."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
#: A clone, a working folder, and a file of data may have any of these.
ODD = """ & "odd" [1] (2) it's $5; #x é"""
STUDY = {
    "study": "tiny", "connectomes": ["m.csv"], "orientation": "source_target",
    "regimes": [{"name": "one", "spectral_radius": 0.9, "leak": 0.5, "input_scaling": 1.0}],
    "task": {"washout": 60, "train": 200, "validation": 80, "test": 24},
    "sweep": {"walks_per_batch": 40, "batches": 8, "shards": 1, "time_bins": 12},
}  # fmt: skip
NO_NETWORK = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/nowhere", "PYTHON": "/nowhere/python"}


def clone_at(place: Path) -> Path:
    """Copy this clone as it is; environments by hard links, where the disk has them."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, place / name)
    (place / ".venvs").mkdir()
    environment = (ROOT / ".venv").resolve()
    for how in ("-al", "-a"):
        if subprocess.run(["cp", how, environment, place / ".venvs"], check=False, capture_output=True).returncode == 0:
            break
        shutil.rmtree(place / ".venvs" / environment.name, ignore_errors=True)
    (place / ".venv").symlink_to(f".venvs/{environment.name}")
    return place


def without_this_environment() -> dict[str, str]:
    names = {"VIRTUAL_ENV", "PYTHONPATH", "PATH"}
    path = [folder for folder in os.environ["PATH"].split(":") if ".venv" not in folder]
    return {name: value for name, value in os.environ.items() if name not in names} | {"PATH": ":".join(path)}


def run(clone: Path, *arguments: str, cwd: Path, **environment: str):
    answer = subprocess.run(
        [clone / "run.sh", *arguments], cwd=cwd, capture_output=True, text=True, check=False,
        env=without_this_environment() | NO_NETWORK | environment,
    )  # fmt: skip
    answer.output = answer.stdout + answer.stderr
    return answer


def project_at(place: Path, **changes) -> Path:
    """Make a working folder with a study of eight nodes."""
    place.mkdir(parents=True)
    rows = [[0 if i == j else (i * 5 + j * 3) % 7 for j in range(8)] for i in range(8)]
    text = "\n".join(",".join(map(str, row)) for row in rows)
    study = STUDY | changes
    (place / study["connectomes"][0]).write_text(text)
    (place / "mine.yaml").write_text(yaml.safe_dump(study))
    return place


def in_shell(clone: Path, command: str) -> str:
    return subprocess.run(
        ["sh", "-ec", f". .venv/bin/activate; {command}"], cwd=clone, capture_output=True, text=True, check=True,
        env=without_this_environment(),
    ).stdout.strip()  # fmt: skip


def where(clone: Path) -> str:
    return in_shell(clone, "snakemake --version >&2; python -c 'import echolesion; print(echolesion.__file__)'")


def test_a_moved_clone_works_at_once_and_without_network(tmp_path):
    before = clone_at(tmp_path / "before")
    project = project_at(tmp_path / "project")
    assert run(before, "read", "m.csv", "orientation=source_target", cwd=project).returncode == 0
    after = before.rename(tmp_path / "after")
    answer = run(after, "study", "-n", "--configfile", "mine.yaml", cwd=project)
    assert answer.returncode == 0 and answer.stderr.startswith(f"echolesion: working folder {project}\n"), answer.output
    assert where(after) == str(after / "src/echolesion/__init__.py")


def test_a_copied_clone_has_its_own_code(tmp_path):
    first = clone_at(tmp_path / "first")
    project = project_at(tmp_path / "project")
    asked = ("read", "m.csv", "orientation=source_target")
    assert run(first, *asked, cwd=project).returncode == 0
    shutil.copytree(first, tmp_path / "second", symlinks=True, copy_function=os.link)
    second = tmp_path / "second"
    module = second / "src/echolesion/connectome/graph.py"
    text = module.read_text()
    module.unlink()  # linked
    module.write_text(text + "\nprint('of the second')\n")
    assert "of the second" in run(second, *asked, cwd=project).stdout
    assert "of the second" not in run(first, *asked, cwd=project).output
    for clone in (first, second):
        assert where(clone) == str(clone / "src/echolesion/__init__.py")
        assert in_shell(clone, "head -n 1 .venv/bin/snakemake").startswith(f"#!{clone}/.venvs/")


def test_a_study_runs_with_all_of_these_characters_in_clone_folder_and_file(tmp_path):
    clone = clone_at(tmp_path / f"clone{ODD}")
    project = project_at(tmp_path / f"project{ODD}{{x}}", connectomes=[f"m{ODD}{{x}}.csv"])
    arguments = ("study", "reservoirs", "--cores", "2", "--configfile", "mine.yaml")
    answer = run(clone, *arguments, cwd=project, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert answer.returncode == 0, answer.output
    assert len(list((project / "results/tiny").glob("m*/one/training.nc"))) == 1
    assert not (clone / "results").exists() and not (clone / ".snakemake").exists()
    assert "Workflow ID" not in answer.output  # the default profile was found: it is quiet
    answer = run(clone, "study", "-n", "reservoirs", "--configfile", "mine.yaml", cwd=project, HOME="/nowhere")
    assert answer.returncode != 0 and "set XDG_CACHE_HOME" in answer.output


def test_braces_are_refused_by_the_snakefile_too(tmp_path):
    clone = clone_at(tmp_path / "a{b}c")
    command = ["snakemake", "-s", str(clone / "Snakefile"), "-n", "--cores", "1"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.returncode != 0 and "Traceback" not in answer.stderr
    (line,) = [line for line in answer.stderr.splitlines() if line.startswith("error: ")]
    assert "braces" in line and "move" in line


def test_bare_snakemake_finds_keys_that_stand_twice(tmp_path):
    (tmp_path / "s.yaml").write_text("study: a\nseed: 3\nstudy: b\n")
    command = ["snakemake", "-s", str(ROOT / "Snakefile"), "-n", "--cores", "1", "--configfile", "s.yaml"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.returncode != 0 and "Traceback" not in answer.stderr
    assert f"error: {tmp_path}/s.yaml: 'study' stands twice, in lines 1 and 3" in answer.stderr


def wait_for(condition, seconds=120):
    last = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < last
        time.sleep(0.1)


def started(clone: Path, *arguments: str, cwd: Path) -> subprocess.Popen:
    environment = without_this_environment()
    log = (cwd / "terminal.txt").open("w")
    return subprocess.Popen(
        [clone / "run.sh", "study", *arguments], cwd=cwd, env=environment, stdout=log, stderr=subprocess.STDOUT,
        start_new_session=True,
    )  # fmt: skip


def test_a_study_that_runs_keeps_its_lock_and_after_a_kill_it_is_said_what_to_do(tmp_path):
    project = project_at(tmp_path / "project")
    (project / "other.yaml").write_text(yaml.safe_dump(STUDY | {"study": "other"}))
    mine, other = (["--cores", "1", "--configfile", f"{name}.yaml"] for name in ("mine", "other"))
    lock = project / "results/tiny/.lock"
    running = started(ROOT, *mine, cwd=project)
    wait_for(lambda: (lock / "holder").exists())
    holder = (lock / "holder").read_text()
    assert int(holder.split()[1]) == running.pid
    os.kill(running.pid, signal.SIGSTOP)  # so that it does not end before it is looked at
    # None of these asks for it, or takes it away; nor does another study, which runs to its end.
    for verb, *arguments in (["plan", *mine], ["doctor", *mine], ["study", "-n", *mine]):
        answer = run(ROOT, verb, *arguments, cwd=project)
        assert answer.returncode == 0, answer.output
    answer = run(ROOT, "study", "results/other/task.nc", *other, cwd=project)
    assert answer.returncode == 0, answer.output
    answer = run(ROOT, "study", *mine, cwd=project)
    assert answer.returncode != 0 and "Traceback" not in answer.output
    assert f"error: {lock.parent}: process {running.pid} on this machine" in answer.output
    answer = run(ROOT, "study", "--unlock", *mine, cwd=project)
    assert answer.returncode != 0 and f"process {running.pid}" in answer.output
    assert running.poll() is None and (lock / "holder").read_text() == holder
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    answer = run(ROOT, "study", *mine, cwd=project)
    (line,) = [line for line in answer.output.splitlines() if line.startswith("error: ")]
    assert answer.returncode != 0 and "killed say" in line and "./run.sh study --unlock" in line
    command = re.search(r"rm -r '(.*)'", line).group(1)
    assert Path(command) == lock
    assert run(ROOT, "study", "--unlock", *mine, cwd=project).returncode == 0 and not lock.exists()
    answer = run(ROOT, "study", "results/tiny/task.nc", *mine, cwd=project)
    assert answer.returncode == 0 and not lock.exists(), answer.output
