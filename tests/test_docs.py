"""What the documentation shows must run."""

import re

from conftest import ROOT

from echolesion.lesion import LESIONS


def test_the_code_of_the_python_page_runs():
    page = (ROOT / "docs/python.md").read_text()
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    names: dict = {}
    exec(compile(code, "docs/python.md", "exec"), names)
    assert names["who_feels_it"].attrs["walks_per_batch"] == 40
    share = names["by_cuts"]["estimate"].values
    assert ((share > 0) & (share < 1.5)).all()
    assert names["together"].sizes == {"node": 20, "other_node": 20}


def test_the_python_page_names_every_lesion():
    page = (ROOT / "docs/python.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == set(LESIONS)
