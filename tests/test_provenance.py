import hashlib
import json
import logging
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from conftest import ROOT
from matplotlib.figure import Figure

from echolesion import provenance, storage

CONFIG = {"study": "x", "seed": 0}


def test_the_hash_sees_what_a_script_imports_and_nothing_else(tmp_path):
    """Each module is changed in a copy of the package; the scripts that load it must get another hash."""
    shutil.copytree(ROOT / "src", tmp_path / "src")
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    ask = (
        "import sys, pathlib; sys.path.insert(0, 'src'); from echolesion.provenance import source_hash\n"
        "for s in sorted(pathlib.Path('scripts').glob('*.py')): print(s.stem, source_hash(s))"
    )

    def hashes():
        answer = subprocess.run([sys.executable, "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True)
        return dict(line.split() for line in answer.stdout.splitlines())

    # In one process, as libraries take long to load: each script starts with none of our modules.
    load = """
import json, pathlib, sys
sys.path.insert(0, "src")
found = {}
for script in pathlib.Path("scripts").glob("*.py"):
    for name in [name for name in sys.modules if name.startswith("echolesion")]:
        del sys.modules[name]
    lines = script.read_text().splitlines()
    exec(chr(10).join(line for line in lines if line.startswith(("from", "import"))), {})
    found[script.stem] = [name for name in sys.modules if name.startswith("echolesion.")]
print(json.dumps(found))
"""

    def loaded():
        """Return the modules that every script really loads, found out by importing what it imports."""
        answer = subprocess.run([sys.executable, "-c", load], cwd=tmp_path, capture_output=True, text=True, check=True)
        found = json.loads(answer.stdout)
        return {script: {name.removeprefix("echolesion.") for name in names} for script, names in found.items()}

    before = hashes()
    uses = loaded()
    for module in ("shapley", "figures", "statistics", "connectome"):
        file = tmp_path / f"src/echolesion/{module}.py"
        source = file.read_text()
        file.write_text("# a comment\n" + source.replace('"""', '"""Other words: ', 1))
        assert hashes() == before
        file.write_text(source + "\nCHANGED = True\n")
        changed = {script for script, value in hashes().items() if value != before[script]}
        file.write_text(source)
        assert changed == {script for script, modules in uses.items() if module in modules}, module
        assert changed
    assert hashes() == before


def test_attributes_say_where_a_result_comes_from():
    attributes = provenance.attributes(CONFIG)
    assert attributes["study_seed"] == 0
    assert '"study": "x"' in attributes["study_configuration"]
    assert '"torch"' in attributes["versions"]
    assert attributes == provenance.attributes(CONFIG)


def test_equal_results_give_equal_files(tmp_path):
    dataset = xr.Dataset({"a": ("node", np.arange(3.0))}, coords={"node": ["x", "y", "z"]})
    figure = Figure()
    figure.subplots().plot([1, 2])
    table = pd.DataFrame({"a": [1, 2]})
    digests = []
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        storage.write(dataset, tmp_path / folder / "a.nc", CONFIG)
        storage.write_table(table, tmp_path / folder / "a.csv")
        for suffix in ("pdf", "png"):
            storage.write_figure(figure, tmp_path / folder / f"a.{suffix}")
        files = sorted((tmp_path / folder).iterdir())
        assert [file.name for file in files] == ["a.csv", "a.nc", "a.pdf", "a.png"]
        digests.append([hashlib.sha256(file.read_bytes()).hexdigest() for file in files])
    assert digests[0] == digests[1]
    assert storage.read(tmp_path / "first/a.nc").drop_attrs().identical(dataset)


def test_a_failed_write_leaves_nothing(tmp_path):
    unwritable = xr.Dataset({"a": ("x", np.array([object()]))})
    with pytest.raises(Exception, match="object"):
        storage.write(unwritable, tmp_path / "a.nc", CONFIG)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_keeps_the_old_file(tmp_path):
    (tmp_path / "a.csv").write_text("old")
    with pytest.raises(AttributeError):
        storage.write_table(None, tmp_path / "a.csv")
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() == "old"


def test_bad_input_ends_a_job_with_one_line(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped, provenance.logged(tmp_path / "job.log"):
        logging.info("begun")
        raise ValueError("celegans279: all weights are 0")
    assert stopped.value.code == "error: celegans279: all weights are 0"
    log = (tmp_path / "job.log").read_text()
    assert "begun" in log and "Traceback" in log
    assert "Traceback" not in capsys.readouterr().err


def test_other_errors_keep_their_traceback(tmp_path):
    with pytest.raises(ZeroDivisionError), provenance.logged(tmp_path / "job.log"):
        _ = 1 / 0
