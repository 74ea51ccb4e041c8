"""Where results say they are from: the commit of this code, and of no other."""

import os
import re
import shutil
import subprocess

import pytest
from conftest import ROOT

from echolesion.records import origin

CONFIG = {"study": "x", "seed": 0}


def test_attributes_say_where_a_result_comes_from():
    attributes = origin.attributes(CONFIG)
    assert attributes["study_seed"] == 0
    assert '"study": "x"' in attributes["study_configuration"]
    assert '"torch"' in attributes["versions"]
    assert attributes == origin.attributes(CONFIG)


def git(folder, *arguments):
    command = ["git", "-C", folder, "-c", "user.name=x", "-c", "user.email=x@x", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def code(tmp_path, monkeypatch):
    """Return a folder of the code, as a zip has it: without its repository."""
    folder = tmp_path / "outer/echolesion"
    shutil.copytree(ROOT / "src/echolesion/records", folder / "src/echolesion/records")
    shutil.copy(ROOT / "pyproject.toml", folder)
    monkeypatch.setattr(origin, "PACKAGE", folder / "src/echolesion")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    return folder


def commit():
    return origin.attributes(CONFIG)["git_commit"]


def version():
    return re.search('^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]


def commit_all(folder):
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "x")
    return git(folder, "rev-parse", "HEAD")


def test_of_its_own_checkout_the_commit_and_whether_files_changed(code):
    made = commit_all(code)
    assert commit() == made
    (code / "pyproject.toml").write_text((code / "pyproject.toml").read_text() + "\n")
    assert commit() == f"{made}-dirty"


@pytest.mark.parametrize("tracked", [True, False])
def test_inside_another_repository_the_version(code, tracked):
    (code.parent / "own.txt").touch()
    if not tracked:
        (code.parent / ".gitignore").write_text("echolesion\n")
    commit_all(code.parent)
    assert commit() == f"unknown, version {version()}"


def test_unpacked_over_the_top_of_another_repository_the_version(code):
    """It is at the top, but knows nothing of this code."""
    (code / "own.txt").touch()
    git(code, "init", "--quiet")
    git(code, "add", "own.txt")
    git(code, "commit", "--quiet", "-m", "x")
    assert commit() == f"unknown, version {version()}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_clone_of_another_owner_says_why(code):
    commit_all(code)
    for path in [code, *code.rglob("*")]:
        os.lchown(path, 12345, 12345)
    assert commit() == f"unknown, version {version()} (git refuses a clone of another owner)"


def test_without_git_it_is_said(code, monkeypatch):
    commit_all(code)
    monkeypatch.setenv("PATH", str(code))
    assert commit() == f"unknown, version {version()} (there is no git)"
