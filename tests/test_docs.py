"""What the documentation shows must run."""

import ast
import importlib
import json
import re
import subprocess
import sys

import pytest
from conftest import ROOT

import echolesion
from echolesion.connectome.formats import READERS
from echolesion.connectome.preparation import STEPS
from echolesion.sweep.lesion import LESIONS


def test_the_code_of_the_python_page_runs():
    page = (ROOT / "docs/python.md").read_text()
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    names: dict = {}
    exec(compile(code, "docs/python.md", "exec"), names)
    assert names["who_feels_it"].attrs["walks_per_batch"] == 40
    share = names["by_cuts"]["estimate"].values
    assert ((share > 0) & (share < 1.5)).all()
    assert names["together"].sizes == {"node": 20, "other_node": 20}


@pytest.mark.parametrize("page", [page.name for page in (ROOT / "docs").glob("*.md")])
def test_code_in_the_documentation_imports_from_the_rooms(page):
    """Old names would warn, others fail."""
    for code in re.findall(r"```python\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] == "echolesion":
                for alias in node.names:
                    assert hasattr(importlib.import_module(node.module), alias.name)
                    assert node.module != "echolesion" or alias.name in echolesion.ROOMS


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


PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
MODULES = {
    f"{file.parent.name}.{file.stem}": ast.parse(file.read_text())
    for file in (ROOT / "src/echolesion").rglob("[a-z]*.py")
}


def test_the_picture_and_the_reference_have_every_module_once_and_in_order(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    import house

    shown = [f"{room}.{module}" for room in echolesion.ROOMS for module in house.modules(room)]
    assert sorted(shown) == sorted(MODULES)
    page = (ROOT / "docs/api.md").read_text()
    assert re.findall(r"^   echolesion[.](\w+[.]\w+)$", page, re.MULTILINE) == shown
    assert tuple(re.findall(r"^[.][.] automodule:: echolesion[.](\w+)$", page, re.MULTILINE)) == echolesion.ROOMS
    # One way: each arrow of the picture points to a later room.
    assert all(echolesion.ROOMS.index(a) < echolesion.ROOMS.index(b) for a, b in house.arrows())
    assert {("shapley", "sweep"), ("sweep", "analysis"), ("analysis", "report")} <= house.arrows()
    assert set(house.WRITTEN) <= set(echolesion.ROOMS)
    sys.modules.pop("house")


def test_what_docstrings_refer_to_is_there():
    """A name behind a module's, `module.name`, is one that the module has, or the room of that name."""
    places = {module.rpartition(".")[2]: [] for module in MODULES} | {room: [] for room in echolesion.ROOMS}
    for name in (*MODULES, *echolesion.ROOMS):
        places[name.rpartition(".")[2]].append(importlib.import_module(f"echolesion.{name}"))
    for module, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                for owner, name in re.findall(r"(?<!`)`(\w+)[.](\w+)`(?!`)", ast.get_docstring(node) or ""):
                    if owner not in ("xarray", "ast"):
                        assert any(hasattr(place, name) for place in places[owner]), (module, owner, name)


def test_every_public_function_says_what_it_takes_and_returns():
    for name, tree in MODULES.items():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                said = ast.get_docstring(node)
                assert said, (name, node.name)
                if any("intrinsic" in ast.unparse(decorator) for decorator in node.decorator_list):
                    continue  # an operation of kernels: it has types for arguments
                arguments = [*node.args.args, *node.args.kwonlyargs]
                if len(arguments) > 2:
                    missing = [a.arg for a in arguments if not re.search(rf"\b{a.arg}\b", said)]
                    assert "Parameters\n" in said and not missing, (name, node.name, missing)


def test_messages_in_the_documentation_are_those_of_the_code():
    """Literal parts of every message that is quoted, between what differs, stand in the code."""
    code = ""
    for folder in ("src/echolesion", "scripts"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    code += "\0" + node.value
                if isinstance(node, ast.JoinedStr):
                    parts = [part.value if isinstance(part, ast.Constant) else "..." for part in node.values]
                    code += "\0" + "".join(parts)
    for file in (ROOT / "Snakefile", *(ROOT / "workflow/rules").glob("*.smk")):
        code += "\0" + re.sub(r"{[^{}]*}", "...", re.sub(r'"\n +f?"', "", file.read_text()))
    code = re.sub(r"%[.0-9]*[a-z]", "...", code).replace("%%", "%")
    page = (ROOT / "docs/troubleshooting.md").read_text().partition("## Snakemake")[0]
    messages = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    assert len(messages) > 12
    for message in messages:
        parts = [part.strip() for part in message.split("...")]
        assert all(part in code for part in parts if len(part) > 3), message


def test_every_command_that_is_named_exists():
    usage = subprocess.run([ROOT / "run.sh", "help"], capture_output=True, text=True, check=True).stdout
    verbs = set(re.findall(r"^  ([a-z-]+) ", usage, re.MULTILINE))
    cases = set(re.findall(r"^([a-z-]+)\)", (ROOT / "run.sh").read_text(), re.MULTILINE)) | {"setup", "help"}
    assert verbs == cases
    for file in PAGES:
        named = set(re.findall(r"[.]/run[.]sh ([a-z-]+)", file.read_text()))
        assert named <= verbs, file


def test_links_between_pages_lead_somewhere():
    for file in PAGES:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", file.read_text()):
            if not target.startswith(("http", "generated/")):
                assert (file.parent / target).exists(), (file, target)


@pytest.mark.parametrize("name", ["first_answer", "own_connectome"])
def test_tutorials_are_kept_with_what_they_printed(name):
    """The site runs them again; here: none of their cells was changed without, or failed."""
    cells = json.loads((ROOT / f"docs/tutorials/{name}.ipynb").read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == [*range(1, len(code) + 1)]
    kinds = {output["output_type"] for cell in code for output in cell["outputs"]}
    assert "error" not in kinds and {"display_data", "execute_result"} & kinds and "stream" in kinds
