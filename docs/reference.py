"""The reference of the configuration, from its schema and its defaults."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml


def of_configuration(root: Path) -> str:
    """Return a table of every key of a study: what is allowed, and its default.

    Parameters
    ----------
    root : pathlib.Path
        Of the checkout.

    Returns
    -------
    str
        Markdown.
    """
    schema = yaml.safe_load((root / "workflow/schemas/config.schema.yaml").read_text())
    defaults = yaml.safe_load((root / "config/config.yaml").read_text())
    rows = ["| key | allowed | default |", "| --- | --- | --- |"]
    for key, allowed, default in _keys(schema, defaults, ""):
        rows.append(f"| `{key}` | {allowed} | {f'`{json.dumps(default)}`' if default is not _NONE else ''} |")
    return "\n".join(rows) + "\n"


#: In place of the default of a key that has none: one inside of something that is off.
_NONE = object()


def _keys(schema: dict[str, Any], defaults: Any, above: str) -> Iterator[tuple[str, str, Any]]:
    """Yield every key below one, with what is allowed and the default."""
    for name, value in schema["properties"].items():
        default = defaults[name] if isinstance(defaults, dict) else _NONE
        of_list = value.get("items", {})
        inner, key = (of_list, f"{above}{name}[]") if "properties" in of_list else (value, f"{above}{name}")
        if "properties" not in inner:
            yield key, value["description"], default
            continue
        # Of what is divided further, the defaults stand there.
        yield key, value["description"], default if default is None else _NONE
        yield from _keys(inner, default, f"{key}.")
