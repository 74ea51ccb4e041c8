"""What the tables of a figure hold is what was drawn, and what was drawn is in the results."""

import numpy as np
import pandas as pd
import pytest
from conftest import shown_by
from matplotlib.figure import Figure

from echolesion import figures
from echolesion.figures import drawing, source_data, style


@pytest.fixture
def tables(results, of_the_study):
    def of(name):
        return source_data.tables(figures.draw(name, "a title", shown_by(name, results, of_the_study)))

    return of


@pytest.mark.parametrize("name", drawing.FIGURES)
def test_every_panel_has_its_table(name, results, of_the_study):
    figure = figures.draw(name, "a title", shown_by(name, results, of_the_study))
    tables = source_data.tables(figure)
    assert tables.keys() == style.panels_of(figure).keys()
    for table in tables.values():
        assert len(table) and {"series", "kind"} < set(table)
        numeric = table.select_dtypes("number")
        assert numeric.notna().any(axis=None)
        # Every axis says what it is.
        assert any(column.startswith(("x: ", "y: ")) for column in table), list(table)


def test_a_matrix_is_given_cell_by_cell(tables, results):
    table = tables("influence")["a"]
    power = results["influence"]["optimal"]["power"].transpose("source", "target").values
    values = table.pivot(
        index="y: source (node)", columns="x: target (node)", values="value: s.d. over time of influence"
    )
    np.testing.assert_allclose(values, np.sqrt(power), rtol=1e-6)


def test_error_bars_are_the_intervals(tables, results):
    table = tables("topology")["a"]
    own = table[(table["kind"] == "point") & (table["series"] == "optimal")]
    value = results["topology"]["all"].sel(regime="optimal", correlation="power")
    np.testing.assert_allclose(own.filter(like="x: ").squeeze(), value["estimate"])
    np.testing.assert_allclose(own[["low", "high"]], np.stack([value["low"], value["high"]], axis=1))
    assert list(own["y is"]) == [str(name).replace("_", " ") for name in value["measure"].values]


def test_bars_points_and_steps_have_their_ends(tables, results):
    bars = tables("shares")["a"].query("kind == 'bar'")
    share = float(
        results["decomposition"]["all"]["estimate"].sel(regime="optimal", measure="raw_structural_indirect_share")
    )
    first = bars[(bars["series"] == "indirect") & (bars["x is"] == "optimal")].iloc[0]
    assert first["high"] == pytest.approx(1) and first["high"] - first["low"] == pytest.approx(share)
    steps = tables("connectome")["b"]
    assert set(steps["series"]) == {"out-degree", "in-degree"}
    assert steps.groupby("series")["y: nodes"].sum().eq(12).all()
    scatter = tables("influence_against_weight")["a"].query("kind == 'point'")
    assert len(scatter) == np.count_nonzero(results["connectome"]["all"]["weight"])


def test_words_stand_beside_places(tables):
    grid = tables("tuning")["a"].query("kind == 'cell'")
    assert set(grid["x is"].astype(float)) == {0.5, 1.4} and set(grid["y is"].astype(float)) == {0.3, 1.0}
    assert pd.api.types.is_numeric_dtype(grid.filter(like="value: ").squeeze())


def test_what_is_not_drawn_is_missing_and_not_left_out():
    figure = Figure()
    axes = figure.subplots()
    axes.errorbar([1, 2], [3, np.nan], [0.5, np.nan], label="one")
    axes.errorbar([4], [np.nan], [np.nan], label="none")
    axes.hlines([1, np.nan], [0, np.nan], [2, np.nan], label="ranges")
    table = source_data.tables(figure)["a"]
    one, none, ranges = (table[table["series"] == name] for name in ("one", "none", "ranges"))
    np.testing.assert_array_equal(one[["low", "high"]], [[2.5, 3.5], [np.nan, np.nan]])
    assert len(none) == 1 and none[["y", "low", "high"]].isna().all(axis=None)
    np.testing.assert_array_equal(ranges[["x", "x end"]], [[0, 2], [np.nan, np.nan]])
