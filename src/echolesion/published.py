"""The published network: a small-world reservoir drawn as by the authors of the study that is rebuilt.

Graph, order of the draws and tuning are those that the authors published with their next study on the same network
(Scientific Reports 14:2103, 2024). Nothing here is fitted to our results.
"""

import networkx as nx
import numpy as np
import xarray as xr

#: Seed of the graph and of the one random stream of all weights.
SEED = 2022
#: Nodes, and draws of the weights among which the tuning chooses.
SIZE, DRAWS = 36, 50
#: Spectral radii among which it chooses, and the parameters that are set.
RADII = np.linspace(0.5, 1, 20)
LEAK, BIAS = 0.1, 0.001
#: Steps of the series that it trains on before it generates so many; and for the validation of its choice.
TUNING_STEPS, VALIDATION_STEPS, GENERATED = 2000, 3000, 500


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


def tune(series: np.ndarray) -> xr.Dataset:
    """Tune the network as its authors did.

    Parameters
    ----------
    series : numpy.ndarray, shape (T,)
        The Mackey-Glass series, of 3,500 steps or more.

    Returns
    -------
    xarray.Dataset
        ``error (draw, spectral_radius)``, the mean squared error of what every network generates after training; the
        attributes ``best_draw`` and ``best_spectral_radius``, their ``tuning_error``, and the ``validation_error``
        after training on more of the series.
    """
    # torch takes seconds to load, and every job of a study draws networks to know their size.
    from echolesion import generation

    weights, feedback = draws()

    def errors(chosen: np.ndarray, radii: np.ndarray, steps: int) -> np.ndarray:
        return generation.validate(chosen, feedback, radii, LEAK, BIAS, series, steps, GENERATED)

    tuned = errors(weights, RADII, TUNING_STEPS)
    draw, place = np.unravel_index(tuned.argmin(), tuned.shape)
    validation = errors(weights[[draw]], RADII[[place]], VALIDATION_STEPS).item()
    return xr.Dataset(
        {"error": (("draw", "spectral_radius"), tuned, {"long_name": "squared error of generation", "units": "1"})},
        coords={"draw": np.arange(DRAWS), "spectral_radius": RADII},
        attrs={
            "best_draw": int(draw),
            "best_spectral_radius": float(RADII[place]),
            "tuning_error": float(tuned.min()),
            "validation_error": validation,
        },
    )
