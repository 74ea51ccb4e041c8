"""The common style of all figures."""

from collections.abc import Mapping
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

# The report takes words from here, and draws nothing.
if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Results = Mapping[str, Mapping[str, xr.Dataset]]

#: What is said in place of a number that is not known.
UNKNOWN = "not known"
#: Okabe & Ito's colours, told apart with any colour vision; regimes take them in order.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
GREY = "#777777"
MILLIMETRE = 1 / 25.4
#: In which figures are laid out: two columns of a journal.
WIDTH = 174 * MILLIMETRE
STYLE: dict[Any, Any] = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.0,
    "errorbar.capsize": 2,
    "image.interpolation": "nearest",
    "figure.constrained_layout.use": True,
}


def colours_of(names: Mapping[str, object]) -> dict[str, str]:
    """Return a colour for every name, in their order."""
    return {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}


def gathered(panels: np.ndarray) -> tuple[list["Artist"], list[str]]:
    """Return the legend entries of all panels, each once."""
    entries = {
        label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    return list(entries.values()), list(entries)


def panels_of(figure: "Figure") -> dict[str, "Axes"]:
    """Return the panels of a figure by their letters; bars of colour are no panels."""
    panels = [axes for axes in figure.axes if axes.axison and axes.get_label() != "<colorbar>"]
    return dict(zip(ascii_lowercase, panels, strict=False))
