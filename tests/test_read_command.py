"""`./run.sh read`: what it says of a file, in which stream, with which exit code, and that its YAML says all."""

import importlib.util
import json
import subprocess

import numpy as np
import pytest
import xarray as xr
import yaml
from cases import LENGTHS, MATRIX, grid
from conftest import ROOT

spec = importlib.util.spec_from_file_location("read_command", ROOT / "scripts/connectome/read.py")
command = importlib.util.module_from_spec(spec)
spec.loader.exec_module(command)

SYNAPSES = "pre,post,neuropil,n\na,b,AL,5\na,b,LH,2\nb,c,LH,3\nc,a,LH,4\n"


@pytest.fixture
def read(tmp_path, monkeypatch, capsys):
    """Return a function that runs the command in a folder and returns its exit code, output and errors."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        before = sorted(tmp_path.rglob("*"))
        try:
            code = command.main(list(arguments))
        except SystemExit as stop:
            # Python prints a text with which a program ends, and the code is 1.
            code = stop.code if isinstance(stop.code, int) else 1
            if isinstance(stop.code, str):
                assert len(stop.code.splitlines()) == 1
                return code, "", stop.code
        assert sorted(tmp_path.rglob("*")) == before
        return (code or 0, *capsys.readouterr())

    return run


def test_it_says_what_was_taken_for_what(read, tmp_path):
    (tmp_path / "e.csv").write_text(SYNAPSES)
    code, out, err = read("e.csv", "variable=n", "combine=sum")
    assert (code, err) == (0, "")
    for said in (
        "nodes: 3", "connections: 3", "density: 0.5", "reciprocity: 0.0", "symmetric: no", "self connections: 0",
        "weights: 3 to 7", "negative: 0", "tract lengths: none", "a (11)", "source 'pre', target 'post', weight 'n'",
        "unused columns: 'neuropil'", "combine sum: 4 rows, 3 connections", "directed: false", "drop_isolated",
    ):  # fmt: skip
        assert said in out, said


def test_exit_codes_and_one_line_of_error(read, tmp_path):
    (tmp_path / "e.csv").write_text(SYNAPSES)
    code, out, err = read("e.csv")
    assert (code, out) == (1, "") and err.startswith("error: e.csv: ") and "variable: n" in err
    assert read("nowhere.csv")[0] == read("nothing")[0] == read("e.csv", "variable=n", "combine=sum", "sheet=1")[0] == 1
    for wrong in ((), ("e.csv", "n=3"), ("e.csv", "variable"), ("variable=n",), ("e.csv", "lengths={a: [")):
        code, out, err = read(*wrong)
        assert (code, out) == (2, "") and err.startswith("error: ") and len(err.splitlines()) == 1, wrong


def test_the_real_command_needs_no_study(tmp_path):
    (tmp_path / "e.csv").write_text(SYNAPSES)
    arguments = [ROOT / "run.sh", "read", "e.csv", "variable=n", "combine=sum", "--json"]
    answer = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=True)
    told = json.loads(answer.stdout)
    assert told["nodes"] == 3 and told["warnings"] and told["history"][0].startswith("e.csv: a list of connections")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e.csv"]
    answer = subprocess.run(arguments[:3], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.returncode == 1 and answer.stdout == "" and answer.stderr.count("\n") == 1


ASKED = {
    "a list": ({"e.csv": SYNAPSES}, ["e.csv", "variable=n", "combine=sum"]),
    "a matrix and lengths": (
        {"my net.csv": grid(MATRIX, names="abcd"), "l.txt": grid(LENGTHS, " ")},
        ["my net.csv", "orientation=target_source", "lengths=l.txt"],
    ),
    "one file of both": (
        {"e.csv": "from,to,weight,length\n007,1,2,30\n1,007,3,30\n1,NO,4,50\n"},
        ["e.csv", "lengths={file: e.csv, variable: length}", "preparation=[]"],
    ),
    "half a matrix and nodes": (
        {"m.txt": grid(np.triu(MATRIX), " "), "n.csv": "id,label,side\n1,x,L\n2,y,R\n3,z,L\n4,w,R\n"},
        ["m.txt", "directed=false", "nodes=n.csv", "preparation=[{subset: {side: [L, R]}}]"],
    ),
    "a list of others' making": ({"x.csv": "a;b;1,5\nb;a;2,5\nb;c;0,25\n"}, ["x.csv", "directed=true"]),
    "a key": ({}, ["celegans302", "variable=gap_junction", "directed=false"]),
}


@pytest.mark.parametrize("name", ASKED)
def test_its_yaml_gives_the_same_connectome(read, tmp_path, name):
    """Read as it says, the file says the same again; and a study of it makes the same connectome."""
    files, arguments = ASKED[name]
    for file, content in files.items():
        (tmp_path / file).write_text(content)
    code, out, err = read(*arguments, "--json")
    assert code == 0, err
    told = json.loads(out)
    study = yaml.safe_load(told["yaml"])
    (key,) = study["connectomes"]
    (tmp_path / "study.yaml").write_text("study: s\n" + told["yaml"])
    target = f"results/s/{key}/connectome.nc"
    answer = subprocess.run(
        ["snakemake", "-s", ROOT / "Snakefile", "--configfile", "study.yaml", "--cores", "1", target],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    made = xr.load_dataset(tmp_path / target)["weight"]
    assert made.attrs["history"].split("; ") == told["history"]
    assert made.attrs.get("warnings", "") == "; ".join(told["warnings"])
    log = (tmp_path / f"results/s/logs/connectome_{key}.log").read_text()
    assert all(line in log for line in told["history"])
    # What it decided, given to it, says the same again.
    if files:
        entry = {k: json.dumps(v) if isinstance(v, dict | bool) else v for k, v in study["catalogue"][key].items()}
        again = [f"{k}={v}" for k, v in entry.items() if k != "file"] + [a for a in arguments if a.startswith("prep")]
        assert json.loads(read(entry["file"], *again, "--json")[1]) == told
