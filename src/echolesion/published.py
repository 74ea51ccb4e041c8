"""The published network: a small-world reservoir drawn as by the authors of the study that is rebuilt.

Graph, order of the draws and tuning are those that the authors published with their next study on the same network
(Scientific Reports 14:2103, 2024). Nothing here is fitted to our results.
"""

import networkx as nx
import numpy as np

#: Seed of the graph and of the one random stream of all weights.
SEED = 2022
#: Nodes, and draws of the weights among which the tuning chooses.
SIZE, DRAWS = 36, 50
#: Spectral radii among which it chooses, and the parameters that are set.
RADII = np.linspace(0.5, 1, 20)
LEAK, BIAS = 0.1, 0.001


def draws() -> tuple[np.ndarray, np.ndarray]:
    """Draw the weights.

    Returns
    -------
    weights : numpy.ndarray, shape (DRAWS, SIZE, SIZE)
        ``weights[d, i, j]`` leads from node i to node j, at the radius they are drawn with.
    feedback : numpy.ndarray, shape (SIZE,)
        Weights of the feedback, -1 or 0.
    """
    graph = nx.to_numpy_array(nx.watts_strogatz_graph(SIZE, 6, 0.4, seed=SEED))
    rng = np.random.default_rng(SEED)
    rng.uniform(0.1, 1, graph.shape)  # drawn there, and not used
    # Their matrices have the target first.
    weights = np.stack([(graph * rng.uniform(-0.5, 0.5, graph.shape)).T for _ in range(DRAWS)])
    return weights, rng.integers(-1, 1, SIZE).astype(float)


def small_world(draw: int) -> "nx.DiGraph[int]":
    """Return one of the draws as a graph, with ``weight`` of connections and ``input``, the feedback weight, of nodes.

    Raises
    ------
    ValueError
        If there is no such draw.
    """
    if not 0 <= draw < DRAWS:
        raise ValueError(f"draw must be between 0 and {DRAWS - 1}")
    weights, feedback = draws()
    graph = nx.from_numpy_array(weights[draw], create_using=nx.DiGraph)
    nx.set_node_attributes(graph, dict(enumerate(feedback)), "input")
    return graph
