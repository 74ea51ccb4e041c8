"""Preparation: make of a measured connectome the one that is studied, in named steps.

Every step is a pure function of the connectome and of one argument. What it changed stands in the attribute
``history``, in numbers. Steps work on connections, so that they take memory by these and not by all pairs; matrices,
also of several subjects, are taken and given as such.
"""

import difflib
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, Literal

import numpy as np
import xarray as xr
import yaml

from echolesion.connectome import texts
from echolesion.connectome.connections import Connections, TooLargeError, of_matrix
from echolesion.connectome.graph import ConnectomeError, check, check_weights, components

WEIGHTINGS = ("own", "random_signed", "rank_signed")

log = logging.getLogger(__name__)

Step = str | Mapping[str, Any]


def _of_connections(step: Callable[..., Connections]) -> Callable[..., Any]:
    """Let a step on connections take a matrix, or one per subject, and return one."""

    @wraps(step)
    def of(connectome: xr.DataArray | Connections, argument: Any = None) -> xr.DataArray | Connections:
        if isinstance(connectome, Connections):
            return step(connectome, argument)
        if "subject" in connectome.dims:
            parts = [step(of_matrix(one), argument).matrix() for one in connectome.transpose("subject", ...)]
            differ = [name for name, c in connectome.coords.items() if "subject" in c.dims and name != "subject"]
            together = xr.concat(parts, "subject", coords=differ, compat="equals", combine_attrs="override")
            return together.rename(connectome.name).assign_attrs(connectome.attrs)
        return step(of_matrix(connectome), argument).matrix().rename(connectome.name)

    return of


def average(connectome: Any, how: str) -> Any:
    """Average over subjects: ``mean`` or ``median`` of all of them. Tract lengths: mean over those that have one."""
    if isinstance(connectome, Connections) or "subject" not in connectome.dims:
        return connectome
    averaged = connectome.mean("subject") if how == "mean" else connectome.median("subject")
    coordinates = {name: values for name, values in connectome.coords.items() if "subject" not in values.dims}
    if "subject" in getattr(connectome.coords.get("tract_length"), "dims", ()):
        lengths = connectome["tract_length"]
        coordinates["tract_length"] = lengths.where(lengths > 0).mean("subject").fillna(0)
    return averaged.assign_coords(coordinates).assign_attrs(connectome.attrs)


def consensus(connectome: xr.DataArray, share: float) -> xr.DataArray:
    """Drop the connections that fewer than this share of the subjects have, from all of them."""
    return connectome.where((connectome != 0).mean("subject") >= share, 0)


@_of_connections
def drop_self_connections(connectome: Connections, _: None = None) -> Connections:
    """Drop connections from a node to itself."""
    return connectome.weighted(np.where(connectome.self_connected, 0, connectome.weight))


@_of_connections
def drop_isolated(connectome: Connections, _: None = None) -> Connections:
    """Drop nodes without a connection to or from another."""
    connected = (connectome.weight != 0) & ~connectome.self_connected
    return connectome.at(np.union1d(connectome.source[connected], connectome.target[connected]))


@_of_connections
def largest_component(connectome: Connections, kind: Literal["weak", "strong"]) -> Connections:
    """Keep the largest connected component: ``weak`` (directions do not count) or ``strong`` (there and back)."""
    of_node = components(connectome, kind)
    return connectome.at(np.flatnonzero(of_node == np.bincount(of_node).argmax()))


@_of_connections
def subset(connectome: Connections, wanted: Sequence[str] | Mapping[str, Any]) -> Connections:
    """Keep some nodes: by label, in the order given, or by what the connectome's columns say of them."""
    known = connectome.labels
    if not isinstance(wanted, Mapping):
        labels = [_as_printed(value, known) for value in wanted]
        if twice := next((label for k, label in enumerate(labels) if label in labels[:k]), None):
            raise ConnectomeError(f"subset names '{twice}' twice")
        _look_up(labels, known, "no node has the label")
        place = {label: k for k, label in enumerate(known.tolist())}
        return connectome.at(np.array([place[label] for label in labels], dtype=int))
    keep = np.ones(connectome.size, dtype=bool)
    for column, value in wanted.items():
        of_nodes = [str(name) for name, c in connectome.nodes.coords.items() if c.dims and name != "source"]
        _look_up([column], of_nodes, "the nodes have no column")
        found = connectome.nodes[column].astype(str).values
        values = [_as_printed(one, found) for one in (value if isinstance(value, list) else [value])]
        _look_up(values, found, f"no node has the {column}")
        keep &= np.isin(found, values)
    return connectome.at(np.flatnonzero(keep))


def _as_printed(value: Any, known: np.ndarray) -> str:
    """Return what is looked for as text: YAML reads 007 as 7, NO as false and 010 as 8, which are other names."""
    if isinstance(value, str):
        return value
    printed = str(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        names = set(map(str, known))
        others = [name for name in names - {printed} if value in (_read_by_yaml(name), texts.number(name))]
        if printed in names and not others:
            return printed
    raise ConnectomeError(f"subset: {value!r} is not text: write it in quotes, as it stands in the file")


def _read_by_yaml(name: str) -> Any:
    try:
        return yaml.safe_load(name)
    except (yaml.YAMLError, ValueError):
        return name


@_of_connections
def threshold_weight(connectome: Connections, weight: float) -> Connections:
    """Drop connections of a smaller magnitude."""
    return connectome.weighted(np.where(np.abs(connectome.weight) >= weight, connectome.weight, 0))


@_of_connections
def threshold_density(connectome: Connections, density: float) -> Connections:
    """Keep the strongest connections: this share of all ordered pairs, and what is as strong as the weakest.

    Self-connections are of no pair, and dropped.
    """
    weight = np.where(connectome.self_connected, 0, connectome.weight)
    magnitude = np.abs(weight)
    pairs = connectome.size * (connectome.size - 1)
    count = round(density * pairs)
    if count == 0:
        raise ConnectomeError(
            f"a density of {density:g} keeps no connection of {connectome.size} nodes: take at least"
            f" {1 / pairs:.2g}, which keeps one"
        )
    if count < np.count_nonzero(magnitude):
        weight = np.where(magnitude >= np.sort(magnitude)[-count], weight, 0)
    return connectome.weighted(weight)


@_of_connections
def disparity(connectome: Connections, level: float) -> Connections:
    r"""Keep the disparity backbone (Serrano, Boguna and Vespignani 2009).

    Of a node with k connections, one that has the share p of their strength is kept if :math:`(1 - p)^{k - 1}` is below
    the level, at its source or at its target. The only connection of a node does not speak for itself. Self-connections
    are dropped.
    """
    between = drop_self_connections(connectome)
    weight = _positive(between, "disparity")
    kept = np.zeros(weight.size, dtype=bool)
    for end in (between.target, between.source):
        number = np.bincount(end, weight > 0, between.size)[end]
        strength = np.bincount(end, weight, between.size)[end]
        share = weight / np.where(strength > 0, strength, 1)
        kept |= (weight > 0) & (number > 1) & ((1 - share) ** (number - 1) < level)
    return between.weighted(np.where(kept, weight, 0))


@_of_connections
def clip_quantile(connectome: Connections, quantile: float) -> Connections:
    """Bring outliers, magnitudes above this quantile of those of all connections, down to it."""
    most = np.quantile(np.abs(connectome.weight[connectome.weight != 0]), quantile)
    return connectome.weighted(np.clip(connectome.weight, -most, most))


@_of_connections
def transform(connectome: Connections, how: str) -> Connections:
    """Transform weights w: ``log``, log(1 + w / smallest), or ``rank``, over number, ties averaged, of positive ones.

    ``exp10`` and ``exp`` bring logarithms back, on connections only: 0 stays, and -inf is no connection.
    """
    weight = connectome.weight
    if how in ("exp10", "exp"):
        there = (weight != 0) & ~np.isneginf(weight)
        result = np.zeros(weight.size)
        result[there] = (10.0 if how == "exp10" else np.e) ** weight[there]
        return connectome.weighted(result)
    result = _positive(connectome, f"transform: {how}")
    connected = result > 0
    strength = result[connected]
    if how == "log":
        result[connected] = np.log1p(strength / strength.min())
    else:
        _, place, number = np.unique(strength, return_inverse=True, return_counts=True)
        last = np.cumsum(number)
        result[connected] = (last - (number - 1) / 2)[place] / strength.size
    return connectome.weighted(result)


@_of_connections
def symmetrise(connectome: Connections, how: str) -> Connections:
    """Give both directions of a connection one weight: their ``mean``, or the one of ``max``, the larger magnitude.

    A tract length that is missing in one direction is that of the other; of two it is the mean.
    """
    whole, back = connectome.with_ways_back()
    both = np.stack([whole.weight, whole.weight[back]])
    larger = np.abs(both[0]) >= np.abs(both[1])
    # Of opposite weights of one magnitude, both directions get the positive one.
    largest = np.where(np.abs(both[0]) == np.abs(both[1]), both.max(axis=0), np.where(larger, both[0], both[1]))
    lengths = {}
    if "tract_length" in whole.pairs:
        there = whole.pairs["tract_length"]
        turned = there[back]
        one, other = np.where(there == 0, turned, there), np.where(turned == 0, there, turned)
        lengths = {"tract_length": (one + other) / 2}
    return whole.weighted(both.mean(axis=0) if how == "mean" else largest, **lengths)


#: Steps by name.
STEPS: dict[str, Callable[..., Any]] = {
    step.__name__: step
    for step in (
        average, consensus, symmetrise, drop_self_connections, drop_isolated, largest_component, subset,
        threshold_weight, threshold_density, disparity, clip_quantile, transform,
    )
}  # fmt: skip
#: Those that take the connectomes of several subjects.
OF_SUBJECTS = ("average", "consensus", "symmetrise", "drop_self_connections")


def prepare(
    measured: xr.DataArray | Connections,
    steps: Sequence[Step],
    weighting: str,
    rng: np.random.Generator,
    name: str = "connectome",
) -> xr.DataArray:
    """Prepare a connectome: steps one after the other, then weights.

    Parameters
    ----------
    measured : xarray.DataArray or Connections
        Weights as measured, dims ``(source, target)`` or ``(subject, source, target)``.
    steps : sequence of str or mapping
        Keys of `STEPS`, with their argument as ``{key: argument}`` where they take one.
    weighting : {"own", "random_signed", "rank_signed"}
        ``own`` keeps the measured weights. The other two draw a value from the uniform distribution on
        [-0.5, 0.5] for every connection. ``random_signed`` leaves them where they fall; ``rank_signed`` sorts
        them by magnitude, so that the strongest measured connection gets the largest magnitude (ties at
        random) and signs stay random.
    rng : numpy.random.Generator
        Source of the drawn values.
    name : str
        Used in error messages.

    Returns
    -------
    xarray.DataArray
        Dims ``(source, target)``; every change is told in the attribute ``history``.

    Raises
    ------
    ConnectomeError
        If a step or the weighting is unknown or does not fit the connectome, nothing usable is left, or the matrix of
        what is left is larger than the memory of this machine.
    """
    try:
        return prepared(measured, steps, weighting, rng, name).matrix().rename(getattr(measured, "name", "weight"))
    except TooLargeError as error:
        raise ConnectomeError(f"{name}: {error}") from error


def prepared(
    measured: xr.DataArray | Connections,
    steps: Sequence[Step],
    weighting: str,
    rng: np.random.Generator,
    name: str = "connectome",
) -> Connections:
    """Prepare a connectome as `prepare` does, and leave it as connections.

    Parameters
    ----------
    measured, steps, weighting, rng, name
        As for `prepare`.

    Returns
    -------
    Connections
        In memory by connections, if it was measured so.
    """
    if weighting not in WEIGHTINGS:
        raise ConnectomeError(f"{name}: unknown weighting '{weighting}' (allowed: {', '.join(WEIGHTINGS)})")
    connectome: Any = measured
    if isinstance(measured, Connections) or "subject" not in measured.dims:
        connectome = of_matrix(measured)
    history = list(filter(None, [measured.attrs.get("history")]))
    warned = list(filter(None, [measured.attrs.get("warnings")]))
    logarithms = bool(steps) and steps[0] in ({"transform": "exp10"}, {"transform": "exp"})
    for of_subject in () if logarithms else [connectome] if isinstance(connectome, Connections) else connectome:
        check_weights(of_subject, name)
    negative = int((_values(connectome) < 0).sum())
    by_strength = {"threshold_weight", "threshold_density", "clip_quantile"}
    if (
        not logarithms
        and negative
        and (weighting == "rank_signed" or any(by_strength & set(step) for step in steps if not isinstance(step, str)))
    ):
        warned.append(
            f"{negative} weights are negative, and the strength of a connection is its magnitude: if"
            " they are logarithms, the weakest count as the strongest; make 'transform: exp10' (or exp) the first step"
        )
        log.warning("%s: %s", name, warned[-1])
    for step in steps:
        key, argument = (step, None) if isinstance(step, str) else next(iter(step.items()))
        if key not in STEPS:
            raise ConnectomeError(f"{name}: unknown step '{key}' (allowed: {', '.join(STEPS)})")
        of_subjects = not isinstance(connectome, Connections)
        if of_subjects < (key == "consensus"):
            raise ConnectomeError(f"{name}: {key} is for several subjects, and before they are averaged")
        if of_subjects and key not in OF_SUBJECTS:
            raise ConnectomeError(f"{name}: has {connectome.sizes['subject']} subjects: average them before '{key}'")
        before = connectome
        try:
            connectome = STEPS[key](connectome, argument)
            if of_subjects and "subject" not in connectome.dims:
                connectome = of_matrix(connectome)
        except ConnectomeError as error:
            raise ConnectomeError(f"{name}: {error}") from error
        history.append(f"{key}{'' if argument is None else f' {argument}'}: {_change(before, connectome)}")
        log.info("%s: %s", name, history[-1])
        if not _values(connectome).any():
            raise ConnectomeError(f"{name}: the step '{key}' leaves no connection")
    if not isinstance(connectome, Connections):
        raise ConnectomeError(
            f"{name}: has {connectome.sizes['subject']} subjects: average them (preparation: [average: mean])"
        )
    connectome = connectome.weighted(_drawn(connectome.weight, weighting, rng))
    connected = int((connectome.weight != 0).sum())
    strong, weak = components(connectome, "strong").max() + 1, components(connectome, "weak").max() + 1
    history.append(
        f"weighting {weighting}: {connected} connections of {connectome.size} nodes, strongly connected"
        f" components: {strong}, weakly connected: {weak}"
    )
    log.info("%s: %s", name, history[-1])
    check(connectome, name)
    told = {"history": "; ".join(history)} | ({"warnings": "; ".join(warned)} if warned else {})
    return connectome.described(**{**measured.attrs, **told})


def _drawn(weight: np.ndarray, weighting: str, rng: np.random.Generator) -> np.ndarray:
    """Return the weights of connections: as they are, or drawn."""
    weight = weight.copy()
    connected = weight != 0
    if weighting != "own":
        drawn = rng.uniform(-0.5, 0.5, int(connected.sum()))
        if weighting == "rank_signed":
            magnitude = np.abs(weight[connected])
            # A random second key breaks ties: equal measured weights must not be ordered by node number.
            order = np.lexsort((rng.random(magnitude.size), magnitude))
            ranked = np.empty_like(drawn)
            ranked[order] = drawn[np.argsort(np.abs(drawn))]
            drawn = ranked
        weight[connected] = drawn
    return weight


def _change(before: xr.DataArray | Connections, after: xr.DataArray | Connections) -> str:
    """Say in numbers what a step changed."""

    def numbers(c: xr.DataArray | Connections) -> dict[str, str]:
        values = _values(c)
        values = values[values != 0]
        if isinstance(c, Connections):
            subjects, nodes, own = 1, c.size, c.weight[c.self_connected]
        else:
            subjects, nodes = c.sizes["subject"], c.sizes["source"]
            own = np.diagonal(c.values, axis1=-2, axis2=-1)
        return {
            "subjects": str(subjects),
            "nodes": str(nodes),
            "connections": str(values.size),
            "self-connections": str(np.count_nonzero(own)),
            "smallest magnitude": f"{np.abs(values).min():.4g}" if values.size else "none",
            "largest magnitude": f"{np.abs(values).max():.4g}" if values.size else "none",
            "sum of weights": f"{values.sum():.6g}",
        }

    old, new = numbers(before), numbers(after)
    return ", ".join(f"{key} {old[key]} -> {new[key]}" for key in old if old[key] != new[key]) or "nothing changed"


def _values(connectome: xr.DataArray | Connections) -> np.ndarray:
    return connectome.weight if isinstance(connectome, Connections) else connectome.values


def _positive(connectome: Connections, step: str) -> np.ndarray:
    negative = connectome.weight < 0
    if negative.any():
        k = int(np.flatnonzero(negative)[0])
        source, target = (connectome.labels[ends[k]] for ends in (connectome.source, connectome.target))
        raise ConnectomeError(
            f"'{step}' needs positive weights, and {negative.sum()} are negative, first {connectome.weight[k]:g} from"
            f" '{source}' to '{target}'"
        )
    return connectome.weight.copy()


def _look_up(wanted: Sequence[str], known: Sequence[str] | np.ndarray, missing: str) -> None:
    names = list(dict.fromkeys(map(str, known)))
    for name in wanted:
        if name not in names:
            close = difflib.get_close_matches(name, names, n=3)
            hint = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(names[:5])}, ..."
            raise ConnectomeError(f"{missing} '{name}' ({hint})")
