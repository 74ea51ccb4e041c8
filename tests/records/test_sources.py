"""What runs behind a script: in a small package of every kind of import, and of names resolved when asked for."""

import pytest

from echolesion.records import sources

FILES = {
    "__init__.py": "LIST = 1\ndef lazily(): ...",
    "one/__init__.py": "from echolesion import lazily",
    "one/__init__.pyi": "from . import a as a\nfrom .a import f as f\nfrom .b import g as g",
    "one/a.py": "",
    "one/b.py": "from .. import two",
    "two/__init__.py": "from echolesion import lazily",
    "two/__init__.pyi": "from .c import h as h\nfrom .d import k as k",
    "two/c.py": "from ..one.a import f",
    "two/d.py": "",
    "two/inner/__init__.py": "",
    "two/inner/e.py": "from . import x\nfrom ... import one",
    "two/inner/x.py": "",
}
EVERYTHING = {
    "one", "one.a", "one.b", "two", "two.c", "two.d", "two.inner", "two.inner.e", "two.inner.x",
}  # fmt: skip


@pytest.fixture
def package(tmp_path, monkeypatch):
    for name, text in FILES.items():
        file = tmp_path / "echolesion" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    forget()
    yield tmp_path
    forget()


def forget():
    for function in (sources._meaning, sources.imported, sources._resolved, sources._defined):
        function.cache_clear()


@pytest.mark.parametrize(
    ("script", "modules"),
    [
        ("import echolesion", set()),
        ("from echolesion import LIST", set()),
        ("import numpy.one, echolesional", None),
        ("from echolesion.one import a", {"one", "one.a"}),
        ("from echolesion.one.a import f", {"one", "one.a"}),
        ("from echolesion.one.b import two", {"one", "one.b", "two"}),
        ("import echolesion.two.d", {"two", "two.d"}),
        ("import echolesion.two.c as c", {"two", "two.c", "one", "one.a"}),
        ("import echolesion.two as t\nt.k()", {"two", "two.d"}),
        # A package alone is imported without what is in it; its names come when they are asked for.
        ("from echolesion import one", {"one"}),
        ("from echolesion import one\none.f(1)", {"one", "one.a"}),
        ("from echolesion import one as o\nprint(o.a.f)", {"one", "one.a"}),
        ("from echolesion.two import h as renamed", {"two", "two.c", "one", "one.a"}),
        ("import echolesion\necholesion.two.k()", {"two", "two.d"}),
        ("import echolesion.one\necholesion.two.k()", {"one", "two", "two.d"}),
        ("def f():\n    from echolesion import two\n    return two.k", {"two", "two.d"}),
        ("from echolesion.two.inner import e", {"two", "two.inner", "two.inner.e", "two.inner.x", "one"}),
        # One name for two packages: both.
        (
            "def f():\n    from echolesion import one as p\n    p.f()\n"
            "def g():\n    from echolesion import two as p\n    p.k()",
            {"one", "one.a", "two", "two.d"} | EVERYTHING,
        ),
        # What cannot be told apart is counted in.
        ("from echolesion import one\nprint(one)", {"one", "one.a", "one.b", "two"}),
        ("from echolesion import one\ngetattr(one, name)", {"one", "one.a", "one.b", "two"}),
        ("from echolesion.one import *", {"one", "one.a", "one.b", "two"}),
        ("from echolesion.one import unknown", {"one", "one.a", "one.b", "two"}),
        ("from echolesion import old_name", EVERYTHING),
        ("import echolesion\nuse(echolesion)", EVERYTHING),
    ],
)
def test_modules_are_found_as_python_finds_them(package, script, modules):
    file = package / "script.py"
    file.write_text(script)
    expected = set() if modules is None else {"echolesion", *(f"echolesion.{name}" for name in modules)}
    assert sources.modules(file) == expected


def test_the_hash_sees_code_and_where_a_name_leads(package):
    script = package / "script.py"
    script.write_text("from echolesion import one\none.g()")

    def hashed():
        forget()
        return sources.source_hash(script)

    before = hashed()
    a, b, c, stub = (package / "echolesion" / name for name in ("one/a.py", "one/b.py", "two/c.py", "one/__init__.pyi"))
    b.write_text('"""Words."""\n\n\nfrom .. import two  # more words\n')
    a.write_text("CHANGED = 1")
    assert hashed() == before
    b.write_text("from .. import two\nCHANGED = 1")
    assert hashed() != before
    b.write_text(FILES["one/b.py"])
    assert hashed() == before
    c.write_text("CHANGED = 1")  # nothing of `two` is asked for
    assert hashed() == before
    stub.write_text(stub.read_text().replace("from .b import g", "from .a import g"))
    assert hashed() != before
    (package / "echolesion/__init__.py").write_text(FILES["__init__.py"] + "\nCHANGED = 1")
    stub.write_text(FILES["one/__init__.pyi"])
    assert hashed() != before
