"""Connections: a connectome as arrays of what is there, not of all pairs.

A list of connections is read, and every connectome of one subject is prepared, as such, so that both take memory by
connections; it becomes a matrix when it is small enough to be studied.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import xarray as xr

from echolesion.records.memory import machine_mb


class TooLargeError(ValueError):
    """A network whose matrix does not fit into the memory of this machine, with the remedy in one line."""


@dataclass(frozen=True)
class Connections:
    """Connections, in the order of the rows of their matrix.

    Attributes
    ----------
    source, target : numpy.ndarray of int, shape (E,)
        Places among the nodes; no pair stands twice.
    weight : numpy.ndarray, shape (E,)
        Their weights; 0 where only a length is known.
    nodes : xarray.Dataset
        With the coordinate ``source``, the labels, and what else is known of nodes as coordinates along it.
    pairs : mapping of str to numpy.ndarray, shape (E,)
        What else is known of pairs, such as ``tract_length``; 0 of those that are not here.
    attrs : mapping
        As of the matrix.
    """

    source: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    nodes: xr.Dataset
    pairs: Mapping[str, np.ndarray] = field(default_factory=dict)
    attrs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Number of nodes."""
        return int(self.nodes.sizes["source"])

    @property
    def labels(self) -> np.ndarray:
        """Labels of the nodes."""
        return self.nodes["source"].values

    @property
    def self_connected(self) -> np.ndarray:
        """Which connections are of a node to itself."""
        return self.source == self.target

    def weighted(self, weight: np.ndarray, **pairs: np.ndarray) -> "Connections":
        """Return the connections with other weights; those that are nothing any more are left out."""
        beside = {**self.pairs, **pairs}
        stay = weight != 0
        for values in beside.values():
            stay = stay | (values != 0)
        return replace(
            self,
            source=self.source[stay],
            target=self.target[stay],
            weight=weight[stay],
            pairs={name: values[stay] for name, values in beside.items()},
        )

    def described(self, **attrs: Any) -> "Connections":
        """Return the connections with more attributes."""
        return replace(self, attrs={**self.attrs, **attrs})

    def at(self, places: np.ndarray) -> "Connections":
        """Return what there is between the nodes at these places, in their order."""
        place = np.full(self.size, -1)
        place[places] = np.arange(len(places))
        source, target = place[self.source], place[self.target]
        stay = np.flatnonzero((source >= 0) & (target >= 0))
        stay = stay[np.lexsort((target[stay], source[stay]))]
        return replace(
            self,
            source=source[stay],
            target=target[stay],
            weight=self.weight[stay],
            nodes=self.nodes.isel(source=places),
            pairs={name: values[stay] for name, values in self.pairs.items()},
        )

    def with_ways_back(self) -> tuple["Connections", np.ndarray]:
        """Return the connections with, for each, a place for the one back, and where in them that is."""
        there = self.source.astype(np.int64) * self.size + self.target
        back = self.target.astype(np.int64) * self.size + self.source
        both = np.union1d(there, back)
        here = np.searchsorted(both, there)

        def spread(values: np.ndarray) -> np.ndarray:
            result = np.zeros(len(both), dtype=values.dtype)
            result[here] = values
            return result

        source, target = np.divmod(both, self.size)
        pairs = {name: spread(values) for name, values in self.pairs.items()}
        whole = replace(self, source=source, target=target, weight=spread(self.weight), pairs=pairs)
        return whole, np.searchsorted(both, target * self.size + source)

    def matrix(self) -> xr.DataArray:
        """Return the connectome with dims ``(source, target)``.

        Raises
        ------
        TooLargeError
            If it is larger than the memory of this machine.
        """
        if (needed := 8e-6 * self.size**2 * (1 + len(self.pairs))) > machine_mb():
            raise TooLargeError(
                f"{self.size} nodes are a matrix of {needed / 1e3:.0f} GB, and this machine has"
                f" {machine_mb() / 1e3:.0f} GB of memory: keep fewer of them (preparation: subset), or take a larger"
                " machine"
            )

        def filled(values: np.ndarray) -> np.ndarray:
            result = np.zeros((self.size, self.size), dtype=values.dtype)
            result[self.source, self.target] = values
            return result

        dims = ("source", "target")
        coords = {**self.nodes.coords, "target": ("target", self.labels)}
        coords |= {name: (dims, filled(values)) for name, values in self.pairs.items()}
        return xr.DataArray(filled(self.weight), dims=dims, coords=coords, name="weight", attrs=dict(self.attrs))


def of_matrix(connectome: xr.DataArray | Connections) -> Connections:
    """Return the connections of a connectome of one subject.

    Parameters
    ----------
    connectome : xarray.DataArray or Connections
        Dims ``(source, target)``.

    Returns
    -------
    Connections
        Of the values that are not 0, NaN among them.
    """
    if isinstance(connectome, Connections):
        return connectome
    connectome = connectome.transpose("source", "target")
    of_pairs = {
        str(name): values.transpose("source", "target").values
        for name, values in connectome.coords.items()
        if set(values.dims) == {"source", "target"}
    }
    there = connectome.values != 0
    for values in of_pairs.values():
        there = there | (values != 0)
    source, target = np.nonzero(there)
    named = {name: c for name, c in connectome.coords.items() if c.dims in (("source",), ())}
    return Connections(
        source,
        target,
        connectome.values[source, target],
        xr.Dataset(coords=named),
        {name: values[source, target] for name, values in of_pairs.items()},
        connectome.attrs,
    )
