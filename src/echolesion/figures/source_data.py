"""Source data of a figure: what every panel shows, read from the drawn figure itself, so that the two cannot differ."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import Collection, LineCollection, PathCollection, PolyCollection
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from matplotlib.ticker import FixedLocator, FuncFormatter

from echolesion.figures.style import panels_of

Rows = dict[str, Any]


def tables(figure: Figure) -> dict[str, pd.DataFrame]:
    """Read the numbers that a figure shows.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Drawn by `figures.draw`.

    Returns
    -------
    dict of str to pandas.DataFrame
        By panel letter. A row is a point, bar, cell or end of a line; ``series`` is its entry in the legend, ``kind``
        what it is drawn as. ``x`` and ``y`` are followed by the axis' label; where the axis has words in place of
        numbers, another column has them. ``low`` and ``high`` are the ends of error bars, of bars, and of bands.
    """
    return {letter: _table(axes) for letter, axes in panels_of(figure).items()}


def _table(axes: Axes) -> pd.DataFrame:
    parts = [pd.DataFrame({"series": series, "kind": kind, **rows}) for series, kind, rows in _drawn(axes)]
    # Of a panel in which nothing is known there are no rows.
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"series": [], "kind": []})
    names = {"value": _heading("value", _colour_label(axes))}
    for axis, name in ((axes.xaxis, "x"), (axes.yaxis, "y")):
        if name in table and (words := _words(axis)):
            table.insert(list(table).index(name) + 1, f"{name} is", table[name].map(words))
        names[name] = _heading(name, _label(axes, name))
    return table.rename(columns=names)


def _heading(name: str, label: str) -> str:
    return f"{name}: {' '.join(label.split())}" if label else name


def _label(axes: Axes, name: str) -> str:
    """Return the label of an axis; of one that is shared it stands at another panel."""
    shared = getattr(axes, f"get_shared_{name}_axes")().get_siblings(axes)
    labels = [getattr(each, f"get_{name}label")() for each in (axes, *shared)]
    return next((label for label in labels if label), "")


def _colour_label(axes: Axes) -> str:
    """Return the label of the bar of colours; panels of one scale share it."""
    scales = [artist.norm for artist in (*axes.images, *axes.collections)]
    shown = [artist for panel in axes.figure.axes for artist in (*panel.images, *panel.collections)]
    bars = [artist.colorbar for artist in shown if artist.colorbar and artist.norm in scales]
    return next((bar.ax.get_xlabel() or bar.ax.get_ylabel() for bar in bars), "")


def _words(axis: Axis) -> Any:
    """Return a function from a place to the word of the nearest tick; nothing if the ticks are numbers."""
    formatter, places = axis.get_major_formatter(), np.asarray(axis.get_ticklocs(), dtype=float)
    if not isinstance(axis.get_major_locator(), FixedLocator) or not isinstance(formatter, FuncFormatter):
        return None
    words = [" ".join(formatter(place).split()) for place in places]
    return lambda place: words[int(np.abs(places - place).argmin())]


def _drawn(axes: Axes) -> Iterator[tuple[str, str, Rows]]:
    """Yield series, kind and columns of everything in a panel whose place is in the units of its axes."""
    of_containers: set[int] = set()
    for container in axes.containers:
        of_containers |= {id(child) for child in container.get_children()}
        if isinstance(container, ErrorbarContainer):
            yield _name(container), "point", _with_error_bars(container)
        elif isinstance(container, BarContainer):
            bars = [patch.get_bbox() for patch in container.patches]
            rows = {"x": [(bar.x0 + bar.x1) / 2 for bar in bars], "low": [bar.y0 for bar in bars]}
            yield _name(container), "bar", rows | {"high": [bar.y1 for bar in bars]}
    for image in axes.images:
        values: np.ndarray = np.ma.filled(np.ma.masked_invalid(np.ma.asarray(image.get_array())), np.nan)
        y, x = np.indices(values.shape).reshape(2, -1)
        yield _name(image), "cell", {"x": x, "y": y, "value": values.ravel()}
    for line in axes.lines:
        # Lines across the panel, such as that of 0, are no data.
        if (
            id(line) not in of_containers
            and line.get_transform() == axes.transData
            and len(np.asarray(line.get_xdata()))
        ):
            x, y = np.asarray(line.get_xydata(), dtype=float).T
            yield _name(line), "line" if line.get_linestyle() != "None" else "point", {"x": x, "y": y}
    for patch in axes.patches:
        if isinstance(patch, StepPatch):
            heights, edges, _ = patch.get_data()
            yield _name(patch), "step", {"x": edges[:-1], "x end": edges[1:], "y": heights}
    for collection in axes.collections:
        if id(collection) not in of_containers:
            yield from _of_collection(collection)


def _of_collection(collection: Collection) -> Iterator[tuple[str, str, Rows]]:
    name = _name(collection)
    if isinstance(collection, PathCollection):
        x, y = np.ma.filled(collection.get_offsets(), np.nan).T
        values = collection.get_array()
        yield name, "point", {"x": x, "y": y} | ({} if values is None else {"value": values})
    elif isinstance(collection, LineCollection):
        ends = _ends(collection)
        yield name, "range", dict(zip(("x", "y", "x end", "y end"), ends.reshape(-1, 4).T, strict=True))
    elif isinstance(collection, PolyCollection):
        for path in collection.get_paths():
            x, y = np.asarray(path.vertices, dtype=float).T
            yield name, "outline", {"x": x, "y": y}


def _with_error_bars(container: ErrorbarContainer) -> Rows:
    """Return points and the ends of their error bars, in whichever direction these point."""
    points, _, bars = container.lines
    x, y = np.asarray(points.get_data(), dtype=float)
    rows: Rows = {"x": x, "y": y}
    for collection in bars:
        ends = _ends(collection)
        axis = 0 if container.has_xerr else 1
        rows |= {"low": ends[:, 0, axis], "high": ends[:, 1, axis]}
    return rows


def _ends(lines: LineCollection) -> np.ndarray:
    """Return both ends of every line, shape (lines, 2, 2); NaN of one that is not drawn."""
    return np.array([np.asarray(path.vertices)[[0, -1]] for path in lines.get_paths()], dtype=float).reshape(-1, 2, 2)


def _name(artist: Artist | ErrorbarContainer | BarContainer) -> str:
    label = str(artist.get_label() or "")
    return "" if label.startswith("_") else " ".join(label.split())
