"""The configuration of a study: checked before anything runs."""

import math
import os
import re
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from echolesion.connectome import formats, texts
from echolesion.connectome.catalogue import expanded
from echolesion.sweep.choice import configured_reason

_finite_numbers = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
    "number",
    lambda _, value: isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value),
)
_Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, type_checker=_finite_numbers)


class ConfigurationError(ValueError):
    """A configuration that cannot be run: one line with the key and what is allowed."""


def check(document: Mapping[str, Any], schema: Path) -> None:
    """Check a document against a schema.

    Parameters
    ----------
    document : mapping
        Configuration or catalogue, as read from YAML.
    schema : pathlib.Path
        JSON schema in YAML. Every property has a description that says what is allowed.

    Raises
    ------
    ConfigurationError
        For the first thing that is wrong.
    """
    errors = sorted(
        _validator(schema).iter_errors(document), key=lambda error: (len(error.absolute_path), str(error.path))
    )
    if errors:
        raise ConfigurationError(_one_line(errors[0]))


@cache
def _validator(schema: Path) -> Any:
    return _Validator(yaml.safe_load(schema.read_text()))


def _one_line(error: jsonschema.ValidationError) -> str:
    schema: Any = error.schema
    place = list(error.absolute_path)
    if error.validator == "additionalProperties":
        unknown = min(set(error.instance) - set(schema["properties"]), key=str)
        return f"{_key([*place, unknown])}: unknown key (allowed: {', '.join(schema['properties'])})"
    if error.validator == "required":
        missing = next(name for name in schema["required"] if name not in error.instance)
        return f"{_key([*place, missing])}: is missing ({schema['properties'][missing]['description']})"
    return f"{_key(place)}: {error.instance!r} is not allowed ({schema.get('description', error.message)})"


def _key(place: Iterable[str | int]) -> str:
    """Write the place of a value as a user would look it up, e.g. ``regimes[1].leak``."""
    key = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return key.removeprefix(".") or "configuration"


def from_clone(config: Mapping[str, Any], files: Iterable[str | Path], root: Path) -> set[tuple[str, ...]]:
    """Return which keys with paths have their value from a file in the clone's own ``config/``.

    Parameters
    ----------
    config : mapping
        The configuration.
    files : iterable of path-like
        Those that it was made of, besides the defaults; of several with a key the last one counts.
    root : pathlib.Path
        Of the clone.

    Returns
    -------
    set of tuple
        Of ``("connectomes",)``, ``("task", "series")`` and ``("catalogue", key)``: their paths start in the clone.
    """
    last: dict[tuple[str, ...], bool] = {}
    for file in map(Path, files):
        document = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        in_clone = file.resolve().is_relative_to(root.resolve() / "config")
        for key in (("connectomes",), ("task", "series"), *(("catalogue", key) for key in config["catalogue"])):
            value = _value(document, key)
            # What is given on the command line lies over all files.
            if value is not None and (key[0] == "catalogue" or value == _value(config, key)):
                last[key] = in_clone
    return {key for key, in_clone in last.items() if in_clone}


def _value(document: Any, key: Iterable[str]) -> Any:
    """Return a value by the keys that lead to it; None if there is none."""
    for step in key:
        document = document.get(step) if isinstance(document, Mapping) else None
    return document


def series_file(
    config: Mapping[str, Any], root: Path, starts_in_clone: Collection[tuple[str, ...]] = ()
) -> tuple[str | None, bool]:
    """Return the file of the task's series, and whether it is one of the clone.

    Parameters
    ----------
    config : mapping
        The configuration.
    root : pathlib.Path
        Of the clone, where a path starts of which there is no file in the working folder.
    starts_in_clone : collection of tuple, optional
        Keys whose paths start in the clone in any case, see `from_clone`.

    Returns
    -------
    path : str or None
        As seen from the working folder, or from the clone; None if the task has no series.
    of_clone : bool
    """
    if config["task"]["series"] is None:
        return None, False
    path = expanded(config["task"]["series"])
    there = not Path(path).is_absolute() and (root / path).is_file()
    return path, there and (("task", "series") in starts_in_clone or not Path(path).is_file())


def with_files(
    config: Mapping[str, Any],
    catalogue: Mapping[str, Any],
    root: Path,
    starts_in_clone: Collection[tuple[str, ...]] = (),
) -> tuple[list[str], dict[str, Any]]:
    """Make entries of the catalogue of files that stand among the connectomes, and of the study's own entries.

    Parameters
    ----------
    config : mapping
        The configuration.
    catalogue : mapping
        Connectomes by key.
    root : pathlib.Path
        Of the clone, where paths in the catalogue start; those in the configuration start in the working folder.
    starts_in_clone : collection of tuple, optional
        Keys of the configuration whose paths start in the clone after all, see `from_clone`.

    Returns
    -------
    connectomes : list of str
        The connectomes by key; that of a file is its name without the suffix.
    catalogue : dict
        With the files, those of the configuration as seen from the working folder.

    Raises
    ------
    ConfigurationError
        If a name is no key or stands for two connectomes.
    """

    def start(*key: str) -> str:
        return os.path.relpath(root) if key in starts_in_clone else ""

    own = {key: {**entry, **_from(start("catalogue", key), entry)} for key, entry in config["catalogue"].items()}
    connectomes, entries = [], {**catalogue, **own}
    for i, name in enumerate(config["connectomes"]):
        key = name
        if is_file(name, entries):
            key = key_of(name)
            if not key or key in entries:
                raise ConfigurationError(
                    f"connectomes[{i}]: '{name}' is not allowed (its key would be '{key}', which is that of another"
                    " connectome: give it one of its own in 'catalogue')"
                )
            entries[key] = _from(start("connectomes"), {"file": name})
        connectomes.append(key)
    return connectomes, entries


def is_file(name: str, catalogue: Iterable[str]) -> bool:
    """Return whether what stands among the connectomes is a path, not a key of the catalogue."""
    return name not in catalogue and (bool(texts.suffix_of(Path(name))) or "/" in name)


def key_of(path: str) -> str:
    """Return the key of a file: its name without what says its format, other signs than ``A-Za-z0-9_-`` as _."""
    name = Path(path).name
    suffix = texts.suffix_of(Path(path))
    return re.sub("[^A-Za-z0-9_-]", "_", name[: name.lower().rindex(suffix)] if suffix else name)


def _from(start: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the files of an entry as paths that start in a folder."""
    result: dict[str, Any] = {}
    for key, path in formats.files(entry).items() if "package" not in entry else ():
        placed = os.path.normpath(Path(start, expanded(path)))
        result[key] = {**entry[key], "file": placed} if isinstance(entry[key], Mapping) else placed
    return result


def check_study(config: Mapping[str, Any], catalogue: Mapping[str, Any], schemas: Path) -> None:
    """Check a study's configuration and the catalogue of connectomes, each alone and together.

    Parameters
    ----------
    config : mapping
        The configuration.
    catalogue : mapping
        Connectomes by key.
    schemas : pathlib.Path
        Folder of ``config.schema.yaml`` and ``connectomes.schema.yaml``.

    Raises
    ------
    ConfigurationError
        For the first thing that is wrong.
    """
    check(config, schemas / "config.schema.yaml")
    for place, entries in (("", catalogue), ("catalogue.", config["catalogue"])):
        try:
            check(entries, schemas / "connectomes.schema.yaml")
            for key, entry in entries.items():
                _check_steps(entry.get("preparation", []), f"{key}.", schemas)
        except ConfigurationError as error:
            raise ConfigurationError(f"{place}{error}") from error
    _check_steps(config["preparation"], "", schemas)
    if twice := set(catalogue) & set(config["catalogue"]):
        raise ConfigurationError(f"catalogue.{min(twice)}: is in config/connectomes.yaml too (take another key)")
    catalogue = catalogue | config["catalogue"]
    files = {name for name in config["connectomes"] if is_file(name, catalogue)}
    for i, name in enumerate(config["connectomes"]):
        if name in files and (suffix := texts.suffix_of(Path(name))) not in formats.READERS:
            raise ConfigurationError(
                f"connectomes[{i}]: '{name}' is no key of the catalogue, and no format has the suffix '{suffix}' (there"
                f" are {', '.join(formats.READERS)})"
            )
    of_map = (config["map"] or {}).get("connectomes", [])
    for place, keys, known in (("", config["connectomes"], {*catalogue, *files}), ("map.", of_map, {*catalogue})):
        for i, key in enumerate(keys):
            if key not in known:
                listed = ", ".join(catalogue)
                raise ConfigurationError(f"{place}connectomes[{i}]: '{key}' is not in the catalogue ({listed})")
    names = [regime["name"] for regime in config["regimes"]]
    for i, regime in enumerate(config["regimes"]):
        if names.index(regime["name"]) != i:
            raise ConfigurationError(f"regimes[{i}].name: '{regime['name']}' stands twice (names must differ)")
        wanted = {"spectral_radius", "leak", "input_scaling"}
        given = wanted & set(regime)
        if regime.get("tuned", False) == bool(given) or (given and given != wanted):
            raise ConfigurationError(
                f"regimes[{i}]: '{regime['name']}' needs either 'tuned: true' or all of spectral_radius, leak and"
                " input_scaling"
            )
    task, sweep = config["task"], config["sweep"]
    if (task["name"] == "file") == (task["series"] is None):
        raise ConfigurationError("task.series: is for the task 'file', which needs it")
    if task["loop"] == "closed":
        predicts_input = task["name"] in ("mackey_glass", "file") and task["horizon"] == 1
        if not (predicts_input or task["name"] == "frequency"):
            raise ConfigurationError(
                "task.loop: 'closed' is not allowed (only of frequency, and of mackey_glass or file with horizon 1,"
                " where what is predicted is the next input)"
            )
        if sweep["lesion"] != "silence":
            raise ConfigurationError(f"sweep.lesion: '{sweep['lesion']}' is not allowed (closed loop: only silence)")
    elif task["output"] != "identity":
        raise ConfigurationError(f"task.output: '{task['output']}' is not allowed (only in closed loop)")
    elif sweep["refit_readout"] or sweep["rescale"]:
        raise ConfigurationError("sweep: refit_readout and rescale are not allowed (only in closed loop)")
    for i, loop in enumerate((config["map"] or {}).get("loops", [])):
        if (loop == "open") != (task["loop"] == "open"):
            raise ConfigurationError(f"map.loops[{i}]: '{loop}' is not allowed (task.loop is {task['loop']})")
    if config["nulls"] and config["reservoir"]["velocity"]:
        raise ConfigurationError(
            f"nulls: {config['nulls']} is not allowed (with reservoir.velocity: rewired connections have no length)"
        )
    if sweep["engine"] == "lanes" and (refused := configured_reason(config)):
        raise ConfigurationError(f"sweep.engine: 'lanes' is not allowed ({refused}: take auto or torch)")
    if sweep["shards"] > sweep["batches"]:
        raise ConfigurationError(
            f"sweep.shards: {sweep['shards']} is more than sweep.batches, {sweep['batches']} (a batch is not divided)"
        )
    for place, rounds in (("sweep", sweep), ("map", config["map"] or {})):
        until = rounds.get("until")
        if until and until["walks_per_batch"] < rounds["walks_per_batch"]:
            raise ConfigurationError(
                f"{place}.until.walks_per_batch: {until['walks_per_batch']} is less than {place}.walks_per_batch,"
                f" {rounds['walks_per_batch']} (the budget counts the first round)"
            )
    if (sweep["time_bins"] or 1) > config["task"]["test"]:
        raise ConfigurationError(
            f"sweep.time_bins: {sweep['time_bins']} is more than task.test, {config['task']['test']} steps"
        )


def _check_steps(steps: Any, place: str, schemas: Path) -> None:
    try:
        check({"preparation": steps}, schemas / "preparation.schema.yaml")
    except ConfigurationError as error:
        raise ConfigurationError(f"{place}{error}") from error


def regime(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the entry of a regime by its name."""
    return next(entry for entry in config["regimes"] if entry["name"] == name)
