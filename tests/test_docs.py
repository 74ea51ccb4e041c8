"""What the documentation shows must run."""

import re
import subprocess

from conftest import ROOT

from echolesion.formats import READERS
from echolesion.lesion import LESIONS
from echolesion.preparation import STEPS


def test_the_code_of_the_python_page_runs():
    page = (ROOT / "docs/python.md").read_text()
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    names: dict = {}
    exec(compile(code, "docs/python.md", "exec"), names)
    assert names["who_feels_it"].attrs["walks_per_batch"] == 40
    share = names["by_cuts"]["estimate"].values
    assert ((share > 0) & (share < 1.5)).all()
    assert names["together"].sizes == {"node": 20, "other_node": 20}


def test_the_python_page_names_every_lesion():
    page = (ROOT / "docs/python.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == set(LESIONS)


def test_the_connectome_of_ones_own_is_prepared_as_the_page_says(tmp_path, monkeypatch):
    page = (ROOT / "docs/connectomes.md").read_text()
    blocks = {kind: re.search(rf"```{kind}\n(.*?)```", page, re.DOTALL)[1] for kind in ("python", "yaml", "text")}
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").symlink_to(ROOT / "data")
    exec(compile(blocks["python"], "docs/connectomes.md", "exec"), {})
    (tmp_path / "my_study.yaml").write_text(blocks["yaml"])
    command = ["snakemake", "-s", ROOT / "Snakefile", "--configfile", "my_study.yaml", "--cores", "1"]
    target = "results/mine/mine/connectome.nc"
    answer = subprocess.run([*command, target], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    when_and_where, *lines = (tmp_path / "results/mine/logs/connectome_mine.log").read_text().splitlines(keepends=True)
    assert when_and_where.startswith("# 20") and "".join(lines) == blocks["text"]
    # One label too few, as in the table of what is refused.
    lines = (tmp_path / "my_nodes.csv").read_text().splitlines()
    (tmp_path / "my_nodes.csv").write_text("\n".join(lines[:-1]))
    answer = subprocess.run([*command, target], capture_output=True, text=True, check=False)
    (line,) = re.findall(r"^error: (.*)$", answer.stderr, re.MULTILINE)
    assert f"| `{line}` |" in page and "Traceback" not in answer.stderr


def test_the_page_of_connectomes_has_every_entry_step_and_format(catalogue):
    page = (ROOT / "docs/connectomes.md").read_text()
    rows = [
        f"| `{key}` | {entry['species']} | {entry['size']} | {'yes' if entry['directed'] else 'no'} |"
        f" {entry['paper']} | {entry['licence']}{', see its terms' if 'terms' in entry else ''} | "
        + ("fetched from {name} {version}".format(**entry["package"]) if "package" in entry else "shipped")
        + " |"
        for key, entry in catalogue.items()
        if "file" in entry
    ]
    assert re.findall(r"^\| `[a-z0-9_]+` \| .* \| (?:yes|no) \| .*$", page, re.MULTILINE) == rows
    steps = page.partition("| step |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)", steps, re.MULTILINE)) == set(STEPS)
    files = page.partition("| suffix |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\.\w+)`", files)) == set(READERS)
