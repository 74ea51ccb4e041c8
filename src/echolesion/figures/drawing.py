"""Drawing: every figure by its name, in the common style.

A figure is a function of ``results``, datasets by kind and name: ``results["influence"]["optimal"]`` is the influence
of the regime ``optimal``. Error bars and bands are 95 % intervals.
"""

from collections.abc import Callable

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from echolesion.figures import of_network, of_study
from echolesion.figures.style import MILLIMETRE, STYLE, Results, panels_of

#: Widths in mm below which panels stand below each other, not side by side.
ONE_COLUMN_AT_MOST = 120


def draw(name: str, title: str, results: Results, width: float = 174) -> Figure:
    """Draw a figure in the common style, its panels lettered if there are several.

    Parameters
    ----------
    name : str
        Key of `FIGURES`.
    title : str
        Stands above the figure.
    results : mapping
        See the module's head.
    width : float
        In mm.

    Returns
    -------
    matplotlib.figure.Figure
        Not shown, not registered with pyplot.
    """
    with mpl.rc_context(STYLE):
        figure = FIGURES[name](results)
        if width < ONE_COLUMN_AT_MOST:
            _stack(figure)
        figure.set_figwidth(width * MILLIMETRE)
        figure.suptitle(title, fontsize=9)
        panels = panels_of(figure)
        for letter, axes in panels.items() if len(panels) > 1 else ():
            axes.annotate(
                letter, (0, 1), (-6, 6), xycoords="axes fraction", textcoords="offset points", ha="right", va="bottom",
                fontsize=9, fontweight="bold",
            )  # fmt: skip
        figure.draw_without_rendering()
        for legend in [each for each in figure.legends if each.get_window_extent().width > figure.bbox.width]:
            entries = [handle for handle in legend.legend_handles if handle is not None]
            labels = [text.get_text() for text in legend.get_texts()]
            legend.remove()
            figure.legend(entries, labels, loc="outside lower center", ncols=1)
            figure.draw_without_rendering()
    return figure


def _stack(figure: Figure) -> None:
    """Put the panels of a figure below each other, each as high as before."""
    panels = list(panels_of(figure).values())
    spec = panels[0].get_subplotspec()
    columns = spec.get_geometry()[1] if spec else 1
    if columns == 1:
        return
    figure.set_figheight(figure.get_figheight() * columns)
    grid = GridSpec(len(panels), 1, figure=figure)
    label = ""
    for place, axes in enumerate(panels):
        axes.set_subplotspec(grid[place])
        # What stood once, left of a row of panels, is not beside each of them now.
        axes.tick_params(labelleft=True)
        label = axes.get_ylabel() or label
        axes.set_ylabel(label)


#: All figures by name.
FIGURES: dict[str, Callable[[Results], Figure]] = {
    function.__name__: function
    for function in (
        of_network.connectome,
        of_network.tuning,
        of_network.prediction,
        of_network.contribution,
        of_network.influence,
        of_network.influence_against_weight,
        of_network.topology,
        of_network.noise_curve,
        of_study.parameter_map,
        of_study.map_against_score,
        of_study.published_tuning,
        of_network.shares,
        of_study.summary,
        of_study.layouts,
    )
}
