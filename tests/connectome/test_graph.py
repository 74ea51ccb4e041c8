import numpy as np
import pytest

from echolesion import connectome
from echolesion.connectome import ConnectomeError

CYCLE = np.array([[0, 1, 0], [0, 0, 2], [3, 0, 0.0]])


@pytest.mark.parametrize(
    ("matrix", "labels", "message"),
    [
        (np.zeros((0, 0)), None, "empty"),
        ([[1.0]], None, "one node"),
        (np.zeros((3, 3)), None, "all weights are 0"),
        (np.ones((2, 3)), None, "not square (2 x 3)"),
        (np.ones(4), None, "not square (4)"),
        ([[0, np.nan], [1, 0]], None, "not finite, first nan from '0' to '1': write 0 where there is no connection"),
        ([[0, 1], [np.inf, 0]], None, "not finite, first inf from '1' to '0'"),
        (np.triu(np.ones((4, 4)), 1), None, "nilpotent"),
        (CYCLE, ["a", "b", "a"], "label 'a' stands for more than one node"),
        (CYCLE, ["a", "b"], "2 labels for 3 nodes"),
        ([["x", 1], [1, 0]], None, "not real numbers"),
        ([[0, 1j], [1, 0]], None, "not real numbers"),
        ([[0, 1], [1]], None, "not real numbers"),
    ],
)
def test_bad_matrix_is_refused_in_one_line(matrix, labels, message):
    with pytest.raises(ConnectomeError) as error:
        connectome.from_matrix(matrix, labels, "mine")
    assert str(error.value).startswith("mine: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_rows_are_sources():
    weights = connectome.from_matrix(CYCLE, ["a", "b", "c"])
    assert float(weights.sel(source="b", target="c")) == 2
    assert float(weights.sel(source="c", target="b")) == 0


def test_a_node_that_feeds_itself_is_a_cycle():
    weights = np.triu(np.ones((3, 3)), 1)
    weights[1, 1] = 0.5
    connectome.from_matrix(weights)


def test_components_of_a_chain_and_a_cycle():
    weights = np.zeros((5, 5))
    weights[[0, 1, 2, 4], [1, 2, 0, 0]] = 1  # a cycle of 0, 1, 2; 4 leads to it; 3 is alone
    strong, weak = (connectome.components(weights, kind) for kind in ("strong", "weak"))
    assert len(set(strong)) == 3 and len(set(strong[:3])) == 1
    assert len(set(weak)) == 2 and weak[4] == weak[0] != weak[3]
