"""The code behind a script: what of this package runs when it does.

Modules are found as Python finds them: by absolute and relative imports, and by the names that a package resolves when
they are asked for, of which its stub says where they are. What cannot be told apart is counted in: of a package that is
passed on whole, say, or of a name that it does not know, all modules.
"""

import ast
import hashlib
from collections import defaultdict
from functools import cache
from pathlib import Path

#: The package whose modules are followed, and the folder that it is in.
NAME, ROOT = __name__.partition(".")[0], Path(__file__).parents[2]


def source_hash(script: Path) -> str:
    """Return a hash of a script and of every module of this package that it imports, directly or not.

    Snakemake sees changes of a script but not of what it imports; this hash as a parameter of the rule makes it see.

    Parameters
    ----------
    script : pathlib.Path
        A Python file.

    Returns
    -------
    str
        Changes when the code of any of those files does, and only then; comments and docstrings are not code.
    """
    meanings = [_meaning(script), *(_meaning(_file(module)) for module in sorted(modules(script)))]
    return hashlib.sha256(repr(meanings).encode()).hexdigest()[:16]


def modules(script: Path) -> set[str]:
    """Return the full names of the modules of this package that a script imports, directly or not.

    Parameters
    ----------
    script : pathlib.Path
        A Python file.

    Returns
    -------
    set of str
        The packages that they are in among them.
    """
    waiting, found = [*imported(script, "")], set()
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting.extend(imported(_file(module), module))
    return found


def _file(module: str) -> Path:
    """Return the file of a module, which need not exist; of a package its ``__init__``."""
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def _meaning(file: Path) -> str:
    """Return the code of a file without comments, layout and docstrings."""
    tree = ast.parse(file.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.dump(tree)


@cache
def imported(file: Path, module: str) -> frozenset[str]:
    """Return the modules of this package that a file imports by itself.

    Parameters
    ----------
    file : pathlib.Path
        A Python file.
    module : str
        Full name of the module that it is; empty of a script.

    Returns
    -------
    set of str
        Full names, the packages that they are in among them.
    """
    stands_for: defaultdict[str, set[str]] = defaultdict(set)  # of names in the file: what they are outside of it
    used: set[str] = set()
    tree = ast.parse(file.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                used.add(alias.name)
                stands_for[alias.asname or alias.name.partition(".")[0]].add(
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                used.add(name := f"{_owner(node, file, module)}.{alias.name}")
                stands_for[alias.asname or alias.name].add(name)
    taken: dict[int, set[str]] = {}  # by expression, what it takes of what was imported
    # `ast.walk` goes inwards, so that from its end an expression is met before what it is a part of.
    for node in reversed([*ast.walk(tree)]):
        if isinstance(node, ast.Name) and node.id in stands_for:
            taken[id(node)] = stands_for[node.id]
        elif isinstance(node, ast.Attribute) and id(node.value) in taken:
            taken[id(node)] = {f"{name}.{node.attr}" for name in taken.pop(id(node.value))}
    used |= {f"{name}.*" for names in taken.values() for name in names}
    found = {each for name in used if name.partition(".")[0] == NAME for each in _modules(name)}
    return frozenset(found - {module})


def _owner(node: ast.ImportFrom, file: Path, module: str) -> str:
    """Return the full name of what names are imported from."""
    if not node.level:
        return str(node.module)
    inside = module.split(".")[: len(module.split(".")) - node.level + (file.name == "__init__.py")]
    return ".".join([*inside, *([node.module] if node.module else [])])


def _modules(name: str) -> set[str]:
    """Return the modules that are imported for a full name; a "*" at its end stands for all there is."""
    owner, *parts = name.split(".")
    found = {owner}
    for part in parts:
        file = _file(owner)
        if file.name != "__init__.py":
            break
        if _file(f"{owner}.{part}").exists():
            owner = f"{owner}.{part}"
        elif part in (resolved := _resolved(owner)):
            owner = resolved[part]
        elif part in _defined(file):
            break
        else:
            inside = (path.relative_to(ROOT).with_suffix("").parts for path in file.parent.rglob("*.py"))
            return found | {".".join(parts).removesuffix(".__init__") for parts in inside}
        found.add(owner)
    return found


@cache
def _resolved(package: str) -> dict[str, str]:
    """Return the modules of the names that a package resolves when they are asked for."""
    stub = _file(package).with_suffix(".pyi")
    body = ast.parse(stub.read_bytes()).body if stub.exists() else []
    lines = [node for node in body if isinstance(node, ast.ImportFrom)]
    return {alias.name: f"{package}.{node.module}" for node in lines for alias in node.names}


@cache
def _defined(file: Path) -> set[str]:
    """Return the names that the ``__init__`` of a package gives a meaning itself."""
    body = ast.parse(file.read_bytes()).body
    stored = {node.id for part in body for node in ast.walk(part) if isinstance(node, ast.Name)}
    return stored | {part.name for part in body if isinstance(part, ast.FunctionDef)}
