"""The published networks: drawn as by the authors of the study that is rebuilt.

Graph and order of the draws are those that the authors published with their next study on the same network
(Scientific Reports 14:2103, 2024). Nothing here is fitted to our results.
"""

import networkx as nx
import numpy as np

#: Seed of the graph and of the one random stream of all weights.
SEED = 2022
#: Nodes, and draws of the weights among which the tuning chooses.
SIZE, DRAWS = 36, 50


def draws(seed: int = SEED) -> tuple[np.ndarray, np.ndarray]:
    """Draw the weights.

    Parameters
    ----------
    seed : int
        Of the graph and of the weights; another one gives other networks of the same kind.

    Returns
    -------
    weights : numpy.ndarray, shape (DRAWS, SIZE, SIZE)
        ``weights[d, i, j]`` leads from node i to node j, at the radius they are drawn with.
    feedback : numpy.ndarray, shape (SIZE,)
        Weights of the feedback, -1 or 0.
    """
    graph = nx.to_numpy_array(nx.watts_strogatz_graph(SIZE, 6, 0.4, seed=seed))
    rng = np.random.default_rng(seed)
    rng.uniform(0.1, 1, graph.shape)  # drawn there, and not used
    # Their matrices have the target first.
    weights = np.stack([(graph * rng.uniform(-0.5, 0.5, graph.shape)).T for _ in range(DRAWS)])
    return weights, rng.integers(-1, 1, SIZE).astype(float)


def small_world(draw: int, seed: int = SEED) -> "nx.DiGraph[int]":
    """Return one of the draws as a graph, with ``weight`` of connections and ``input``, the feedback weight, of nodes.

    Raises
    ------
    ValueError
        If there is no such draw.
    """
    if not 0 <= draw < DRAWS:
        raise ValueError(f"draw must be between 0 and {DRAWS - 1}")
    weights, feedback = draws(seed)
    graph = nx.from_numpy_array(weights[draw], create_using=nx.DiGraph)
    nx.set_node_attributes(graph, dict(enumerate(feedback)), "input")
    return graph


def frequency_generator(seed: int = SEED) -> "nx.DiGraph[int]":
    """Return a frequency generator, with ``weight`` of connections and ``input_y`` and ``input_u`` of nodes.

    Published of it are 100 nodes, a sparsity of 0.98, and weights of the feedback, 0.8, and of the input, 0.1 scaled by
    3, times -1 or 0. Not published to us are its draws: these are in the order of those of `draws`.
    """
    rng = np.random.default_rng(seed)
    connected = rng.random((100, 100)) < 1 - 0.98
    graph = nx.from_numpy_array(connected * rng.uniform(-0.5, 0.5, connected.shape), create_using=nx.DiGraph)
    nx.set_node_attributes(graph, dict(enumerate(0.8 * rng.integers(-1, 1, 100))), "input_y")
    nx.set_node_attributes(graph, dict(enumerate(3 * 0.1 * rng.integers(-1, 1, 100))), "input_u")
    return graph
