"""The picture of the house: its rooms with their modules, and who takes from whom, as the code imports."""

import importlib
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

import echolesion
from echolesion.records import sources

#: What a room writes for those after it.
WRITTEN = {
    "connectome": "connectome.nc",
    "dynamics": "reservoir.nc",
    "training": "task.nc, tuning.nc, training.nc",
    "sweep": "sweep/*.nc, edge_cut.nc",
    "analysis": "influence.nc, contribution.nc, decomposition.nc, topology.nc, nulls.nc, map.nc",
    "study": "tables/*.csv, the archive",
    "figures": "figures/",
    "report": "report.html, explorer.html",
}


def modules(room: str) -> list[str]:
    """Return the modules of a room, in the order of its paragraph."""
    package = importlib.import_module(f"echolesion.{room}")
    lines = (package.__doc__ or "").splitlines()
    return [line.strip("`") for line in lines if line.startswith("`") and line.endswith("`")]


def arrows() -> set[tuple[str, str]]:
    """Return which room is taken from by which."""
    found = set()
    for room in echolesion.ROOMS:
        for module in modules(room):
            file = Path(sources.ROOT, "echolesion", room, f"{module}.py")
            for other in sources.imported(file, f"echolesion.{room}.{module}"):
                _, _, place = other.partition(".")
                if (source := place.partition(".")[0]) not in ("", room):
                    found.add((source, room))
    return found


def draw(path: Path) -> None:
    """Draw the rooms from top to bottom, and beside them an arrow from each to all that take from it."""
    rooms, height, gap = echolesion.ROOMS, 9.0, 3.6
    tops = {room: -(height + gap) * place for place, room in enumerate(rooms)}
    bottom = tops[rooms[-1]] - height
    figure = Figure(figsize=(8, 9.8))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 100), ylim=(bottom - 4, 2))
    axes.set_axis_off()
    for room, top in tops.items():
        style = "round,pad=0,rounding_size=1"
        axes.add_patch(
            FancyBboxPatch((2, top - height), 72, height, boxstyle=style, facecolor="#e6f1f8", edgecolor="0.4")
        )
        said = (importlib.import_module(f"echolesion.{room}").__doc__ or "").splitlines()[0].rstrip(".")
        axes.text(4, top - 2, room, fontsize=10, fontweight="bold", va="center")
        axes.text(4, top - 4.6, said, fontsize=7, va="center")
        axes.text(4, top - 7.1, "  ".join(modules(room)), fontsize=6, va="center", family="monospace")
        axes.text(4, top - height - gap / 2, WRITTEN.get(room, ""), fontsize=7, va="center", color="0.35")
    for source, room in sorted(arrows()):
        first, last = rooms.index(source), rooms.index(room)
        # Where many leave or arrive, each has a place of its own.
        start = tops[source] - height * (0.2 + 0.6 * (len(rooms) - last) / len(rooms))
        end = tops[room] - height * (0.2 + 0.6 * (len(rooms) - first) / len(rooms))
        axes.add_patch(
            FancyArrowPatch(
                (74, start), (74, end), connectionstyle=f"arc3,rad={-0.26 - 1.0 / (last - first + 1):.3f}",
                arrowstyle="-|>", mutation_scale=7, lw=0.7, color=("#0072B2", "#D55E00", "#009E73", "0.45")[first % 4],
            )
        )  # fmt: skip
    figure.savefig(path, format=path.suffix[1:], dpi=110)
