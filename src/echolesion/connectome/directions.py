"""Directions: rows and columns, lists and halves of matrices become connections from a source to a target.

A matrix does not say whether its rows are sources, nor half a matrix whether connections go one way or both: neither is
guessed. Where it makes no difference, nobody is asked.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from echolesion.connectome.connections import Connections
from echolesion.connectome.reading import Links, Matrix, Reading

#: Which of the two a matrix's rows are; columns are the other.
ORIENTATIONS = ("source_target", "target_source")
#: What becomes of several connections of one pair: the largest is that of the largest magnitude.
COMBINE = ("sum", "max", "mean", "first")
#: Weights that differ by less than this share of the largest are equal.
ROUNDING = 1e-9


def connectome_of(found: Matrix | Links, reading: Reading) -> xr.DataArray | Connections:
    """Make a connectome of what a reader found.

    Parameters
    ----------
    found : Matrix or Links
        From a reader.
    reading : Reading
        Of the file; it is asked for ``orientation``, ``directed`` and ``combine``.

    Returns
    -------
    xarray.DataArray or Connections
        Of a matrix dims ``(source, target)``, or ``(subject, source, target)``; what else is known of nodes as
        coordinates along ``source``, and ``tract_length``. Of a list its connections.

    Raises
    ------
    FormatError
        If the direction of connections is not known, or a pair stands more than once.
    """
    return _of_list(found, reading) if isinstance(found, Links) else _of_matrix(found, reading)


def symmetric(values: np.ndarray) -> bool:
    """Return whether matrices, over the last two axes, equal their transposes, to rounding."""
    there, back = values, np.swapaxes(values, -1, -2)
    largest = np.abs(values[np.isfinite(values)]).max(initial=0)
    return bool(np.allclose(there, back, rtol=ROUNDING, atol=ROUNDING * largest, equal_nan=True))


def triangular(values: np.ndarray) -> bool:
    """Return whether all that is not 0 stands on one side of the diagonal, and there is something."""
    upper, lower = (np.any(half(values, 1) != 0) for half in (np.triu, lambda v, k: np.tril(v, -k)))
    return bool(upper != lower)


def filled(lengths: np.ndarray) -> np.ndarray:
    """Give both directions of a pair the length of the one that has it."""
    return np.where(lengths == 0, np.swapaxes(lengths, -1, -2), lengths)


def _of_matrix(found: Matrix, reading: Reading) -> xr.DataArray:
    values, lengths = found.values.astype(float), found.lengths
    over = np.arange(values.shape[-1])
    if np.isnan(values[..., over, over]).all():
        values[..., over, over] = 0
        reading.say("the diagonal is NaN: no self-connections")
    labels = found.labels or [str(k) for k in over]
    reading.named = found.labels is not None
    directed = reading.ask("directed")
    if reading.quantity == "weight" and directed is False:
        earlier = np.triu(np.ones(values.shape[-2:], dtype=bool))
        values = _both_ways(values, np.swapaxes(values, -1, -2), earlier, [*np.indices(earlier.shape)], labels, reading)
    elif reading.quantity == "weight" and directed is None and triangular(values):
        raise reading.error(
            "only one half of the matrix has weights: do they count in both directions ('directed: false'), or one way"
            " ('directed: true')?"
        )
    if lengths is not None:
        lengths = np.asarray(lengths, dtype=float)
        if symmetric(values) and triangular(lengths):
            lengths = filled(lengths)
            reading.say("lengths of one half count in both directions")
    orientation = reading.ask("orientation")
    alike = symmetric(values) and (lengths is None or symmetric(lengths))
    if alike or (reading.quantity == "length" and triangular(values) and orientation is None):
        reading.say("symmetric: rows and columns are the same" if alike else "one half only")
        rows, columns = "source", "target"
    elif orientation not in ORIENTATIONS:
        raise reading.error(f"say what its rows are: orientation: {' or '.join(ORIENTATIONS)}")
    else:
        rows, columns = orientation.split("_")
        reading.say(f"rows are {rows}s (orientation {orientation})")
        reading.decide(orientation=orientation)
    dims = ("subject", rows, columns)[-values.ndim :]
    coords = {"source": labels, "target": labels} | {name: ("source", v) for name, v in found.properties.items()}
    result = xr.DataArray(values, dims=dims, coords=coords)
    if lengths is not None:
        result = result.assign_coords(tract_length=(dims[-lengths.ndim :], lengths))
    return result.transpose(..., "source", "target")


def _of_list(found: Links, reading: Reading) -> Connections:
    directed = reading.ask("directed")
    if directed and found.directed is False:
        raise reading.error("says that its connections have no direction: take 'directed: true' out of its entry")
    if directed is None:
        directed = found.directed
    size = len(found.labels)
    flat = found.ends[:, 0].astype(np.int64) * size + found.ends[:, 1]
    pairs, first, number, count = np.unique(flat, return_index=True, return_inverse=True, return_counts=True)
    combine = reading.ask("combine")
    if (count > 1).any() and combine is None:
        again = int(np.flatnonzero(first[number] != np.arange(len(flat)))[0])
        source, target = (found.labels[k] for k in found.ends[again])
        raise reading.error(
            f"{found.places[again]}: the connection stands in {found.places[first[number[again]]]} too, from '{source}'"
            f" to '{target}': 'combine: {' or '.join(COMBINE)}'?"
        )
    source, target = np.divmod(pairs, size)
    known = {"source": ("source", found.labels)} | {name: ("source", v) for name, v in found.properties.items()}
    weights = _combined(found.weights, number, first, combine).astype(float)
    listed = Connections(source, target, weights, xr.Dataset(coords=known))
    if (count > 1).any():
        reading.say(f"combine {combine}: {len(flat)} rows, {len(pairs)} connections")
        reading.decide(combine=combine)
    if directed is False:
        # Where it stands in the file, from 1 on; a way back that does not, after all others.
        whole, back = replace(listed, pairs={"place": first + 1}).with_ways_back()
        place = np.where(whole.pairs["place"] > 0, whole.pairs["place"], len(flat) + 1)
        ends = (whole.source, whole.target)
        weights = _both_ways(whole.weight, whole.weight[back], place <= place[back], ends, found.labels, reading)
        listed = replace(whole, pairs={})
    else:
        whole, back = listed.with_ways_back()
        there = (whole.weight != 0) & ~whole.self_connected
        if directed is None and there.sum() > 1 and not (there & there[back]).any():
            reading.warn("no pair is connected both ways: if its connections have no direction, say 'directed: false'")
        reading.say("connections go one way, from source to target")
    return listed.weighted(weights)


def _combined(weights: np.ndarray, number: np.ndarray, first: np.ndarray, how: str | None) -> np.ndarray:
    """Return one weight for each number, of all that have it."""
    if how in ("sum", "mean"):
        total = np.bincount(number, weights, minlength=len(first))
        return total if how == "sum" else total / np.bincount(number, minlength=len(first))
    if how == "max":
        order = np.lexsort((np.abs(weights), number))
        last = np.append(np.flatnonzero(np.diff(number[order])), len(order) - 1)
        return weights[order][last]
    return weights[first]


def _both_ways(
    values: np.ndarray, back: np.ndarray, earlier: np.ndarray, ends: Sequence[np.ndarray], labels: list[str],
    reading: Reading,
) -> np.ndarray:  # fmt: skip
    """Give both directions of a pair its weight; where they differ, as ``combine`` says."""
    there = values != 0
    once = there & (back == 0)
    result = np.where(once, values, back)
    twice = there & (back != 0)
    largest = np.abs(values[np.isfinite(values)]).max(initial=0)
    differ = twice & ~np.isclose(values, back, rtol=ROUNDING, atol=ROUNDING * largest, equal_nan=True)
    result[twice] = values[twice]
    combine = reading.ask("combine")
    if differ.any():
        if combine is None:
            i, j = (np.broadcast_to(end, differ.shape)[differ][0] for end in ends)
            raise reading.error(
                f"'directed: false', but {int(differ.sum()) // 2} pairs have two weights, first '{labels[i]}' and"
                f" '{labels[j]}' ({values[differ][0]:g}, {back[differ][0]:g}): 'combine: {' or '.join(COMBINE)}'?"
            )
        magnitude, other = np.abs(values), np.abs(back)
        chosen = {
            "sum": values + back,
            "mean": (values + back) / 2,
            "max": np.where(magnitude == other, np.maximum(values, back), np.where(magnitude > other, values, back)),
            "first": np.where(earlier, values, back),
        }[combine]
        result[differ] = chosen[differ]
        reading.decide(combine=combine)
    reading.decide(directed=False)
    alone = int(once.sum())
    reading.say(
        f"not directed: {alone} that stood once count in both directions"
        + (f", {int(differ.sum()) // 2} pairs with two weights are combined ({combine})" if differ.any() else "")
    )
    return result
