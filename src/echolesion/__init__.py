"""Measure who feels the lesion of a node of a network, and whether the wiring explains it.

Data walk through ten rooms, each of which takes only from those before it:

`records`
    seeds, files, origin and progress: what every other room writes with
`connectome`
    a file becomes a checked, prepared, labelled graph
`shapley`
    which coalitions are looked at, and what they tell with which error
`dynamics`
    what a node sends, receives and becomes at the next step
`training`
    a task, and the read-out and parameters that solve it
`sweep`
    lesioned networks are simulated, and what they tell is summed up
`analysis`
    sums become influences, contributions, shares and comparisons
`study`
    what a study is made of, what it will cost, how it is kept
`figures`
    results become pictures, captions and source data
`report`
    pictures and numbers become pages

Each says in a paragraph what comes in and what goes out, and names its functions: ``help(echolesion.sweep)``.
"""

# To import the package costs nothing: what its functions need, they import.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

#: The rooms in the order of the data.
ROOMS = (
    "records", "connectome", "shapley", "dynamics", "training", "sweep", "analysis", "study", "figures", "report",
)  # fmt: skip
#: Modules of before there were rooms, and where what was in them is; these names go with the next version.
MOVED = {
    "seeds": ("records.seeds",),
    "storage": ("records.storage",),
    "provenance": ("records.origin", "records.sources", "records.log"),
    "progress": ("records.progress",),
    "formats": ("connectome.formats",),
    "catalogue": ("connectome.catalogue",),
    "preparation": ("connectome.preparation",),
    "surrogates": ("connectome.surrogates",),
    "published": ("connectome.published", "training.published_tuning"),
    "connectome": ("connectome.graph",),
    "statistics": ("shapley.statistics",),
    "shapley": ("shapley.walks", "shapley.games"),
    "reservoir": ("dynamics.reservoir", "dynamics.echo_state"),
    "generation": ("dynamics.closed_loop",),
    "task": ("training.task",),
    "scores": ("training.scores",),
    "tuning": ("training.tuning",),
    "training": ("training.readout",),
    "lesion": ("sweep.lesion",),
    "simulation": ("sweep.simulation",),
    "differences": ("sweep.sums",),
    "edge_cut": ("sweep.edge_cut",),
    "sweep": ("sweep.batches", "sweep.parts"),
    "influence": ("analysis.influence",),
    "contribution": ("analysis.contribution", "analysis.interaction"),
    "decomposition": ("analysis.decomposition",),
    "topology": ("analysis.topology",),
    "nulls": ("analysis.nulls",),
    "landscape": ("analysis.parameter_map", "analysis.measurement"),
    "noise_curve": ("analysis.noise_curve",),
    "configuration": ("study.configuration",),
    "cost": ("study.durations",),
    "resources": ("study.resources", "study.memory", "study.durations"),
    "machine": ("study.machine",),
    "archive": ("study.archive",),
    "study_figures": ("figures.of_study",),
    "findings": ("figures.captions", "analysis.cautions"),
    "source_data": ("figures.source_data",),
    "style": ("figures.style",),
    "figures": ("figures.drawing", "figures.of_network"),
    "explorer": ("report.explorer",),
    "report": ("report.page", "report.template"),
}


def __getattr__(name: str) -> "Any":
    """Return a room, or what an old name stands for."""
    from importlib import import_module
    from types import ModuleType

    if name in ROOMS:
        return import_module(f"{__name__}.{name}")
    if name not in MOVED:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    found = [import_module(f"{__name__}.{place}") for place in MOVED[name]]
    _warn(name, MOVED[name])
    if len(found) == 1:
        return found[0]
    together = ModuleType(f"{__name__}.{name}")
    for module in found:
        vars(together).update({key: value for key, value in vars(module).items() if not key.startswith("_")})
    return together


def lazily(room: str, file: str) -> "tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]":
    """Return ``__getattr__``, ``__dir__`` and ``__all__`` of a room: its stub names what it offers.

    Nothing is imported until it is asked for, so that a script loads, and depends on, what it uses. Of a module that
    had the room's name before there were rooms, other names are found too, with a warning.

    Parameters
    ----------
    room, file : str
        Its ``__name__`` and ``__file__``.
    """
    from importlib import import_module

    import lazy_loader

    offered, names, every = lazy_loader.attach_stub(room, file)
    _, _, called = room.partition(".")

    def resolve(name: str) -> "Any":
        if name not in every and not name.startswith("_"):
            for place in MOVED.get(called, ()):
                module = import_module(f"{__name__}.{place}")
                if hasattr(module, name):
                    _warn(f"{called}.{name}", [f"{place}.{name}"])
                    return getattr(module, name)
        return offered(name)

    return resolve, names, every


def _warn(old: str, new: "Iterable[str]") -> None:
    import warnings

    places = " and ".join(f"{__name__}.{place}" for place in new)
    warnings.warn(f"{__name__}.{old} is {places} now: the old name goes with the next version", DeprecationWarning, 3)
