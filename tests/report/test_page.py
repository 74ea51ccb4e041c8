"""The report: every figure by its question, nothing from elsewhere, nothing unescaped, its numbers computed."""

import copy
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import ROOT, shown_by

from echolesion import figures, report
from echolesion.figures import captions, drawing
from echolesion.records import storage
from echolesion.report.page import QUESTIONS

TEMPLATE = ROOT / "workflow/report/report.html.j2"


class Page(HTMLParser):
    """Collects tags, texts and what is opened without being closed."""

    VOID = frozenset({"meta", "img", "br", "link"})

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def study(results, of_the_study, tmp_path_factory):
    """Return what the report of a study of one network takes."""
    folder = tmp_path_factory.mktemp("figures")
    pictures = []
    for name in drawing.FIGURES:
        file = folder / (f"net_{name}.png" if name not in ("summary", "layouts", *of_the_study) else f"{name}.png")
        taken = shown_by(name, results, of_the_study)
        storage.write_figure(figures.draw(name, "a title", taken), file)
        storage.write_text(captions.caption(name, taken), file.with_suffix(".txt"))
        pictures.append(file)
    regimes = {kind: copy.deepcopy(results[kind]) for kind in ("reservoir", "training", "influence", "contribution")}
    for estimate in regimes["influence"].values():
        estimate.attrs |= {"reliability_target": 0.999, "walks_needed": 20.0}
    return pictures, regimes, results


def page(study, config, *, connectome=None):
    pictures, regimes, results = study
    whole = connectome or results["connectome"]["all"]
    provenance = {"commit": "abc", "seed": 1, "versions": {"numpy": "2"}, "configuration": "seed: 1"}
    return report.render(
        TEMPLATE,
        study="test",
        config=config,
        networks=report.networks(
            {"connectome": {"net": whole}, "decomposition": {"net": results["decomposition"]["all"]}},
            {kind: {"net": of} for kind, of in regimes.items()},
        ),
        sections=report.by_question(pictures, [Path(p).with_suffix(".txt") for p in pictures], ["net"]),
        explorers={"net": "net/explorer.html"},
        cost=[],
        provenance=provenance,
    )


def test_every_figure_answers_one_question():
    answers = [figure for _, _, figures_of in QUESTIONS for figure in figures_of]
    assert sorted(answers) == sorted(drawing.FIGURES)


def test_the_page_holds_everything_and_takes_nothing_from_elsewhere(study, default_config):
    text = page(study, default_config)
    found = Page(text)
    assert found.open == []
    assert len(found.all("img")) == len(drawing.FIGURES)
    assert all(image["src"].startswith("data:image/png;base64,") and image["alt"] for image in found.all("img"))
    assert not found.all("link") and all("src" not in script for script in found.all("script"))
    assert {a["href"] for a in found.all("a") if not a["href"].startswith("#")} == {"net/explorer.html"}
    assert "url(" not in text and "@import" not in text
    for _, title, _ in QUESTIONS:
        assert title in found.text
    # Captions are those of the results, warnings stand above all.
    pictures, regimes, _ = study
    for picture in pictures:
        for paragraph in picture.with_suffix(".txt").read_text().strip().split("\n\n"):
            assert paragraph in found.text
    assert found.text.index("below 0.999") < found.text.index("Is the network well tuned?")
    assert {"tr"} <= {tag for tag, _ in found.tags} and len(regimes["training"]) == 3


def test_methods_have_the_parameters_of_the_study(study, default_config):
    config = copy.deepcopy(default_config)
    config["sweep"] |= {"lesion": "mean", "batches": 11}
    config["task"] |= {"name": "memory", "lags": 17}
    text = " ".join(Page(page(study, config)).text.split())
    assert "held a node at its mean activity" in text and "from 11 independent batches" in text
    assert "with 10 degrees of freedom" in text and "recall of the input of up to 17 steps before" in text
    assert "net, off: spectral radius 2, leak rate 1, input scaling 0.5, ridge parameter 0.01" in text
    config["task"] |= {"loop": "closed"}
    config["sweep"] |= {"refit_readout": True, "lesion": "silence"}
    text = " ".join(Page(page(study, config)).text.split())
    assert "fed back to the network" in text and "read-out was fitted again after every lesion" in text


def test_what_a_data_file_says_is_never_markup(study, default_config, results):
    weights = results["connectome"]["all"]["weight"]
    evil = "<script>alert(1)</script>"
    text = page(
        study, default_config, connectome=weights.assign_attrs(paper=evil, terms=evil).to_dataset(name="weight")
    )
    assert evil not in text and "&lt;script&gt;" in text
    data = json.dumps({"nodes": ["</script><b>"]})
    explorer = report.render(ROOT / "workflow/report/explorer.html.j2", name=evil, library="", data=data)
    assert evil not in explorer
    inside = re.search(r'<script id="data" type="application/json">(.*?)</script>', explorer, re.DOTALL)[1]
    assert json.loads(inside) == {"nodes": ["</script><b>"]}


def test_what_was_taken_for_what_and_what_to_look_at_are_shown(study, default_config, results):
    weights = results["connectome"]["all"]["weight"]
    told = {"history": "e.csv: a list", "read_as": "{variable: n}", "warnings": "one thing; another"}
    found = Page(page(study, default_config, connectome=weights.assign_attrs(told).to_dataset(name="weight")))
    assert [attrs for attrs in found.all("div") if attrs.get("class") == "warning"]
    for text in ("one thing", "another"):
        assert found.text.index(text) < found.text.index("Is the network well tuned?")
    assert "e.csv: a list" in found.text and "{variable: n}" in found.text


def test_cost_is_added_up_by_rule(tmp_path, default_config):
    for name, seconds, memory in (("sweep_net_a_0-0", 60, 500), ("sweep_net_a_0-1", 120, 700), ("tables", 6, "-")):
        (tmp_path / f"{name}.tsv").write_text(f"s\tmax_rss\n{seconds}\t{memory}\n")
    rows = report.cost(tmp_path, default_config, {"net": 36})
    assert [(row["rule"], row["jobs"]) for row in rows] == [("sweep", 2), ("tables", 1)]
    assert rows[0]["minutes"] == pytest.approx(3) and rows[0]["used"] == 700 + 280
    assert report.cost(tmp_path / "none", default_config, {"net": 36}) == []
