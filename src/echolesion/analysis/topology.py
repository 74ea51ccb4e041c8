r"""Topology: how well measures of a network's structure tell influence, beside networks wired at random.

Every measure says how near source i is to target j: the magnitude of the weight, and what travels over longer routes.
With :math:`A = |W|` at spectral radius 1 and :math:`B = (I - A / 2)^{-1}`:

communicability
    :math:`e^A`: all walks, those of k connections weighing :math:`1 / k!` (Estrada and Hatano 2008)
attenuation
    :math:`B`, all walks, those of k connections weighing :math:`2^{-k}` (Katz 1953)
autoregression
    :math:`B^T B`, the covariance of nodes that hear noise of their own and half of what the others send (SAR)
efficiency
    inverse length of the shortest path, a connection being as long as its weight is small (Dijkstra 1959)
search probability
    :math:`2^{-s}`, s being the search information: the chance that a walker who chooses among the connections of a node
    by their weights takes a shortest path, whichever if there are several (Rosvall et al. 2005; Goni et al. 2014)

The surrogates keep the in- and out-degree of every node, or all connections; the weights are shuffled in both. A
correlation of influence with a measure is compared with those of the same influence with the measure of surrogates.
"""

from collections.abc import Callable, Mapping

import numpy as np
import xarray as xr
from scipy import linalg, sparse

from echolesion.analysis import decomposition
from echolesion.connectome import surrogates
from echolesion.connectome.graph import off_diagonal
from echolesion.records.progress import bar
from echolesion.shapley import statistics

#: Share of what a node gets that it passes on, in attenuation and autoregression.
ATTENUATION = 0.5
#: Correlations of influence with a measure, and what they say.
CORRELATIONS = {
    "power": "Pearson correlation of power, free of noise",
    "raw_magnitude": "Pearson correlation of the estimated magnitude, noise included",
    "raw_rank": "Spearman correlation of the estimated magnitude, noise included",
}
#: Surrogates by name.
NULLS = {"rewired": surrogates.rewired, "shuffled": surrogates.shuffled}


def _attenuation(normal: np.ndarray) -> np.ndarray:
    return np.linalg.inv(np.eye(len(normal)) - ATTENUATION * normal)


def _autoregression(normal: np.ndarray) -> np.ndarray:
    passed_on = _attenuation(normal)
    return passed_on.T @ passed_on


def _lengths(normal: np.ndarray) -> sparse.csr_array:
    """Return the lengths of connections, their inverse weights."""
    lengths = sparse.csr_array(normal)
    lengths.data = 1 / lengths.data
    return lengths


def _efficiency(normal: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return 1 / sparse.csgraph.shortest_path(_lengths(normal))


def _search_probability(normal: np.ndarray) -> np.ndarray:
    lengths = _lengths(normal)
    distance = sparse.csgraph.shortest_path(lengths)
    strength = normal.sum(axis=1, keepdims=True)
    step = normal / np.where(strength > 0, strength, 1)
    size = len(normal)
    incoming = lengths.tocsc()
    probability = np.eye(size)
    # From near to far, so that a path's last but one node is done before its last; for all sources at a time.
    for target in np.argsort(distance, axis=1, kind="stable").T[1:]:
        s = np.flatnonzero(np.isfinite(distance[np.arange(size), target]))
        first, number = incoming.indptr[target[s]], np.diff(incoming.indptr)[target[s]]
        place = np.arange(number.sum()) + np.repeat(first - np.cumsum(number) + number, number)
        s = np.repeat(s, number)
        i, j = incoming.indices[place], target[s]
        # Equal but for rounding.
        shortest = distance[s, i] + incoming.data[place] <= distance[s, j] * (1 + 1e-9)
        np.add.at(probability, (s[shortest], j[shortest]), (probability[s, i] * step[i, j])[shortest])
    return probability


#: Measures by name, of the magnitudes of weights at spectral radius 1.
MEASURES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "weight": lambda normal: normal,
    "communicability": linalg.expm,
    "attenuation": _attenuation,
    "autoregression": _autoregression,
    "efficiency": _efficiency,
    "search_probability": _search_probability,
}


def measures(weights: np.ndarray) -> np.ndarray:
    """Measure how near every two nodes are.

    Parameters
    ----------
    weights : numpy.ndarray, shape (N, N)
        Source x target; signs do not count.

    Returns
    -------
    numpy.ndarray, shape (len(MEASURES), N, N)
        Larger is nearer; 0 where no path leads.
    """
    magnitude = np.abs(weights)
    radius = np.abs(np.linalg.eigvals(magnitude)).max()
    # Surrogates may have no cycle; their sums over walks end by themselves.
    normal = magnitude / radius if radius > 1e-9 * magnitude.max() else magnitude
    return np.stack([measure(normal) for measure in MEASURES.values()])


def compare(
    weights: xr.DataArray,
    influence: Mapping[str, xr.Dataset],
    *,
    number: int,
    rng: np.random.Generator,
    progress: str | None = None,
) -> xr.Dataset:
    """Correlate influence with measures of structure, of this network and of surrogates.

    Parameters
    ----------
    weights : xarray.DataArray
        Dims ``(source, target)``, at any spectral radius.
    influence : mapping of str to xarray.Dataset
        From `influence.estimate`, by regime.
    number : int
        Number of surrogates of each kind, 2 or more.
    rng : numpy.random.Generator
        Source of the surrogates.
    progress : str, optional
        Label of a progress bar; none by default.

    Returns
    -------
    xarray.Dataset
        ``estimate``, ``se``, ``low`` and ``high (regime, correlation, measure)``, 95 % intervals that cover the error
        of the estimated influence, and whether they are ``known``; ``null_mean``, ``null_sd``, ``z`` and
        ``p_two_sided`` with a further dim ``null``, p being twice the share of surrogates, this network counted among
        them, that correlate as much or more, or as little or less, whichever are fewer. ``correlation`` is a key of
        `CORRELATIONS`. NaN where a measure does not vary, or influence is not known to, see `decomposition`.
    """
    matrix = weights.transpose("source", "target").values
    pairs = off_diagonal(len(matrix))
    compared = [_of_influence(result) for result in influence.values()]
    structure = measures(matrix)[:, pairs]
    ranks = decomposition.ranks(structure)
    value = np.stack([correlate(structure, ranks) for correlate in compared], axis=1)

    def of_surrogate(surrogate: np.ndarray) -> np.ndarray:
        """Return the correlations with one, shape (regime, correlation, measure)."""
        structure = measures(surrogate)[:, pairs]
        ranks = decomposition.ranks(structure)
        return np.stack([correlate(structure, ranks, replicates=False)[0] for correlate in compared])

    # One at a time: those of all of them together would not fit into memory.
    draws = [draw for draw in NULLS.values() for _ in range(number)]
    drawn = np.stack([of_surrogate(draw(matrix, rng)) for draw in bar(progress, "surrogate", draws)])
    drawn = drawn.reshape(len(NULLS), number, *drawn.shape[1:])
    estimate, error, low, high = statistics.jackknife(value, (-1, 1))
    null = drawn.transpose(2, 3, 4, 1, 0)  # (regime, correlation, measure, surrogate, null)
    mean, deviation = null.mean(axis=-2), null.std(axis=-2, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (value[0][..., None] - mean) / deviation
    own = value[0][..., None, None]
    beyond = np.minimum((null >= own).sum(axis=-2), (null <= own).sum(axis=-2))
    p = np.where(np.isnan(z), np.nan, np.minimum(2 * (1 + beyond) / (1 + number), 1))
    dims = ("regime", "correlation", "measure")
    variables = {
        "estimate": (dims, estimate, "correlation of influence with the measure"),
        "se": (dims, error, "standard error"),
        "low": (dims, low, "lower end of the 95 % interval"),
        "high": (dims, high, "upper end of the 95 % interval"),
        "null_mean": ((*dims, "null"), mean, "mean correlation with the measure of surrogates"),
        "null_sd": ((*dims, "null"), deviation, "standard deviation of the same"),
        "z": ((*dims, "null"), z, "correlation less that mean, over that standard deviation"),
        "p_two_sided": ((*dims, "null"), p, "twice the share of surrogates that are as far to that side, or further"),
    }
    return xr.Dataset(
        {
            name: (over, values, {"long_name": meaning, "units": "1"})
            for name, (over, values, meaning) in variables.items()
        }
        | {"known": (dims, np.isfinite(estimate), {"long_name": "whether it is known"})},
        coords={
            "regime": list(influence),
            "correlation": list(CORRELATIONS),
            "meaning": ("correlation", list(CORRELATIONS.values())),
            "measure": list(MEASURES),
            "null": list(NULLS),
        },
        attrs={"surrogates": number},
    )


def _of_influence(result: xr.Dataset) -> Callable[..., np.ndarray]:
    """Return what correlates an influence with measures and their ranks, both of shape (measure, pair).

    It returns the values of all batches and of all but each, or of the former alone, shape (..., correlation, measure).
    """
    powers = decomposition.by_pairs(result["influence_power"].sel(kind="variance"), "left_out")
    spread = result["power_spread"].sel(kind="variance", pairs="all", different_batches=4).values
    magnitude = np.sqrt(decomposition.by_pairs(result["influence_raw_power"], "left_out"))
    ranked = decomposition.ranks(magnitude)

    def correlate(structure: np.ndarray, ranks: np.ndarray, *, replicates: bool = True) -> np.ndarray:
        chosen = slice(None) if replicates else slice(1)
        return np.stack(
            [
                decomposition.correlations(structure, powers, spread)[chosen],
                decomposition.pearson(structure, magnitude[chosen]),
                decomposition.pearson(ranks, ranked[chosen]),
            ],
            axis=1,
        )

    return correlate
