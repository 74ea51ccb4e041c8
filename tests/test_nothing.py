"""A study without any signal is a normal result: everything of it is drawn and said."""

from pathlib import Path

import numpy as np
import pytest
from conftest import REGIMES, ROOT, shown_by, study

from echolesion import connectome, figures, report
from echolesion.analysis import cautions
from echolesion.figures import drawing, source_data
from echolesion.records import origin
from echolesion.report import explorer

TWO = [[0, 0.7], [-0.4, 0]]


def noise(sums):
    """Return sums of the same walks that tell of noise alone, influence and contributions alike."""
    rng = np.random.default_rng(0)
    told = sums.copy(deep=True)
    for name in ("influence_sum", "direct_sum", "contribution_sum", "score_sum"):
        told[name][...] = rng.normal(size=told[name].shape)
    return told


def nothing(sums):
    """Return sums of lesions that change nothing at all."""
    told = sums.copy(deep=True)
    for name in ("influence_sum", "direct_sum", "contribution_sum", "score_sum", "readout_total", "score_total"):
        told[name][...] = 0
    return told


@pytest.fixture(scope="module", params=["noise", "nothing", "two nodes", "two nodes, noise"])
def without_signal(request):
    weights = connectome.from_matrix(TWO) if "two" in request.param else None
    told = {"noise": noise, "nothing": nothing, "two nodes, noise": noise}.get(request.param, lambda sums: sums)
    return study({"washout": 60}, {name: REGIMES[name] for name in ("optimal", "non-optimal")}, weights, told)


def finished(estimate):
    """Return an influence with what the job that writes it adds."""
    return estimate.assign_attrs(reliability_target=0.9, walks_needed=np.inf, ended_by="fixed number of walks")


@pytest.mark.parametrize("name", drawing.FIGURES)
def test_every_figure_caption_and_table_of_source_data(name, without_signal, of_the_study):
    shown = shown_by(name, without_signal, of_the_study)
    figure = figures.draw(name, "a title", shown)
    figure.canvas.draw()
    tables = source_data.tables(figure)
    assert tables and all({"series", "kind"} <= set(table) for table in tables.values())
    finding, what = figures.caption(name, shown).strip().split("\n\n")
    assert finding.endswith(".") and what and "nan" not in finding.replace("[nan, nan]", "").lower().split()


def test_the_report_and_the_explorer(without_signal, of_the_study, default_config, tmp_path):
    pictures = []
    for name in drawing.FIGURES:
        shown = shown_by(name, without_signal, of_the_study)
        pictures.append(tmp_path / f"net_{name}.png")
        figures.draw(name, "a title", shown).savefig(pictures[-1])
        pictures[-1].with_suffix(".txt").write_text(figures.caption(name, shown))
    whole = without_signal["connectome"]["all"]
    kinds = ("reservoir", "training", "influence", "contribution")
    regimes = {kind: dict(without_signal[kind]) for kind in kinds}
    regimes["influence"] = {name: finished(estimate) for name, estimate in regimes["influence"].items()}
    attributes = whole.assign_attrs(origin.attributes(default_config))
    page = report.render(
        ROOT / "workflow/report/report.html.j2",
        study="x",
        config=default_config | {"connectomes": ["net"]},
        networks=report.networks(
            {"connectome": {"net": whole}, "decomposition": {"net": without_signal["decomposition"]["all"]}},
            {kind: {"net": of} for kind, of in regimes.items()},
        ),
        sections=report.by_question(pictures, [Path(p).with_suffix(".txt") for p in pictures], ["net"]),
        explorers={"net": "net/explorer.html"},
        cost=[],
        provenance=report.provenance(attributes),
    )
    assert page.count("<img") == len(pictures)
    assert '"nodes"' in explorer.contents(regimes["reservoir"], regimes["influence"])
    for name in regimes["influence"]:
        said = cautions.warnings(*(regimes[kind][name] for kind in ("training", "influence", "contribution")))
        assert all(sentence[-1] == "." for sentence in said)


def test_one_node_is_refused_in_one_line():
    with pytest.raises(connectome.ConnectomeError, match="one node is not a network"):
        connectome.from_matrix([[1.0]])
