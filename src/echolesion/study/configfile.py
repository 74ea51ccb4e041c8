"""Files of configuration, as text: what YAML takes in silence, or refuses in many lines, is said in one line.

Before Snakemake starts: ``python -m echolesion.study.configfile`` with the arguments for Snakemake, as ``run.sh`` does.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

#: What is laid below every study, and may have been edited.
OF_PROJECT = ("config/config.yaml", "config/connectomes.yaml")
_MERGE = "tag:yaml.org,2002:merge"


def check_file(path: str | Path) -> None:
    """Check that a file is YAML or JSON in which no key stands twice.

    Parameters
    ----------
    path : path-like
        A study's configuration, or a catalogue.

    Raises
    ------
    ValueError
        One line with the file, the line of what is wrong, and what to do.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: is not UTF-8 (byte {error.start}): save it as that") from error
    try:
        json.loads(text)
        text = text.replace("\t", " ")  # which JSON allows between, and only between, its words
    except ValueError:
        tab = re.search(r"^ *\t\s*\S", text, re.MULTILINE)
        if tab:
            line = text.count("\n", 0, tab.start()) + 1
            raise ValueError(f"{path}: line {line} begins with a tab: write blanks, YAML takes no tabs there") from None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: {_one_line(error)}") from error
    if not isinstance(root, yaml.MappingNode):
        raise ValueError(f"{path}: has no keys at its top (expected are lines of 'key: value')")
    for place, first, second in _twice(root, "", set()):
        raise ValueError(f"{path}: '{place}' stands twice, in lines {first} and {second}: leave one of them")


def _one_line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    said = " ".join(str(getattr(error, "problem", None) or error).split())
    if mark is None:
        return f"is not YAML ({said})"
    if "\\t" in said:
        return f"line {mark.line + 1} has a tab: write blanks, YAML takes no tabs there"
    return f"line {mark.line + 1}, column {mark.column + 1}: is not YAML ({said})"


def _twice(node: yaml.Node, place: str, seen: set[int]) -> Iterator[tuple[str, int, int]]:
    """Yield keys that stand twice in one mapping, with both lines; merge keys are none."""
    if id(node) in seen:  # an alias
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _twice(value, f"{place}[{number}]", seen)
    if isinstance(node, yaml.MappingNode):
        lines: dict[tuple[str, str], int] = {}
        for key, value in node.value:
            name = f"{place}.{key.value}".removeprefix(".") if isinstance(key, yaml.ScalarNode) else place
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                line, word = key.start_mark.line + 1, (key.tag, key.value)
                if word in lines:
                    yield name, lines[word], line
                lines[word] = line
            yield from _twice(value, name, seen)


def main(arguments: Sequence[str]) -> None:
    """Check the files that Snakemake's arguments name, and those of the project.

    Raises
    ------
    SystemExit
        With the line, if one is wrong.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--configfile", "--configfiles", dest="files", nargs="+", action="append", default=[])
    named = parser.parse_known_args(arguments)[0].files
    root = Path(__file__).parents[3]
    try:
        if len(named) > 1:
            given = " and ".join(" ".join(files) for files in named)
            raise ValueError(f"--configfile stands twice ({given}), and only the last would count: name all behind one")
        for file in [*(file for files in named for file in files), *(root / name for name in OF_PROJECT)]:
            check_file(file)
    except ValueError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
