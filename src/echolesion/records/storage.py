"""Results on disk: netCDF files, tables and figures, each whole or not there at all."""

import glob
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import netCDF4
import numpy as np
import pandas as pd
import xarray as xr

from echolesion.records import origin

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def read(path: str | Path, without: Collection[str] = ()) -> xr.Dataset:
    """Read a result into memory.

    Parameters
    ----------
    path : path-like
        A netCDF file.
    without : collection of str
        Variables that are left on disk.

    Returns
    -------
    xarray.Dataset
        Loaded; the file is closed again.
    """
    return xr.load_dataset(path, engine="netcdf4", drop_variables=without)


def write(dataset: xr.Dataset, path: str | Path, config: Mapping[str, Any]) -> None:
    """Write a result with its provenance.

    Parameters
    ----------
    dataset : xarray.Dataset
        The result.
    path : path-like
        The netCDF file.
    config : mapping
        The configuration of the study, for `origin.attributes`.
    """
    with _moved_when_done(Path(path)) as temporary:
        dataset.assign_attrs(origin.attributes(config)).to_netcdf(temporary, engine="netcdf4")


def write_parts(parts: Iterable[xr.Dataset], path: str | Path, config: Mapping[str, Any]) -> None:
    """Write the batches of a sweep, one in memory at a time, with checksums.

    Parameters
    ----------
    parts : iterable of xarray.Dataset
        From `sweep.run`, each with one batch, else equal.
    path : path-like
        The netCDF file.
    config : mapping
        As for `write`.
    """
    with _moved_when_done(Path(path)) as temporary:
        for count, part in enumerate(parts):
            if count == 0:
                # Chunks of one source at most: they are read source by source.
                checked = {
                    str(name): {
                        "fletcher32": True,
                        "chunksizes": [1 if dim in ("batch", "source") else part.sizes[dim] for dim in values.dims],
                    }
                    for name, values in part.variables.items()
                    if values.ndim
                }
                part.assign_attrs(origin.attributes(config)).to_netcdf(
                    temporary, engine="netcdf4", unlimited_dims=["batch"], encoding=checked
                )
                continue
            with netCDF4.Dataset(temporary, "a") as file:
                for name, values in part.variables.items():
                    if "batch" in values.dims:
                        file[str(name)][count] = values.values[0]


@contextmanager
def opened(paths: Sequence[str | Path]) -> Iterator[list[xr.Dataset]]:
    """Open the parts of a sweep without loading them, once all of them are known to be whole.

    Parameters
    ----------
    paths : sequence of path-like
        Files from `write_parts`.

    Yields
    ------
    list of xarray.Dataset
        Open until the end of the context; what is taken of them is read then.

    Raises
    ------
    ValueError
        If a file is damaged: cut off, or its checksums do not fit. Such files are removed, so that they are made again.
    """
    damaged = [str(path) for path in paths if not _is_whole(path)]
    if damaged:
        for path in damaged:
            Path(path).unlink()
        raise ValueError(f"damaged and removed: {', '.join(damaged)}; run again, and they are made again")
    with ExitStack() as stack:
        yield [stack.enter_context(xr.open_dataset(path, engine="netcdf4", cache=False)) for path in paths]


def _is_whole(path: str | Path) -> bool:
    """Read all of a file, one source of one batch at a time, which checks the checksums."""
    try:
        with netCDF4.Dataset(path) as file:
            file.set_auto_mask(False)
            for variable in file.variables.values():
                for place in np.ndindex(variable.shape[:2]):
                    variable[*place, ...]
    except (OSError, RuntimeError):
        return False
    return True


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table as CSV, without its index."""
    with _moved_when_done(Path(path)) as temporary:
        table.to_csv(temporary, index=False)


def write_figure(figure: "Figure", path: str | Path) -> None:
    """Write a figure in the format its suffix names, fonts embedded, without a date: equal figures give equal files."""
    import matplotlib as mpl  # most of the jobs that write draw nothing

    path = Path(path)
    undated = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}.get(path.suffix)
    style: dict[Any, Any] = {"pdf.fonttype": 42, "svg.fonttype": "path", "svg.hashsalt": path.name}
    with _moved_when_done(path) as temporary, mpl.rc_context(style):
        figure.savefig(temporary, format=path.suffix[1:], dpi=300, metadata=undated)


def write_text(text: str, path: str | Path) -> None:
    """Write a text, UTF-8."""
    with _moved_when_done(Path(path)) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextmanager
def _moved_when_done(path: Path) -> Iterator[Path]:
    """Give a temporary name beside the path and move it there at the end, so that no half-written file has the name."""
    # Of two jobs that make one file, after a crash say, each has a name of its own, on whatever node.
    own = f".{path.name}.{os.uname().nodename}"
    for left in path.parent.glob(f"{glob.escape(own)}.*"):
        if not Path("/proc", left.suffix[1:]).exists():  # its writer was killed
            left.unlink(missing_ok=True)
    temporary = path.with_name(f"{own}.{os.getpid()}")
    try:
        yield temporary
        temporary.replace(path)
    except RuntimeError as error:  # all that netCDF's library says of a full disk is "HDF error"
        free = shutil.disk_usage(path.parent).free / 1e6
        raise OSError(f"{path}: cannot be written ({error}); {free:.1f} MB are free on its disk") from error
    finally:
        temporary.unlink(missing_ok=True)
