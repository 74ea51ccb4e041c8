"""Templates of pages, and what fills them."""

from pathlib import Path
from typing import Any

import jinja2


def render(template: Path, **content: Any) -> str:
    """Fill a template of a page; those beside it can be included.

    Parameters
    ----------
    template : pathlib.Path
        In Jinja's language. What is filled in is escaped.
    **content
        What it names.

    Returns
    -------
    str
        The page.

    Raises
    ------
    jinja2.UndefinedError
        If the template names what is not there.
    """
    loader = jinja2.FileSystemLoader(template.parent)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(template.name).render(content)
