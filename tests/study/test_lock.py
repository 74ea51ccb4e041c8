"""A study is computed by one process, and another does not free its lock."""

import os
import subprocess
import sys
import time

import pytest

from echolesion.study import lock

HOLD = "from echolesion.study import lock; lock.hold('study'); print('held', flush=True); input()"


@pytest.fixture
def holder(tmp_path):
    command = [sys.executable, "-c", HOLD]
    process = subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def refused(call, study):
    with pytest.raises(ValueError, match="study") as error:
        call(study)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_one_holds_it_until_it_ends(holder, tmp_path):
    study = tmp_path / "study"
    for call in (lock.hold, lock.unlock):
        assert f"process {holder.pid} on this machine" in refused(call, study)
    assert (study / ".lock/holder").exists()
    holder.communicate("\n")
    assert not (study / ".lock").exists()
    assert (
        subprocess.run([sys.executable, "-c", HOLD], cwd=tmp_path, input="\n", text=True, check=False).returncode == 0
    )


def test_of_a_killed_one_the_next_says_what_to_do(holder, tmp_path):
    study = tmp_path / "study"
    holder.kill()
    holder.wait()
    said = refused(lock.hold, study)
    assert "killed" in said and str(holder.pid) in said
    assert "./run.sh study --unlock" in said and f"rm -r '{study}/.lock'" in said
    lock.unlock(study)
    lock.unlock(study)
    assert not (study / ".lock").exists()


def test_numbers_of_processes_come_again(tmp_path):
    study = tmp_path / "study"
    (study / ".lock").mkdir(parents=True)
    (study / ".lock/holder").write_text(f"{os.uname().nodename} {os.getpid()} 1")
    assert "killed" in refused(lock.hold, study)
    lock.unlock(study)


def test_of_another_machine_it_is_asked(tmp_path):
    study = tmp_path / "study"
    (study / ".lock").mkdir(parents=True)
    (study / ".lock/holder").write_text("elsewhere 12 345")
    said = refused(lock.hold, study)
    assert "process 12 on elsewhere; if that is not running any more" in said
    lock.unlock(study)


def test_killed_before_it_wrote_its_name(tmp_path):
    study = tmp_path / "study"
    (study / ".lock").mkdir(parents=True)
    begun = time.monotonic()
    assert "unknown" in refused(lock.hold, study)
    assert time.monotonic() - begun > 1
