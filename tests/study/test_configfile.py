"""What of a file of configuration is refused before Snakemake starts, and what is not."""

import subprocess
import sys

import pytest
from conftest import ROOT

from echolesion.study import configfile

FINE = {
    "plain": "study: a\ntask: {name: narma10}\n",
    "the same key elsewhere": "a: {name: 1}\nb: {name: 2}\nname: 3\n",
    "merge keys": "a: &a {x: 1}\nb: &b {y: 2}\nc:\n  <<: *a\n  <<: *b\n  x: 3\n",
    "an alias": "a: &a {x: 1}\nb: *a\nc: [*a, *a]\n",
    "JSON with tabs": '{\n\t"a": 1,\n\t"b": "x"\n}\n',
    "a number and its text": "1: a\n'1': b\n",
}
WRONG = {
    "twice": ("study: a\nseed: 1\nstudy: b\n", "'study' stands twice, in lines 1 and 3"),
    "twice, nested": ("task:\n  name: a\n  test: 3\n  name: b\n", "'task.name' stands twice, in lines 2 and 4"),
    "twice, in a list": ("regimes:\n- {name: a}\n- name: b\n  name: c\n", "'regimes[1].name' stands twice, in lines 3"),
    "twice, quoted": ("a: 1\n'a': 2\n", "'a' stands twice, in lines 1 and 2"),
    "twice, JSON": ('{\n\t"a": 1,\n\t"a": 2\n}\n', "'a' stands twice, in lines 2 and 3"),
    "twice beside a merge": ("a: &a {x: 1}\nc:\n  <<: *a\n  y: 3\n  y: 4\n", "'c.y' stands twice, in lines 4 and 5"),
    "a tab": ("task:\n\tname: a\n", "line 2 begins with a tab"),
    "a tab behind blanks": ("task:\n  \tname: a\n", "line 2 begins with a tab"),
    "a tab before a comment": ("a: 1\n\t# said\n", "line 2 begins with a tab"),
    "a tab that would join lines": ("study: a\n\tb\n", "line 2 begins with a tab"),
    "a tab behind a key": ("study:\ta: b\n", "line 1"),
    "no YAML": ("a: [1\nb: 2\n", "line 2, column 2: is not YAML ("),
    "no keys": ("- a\n", "has no keys at its top"),
    "empty": ("", "has no keys at its top"),
}


@pytest.mark.parametrize("case", FINE)
def test_what_is_fine_is_taken(tmp_path, case):
    (tmp_path / "s.yaml").write_text(FINE[case])
    configfile.check_file(tmp_path / "s.yaml")


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_in_one_line_with_file_and_line(tmp_path, case):
    text, message = WRONG[case]
    (tmp_path / "s.yaml").write_text(text)
    with pytest.raises(ValueError, match=r"s[.]yaml: ") as error:
        configfile.check_file(tmp_path / "s.yaml")
    assert message in str(error.value) and "\n" not in str(error.value)


def test_files_that_cannot_be_read_are_said(tmp_path):
    with pytest.raises(ValueError, match=r"none[.]yaml: cannot be read"):
        configfile.check_file(tmp_path / "none.yaml")
    (tmp_path / "s.yaml").write_bytes(b"study: \xff\n")
    with pytest.raises(ValueError, match="is not UTF-8"):
        configfile.check_file(tmp_path / "s.yaml")


def test_the_files_of_the_project_are_fine():
    for file in [*(ROOT / "config").rglob("*.yaml"), *(ROOT / "profiles").rglob("*.yaml")]:
        configfile.check_file(file)


def test_arguments_of_snakemake_name_the_files(tmp_path):
    (tmp_path / "good.yaml").write_text("study: a\n")
    (tmp_path / "bad.yaml").write_text("study: a\nstudy: b\n")

    def check(*arguments):
        command = [sys.executable, "-m", "echolesion.study.configfile", *arguments]
        answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert answer.stdout == "" and answer.stderr.count("\n") == answer.returncode
        return answer.stderr

    assert check() == check("-n", "--configfile", "good.yaml", "--cores", "2") == check("bad.yaml") == ""
    for arguments in (
        ["--configfile", "good.yaml", "bad.yaml"],
        ["--configfiles", "bad.yaml"],
        ["--configfile=bad.yaml"],
    ):
        assert check("target", *arguments).startswith("error: bad.yaml: 'study' stands twice")
    assert "only the last would count" in check("--configfile", "good.yaml", "-n", "--configfile", "good.yaml")
