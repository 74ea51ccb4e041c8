"""Every figure is drawn and its structure looked at: axes have labels, scales are shared, intervals are there."""

import re
from itertools import pairwise

import numpy as np
import pytest
import yaml
from conftest import REGIMES, ROOT, shown_by, study
from matplotlib.collections import PathCollection
from matplotlib.image import AxesImage

from echolesion import connectome, figures
from echolesion.analysis import topology
from echolesion.figures import drawing, of_study, style
from echolesion.records import storage


def drawn(name, results, of_the_study=None):
    return figures.draw(name, "a title", shown_by(name, results, of_the_study or {}))


#: Figures of the networks of a study; the others show one result of the whole study.
OF_NETWORKS = [n for n in drawing.FIGURES if n not in ("parameter_map", "map_against_score", "published_tuning")]


#: Figures that may be drawn in one column.
NARROW = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())["properties"]["figures"][
    "properties"
]["in_one_column"]["items"]["enum"]


@pytest.mark.parametrize("name", NARROW)
def test_the_width_is_that_of_a_column_and_panels_are_lettered(name, results, of_the_study, tmp_path):
    figure = figures.draw(name, "a title", shown_by(name, results, of_the_study), width=84)
    storage.write_figure(figure, tmp_path / "a.pdf")
    page = re.search(rb"/MediaBox \[ ?0 0 ([0-9.]+) ([0-9.]+) ?\]", (tmp_path / "a.pdf").read_bytes())
    assert float(page[1]) / 72 * 25.4 == pytest.approx(84, abs=0.1)
    assert all(legend.get_window_extent().width <= figure.bbox.width for legend in figure.legends)
    letters = [text.get_text() for axes in figure.axes for text in axes.texts if text.get_fontweight() == "bold"]
    panels = style.panels_of(figure)
    # Below each other, none over another.
    boxes = [axes.get_tightbbox() for axes in panels.values()]
    assert all(above.y0 >= below.y1 - 1 for above, below in pairwise(boxes))
    assert all(box.x0 >= -1 and box.x1 <= figure.bbox.width + 1 for box in boxes)
    assert all(axes.get_ylabel() for axes in panels.values())
    assert letters == (list(panels) if len(panels) > 1 else [])
    assert "<colorbar>" not in {axes.get_label() for axes in panels.values()}


@pytest.mark.parametrize("suffix", ["pdf", "svg", "png", "tiff"])
def test_equal_figures_give_equal_files_in_every_format(suffix, results, tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        storage.write_figure(drawn("shares", results), tmp_path / folder / f"shares.{suffix}")
    one, two = ((tmp_path / folder / f"shares.{suffix}").read_bytes() for folder in ("one", "two"))
    assert one == two
    if suffix == "svg":
        assert b"<text" not in one  # fonts are outlines: no reader needs to have them


@pytest.mark.parametrize("name", drawing.FIGURES)
def test_every_panel_has_labels_and_the_file_fonts(name, results, of_the_study, tmp_path):
    figure = drawn(name, results, of_the_study)
    assert figure.get_suptitle() == "a title"
    axes = [axes for axes in figure.axes if axes.axison]
    assert any(panel.get_xlabel() for panel in axes)
    assert any(panel.get_ylabel() for panel in axes) or name == "summary"
    for suffix in ("pdf", "png"):
        storage.write_figure(figure, tmp_path / f"a.{suffix}")
    assert b"/FontFile2" in (tmp_path / "a.pdf").read_bytes() or b"Type42" in (tmp_path / "a.pdf").read_bytes()
    width, _ = figure.get_size_inches()
    assert width * 25.4 == pytest.approx(174)


def test_the_summary_has_every_network_beside_its_nulls(results):
    figure = drawn("summary", results)
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == [
        "net\n12 nodes, 36 %", "other\n12 nodes, 36 %",
    ]  # fmt: skip
    for axes in figure.axes:
        ranges = [c for c in axes.collections if c.get_label() == "wired at random (95 %)"]
        assert len(ranges) == len(REGIMES)  # of one of the two networks
        assert len(axes.containers) == 2 * len(REGIMES)
    assert "wired at random (95 %)" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_layouts_are_at_coordinates_where_there_are_some(results):
    plain, placed = drawn("layouts", results).axes
    assert plain.get_xlabel() == "no coordinates" and placed.get_xlabel() == "x (mm)"
    points = placed.collections[-1].get_offsets()
    np.testing.assert_array_equal(points, np.stack([np.arange(12), np.arange(12) ** 2], axis=1))
    power = results["influence"]["optimal"]["power_noise_free"].values
    strongest = np.unravel_index(np.nanargmax(power), power.shape)
    lines = [tuple(map(tuple, path.vertices)) for c in placed.collections[:2] for path in c.get_paths()]
    assert len(lines) == 100
    assert tuple((float(k), float(k**2)) for k in strongest) in lines


def test_influence_matrices_share_one_scale(results):
    images = [image for axes in drawn("influence", results).axes for image in axes.images]
    matrices = [image for image in images if isinstance(image, AxesImage) and image.get_array().shape == (12, 12)]
    assert len(matrices) == 3
    assert len({(image.norm.vmin, image.norm.vmax) for image in matrices}) == 1
    # Rows are sources.
    magnitude = np.sqrt(results["influence"]["optimal"]["power"].sel(source="3", target="7"))
    assert matrices[0].get_array()[3, 7] == pytest.approx(float(magnitude))


def test_scatter_shows_every_connected_pair_and_the_interval(results):
    figure = drawn("influence_against_weight", results)
    weights = results["connectome"]["all"]["weight"].values
    for axes in figure.axes:
        (points,) = [c for c in axes.collections if isinstance(c, PathCollection)]
        assert len(points.get_offsets()) == np.count_nonzero(weights)
        assert "[" in axes.get_title(loc="left")


def test_topology_shows_every_measure_regime_and_surrogate(results):
    figure = drawn("topology", results)
    pearson, spearman = figure.axes
    assert len(pearson.containers) == len(spearman.containers) == len(REGIMES)
    assert [text.get_text() for text in pearson.get_yticklabels()] == [n.replace("_", " ") for n in topology.MEASURES]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert {*REGIMES, "surrogates: rewired (95 %)", "surrogates: shuffled (95 %)"} == set(labels)


def test_every_network_and_point_of_the_map_is_shown(of_the_study):
    figure = figures.draw("map_against_score", "a title", {"map": {"all": of_the_study["parameter_map"]}})
    for axes in figure.axes:
        assert sum(len(line.get_xdata()) for line in axes.lines) == 2 * 2 * 2
    figure = figures.draw("parameter_map", "a title", {"map": {"all": of_the_study["parameter_map"]}})
    panels = [axes for axes in figure.axes if any(len(image.get_array().shape) == 2 for image in axes.images)]
    assert len(panels) == len(of_study.OF_MAP) and all(len(axes.texts) == 4 + 1 for axes in panels)  # a letter too


def test_shares_add_up_and_stand_beside_chance(results):
    figure = drawn("shares", results)
    axes = figure.axes[0]
    heights = [bar.get_height() for bar in axes.patches]
    np.testing.assert_allclose([a + b for a, b in zip(heights[::2], heights[1::2], strict=True)], 1)
    assert len(heights) == 2 * 2 * 3
    assert "chance: share of pairs" in [text.get_text() for text in figure.legends[0].get_texts()]
    mediated = [bar.get_height() for bar in figure.axes[1].patches]
    split = results["decomposition"]["all"]["estimate"]
    assert mediated[1] == float(split.sel(regime="optimal", measure="power_mediated_indirect_share"))


def test_regimes_off_the_grid_are_named_so(results):
    labels = [text.get_text() for text in drawn("tuning", results).legends[0].get_texts()]
    assert "off: 2, 1, 0.5 (off the grid)" in labels
    assert "optimal: 0.5, 0.3, 1" in labels


def test_contribution_shows_every_node_with_its_error(results):
    ranked = drawn("contribution", results).axes[0]
    assert len(ranked.containers) == 1
    assert len(ranked.containers[0].lines[0].get_xdata()) == 12


def test_memory_task_and_a_single_regime():
    results = study({"name": "memory", "washout": 60}, {"optimal": REGIMES["optimal"]})
    for name in OF_NETWORKS:
        drawn(name, results)
    bars = drawn("prediction", results).axes[0].patches
    np.testing.assert_allclose([bar.get_height() for bar in bars], results["training"]["optimal"]["memory_per_lag"])


def unreached():
    """Two nodes that only send and three that only listen, beside a cycle of four."""
    matrix = np.zeros((9, 9))
    matrix[[0, 1, 2, 3], [1, 2, 3, 0]] = [1, 2, 3, 4]
    matrix[4, :4] = matrix[5, 0] = matrix[2, 6:] = 1
    return connectome.from_matrix(matrix)


@pytest.mark.parametrize("weights", [unreached(), connectome.from_matrix(np.ones((5, 5)))], ids=["unreached", "dense"])
def test_extreme_networks_are_drawn(weights, tmp_path):
    """Pairs without any influence have no place on a logarithmic scale; a dense network has no unconnected pairs."""
    results = study({"washout": 60}, {"optimal": REGIMES["optimal"]}, weights)
    for name in OF_NETWORKS:
        storage.write_figure(drawn(name, results), tmp_path / f"{name}.png")
    split = results["decomposition"]["all"].sel(regime="optimal")
    share = float(split["estimate"].sel(measure="raw_structural_indirect_share"))
    assert 0 <= share < 1 and (share > 0) == (float(split["chance"]) > 0)
