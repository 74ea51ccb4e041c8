"""Read and prepare one connectome, and say what was taken for what: ./run.sh read FILE|KEY [key=value ...] [--json]."""

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from echolesion.connectome import catalogue, formats, graph, preparation
from echolesion.study import configuration

ROOT = Path(__file__).parents[2]
USAGE = "usage: ./run.sh read FILE|KEY [key=value ...] [--json]; keys are those of the catalogue, and preparation"


def wanted(arguments: list[str]) -> tuple[str, dict[str, Any]]:
    """Return the file or key, and the entry that the arguments make of it; exit with 2 if they are wrong."""
    schema = yaml.safe_load((ROOT / "workflow/schemas/connectomes.schema.yaml").read_text())
    known = schema["additionalProperties"]["properties"]
    first, *others = [argument for argument in arguments if argument != "--json"] or [""]
    entry: dict[str, Any] = {}
    for argument in others:
        key, equals, text = argument.partition("=")
        if not equals or key not in known:
            sys.exit(_wrong(f"'{argument}' is not allowed ({', '.join(known)})"))
        types = known[key].get("type", "")
        of_text = "string" in types and not text.startswith("{")
        try:
            entry[key] = text if of_text or ("enum" in known[key] and key != "subject_axis") else yaml.safe_load(text)
        except yaml.YAMLError as error:
            sys.exit(_wrong(f"'{argument}' is not YAML ({' '.join(str(error).split())})"))
    if not first or "=" in first:
        sys.exit(_wrong("which file, or which key of the catalogue?"))
    return first, entry


def _from_here(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry of the project with paths that start where the command runs."""
    shipped = {} if "package" in entry else formats.files(entry)
    return entry | {key: os.path.relpath(ROOT / path) for key, path in shipped.items()}


def _wrong(text: str) -> int:
    print(f"error: {text}; {USAGE}", file=sys.stderr)
    return 2


def main(arguments: list[str]) -> None:
    """Print what is read."""
    logging.getLogger("echolesion").setLevel(logging.CRITICAL)  # what it tells is in the history
    name, changes = wanted(arguments)
    of_project = yaml.safe_load((ROOT / "config/connectomes.yaml").read_text())
    defaults = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    steps = changes.pop("preparation", defaults["preparation"])
    try:
        if name not in of_project and not configuration.is_file(name, of_project):
            raise ValueError(f"'{name}' is neither a file nor a key of the catalogue ({', '.join(of_project)})")
        own = {} if name in of_project else {configuration.key_of(name): {"file": name}}
        key = name if not own else next(iter(own))
        if changes and not own:
            key = f"{name}_changed"
        entry = (own or {key: _from_here(of_project[name])}).get(key, {}) | changes
        changed = {} if name in of_project and not changes else {key: entry}
        study = defaults | {"connectomes": [key], "catalogue": changed, "preparation": steps, "weighting": "own"}
        configuration.check_study(study, of_project, ROOT / "workflow/schemas")
        of_entry = entry.get("preparation", [])
        fetched = catalogue.fetched(entry, name, ROOT / "data/fetched") if "package" in entry else None
        if fetched and not fetched.is_dir():
            raise ValueError(f"{name}: its files are fetched by the first study that has it, and are not here yet")
        measured = catalogue.connections_of(entry, key, Path(), fetched)
        rng = np.random.default_rng(0)  # nothing is drawn: weights are as measured
        prepared = preparation.prepared(measured, [*of_entry, *steps], "own", rng, key)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")
    except MemoryError as error:
        sys.exit(f"error: {name}: reading it takes more memory than there is ({error})")
    read_as = yaml.safe_load(prepared.attrs.get("read_as", "{}"))
    decided = {key: entry | read_as} if changed else {}
    pasted = {"connectomes": [key], "catalogue": decided, "preparation": steps, "weighting": "own"}
    shown = graph.summary(prepared) | {
        "history": prepared.attrs["history"].split("; "),
        "warnings": list(filter(None, prepared.attrs.get("warnings", "").split("; "))),
        "yaml": yaml.safe_dump(pasted, sort_keys=False, allow_unicode=True),
    }
    if "--json" in arguments:
        print(json.dumps(shown, ensure_ascii=False))
        return
    for title, value in shown.items():
        if isinstance(value, list):
            print(f"{title}:" + ("".join(f"\n  {line}" for line in value) or " none"))
        elif title == "yaml":
            print(f"\nTo paste into a study:\n\n{value}", end="")
        else:
            print(f"{title.replace('_', ' ')}: {value}")


if __name__ == "__main__":
    main(sys.argv[1:])
