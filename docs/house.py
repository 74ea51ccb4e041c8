"""The picture of the data's way through the modules."""

from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

#: Stages in their order: what happens there, the modules, and what is written for the next.
STAGES = (
    ("connectome", ("formats", "catalogue", "connectome", "preparation"), "connectome.nc"),
    ("task and reservoir", ("task", "reservoir", "published"), "task.nc, reservoir.nc"),
    ("training", ("generation", "scores", "training", "tuning"), "tuning.nc, training.nc"),
    ("sweep over lesions", ("shapley", "lesion", "simulation", "differences", "sweep"), "sweep/*.nc"),
    ("influence", ("statistics", "influence", "contribution"), "influence.nc, contribution.nc"),
    (
        "decomposition",
        ("decomposition", "edge_cut", "surrogates", "topology", "nulls", "landscape", "noise_curve"),
        "decomposition.nc, topology.nc, nulls.nc, map.nc",
    ),
    (
        "figures and report",
        ("style", "figures", "study_figures", "source_data", "findings", "explorer", "report"),
        "figures/, report.html",
    ),
)
#: What a study needs around them.
AROUND = ("configuration", "seeds", "storage", "provenance", "progress", "resources", "cost", "machine", "archive")


def draw(path: Path) -> None:
    """Draw the stages from top to bottom, with what goes from one to the next."""
    figure = Figure(figsize=(7.2, 7.6))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 100), ylim=(-len(STAGES) * 13 + 3, 3))
    axes.set_axis_off()

    def box(x: float, y: float, width: float, height: float, colour: str) -> None:
        style = "round,pad=0,rounding_size=1"
        axes.add_patch(FancyBboxPatch((x, y), width, height, boxstyle=style, facecolor=colour, edgecolor="0.4"))

    for place, (title, modules, written) in enumerate(STAGES):
        top = -13 * place
        box(3, top - 8, 70, 8, "#e6f1f8")
        axes.text(5, top - 2.6, title, fontsize=10, fontweight="bold", va="center")
        axes.text(5, top - 5.8, "  ".join(modules), fontsize=7, va="center", family="monospace")
        if place < len(STAGES) - 1:
            axes.annotate("", (12, top - 13), (12, top - 8), arrowprops={"arrowstyle": "-|>", "color": "0.2"})
            axes.text(14, top - 10.5, written, fontsize=8, va="center", color="0.3")
        else:
            axes.text(5, top - 9.5, written, fontsize=8, va="center", color="0.3")
    bottom = -13 * (len(STAGES) - 1) - 8
    box(77, bottom, 20, -bottom, "#f4f4f4")
    axes.text(79, -2.6, "around them", fontsize=10, fontweight="bold", va="center")
    for place, module in enumerate(AROUND):
        axes.text(79, -7.5 - 4 * place, module, fontsize=8, va="center", family="monospace")
    figure.savefig(path, format=path.suffix[1:])
