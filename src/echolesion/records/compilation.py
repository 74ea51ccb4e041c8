"""Compiled code that is kept on disk: made once for a machine, a version of its sources and of the compiler.

A file holds one function, and its name all that the code depends on, the processor too; it is put there in one step. So
jobs may share the folder, those that compile at once write the same, and another processor never loads it. Where the
user's folder of caches cannot be written, one of the user's own among temporary files serves; where none can, every
process compiles.
"""

import os
import pickle
import platform
import tempfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

#: Of all compiled functions. Checks of divisors would keep loops from becoming vectors.
OPTIONS = {"error_model": "numpy", "nogil": True}
#: Of those that only compiled functions call: without what Python would need to, they compile in half the time.
INNER = OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
#: Modules whose text the code is made of.
SOURCES = (
    "records/compilation", "dynamics/octets", "dynamics/triangles", "dynamics/vectors", "dynamics/leaky_vectors",
    "sweep/plans", "sweep/rows", "sweep/kernels", "sweep/strips", "sweep/closed_steps",
)  # fmt: skip


def folders() -> Iterator[Path]:
    """Yield the folders in which compiled code may be."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 (no error without a home)
    yield Path(cache) / "echolesion" / "compiled"
    yield Path(tempfile.gettempdir()) / f"echolesion-{os.getuid()}"


def _is_own(folder: Path) -> bool:
    """Return whether nobody else can have put files into a folder: loading code is running it."""
    status = folder.lstat()
    return folder.is_dir() and not folder.is_symlink() and status.st_uid == os.getuid() and not status.st_mode & 0o022


class OnDisk(NullCache):  # type: ignore[misc]
    """What numba asks for compiled code, and hands it to.

    Parameters
    ----------
    name : str
        Names a function and all constants that were compiled into it.
    """

    def __init__(self, name: str):
        texts = [(Path(__file__).parents[1] / f"{source}.py").read_text() for source in SOURCES]
        versions = (numba.__version__, llvmlite.__version__, platform.python_version())
        self._name, self._stamp = name, repr((name, texts, versions))

    def _file(self, sig: Any, codegen: Any) -> str:
        content = f"{self._stamp} {sig} {codegen.magic_tuple()}"
        return f"{self._name}-{sha256(content.encode()).hexdigest()[:24]}"

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the code for a signature, or None."""
        target_context.refresh()
        for folder in folders():
            try:
                if _is_own(folder):
                    reduced = pickle.loads((folder / self._file(sig, target_context.codegen())).read_bytes())
                    return CompileResult._rebuild(target_context, *reduced)
            except (OSError, EOFError, pickle.UnpicklingError):
                continue
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the code for a signature where that is possible."""
        reduced = dumps(data._reduce())
        for folder in folders():
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                if not _is_own(folder):
                    continue
                with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
                    file.write(reduced)
                Path(file.name).replace(folder / self._file(sig, data.codegen))
            except OSError:
                continue
            return


def compiled(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that compiles a function when it is called first, or finds it on disk; see `OnDisk`."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        dispatcher = numba.njit(**OPTIONS)(function)
        dispatcher._cache = OnDisk(name)
        return dispatcher

    return decorate
