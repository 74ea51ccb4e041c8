"""Preparation: make of a measured connectome the one that is studied, in named steps.

Every step is a pure function of the connectome and of one argument. What it changed stands in the attribute
``history``, in numbers.
"""

import difflib
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import xarray as xr
import yaml
from scipy import stats

from echolesion.connectome.graph import ConnectomeError, check, check_weights, components
from echolesion.connectome.texts import number

WEIGHTINGS = ("own", "random_signed", "rank_signed")

log = logging.getLogger(__name__)

Step = str | Mapping[str, Any]


def average(connectome: xr.DataArray, how: str) -> xr.DataArray:
    """Average over subjects: ``mean`` or ``median`` of all of them. Tract lengths: mean over those that have one."""
    if "subject" not in connectome.dims:
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


def drop_self_connections(connectome: xr.DataArray, _: None = None) -> xr.DataArray:
    """Drop connections from a node to itself."""
    return connectome.where(~np.eye(connectome.sizes["source"], dtype=bool), 0)


def drop_isolated(connectome: xr.DataArray, _: None = None) -> xr.DataArray:
    """Drop nodes without a connection to or from another."""
    connected = drop_self_connections(connectome) != 0
    return _kept(connectome, connected.any("target").values | connected.any("source").values)


def largest_component(connectome: xr.DataArray, kind: Literal["weak", "strong"]) -> xr.DataArray:
    """Keep the largest connected component: ``weak`` (directions do not count) or ``strong`` (there and back)."""
    of_node = components(connectome.values, kind)
    return _kept(connectome, of_node == np.bincount(of_node).argmax())


def subset(connectome: xr.DataArray, wanted: Sequence[str] | Mapping[str, Any]) -> xr.DataArray:
    """Keep some nodes: by label, in the order given, or by what the connectome's columns say of them."""
    if not isinstance(wanted, Mapping):
        labels = [_as_printed(value, connectome["source"].values) for value in wanted]
        if twice := next((label for k, label in enumerate(labels) if label in labels[:k]), None):
            raise ConnectomeError(f"subset names '{twice}' twice")
        _look_up(labels, connectome["source"].values, "no node has the label")
        return connectome.sel(source=labels, target=labels)
    keep = np.ones(connectome.sizes["source"], dtype=bool)
    for column, value in wanted.items():
        of_nodes = [str(name) for name, c in connectome.coords.items() if c.dims == ("source",) and name != "source"]
        _look_up([column], of_nodes, "the nodes have no column")
        found = connectome[column].astype(str).values
        values = [_as_printed(one, found) for one in (value if isinstance(value, list) else [value])]
        _look_up(values, found, f"no node has the {column}")
        keep &= np.isin(found, values)
    return _kept(connectome, keep)


def _as_printed(value: Any, known: np.ndarray) -> str:
    """Return what is looked for as text: YAML reads 007 as 7, NO as false and 010 as 8, which are other names."""
    if isinstance(value, str):
        return value
    printed = str(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        names = set(map(str, known))
        others = [name for name in names - {printed} if value in (_read_by_yaml(name), number(name))]
        if printed in names and not others:
            return printed
    raise ConnectomeError(f"subset: {value!r} is not text: write it in quotes, as it stands in the file")


def _read_by_yaml(name: str) -> Any:
    try:
        return yaml.safe_load(name)
    except (yaml.YAMLError, ValueError):
        return name


def threshold_weight(connectome: xr.DataArray, weight: float) -> xr.DataArray:
    """Drop connections of a smaller magnitude."""
    return connectome.where(abs(connectome) >= weight, 0)


def threshold_density(connectome: xr.DataArray, density: float) -> xr.DataArray:
    """Keep the strongest connections: this share of all ordered pairs, and what is as strong as the weakest.

    Self-connections are of no pair, and dropped.
    """
    between = drop_self_connections(connectome)
    magnitude = abs(between)
    pairs = connectome.sizes["source"] * (connectome.sizes["source"] - 1)
    count = round(density * pairs)
    if count == 0:
        raise ConnectomeError(
            f"a density of {density:g} keeps no connection of {connectome.sizes['source']} nodes: take at least"
            f" {1 / pairs:.2g}, which keeps one"
        )
    if count >= np.count_nonzero(magnitude):
        return between
    return between.where(magnitude >= np.sort(magnitude.values, axis=None)[-count], 0)


def disparity(connectome: xr.DataArray, level: float) -> xr.DataArray:
    r"""Keep the disparity backbone (Serrano, Boguna and Vespignani 2009).

    Of a node with k connections, one that has the share p of their strength is kept if :math:`(1 - p)^{k - 1}` is below
    the level, at its source or at its target. The only connection of a node does not speak for itself. Self-connections
    are dropped.
    """
    weights = _positive(drop_self_connections(connectome), "disparity")
    alpha = np.ones(weights.shape)
    for over in (0, 1):
        number = (weights > 0).sum(axis=over, keepdims=True)
        strength = weights.sum(axis=over, keepdims=True)
        share = weights / np.where(strength > 0, strength, 1)
        alpha = np.minimum(alpha, np.where((weights > 0) & (number > 1), (1 - share) ** (number - 1), 1))
    return connectome.where(alpha < level, 0)


def clip_quantile(connectome: xr.DataArray, quantile: float) -> xr.DataArray:
    """Bring outliers, magnitudes above this quantile of those of all connections, down to it."""
    most = np.quantile(np.abs(connectome.values[connectome.values != 0]), quantile)
    return connectome.clip(-most, most)


def transform(connectome: xr.DataArray, how: str) -> xr.DataArray:
    """Transform weights w: ``log``, log(1 + w / smallest), or ``rank``, over number, ties averaged, of positive ones.

    ``exp10`` and ``exp`` bring logarithms back, on connections only: 0 stays, and -inf is no connection.
    """
    if how in ("exp10", "exp"):
        logarithms = connectome.values
        there = (logarithms != 0) & ~np.isneginf(logarithms)
        result = np.zeros(logarithms.shape)
        result[there] = (10.0 if how == "exp10" else np.e) ** logarithms[there]
        return connectome.copy(data=result)
    weights = _positive(connectome, f"transform: {how}")
    connected = weights > 0
    strength = weights[connected]
    if how == "log":
        weights[connected] = np.log1p(strength / strength.min())
    else:
        weights[connected] = stats.rankdata(strength) / strength.size
    return connectome.copy(data=weights)


def symmetrise(connectome: xr.DataArray, how: str) -> xr.DataArray:
    """Give both directions of a connection one weight: their ``mean``, or the one of ``max``, the larger magnitude.

    A tract length that is missing in one direction is that of the other; of two it is the mean.
    """
    both = np.stack([connectome.values, _turned(connectome).values])
    larger = np.abs(both[0]) >= np.abs(both[1])
    # Of opposite weights of one magnitude, both directions get the positive one.
    largest = np.where(np.abs(both[0]) == np.abs(both[1]), both.max(axis=0), np.where(larger, both[0], both[1]))
    result = connectome.copy(data=both.mean(axis=0) if how == "mean" else largest)
    if "tract_length" in connectome.coords:
        lengths = connectome["tract_length"]
        turned = _turned(lengths)
        one = np.where(lengths.values == 0, turned.values, lengths.values)
        other = np.where(turned.values == 0, lengths.values, turned.values)
        result = result.assign_coords(tract_length=lengths.copy(data=(one + other) / 2))
    return result


def _turned(matrix: xr.DataArray) -> xr.DataArray:
    """Swap source and target."""
    order = [{"source": "target", "target": "source"}.get(str(dim), dim) for dim in matrix.dims]
    return matrix.transpose(*order)


#: Steps by name.
STEPS: dict[str, Callable[..., xr.DataArray]] = {
    step.__name__: step
    for step in (
        average, consensus, symmetrise, drop_self_connections, drop_isolated, largest_component, subset,
        threshold_weight, threshold_density, disparity, clip_quantile, transform,
    )
}  # fmt: skip
#: Those that take the connectomes of several subjects.
OF_SUBJECTS = ("average", "consensus", "symmetrise", "drop_self_connections")


def prepare(
    measured: xr.DataArray,
    steps: Sequence[Step],
    weighting: str,
    rng: np.random.Generator,
    name: str = "connectome",
) -> xr.DataArray:
    """Prepare a connectome: steps one after the other, then weights.

    Parameters
    ----------
    measured : xarray.DataArray
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
        If a step or the weighting is unknown or does not fit the connectome, or nothing usable is left.
    """
    if weighting not in WEIGHTINGS:
        raise ConnectomeError(f"{name}: unknown weighting '{weighting}' (allowed: {', '.join(WEIGHTINGS)})")
    connectome, history = measured, list(filter(None, [measured.attrs.get("history")]))
    warned = list(filter(None, [measured.attrs.get("warnings")]))
    logarithms = bool(steps) and steps[0] in ({"transform": "exp10"}, {"transform": "exp"})
    for of_subject in () if logarithms else measured if "subject" in measured.dims else [measured]:
        check_weights(of_subject, name)
    by_strength = {"threshold_weight", "threshold_density", "clip_quantile"}
    if (
        not logarithms
        and bool((measured < 0).any())
        and (weighting == "rank_signed" or any(by_strength & set(step) for step in steps if not isinstance(step, str)))
    ):
        warned.append(
            f"{int((measured < 0).sum())} weights are negative, and the strength of a connection is its magnitude: if"
            " they are logarithms, the weakest count as the strongest; make 'transform: exp10' (or exp) the first step"
        )
        log.warning("%s: %s", name, warned[-1])
    for step in steps:
        key, argument = (step, None) if isinstance(step, str) else next(iter(step.items()))
        if key not in STEPS:
            raise ConnectomeError(f"{name}: unknown step '{key}' (allowed: {', '.join(STEPS)})")
        if ("subject" in connectome.dims) < (key == "consensus"):
            raise ConnectomeError(f"{name}: {key} is for several subjects, and before they are averaged")
        if "subject" in connectome.dims and key not in OF_SUBJECTS:
            raise ConnectomeError(f"{name}: has {connectome.sizes['subject']} subjects: average them before '{key}'")
        before = connectome
        try:
            connectome = STEPS[key](connectome, argument)
        except ConnectomeError as error:
            raise ConnectomeError(f"{name}: {error}") from error
        history.append(f"{key}{'' if argument is None else f' {argument}'}: {_change(before, connectome)}")
        log.info("%s: %s", name, history[-1])
        if connectome.size == 0 or not connectome.any():
            raise ConnectomeError(f"{name}: the step '{key}' leaves no connection")
    if "subject" in connectome.dims:
        raise ConnectomeError(
            f"{name}: has {connectome.sizes['subject']} subjects: average them (preparation: [average: mean])"
        )
    connectome = _weighted(connectome.transpose("source", "target"), weighting, rng)
    connected = int((connectome != 0).sum())
    strong, weak = components(connectome.values, "strong").max() + 1, components(connectome.values, "weak").max() + 1
    history.append(
        f"weighting {weighting}: {connected} connections of {connectome.sizes['source']} nodes, strongly connected"
        f" components: {strong}, weakly connected: {weak}"
    )
    log.info("%s: %s", name, history[-1])
    check(connectome, name)
    told = {"history": "; ".join(history)} | ({"warnings": "; ".join(warned)} if warned else {})
    return connectome.assign_attrs(measured.attrs | told)


def _weighted(connectome: xr.DataArray, weighting: str, rng: np.random.Generator) -> xr.DataArray:
    weights = connectome.values.copy()
    connected = weights != 0
    if weighting != "own":
        drawn = rng.uniform(-0.5, 0.5, int(connected.sum()))
        if weighting == "rank_signed":
            magnitude = np.abs(weights[connected])
            # A random second key breaks ties: equal measured weights must not be ordered by node number.
            order = np.lexsort((rng.random(magnitude.size), magnitude))
            ranked = np.empty_like(drawn)
            ranked[order] = drawn[np.argsort(np.abs(drawn))]
            drawn = ranked
        weights[connected] = drawn
    return connectome.copy(data=weights)


def _change(before: xr.DataArray, after: xr.DataArray) -> str:
    """Say in numbers what a step changed."""

    def numbers(c: xr.DataArray) -> dict[str, str]:
        values = c.values[c.values != 0]
        return {
            "subjects": str(c.sizes.get("subject", 1)),
            "nodes": str(c.sizes["source"]),
            "connections": str(values.size),
            "self-connections": str(np.count_nonzero(np.diagonal(c.values, axis1=-2, axis2=-1))),
            "smallest magnitude": f"{np.abs(values).min():.4g}" if values.size else "none",
            "largest magnitude": f"{np.abs(values).max():.4g}" if values.size else "none",
            "sum of weights": f"{values.sum():.6g}",
        }

    old, new = numbers(before), numbers(after)
    return ", ".join(f"{key} {old[key]} -> {new[key]}" for key in old if old[key] != new[key]) or "nothing changed"


def _kept(connectome: xr.DataArray, nodes: np.ndarray) -> xr.DataArray:
    places = np.flatnonzero(nodes)
    return connectome.isel(source=places, target=places)


def _positive(connectome: xr.DataArray, step: str) -> np.ndarray:
    weights = connectome.values.copy()
    if (weights < 0).any():
        i, j = np.argwhere(weights < 0)[0]
        labels = connectome["source"].values
        raise ConnectomeError(
            f"'{step}' needs positive weights, and {(weights < 0).sum()} are negative, first {weights[i, j]:g} from"
            f" '{labels[i]}' to '{labels[j]}'"
        )
    return weights


def _look_up(wanted: Sequence[str], known: Sequence[str] | np.ndarray, missing: str) -> None:
    names = list(dict.fromkeys(map(str, known)))
    for name in wanted:
        if name not in names:
            close = difflib.get_close_matches(name, names, n=3)
            hint = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(names[:5])}, ..."
            raise ConnectomeError(f"{missing} '{name}' ({hint})")
