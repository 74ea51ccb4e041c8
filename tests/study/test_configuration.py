import copy
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from snakemake.utils import update_config

from echolesion.connectome import preparation
from echolesion.shapley import statistics
from echolesion.study import configuration

SCHEMAS = ROOT / "workflow/schemas"


def changed(config, path, value):
    config = copy.deepcopy(config)
    *parents, last = path
    place = config
    for step in parents:
        place = place[step]
    if value is KeyError:
        del place[last]
    else:
        place[last] = value
    return config


MAP = {
    "connectomes": [], "spectral_radius": [0.6], "leak": [1.0], "input_scaling": 1.0, "loops": ["open"],
    "walks_per_batch": 20,
}  # fmt: skip
BAD = [
    (("sweep", "walkz"), 5, "sweep.walkz: unknown key (allowed: estimator,"),
    (("colour",), "red", "colour: unknown key (allowed: study,"),
    (("seed",), "one", "seed: 'one' is not allowed (whole number, 0 or larger)"),
    (("seed",), -1, "seed: -1 is not allowed (whole number, 0 or larger)"),
    (("seed",), True, "seed: True is not allowed"),
    (("study",), "../x", "study: '../x' is not allowed"),
    (("reservoir", "bias"), float("nan"), "reservoir.bias: nan is not allowed"),
    (("reservoir", "velocity"), 0, "reservoir.velocity: 0 is not allowed (null, or a number larger than 0, in mm"),
    (("preparation",), ["tidy"], "preparation[0]: 'tidy' is not allowed (a step: drop_self_connections, drop_isolated"),
    (("preparation",), [{"threshold_density": 2}], "preparation[0]: {'threshold_density': 2} is not allowed (a step"),
    (("preparation",), [{"average": "mean", "symmetrise": "max"}], "preparation[0]: {'average': 'mean', 'symmetrise'"),
    (("preparation",), "drop_isolated", "preparation: 'drop_isolated' is not allowed (list of steps"),
    (("catalogue",), {"x": {"folder": "data"}}, "catalogue.x.folder: unknown key (allowed: file,"),
    (("catalogue",), {"larva213": {"file": "x.csv"}}, "catalogue.larva213: is in config/connectomes.yaml too"),
    (("catalogue",), {"x": {"file": "x.csv", "preparation": ["tidy"]}}, "catalogue.x.preparation[0]: 'tidy' is not"),
    (("regimes", 1, "leak"), 0, "regimes[1].leak: 0 is not allowed (number larger than 0 and at most 1)"),
    (("regimes", 1, "leak"), 1.5, "regimes[1].leak: 1.5 is not allowed (number larger than 0 and at most 1)"),
    (("tuning", "leak"), [0.1, 1.5], "tuning.leak[1]: 1.5 is not allowed (number larger than 0 and at most 1)"),
    (("tuning", "ridge"), ["1e-3"], "tuning.ridge[0]: '1e-3' is not allowed (number, 0 (pseudo-inverse) or larger)"),
    (("tuning", "spectral_radius"), [], "tuning.spectral_radius: [] is not allowed (list of"),
    (("tuning", "spectral_radius"), [float("inf")], "tuning.spectral_radius[0]: inf is not allowed"),
    (("regimes", 0), {"name": "bare"}, "regimes[0]: 'bare' needs either 'tuned: true' or all of"),
    (("regimes", 0), {"name": "bare", "tuned": False}, "regimes[0]: 'bare' needs either"),
    (("regimes", 0), {"name": "both", "tuned": True, "leak": 1}, "regimes[0]: 'both' needs either"),
    (("regimes", 1, "leak"), KeyError, "regimes[1]: 'non-optimal' needs either"),
    (("regimes", 1, "name"), "optimal", "regimes[1].name: 'optimal' stands twice"),
    (("regimes", 1, "name"), KeyError, "regimes[1].name: is missing (letters, digits, - and _)"),
    (("regimes",), [], "regimes: [] is not allowed (list of regimes, at least one)"),
    (("connectomes",), ["smallworld37"], "connectomes[0]: 'smallworld37' is not in the catalogue (celegans279,"),
    (("connectomes",), "smallworld36", "connectomes: 'smallworld36' is not allowed (list of"),
    (
        ("task", "name"),
        "mackeyglass",
        "task.name: 'mackeyglass' is not allowed (mackey_glass, narma10, memory, frequency or file)",
    ),
    (("task", "horizon"), KeyError, "task.horizon: is missing (whole number of steps, 1 or larger)"),
    (("weighting",), "signed", "weighting: 'signed' is not allowed (own, random_signed or rank_signed)"),
    (("reservoir", "activation"), "tahn", "reservoir.activation: 'tahn' is not allowed (tanh,"),
    (("sweep", "shards"), 9, "sweep.shards: 9 is more than sweep.batches, 8"),
    (("sweep", "time_bins"), 0, "sweep.time_bins: 0 is not allowed (whole number, 1 or larger, or null)"),
    (("sweep", "time_bins"), 201, "sweep.time_bins: 201 is more than task.test, 200 steps"),
    (("sweep", "batches"), 4, "sweep.batches: 4 is not allowed (whole number, 8 or larger)"),
    (("sweep", "device"), "gpu", "sweep.device: 'gpu' is not allowed (a device of torch"),
    (("sweep", "engine"), "gears", "sweep.engine: 'gears' is not allowed (auto, torch or lanes)"),
    (("task", "loop"), "closed", "task.loop: 'closed' is not allowed (only of frequency, and of"),
    (("task", "series"), "x.txt", "task.series: is for the task 'file', which needs it"),
    (("task", "name"), "file", "task.series: is for the task 'file', which needs it"),
    (("sweep", "rescale"), True, "sweep: refit_readout and rescale are not allowed (only in closed loop)"),
    (("sweep",), 3, "sweep: 3 is not allowed (estimator,"),
    (
        ("map",),
        MAP | {"until": {"reliability": 0.9, "walks_per_batch": 10}},
        "map.until.walks_per_batch: 10 is less than map.walks_per_batch, 20 (the budget counts the first round)",
    ),
    (
        ("map",),
        MAP | {"until": {"reliability": 1, "walks_per_batch": 60}},
        "map.until.reliability: 1 is not allowed (number larger than 0 and below 1)",
    ),
]


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        (("reservoir", "velocity"), 5.0, "there are delays"),
        (("sweep", "lesion"), "outgoing", "lesioned nodes go on listening or sending what changes"),
        (("sweep", "device"), "cuda", "it is not on a CPU"),
    ],
)
def test_lanes_are_refused_before_a_study_where_they_cannot_run(default_config, catalogue, path, value, why):
    config = changed(default_config, path, value)
    configuration.check_study(config, catalogue, SCHEMAS)
    config["sweep"]["engine"] = "lanes"
    with pytest.raises(configuration.ConfigurationError) as error:
        configuration.check_study(config, catalogue, SCHEMAS)
    assert str(error.value) == f"sweep.engine: 'lanes' is not allowed ({why}: take auto or torch)"


@pytest.mark.parametrize(("path", "value", "message"), BAD)
def test_bad_values_give_one_line(default_config, catalogue, path, value, message):
    with pytest.raises(configuration.ConfigurationError) as error:
        configuration.check_study(changed(default_config, path, value), catalogue, SCHEMAS)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"model": "small_world"}, "x: "),
        ({"file": "x.csv", "model": "small_world", "parameters": {}}, "x: "),
        ({"file": 3}, "x.file: 3 is not allowed"),
        ({"file": "x.csv", "sha256": "12"}, "x.sha256: '12' is not allowed (hash of all these files"),
        ({"file": "x.csv", "package": {"name": "x"}}, "x: "),
        (
            {"file": "x.csv", "preparation": [{"clip": 1}]},
            "x.preparation[0]: {'clip': 1} is not allowed (a step: drop_",
        ),
        ({"model": "tree", "parameters": {}}, "x.model: 'tree' is not allowed"),
        ({"path": "x.csv"}, "x.path: unknown key (allowed: file, orientation, variable, directed,"),
    ],
)
def test_bad_catalogue(default_config, catalogue, entry, message):
    with pytest.raises(configuration.ConfigurationError) as error:
        configuration.check_study(default_config, catalogue | {"x": entry}, SCHEMAS)
    assert str(error.value).startswith(message)


def test_shipped_configurations_are_good(default_config, catalogue):
    configuration.check_study(default_config, catalogue, SCHEMAS)
    for study in (ROOT / "config/studies").glob("*.yaml"):
        config = copy.deepcopy(default_config)
        # As Snakemake lays them over each other; one with a _ in its name is laid over that before it.
        for file in (study.with_stem(study.stem.partition("_")[0]), study):
            update_config(config, yaml.safe_load(file.read_text()))
        configuration.check_study(config, catalogue, SCHEMAS)


def test_the_default_configuration_names_every_key(default_config):
    def keys(schema):
        properties = schema.get("properties", {}) if "null" not in schema.get("type", "") else {}
        return {name: keys(inner) for name, inner in properties.items()}

    def named(value):
        return {name: named(inner) for name, inner in value.items()} if isinstance(value, dict) else {}

    schema = yaml.safe_load((SCHEMAS / "config.schema.yaml").read_text())
    assert named(default_config) == keys(schema)


def test_every_property_says_what_is_allowed():
    def descriptions(schema):
        for inner in [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]:
            yield "description" in inner
            yield from descriptions(inner)

    for file in SCHEMAS.glob("*.yaml"):
        assert all(descriptions(yaml.safe_load(file.read_text())))


def test_bad_key_in_the_catalogue(default_config, catalogue):
    with pytest.raises(configuration.ConfigurationError, match=r"^configuration: 'a[.]b' is not allowed"):
        configuration.check_study(default_config, catalogue | {"a.b": {"file": "x"}}, SCHEMAS)


def test_the_schema_asks_for_as_many_batches_as_an_error_bar_needs():
    schema = yaml.safe_load((SCHEMAS / "config.schema.yaml").read_text())
    assert schema["properties"]["sweep"]["properties"]["batches"]["minimum"] == statistics.FEWEST_BATCHES


def test_files_among_the_connectomes_become_entries(default_config, catalogue):
    config = default_config | {"connectomes": ["celegans279", "my/net.csv"], "orientation": "target_source"}
    configuration.check_study(config, catalogue, SCHEMAS)
    connectomes, entries = configuration.with_files(config, catalogue, ROOT)
    assert connectomes == ["celegans279", "net"]
    assert entries["net"] == {"file": "my/net.csv"} and entries["celegans279"] == catalogue["celegans279"]
    for name, key in (("my/a b.csv", "a_b"), ("x.SC.txt.gz", "x_SC"), ("x.connectivity.mat", "x_connectivity")):
        assert configuration.with_files(config | {"connectomes": [name]}, catalogue, ROOT)[0] == [key]
    for names in (["celegans279.csv"], ["a b.csv", "a_b.npy"]):
        with pytest.raises(configuration.ConfigurationError, match=f"'{names[-1]}' is not allowed"):
            configuration.with_files(config | {"connectomes": names}, catalogue, ROOT)


@pytest.mark.parametrize("name", ["net.ods", "my/net", "net.csv.zip.7z"])
def test_a_path_that_no_reader_knows_is_told_from_a_key(default_config, catalogue, name):
    with pytest.raises(configuration.ConfigurationError, match="no format has the suffix") as error:
        configuration.check_study(default_config | {"connectomes": [name]}, catalogue, SCHEMAS)
    assert "celegans279" not in str(error.value)


def test_home_and_variables_stand_in_paths(default_config, catalogue, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    config = default_config | {"connectomes": ["~/a.csv", "$HOME/b.csv"]}
    _, entries = configuration.with_files(config, catalogue, ROOT)
    assert [Path(entries[key]["file"]) for key in "ab"] == [tmp_path / "a.csv", tmp_path / "b.csv"]


def test_entries_of_a_study_start_where_it_runs(default_config, catalogue):
    own = {"mine": {"file": "subjects/*.npy", "orientation": "source_target", "nodes": "nodes.csv"}}
    config = default_config | {"connectomes": ["mine"], "catalogue": own}
    configuration.check_study(config, catalogue, SCHEMAS)
    connectomes, entries = configuration.with_files(config, catalogue, ROOT)
    assert connectomes == ["mine"] and set(catalogue) < set(entries)
    assert entries["mine"] == own["mine"]


def test_paths_in_the_clones_own_configuration_start_in_the_clone(default_config, catalogue, tmp_path, monkeypatch):
    clone, folder = tmp_path / "clone", tmp_path / "folder"
    (clone / "config").mkdir(parents=True)
    folder.mkdir()
    (clone / "net.csv").write_text("")
    monkeypatch.chdir(folder)
    of_study = {
        "connectomes": ["net.csv", "mine"], "catalogue": {"mine": {"file": "a.npy", "nodes": {"file": "/n.csv"}}},
        "task": {"series": "s.txt"},
    }  # fmt: skip
    inside, outside = clone / "config/study.yaml", folder / "study.yaml"
    for file in (inside, outside):
        file.write_text(yaml.safe_dump(of_study))
    config = default_config | of_study
    every = {("connectomes",), ("task", "series"), ("catalogue", "mine")}
    assert configuration.from_clone(config, [inside], clone) == every
    assert configuration.from_clone(config, [outside, inside], clone) == every
    assert configuration.from_clone(config, [inside, outside], clone) == set()
    assert configuration.from_clone(config, [], clone) == set()
    # What the command line says lies over the file.
    assert configuration.from_clone(config | {"connectomes": ["b.csv"]}, [inside], clone) == every - {("connectomes",)}
    _, entries = configuration.with_files(config, catalogue, clone, every)
    assert entries["net"] == {"file": "../clone/net.csv"}
    assert entries["mine"] == {"file": "../clone/a.npy", "nodes": {"file": "/n.csv"}}


def test_a_series_is_that_of_the_working_folder_if_there_is_one(tmp_path, monkeypatch):
    clone, folder = tmp_path / "clone", tmp_path / "folder"
    for path in (clone, folder):
        path.mkdir()
    monkeypatch.chdir(folder)

    def found(path, starts=()):
        return configuration.series_file({"task": {"series": path}}, clone, starts)

    assert found(None) == (None, False)
    assert found("s.txt") == ("s.txt", False)  # nowhere: missed in the working folder
    (clone / "s.txt").write_text("1")
    assert found("s.txt") == ("s.txt", True)
    (folder / "s.txt").write_text("1")
    assert found("s.txt") == ("s.txt", False)
    assert found("s.txt", {("task", "series")}) == ("s.txt", True)
    assert found(str(clone / "s.txt")) == (str(clone / "s.txt"), False)
    monkeypatch.setenv("HOME", str(folder))
    assert found("~/s.txt") == (str(folder / "s.txt"), False)


def test_every_step_is_in_the_schema():
    schema = yaml.safe_load((SCHEMAS / "preparation.schema.yaml").read_text())
    plain, with_argument = schema["properties"]["preparation"]["items"]["oneOf"]
    assert {*plain["enum"], *with_argument["properties"]} == set(preparation.STEPS)
