"""The report of a study: one HTML page by question, with everything in it."""

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import yaml

from echolesion.analysis import cautions
from echolesion.analysis.decomposition import MEASURES
from echolesion.connectome.graph import describe
from echolesion.figures.style import UNKNOWN
from echolesion.study import resources

Results = Mapping[str, xr.Dataset]

#: The questions in the order of the page: in a word, in full, and the figures that answer them.
QUESTIONS = (
    ("Tuning", "Is the network well tuned?", ("connectome", "tuning", "prediction", "published_tuning")),
    ("Contribution", "Which nodes matter for the task?", ("contribution",)),
    ("Influence", "Who influences whom?", ("influence", "layouts")),
    (
        "Wiring",
        "Does the wiring explain it, and how sure are we?",
        ("summary", "influence_against_weight", "topology", "noise_curve", "parameter_map", "map_against_score"),
    ),
    ("Direct and indirect", "What is direct, and what travels?", ("shares",)),
)
#: Columns of the table of numbers, by the measure of the decomposition.
NUMBERS = {
    "power_weight_correlation_all": "correlation with |weight|",
    "power_squared_weight_correlation_all": "correlation with weight²",
    "power_structural_indirect_share": "share on unconnected pairs",
    "power_mediated_indirect_share": "share through other nodes",
    "power_reliability": "reliability",
}
assert set(NUMBERS) <= set(MEASURES)


def embedded(picture: Path) -> str:
    """Return a PNG file as the address of a picture in a page."""
    return "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode()


def _pixels(picture: Path) -> int:
    """Return the width of a PNG file, which stands in its header."""
    with picture.open("rb") as file:
        return int.from_bytes(file.read(20)[16:], "big")


def by_question(pictures: Sequence[Path], captions: Sequence[Path], networks: Sequence[str]) -> list[dict[str, Any]]:
    """Sort the figures of a study by the question they answer, and by network.

    Parameters
    ----------
    pictures : sequence of pathlib.Path
        PNG files named after the figure, behind the network if it is of one.
    captions : sequence of pathlib.Path
        Their captions, as written by `captions.caption`.
    networks : sequence of str
        Of the study.

    Returns
    -------
    list of dict
        Per question ``short``, ``title`` and ``groups``; a group has the name of its ``network``, empty for all of
        them, and ``figures``, each with ``name``, ``picture``, ``finding``, ``shown``, and ``width`` in percent of
        the widest.
    """
    named = {picture.stem: (picture, caption) for picture, caption in zip(pictures, captions, strict=True)}
    widths = {picture: _pixels(picture) for picture in pictures}
    sections = []
    for short, title, figures in QUESTIONS:
        groups = []
        for network in ("", *networks):
            found = [f"{network}_{figure}" if network else figure for figure in figures]
            drawn = []
            for name in filter(named.__contains__, found):
                picture, caption = named[name]
                finding, shown = caption.read_text(encoding="utf-8").strip().split("\n\n")
                about = {"finding": finding, "shown": shown, "width": 100 * widths[picture] / max(widths.values())}
                drawn.append({"name": name, "picture": embedded(picture)} | about)
            if drawn:
                groups.append({"network": network, "figures": drawn})
        sections.append({"short": short, "title": title, "groups": groups})
    return sections


def numbers(trained: Results, decomposed: xr.Dataset) -> list[dict[str, str]]:
    """Return the numbers of a network, a row per regime, with 95 % intervals; of the score its standard error."""
    rows = []
    for regime, training in trained.items():
        name = training.attrs["task_score"]
        score = training.sel(split="test", measure=name)
        row = {"regime": regime, f"test {name} (s.e.)": f"{float(score['score']):.3g} ({float(score['score_se']):.1g})"}
        for measure, label in NUMBERS.items():
            value = decomposed.sel(regime=regime, measure=measure)
            low, middle, high = (float(value[key]) for key in ("low", "estimate", "high"))
            row[label] = UNKNOWN if np.isnan(middle) else f"{middle:.3f} [{low:.3f}, {high:.3f}]"
        row["unconnected pairs (chance)"] = f"{float(decomposed['chance'].sel(regime=regime)):.3f}"
        rows.append(row)
    return rows


def cost(benchmarks: Path, config: Mapping[str, Any], sizes: Mapping[str, int]) -> list[dict[str, Any]]:
    """Add up what the jobs of a study took, by rule, the longest first.

    Parameters
    ----------
    benchmarks : pathlib.Path
        ``results/<study>/benchmarks``.
    config : mapping
        The configuration of the study.
    sizes : mapping of str to int
        Nodes of its networks.

    Returns
    -------
    list of dict
        ``rule``, ``jobs``, ``minutes`` of all of them, and of the largest the memory ``used`` and ``declared`` in MB.
    """
    jobs = resources.compare(benchmarks, config, sizes)
    if jobs.empty:
        return []
    table = jobs.groupby("rule").agg(
        jobs=("job", "size"), minutes=("used_minutes", "sum"), used=("used_mb", "max"), declared=("declared_mb", "max")
    )
    rows = table.sort_values("minutes", ascending=False).reset_index().to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]


def networks(
    of_networks: Mapping[str, Results], of_regimes: Mapping[str, Mapping[str, Results]]
) -> list[dict[str, Any]]:
    """Gather what the page says of every network, besides its figures.

    Parameters
    ----------
    of_networks : mapping
        ``connectome`` and ``decomposition``, each by network.
    of_regimes : mapping
        ``reservoir``, ``training``, ``influence`` and ``contribution``, each by network and regime.

    Returns
    -------
    list of dict
        ``name``, ``about`` (of `connectome.describe`), ``numbers``, and by regime ``warnings``, ``parameters`` and
        ``sweeps``.
    """
    found = []
    for name, dataset in of_networks["connectome"].items():
        own = {kind: results[name] for kind, results in of_regimes.items()}
        warned = {
            regime: cautions.warnings(*(own[kind][regime] for kind in ("training", "influence", "contribution")))
            for regime in own["training"]
        }
        found.append(
            {
                "name": name,
                "about": describe(dataset["weight"]),
                "numbers": numbers(own["training"], of_networks["decomposition"][name]),
                "warnings": {regime: texts for regime, texts in warned.items() if texts},
                "parameters": {
                    regime: network.attrs | {"ridge": own["training"][regime].attrs["ridge"]}
                    for regime, network in own["reservoir"].items()
                },
                "sweeps": {regime: estimate.attrs for regime, estimate in own["influence"].items()},
            }
        )
    return found


def provenance(result: xr.Dataset) -> dict[str, Any]:
    """Return the origin of a result: ``commit``, ``seed``, ``versions``, and the ``configuration`` as YAML."""
    return {
        "commit": result.attrs["git_commit"],
        "seed": result.attrs["study_seed"],
        "versions": json.loads(result.attrs["versions"]),
        "configuration": yaml.safe_dump(json.loads(result.attrs["study_configuration"]), sort_keys=False),
    }
