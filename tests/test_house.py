"""The house: ten rooms along the way of the data, each with a paragraph that names what it offers."""

import ast
import importlib
import re
import subprocess
import sys
from collections import Counter
from graphlib import TopologicalSorter

import pytest
from conftest import ROOT

import echolesion
from echolesion.records import sources

PACKAGE = ROOT / "src/echolesion"
MODULES = {
    ".".join(("echolesion", *file.relative_to(PACKAGE).with_suffix("").parts)): ast.parse(file.read_text())
    for file in PACKAGE.rglob("[a-z]*.py")
}


def room_of(module):
    return module.split(".")[1]


def public_functions(room):
    """Return the public functions and classes of a room, by module."""
    return {
        module.split(".")[2]: [
            node.name
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        ]
        for module, tree in MODULES.items()
        if room_of(module) == room
    }


def test_there_are_ten_rooms_and_nothing_beside_them():
    assert echolesion.ROOMS == (
        "records", "connectome", "shapley", "dynamics", "training", "sweep", "analysis", "study", "figures", "report",
    )  # fmt: skip
    found = {path.name for path in PACKAGE.iterdir() if path.name != "__pycache__"}
    assert found == {*echolesion.ROOMS, "__init__.py", "py.typed"}
    assert {room_of(module) for module in MODULES} == set(echolesion.ROOMS)
    assert all(len(module.split(".")) == 3 for module in MODULES)


def test_each_room_takes_only_from_those_before_it_and_no_module_in_a_circle():
    imports = {}
    for module in MODULES:
        found = sources.imported(sources._file(module), module)
        imports[module] = {name for name in found if name in MODULES}
        later = [name for name in imports[module] if order(name) > order(module)]
        assert not later, (module, later)
    assert set(TopologicalSorter(imports).static_order()) == set(MODULES)


def order(module):
    return echolesion.ROOMS.index(room_of(module))


def test_no_room_is_for_leftovers_and_no_module_is_called_like_a_function_beside_it():
    for room in echolesion.ROOMS:
        functions = public_functions(room)
        assert not {"utils", "util", "common", "base", "helpers", "misc", "core"} & set(functions)
        assert not set(functions) & {name for names in functions.values() for name in names}, room


@pytest.mark.parametrize("room", echolesion.ROOMS)
def test_the_paragraph_of_a_room_names_what_it_offers(room):
    """Every public function is named; it is had from the room itself, or named with its module."""
    package = importlib.import_module(f"echolesion.{room}")
    functions = public_functions(room)
    # Types that are no classes.
    functions |= {"games": [*functions["games"], "Game"]} if room == "shapley" else {}
    named = re.findall(r"(?<!`)`(\w+(?:\.\w+)?)`", package.__doc__)
    count = Counter(name for names in functions.values() for name in names)
    expected = set(functions)
    for module, names in functions.items():
        for name in names:
            with_module = f"{module}.{name}"
            assert (name in named) != (with_module in named), with_module
            assert count[name] == 1 or with_module in named, with_module
            expected.add(with_module if with_module in named else name)
            if name in named:
                assert getattr(package, name) is getattr(getattr(package, module), name)
            else:
                assert name not in package.__all__
    assert set(named) == expected
    assert set(package.__all__) == {name for name in named if "." not in name}
    assert re.search(r"\b[Ii]n comes?\b.*\b([Oo]ut go(es)?|go out)\b", package.__doc__, re.DOTALL)


def test_a_name_is_resolved_when_it_is_asked_for():
    """In a process of its own: neither the package nor a room imports anything before."""
    code = (
        "import sys, echolesion\n"
        "print(*sorted(name for name in sys.modules if name.startswith('echolesion')))\n"
        "from echolesion import sweep, shapley\n"
        "print(*sorted(name for name in sys.modules if name.startswith('echolesion')))\n"
        "assert shapley.levels(8, 2)\n"
        "print(*sorted(name for name in sys.modules if name.startswith('echolesion')))\n"
        "print('torch' in sys.modules, 'numpy' in sys.modules)\n"
        "echolesion.sweep.run\n"
        "print('torch' in sys.modules)\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, rooms, walks, without, with_torch = answer.stdout.splitlines()
    assert first == "echolesion"
    assert rooms == "echolesion echolesion.shapley echolesion.sweep"
    assert walks == "echolesion echolesion.shapley echolesion.shapley.walks echolesion.sweep"
    assert without == "False True"
    assert with_torch == "True"


#: Everything that docs/python.md of version 0.1 imported or named, and a constant of each module that is a room now.
BEFORE = {
    "connectome": ["from_matrix"], "contribution": ["estimate", "interactions"], "decomposition": ["decompose"],
    "edge_cut": ["estimate"], "influence": ["estimate"], "preparation": ["prepare"], "reservoir": ["build"],
    "seeds": ["generator"], "shapley": ["estimate", "exact", "interactions", "exact_interactions"],
    "statistics": ["pseudo_values", "standard_error"], "sweep": ["run", "game"], "task": ["make", "split"],
    "training": ["train"], "catalogue": ["load"], "provenance": ["attributes", "source_hash", "logged"],
    "published": ["draws", "tune"], "landscape": ["explore", "measured"], "findings": ["caption", "warnings"],
    "generation": ["fit_readouts"], "differences": ["empty"], "study_figures": ["strongest_pairs", "summary"],
    "figures": ["draw"], "report": ["render"],
}  # fmt: skip


@pytest.mark.parametrize("old", BEFORE)
def test_old_names_work_and_say_where_they_are_now(old):
    code = "".join(f"{old}.{name}\n" for name in BEFORE[old])
    if old in echolesion.ROOMS:
        code = f"from echolesion import {old}\n{code}"
        answer = python("error", code)  # for good, without a warning
        assert answer.returncode == 0, answer.stderr
        return
    answer = python("default", f"from echolesion import {old}\n{code}")
    assert answer.returncode == 0, answer.stderr
    places = " and ".join(f"echolesion.{place}" for place in echolesion.MOVED[old])
    assert f"<string>:1: DeprecationWarning: echolesion.{old} is {places} now" in answer.stderr


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sweep.SETTINGS", "sweep.parts.SETTINGS"),
        ("shapley.ESTIMATORS", "shapley.walks.ESTIMATORS"),
        ("figures.FIGURES", "figures.drawing.FIGURES"),
        ("report.QUESTIONS", "report.page.QUESTIONS"),
        ("training.SCORES", "training.readout.SCORES"),
    ],
)
def test_what_a_room_does_not_name_any_more_is_found_with_a_warning(old, new):
    room, name = old.split(".")
    for code in (f"from echolesion.{room} import {name}", f"import echolesion\necholesion.{old}"):
        answer = python("always", code)
        assert answer.returncode == 0, answer.stderr
        assert f"DeprecationWarning: echolesion.{old} is echolesion.{new} now" in answer.stderr


def test_what_never_was_is_no_name():
    for place, name in ((echolesion, "echo"), (echolesion.sweep, "swept"), (echolesion.analysis, "run")):
        with pytest.raises(AttributeError, match=name):
            getattr(place, name)


def python(filter_, code):
    command = [sys.executable, "-W", f"{filter_}::DeprecationWarning:__main__", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_old_places_are_places():
    for places in echolesion.MOVED.values():
        for place in places:
            assert f"echolesion.{place}" in MODULES


def test_folders_around_follow_the_rooms():
    """Scripts and tests stand in folders of the rooms, rules in a file per room; files that all share have no rules."""
    folders = {file.parent.name for file in (ROOT / "scripts").rglob("*.py")}
    assert folders <= set(echolesion.ROOMS)
    before, after = ["common", "files", "networks"], ["start"]
    included = re.findall(r"rules/(\w+)[.]smk", (ROOT / "Snakefile").read_text())
    assert included == [*before, *(room for room in echolesion.ROOMS if room in folders), *after]
    assert {file.stem for file in (ROOT / "workflow/rules").glob("*.smk")} == {*included}
    for file in (ROOT / "workflow/rules").glob("*.smk"):
        of_room = {file.stem} - {*before, *after}
        assert set(re.findall(r'"[./]*scripts/(\w+)/', file.read_text())) == of_room
        assert bool(re.search(r"^(rule|checkpoint) ", file.read_text(), re.MULTILINE)) == bool(of_room)
    for file in (ROOT / "tests").glob("*/test_*.py"):
        if file.parent.name not in ("anywhere", "browser", "slurm"):
            assert file.parent.name in echolesion.ROOMS
            about = file.stem.removeprefix("test_")
            assert about == "peers" or f"echolesion.{file.parent.name}.{about}" in MODULES, file
