"""`run.sh` and the environment it makes, with a shell script in place of Python: who makes what, when, what is said."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT

#: Writes what is asked of it to a record; makes environments that are a copy of itself.
PYTHON = f"""#!/bin/sh
case "$*" in
*version_info*) echo "$FAKE_VERSION" ;;
*ensurepip*) ;;
*sys.prefix*) dirname "$(dirname "$0")" ;;
"-m venv "*)
    mkdir -p "$3/bin" "$3/lib/python3.11/site-packages"
    cp "$0" "$3/bin/python"
    printf '#!%s\\n' "$3/bin/python" >"$3/bin/tool"
    echo "$*" >>"$FAKE_RECORD"
    ;;
"-m pip install "*)
    echo "$*" >>"$FAKE_RECORD"
    sleep "$FAKE_SECONDS"
    [ -z "$FAKE_ERROR" ] || {{ echo "ERROR: $FAKE_ERROR" >&2; exit 1; }}
    ;;
"-m pip check") ;;
"- "*) exec {sys.executable} "$@" ;;
"-m echolesion.study.configfile "*) ;;
*)
    echo "in $PWD"
    printf '%s\\n' "$@"
    echo "cache $XDG_CACHE_HOME path $PYTHONPATH"
    ;;
esac
"""


@pytest.fixture
def clone(tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_RECORD", str(tmp_path / "record"))
    monkeypatch.setenv("FAKE_VERSION", "3.11")
    monkeypatch.setenv("FAKE_SECONDS", "0")
    monkeypatch.setenv("FAKE_ERROR", "")
    monkeypatch.setenv("PYTHON", str(tmp_path / "python"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    return made(tmp_path / "clone")


def made(clone: Path) -> Path:
    for name in ("src", "tests", "docs", "benchmarks"):
        (clone / name).mkdir(parents=True)
    for name in ("run.sh", "scripts/environment.sh", "requirements.lock", "requirements-arrow.lock", "pyproject.toml"):
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, clone / name)
    for name in ("profiles", "config"):
        shutil.copytree(ROOT / name, clone / name)
    return clone


def run(clone, *arguments, cwd=None, **environment):
    command = [clone / "run.sh", *arguments]
    answer = subprocess.run(
        command, cwd=cwd or clone.parent, capture_output=True, text=True, check=False, env=os.environ | environment
    )
    answer.lines = [line for line in answer.stderr.splitlines() if not line.startswith("echolesion: ")]
    return answer


def start(clone, **environment):
    return subprocess.Popen(
        [clone / "run.sh", "setup"], env=os.environ | environment, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip


def record(clone):
    return (clone.parent / "record").read_text().splitlines()


def wait_for(condition):
    last = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < last
        time.sleep(0.05)


def environments(clone):
    return {path.name for path in (clone / ".venvs").iterdir()} - {"cache"}


def change(clone, name, old, new):
    text = (clone / name).read_text()
    assert old in text
    (clone / name).write_text(text.replace(old, new))


def test_it_is_made_once_at_its_place_and_pip_is_asked_for_the_lock_and_for_the_same_torch(clone):
    assert run(clone, "setup").returncode == 0
    (name,) = environments(clone)
    here = clone / ".venvs" / name
    assert (clone / ".venv").readlink() == Path(".venvs", name)
    torch = re.search(r"torch==[\d.]+", (ROOT / "pyproject.toml").read_text()).group()
    assert record(clone) == [
        f"-m venv {here}",
        f"-m pip install --quiet --require-hashes -r {clone}/requirements.lock",
        f"-m pip install --quiet {torch}",
    ]
    assert run(clone, "setup").stderr == "" and len(record(clone)) == 3


def test_what_does_not_change_the_environment_rebuilds_nothing(clone):
    run(clone, "setup")
    change(clone, "pyproject.toml", "line-length = 120", "line-length = 100")
    assert run(clone, "setup").stderr == "" and len(record(clone)) == 3


def test_another_lock_makes_another_and_the_one_before_stays_until_then_and_after(clone):
    run(clone, "setup")
    (first,) = environments(clone)
    for name, old, new in (("requirements.lock", "yte==", "yte=="), ("pyproject.toml", "tqdm==4.*", "tqdm==4.1")):
        change(clone, name, old, f"{new} " if old == new else new)
        before = (clone / ".venv").readlink()
        answer = run(clone, "setup", FAKE_ERROR="No matching distribution found for yte")
        assert answer.returncode != 0 and (clone / ".venv").readlink() == before
        (line,) = answer.lines
        assert line.startswith("error: the environment could not be made (ERROR: No matching distribution found")
        assert (clone / before / "complete").exists() and not (clone / ".venvs/lock").exists()
        answer = run(clone, "setup")
        assert answer.returncode == 0 and (clone / ".venv").readlink() != before
        assert f"./run.sh clean {before}" in answer.stderr and (clone / before / "complete").exists()
    assert first in environments(clone) and len(environments(clone)) == 3
    asked = subprocess.run(
        [clone / "run.sh", "clean", f".venvs/{first}"], cwd=clone.parent, input="y\n", text=True, check=True
    )
    assert asked.returncode == 0 and first not in environments(clone)


def test_two_first_starts_make_one_and_both_have_it_whole(clone):
    both = [start(clone, FAKE_SECONDS="1") for _ in range(2)]
    said = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("waiting for the set-up by process" in text for text in said) == 1
    assert len(record(clone)) == 3 and len(environments(clone)) == 1


def test_of_a_killed_one_the_lock_is_taken_over_by_one(clone):
    first = start(clone, FAKE_SECONDS="30")
    wait_for(lambda: (clone.parent / "record").exists() and len(record(clone)) == 2)
    holder = int((clone / ".venvs/lock/holder").read_text().split()[1])
    os.kill(holder, signal.SIGKILL)
    others = [start(clone) for _ in range(3)]
    time.sleep(1)
    assert len(record(clone)) == 2  # what the killed one started still installs
    os.killpg(first.pid, signal.SIGKILL)
    for process in others:
        process.communicate()
    assert [process.returncode for process in others] == [0, 0, 0]
    assert len(record(clone)) == 2 + 3 and len(environments(clone)) == 1


def test_numbers_of_processes_come_again(clone):
    (clone / ".venvs/lock").mkdir(parents=True)
    (clone / ".venvs/lock/holder").write_text(f"{os.uname().nodename} {os.getpid()} 1\n")
    assert run(clone, "setup").returncode == 0


def test_one_on_another_machine_is_waited_for(clone):
    (clone / ".venvs/lock").mkdir(parents=True)
    (clone / ".venvs/lock/holder").write_text("elsewhere 12 345\n")
    waiting = start(clone)
    line = waiting.stderr.readline()
    assert "process 12 on elsewhere" in line and f"if there is none, remove '{clone}/.venvs/lock'" in line
    assert waiting.poll() is None and not (clone.parent / "record").exists()
    shutil.rmtree(clone / ".venvs/lock")
    waiting.communicate()
    assert waiting.returncode == 0 and len(record(clone)) == 3


def test_a_folder_of_before_is_kept(clone):
    (clone / ".venv/bin").mkdir(parents=True)
    (clone / ".venv/bin/python").write_text("of a study that runs")
    run(clone, "setup", FAKE_ERROR="no network")
    assert (clone / ".venv/bin/python").read_text() == "of a study that runs"
    assert run(clone, "setup").returncode == 0
    assert (clone / ".venv").is_symlink()
    (kept,) = [name for name in environments(clone) if name.startswith("before-")]
    assert (clone / ".venvs" / kept / "bin/python").read_text() == "of a study that runs"


@pytest.mark.parametrize("how", ["moved", "copied", "copied by hard links"])
def test_in_another_place_it_is_mended_and_not_made(clone, how):
    run(clone, "setup")
    other = clone.with_name("other")
    if how == "moved":
        clone.rename(other)
    else:
        link = {"copy_function": os.link} if "links" in how else {}
        shutil.copytree(clone, other, symlinks=True, **link)
    assert run(other, "setup", FAKE_ERROR="no network").stderr == ""
    (name,) = environments(other)
    assert (other / ".venv/bin/tool").read_text() == f"#!{other}/.venvs/{name}/bin/python\n"
    assert len(record(clone)) == 3
    if how != "moved":
        assert (clone / ".venv/bin/tool").read_text() == f"#!{clone}/.venvs/{name}/bin/python\n"


def test_one_whose_python_is_gone_is_made_again(clone):
    run(clone, "setup")
    (clone / ".venv/bin/python").unlink()
    assert run(clone, "setup").returncode == 0 and len(record(clone)) == 6


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.12", "3.14", "2.7"])
def test_another_python_is_refused_in_one_line(clone, version):
    answer = run(clone, "setup", FAKE_VERSION=version)
    assert answer.returncode != 0 and len(answer.stderr.splitlines()) == 1
    assert f"is Python {version}, and 3.11 is needed" in answer.stderr and "PYTHON=python3.11" in answer.stderr
    assert not (clone.parent / "record").exists() and not (clone / ".venv").exists()


def test_no_python_is_said_in_one_line(clone):
    answer = run(clone, "setup", PYTHON="nothing")
    assert answer.returncode != 0 and answer.stderr.count("\n") == 1 and "there is no 'nothing'" in answer.stderr


ODD = ["my clone", "it's", 'a "b"', "a&b", "a[1]", "a(1)", "$HOME", "a;b", "a#b", "a*?", "é", "-n", "a\\b"]


@pytest.mark.parametrize("name", ODD)
def test_under_an_odd_path_python_is_called_by_a_plain_one(clone, name):
    odd = made(clone.parent / name)
    answer = run(odd, "read", "x")
    assert answer.returncode == 0, answer.stderr
    asked = record(clone)[0].removeprefix("-m venv ")
    assert re.fullmatch(r"[\w/.-]+", asked, re.ASCII) and Path(asked).resolve() == (odd / ".venv").resolve()
    assert f"{odd}/scripts/connectome/read.py" in answer.stdout.splitlines()
    assert run(odd, "read", "x", FAKE_ERROR="no network").stderr == ""
    profile = re.search(r"--workflow-profile\n(.*)\n", run(odd, "study").stdout).group(1)
    assert not set("[]*?") & set(profile) and Path(profile).samefile(odd / "profiles/default")
    odd.rename(odd.with_name(f"{name}2"))
    assert run(odd.with_name(f"{name}2"), "read", "x", FAKE_ERROR="no network").returncode == 0
    assert len(record(clone)) == 3


@pytest.mark.parametrize("name", ["a{b}", "a}", "a:b", "a\nb"])
def test_what_cannot_be_is_said_before_anything_is_set_up(clone, name):
    odd = made(clone.parent / name)
    for verb in ("study", "read", "setup", "test"):
        answer = run(odd, verb)
        assert answer.returncode == 2 and answer.stderr.startswith("error: ")
        assert "move the clone" in answer.stderr and answer.stderr.count("\n") == 1 + name.count("\n")
    assert not (clone.parent / "record").exists()


def test_a_backslash_in_the_working_folder_is_said(clone):
    folder = clone.parent / "a\\b"
    folder.mkdir()
    for cwd, given in ((folder, []), (clone, ["--directory", str(folder)])):
        answer = run(clone, "study", *given, cwd=cwd)
        assert answer.returncode == 2 and answer.stderr.count("\n") == 1
        assert answer.stderr.startswith(f"error: the working folder '{folder}' has a backslash")


@pytest.mark.parametrize("name", ["a $5", "a `b`", """it's "a" """, """ "it's" """])
def test_what_jobs_of_a_cluster_would_be_told_wrong_is_said(clone, name):
    folder = clone.parent / name
    folder.mkdir()
    for given in (["--profile", "slurm"], ["--executor=slurm"]):
        answer = run(clone, "study", *given, cwd=folder)
        assert answer.returncode == 2 and answer.stderr.startswith(f"error: '{folder}' has both kinds of quotes")
        assert answer.stderr.count("\n") == 1
    assert run(clone, "study", "--cores", "2", cwd=folder).returncode == 0


@pytest.mark.parametrize("name", ["it's & [1] (2)", 'a "b"'])
def test_one_kind_of_quotes_is_for_a_cluster_too(clone, name):
    folder = clone.parent / name
    folder.mkdir()
    assert run(clone, "study", "--profile", "slurm", cwd=folder).returncode == 0


def test_an_odd_path_without_a_place_for_the_link_is_said(clone):
    odd = made(clone.parent / "my clone")
    answer = run(odd, "setup", XDG_CACHE_HOME=str(clone.parent / "my cache"))
    assert answer.returncode != 0 and answer.stderr.count("\n") == 1 and "set XDG_CACHE_HOME" in answer.stderr


@pytest.mark.parametrize("home", ["/dev/null", "/nowhere", ""])
def test_without_a_home_to_write_in_caches_are_in_the_clone(clone, home):
    answer = run(clone, "read", "x", HOME=home, XDG_CACHE_HOME="")
    assert answer.returncode == 0 and f"cache {clone}/.venvs/cache path {clone}/src" in answer.stdout
    assert not Path("/nowhere").exists()
    answer = run(clone, "read", "x", HOME=home)
    assert f"cache {clone.parent}/cache path" in answer.stdout


@pytest.fixture
def project(clone):
    """A folder that is not the clone's."""
    folder = clone.parent / "my {project} & data"
    folder.mkdir()
    (folder / "mine.yaml").write_text("study: a\n")
    return folder


def test_a_study_runs_in_the_callers_folder_on_the_clones_workflow(clone, project):
    (clone.parent / "link").symlink_to(clone / "run.sh")
    run(clone, "setup")
    for called in (clone / "run.sh", clone.parent / "link", "../clone/run.sh"):
        answer = subprocess.run(
            [called, "study", "-n", "--configfile", "mine.yaml"],
            cwd=project,
            capture_output=True,
            text=True,
            check=True,
        )
        assert answer.stderr == f"echolesion: working folder {project}\n"
        assert answer.stdout.splitlines() == [
            f"in {project}", "-m", "snakemake", "--snakefile", f"{clone}/Snakefile", "--nolock", "--workflow-profile",
            f"{clone}/profiles/default", "-n", "--configfile", "mine.yaml",
            f"cache {clone.parent}/cache path {clone}/src",
        ]  # fmt: skip


@pytest.mark.parametrize("verb", ["study", "plan", "doctor", "report", "figures", "atlas", "paper", "archive"])
def test_the_first_line_says_the_folder(clone, project, verb):
    answer = run(clone, verb, cwd=project)
    assert answer.stderr.startswith(f"echolesion: working folder {project}\n") and f"in {project}\n" in answer.stdout
    if verb != "archive":
        for given in (["--directory", "deep/er"], ["--directory=deep/er"], ["-d", "deep/er"]):
            answer = run(clone, verb, *given, cwd=project)
            assert answer.stderr.startswith(f"echolesion: working folder {project}/deep/er\n"), given


def test_a_profile_is_found_by_name_in_the_clone_or_here(clone, project):
    for given in (["--profile", "slurm"], ["--profile=slurm"]):
        assert f"{clone}/profiles/slurm" in run(clone, "study", *given, cwd=project).stdout
    assert "\nsite\n" in run(clone, "study", "--profile", "site", cwd=project).stdout
    own = run(clone, "study", "--workflow-profile", "slurm", cwd=project).stdout
    assert f"{clone}/profiles/slurm" in own and f"{clone}/profiles/default" not in own
    (project / "slurm").mkdir()  # of logs, say
    assert f"{clone}/profiles/slurm" in run(clone, "study", "--profile", "slurm", cwd=project).stdout
    (project / "slurm/config.yaml").write_text("cores: 1\n")
    answer = run(clone, "study", "--profile", "slurm", cwd=project)
    assert "\nslurm\n" in answer.stdout and f"the profile 'slurm' is that in {project}" in answer.stderr


def test_a_configuration_that_is_not_here_is_said_before_anything_is_set_up(clone, project):
    shutil.rmtree(project / "config", ignore_errors=True)
    for given in (["--configfile", "mine.yaml", "none.yaml", "-n"], ["--configfile=none.yaml"]):
        answer = run(clone, "plan", *given, cwd=project)
        assert answer.returncode == 2
        assert answer.stderr == f"error: --configfile none.yaml: there is no such file in {project}\n"
    smoke = "config/studies/smoke.yaml"
    answer = run(clone, "study", "--configfile", smoke, cwd=project)
    assert answer.returncode == 2 and f"if it is that of the clone: {clone}/{smoke}" in answer.stderr
    assert not (clone.parent / "record").exists()
    assert run(clone, "study", "--configfile", smoke, cwd=clone).returncode == 0


def test_clean_takes_results_here_and_fetched_data_in_the_clone(clone, project):
    for folder in (project / "results/a", clone / "results/a", clone / "data/fetched/b", project / "data/fetched/b"):
        folder.mkdir(parents=True)
    command = [clone / "run.sh", "clean", "results/a", "data/fetched/b"]
    answer = subprocess.run(command, cwd=project, input="y\ny\n", capture_output=True, text=True, check=True)
    assert f"working folder {project}" in answer.stderr and f"Remove results/a in {project}" in answer.stderr
    assert f"Remove data/fetched/b in {clone}" in answer.stderr
    assert not (project / "results/a").exists() and not (clone / "data/fetched/b").exists()
    assert (clone / "results/a").exists() and (project / "data/fetched/b").exists()
