"""Sphinx: ./run.sh docs builds the site into docs/_build/html, with every warning an error."""

import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import house  # noqa: E402
import reference  # noqa: E402
from docutils import nodes  # noqa: E402
from latex2mathml.converter import convert  # noqa: E402
from sphinx.application import Sphinx  # noqa: E402

project = "echolesion"
author = "The echolesion authors"
copyright = author
release = tomllib.loads((HERE.parent / "pyproject.toml").read_text())["project"]["version"]
extensions = [
    "myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]  # fmt: skip
exclude_patterns = ["_build", "jupyter_execute"]
html_theme = "furo"
html_title = "echolesion"
html_static_path: list[str] = []

# Formulas are MathML, which browsers draw by themselves: the site is readable without a network.
html_math_renderer = "mathml"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
# Notebooks run whenever the site is built: what it shows is what the code does.
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_timeout = 900
nb_execution_raise_on_error = True
nb_execution_show_tb = True

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "description"
autosummary_generate = True
# The reference lists the modules of a room below the room's own paragraph, by their full names.
suppress_warnings = ["ref.python", "autosummary.import_cycle"]
napoleon_google_docstring = False
napoleon_use_rtype = False
# `name` in a docstring is a link to it.
default_role = "py:obj"

(HERE / "generated").mkdir(exist_ok=True)
house.draw(HERE / "generated/house.svg")
(HERE / "generated/keys.md").write_text(reference.of_configuration(HERE.parent), encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Draw formulas as MathML."""

    def visit(display: str):
        def write(translator, node):
            translator.body.append(convert(node.astext(), display=display))
            raise nodes.SkipNode

        return write

    app.add_html_math_renderer("mathml", (visit("inline"), None), (visit("block"), None))
