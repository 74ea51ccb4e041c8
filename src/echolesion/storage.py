"""Results on disk: netCDF files, tables and figures, each whole or not there at all."""

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from echolesion import provenance


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
        The configuration of the study, for `provenance.attributes`.
    """
    with _moved_when_done(Path(path)) as temporary:
        dataset.assign_attrs(provenance.attributes(config)).to_netcdf(temporary, engine="netcdf4")


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table as CSV, without its index."""
    with _moved_when_done(Path(path)) as temporary:
        table.to_csv(temporary, index=False)


def write_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure in the format its suffix names, fonts embedded, without a date: equal figures give equal files."""
    path = Path(path)
    undated = {"CreationDate": None} if path.suffix == ".pdf" else None
    with _moved_when_done(path) as temporary, mpl.rc_context({"pdf.fonttype": 42}):
        figure.savefig(temporary, format=path.suffix[1:], dpi=200, metadata=undated)


@contextmanager
def _moved_when_done(path: Path) -> Iterator[Path]:
    """Give a temporary name beside the path and move it there at the end, so that no half-written file has the name."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
