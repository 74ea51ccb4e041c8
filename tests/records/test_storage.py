import hashlib
import os
import subprocess

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from conftest import TASK, make_network
from matplotlib.figure import Figure

from echolesion import sweep
from echolesion.analysis import influence
from echolesion.records import storage
from echolesion.training import task

CONFIG = {"study": "x", "seed": 0}


@pytest.fixture(scope="module")
def sums():
    network, trained, series = make_network(8)
    return sweep.run(network, trained, task.split(series, "test"), seed=0, walks=4, time_bins=TASK["test"])


@pytest.fixture
def files(sums, tmp_path, default_config):
    paths = [tmp_path / f"{shard}.nc" for shard in range(2)]
    for path, batches in zip(paths, np.arange(8).reshape(2, 4), strict=True):
        storage.write_parts((sums.sel(batch=[batch]) for batch in batches), path, default_config)
    return paths


def test_batches_written_one_by_one_are_those_of_the_sweep(sums, files):
    with storage.opened(files) as shards:
        assert [len(shard["batch"]) for shard in shards] == [4, 4]
        merged = sweep.merge(shards)
        assert merged.drop_attrs(deep=False).identical(sweep.merge([sums]).drop_attrs(deep=False))
        for name in sums.data_vars:
            assert merged[name].attrs == sums[name].attrs
        assert influence.estimate(*shards).identical(influence.estimate(sums))


def test_some_sources_at_a_time_change_nothing(sums, monkeypatch):
    whole = influence.estimate(sums)
    monkeypatch.setattr(influence, "VALUES_AT_ONCE", 3 * 8 * 8 * TASK["test"])
    assert influence.estimate(sums).identical(whole)


def place_of(values, path):
    """Return where in a file the bytes of some values stand."""
    return path.read_bytes().index(values.tobytes())


@pytest.mark.parametrize("harm", ["cut off", "empty", "no netCDF", "one bit", "one bit of a total"])
def test_damaged_shards_are_removed_and_never_merged(sums, files, harm):
    good, bad = files
    content = bytearray(bad.read_bytes())
    if harm == "cut off":
        content = content[: len(content) // 2]
    elif harm == "empty":
        content = bytearray()
    elif harm == "no netCDF":
        content = bytearray(b"x" * len(content))
    else:
        values = sums["influence_sum"][5, 2] if harm == "one bit" else sums["readout_total"]
        content[place_of(values.values, bad) + 9] ^= 4
    bad.write_bytes(content)
    before = good.read_bytes()
    with pytest.raises(ValueError, match=r"damaged and removed: .*1\.nc; run again"), storage.opened(files):
        pytest.fail("must not be opened")
    assert not bad.exists()
    assert good.read_bytes() == before


def test_a_sweep_that_fails_leaves_no_shard(sums, tmp_path, default_config):
    def failing():
        yield sums.isel(batch=[0])
        raise ValueError("stopped")

    with pytest.raises(ValueError, match="stopped"):
        storage.write_parts(failing(), tmp_path / "0.nc", default_config)
    assert not list(tmp_path.iterdir())


def test_opening_does_not_load(files):
    with storage.opened(files) as shards:
        for shard in shards:
            assert isinstance(shard, xr.Dataset)
            assert not shard["influence_sum"].variable._in_memory


def test_a_full_disk_is_said(tmp_path, monkeypatch):
    """The library's own words, as on a full tmpfs of the cluster's tests."""

    def full(_, path, **__):
        path.write_bytes(b"half")
        raise RuntimeError("NetCDF: HDF error")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", full)
    with pytest.raises(
        OSError, match=r"a[.]nc: cannot be written \(NetCDF: HDF error\); [0-9.]+ MB are free on its disk"
    ):
        storage.write(xr.Dataset(), tmp_path / "a.nc", {"seed": 1})
    assert not list(tmp_path.iterdir())


def test_what_a_killed_writer_left_is_removed_by_the_next_one_and_a_living_one_s_is_not(sums, tmp_path, default_config):
    writer = subprocess.Popen(["sleep", "60"])
    own, of_another_node = (tmp_path / f".0.nc.{node}.{writer.pid}" for node in (os.uname().nodename, "elsewhere"))
    own.touch()
    of_another_node.touch()
    storage.write(sums, tmp_path / "0.nc", default_config)
    assert own.exists()
    writer.kill()
    writer.wait()
    storage.write(sums, tmp_path / "0.nc", default_config)
    assert {path.name for path in tmp_path.iterdir()} == {"0.nc", of_another_node.name}


def test_equal_results_give_equal_files(tmp_path):
    dataset = xr.Dataset({"a": ("node", np.arange(3.0))}, coords={"node": ["x", "y", "z"]})
    figure = Figure()
    figure.subplots().plot([1, 2])
    table = pd.DataFrame({"a": [1, 2]})
    digests = []
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        storage.write(dataset, tmp_path / folder / "a.nc", CONFIG)
        storage.write_table(table, tmp_path / folder / "a.csv")
        for suffix in ("pdf", "png"):
            storage.write_figure(figure, tmp_path / folder / f"a.{suffix}")
        files = sorted((tmp_path / folder).iterdir())
        assert [file.name for file in files] == ["a.csv", "a.nc", "a.pdf", "a.png"]
        digests.append([hashlib.sha256(file.read_bytes()).hexdigest() for file in files])
    assert digests[0] == digests[1]
    assert storage.read(tmp_path / "first/a.nc").drop_attrs().identical(dataset)


def test_a_failed_write_leaves_nothing(tmp_path):
    unwritable = xr.Dataset({"a": ("x", np.array([object()]))})
    with pytest.raises(Exception, match="object"):
        storage.write(unwritable, tmp_path / "a.nc", CONFIG)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_keeps_the_old_file(tmp_path):
    (tmp_path / "a.csv").write_text("old")
    with pytest.raises(AttributeError):
        storage.write_table(None, tmp_path / "a.csv")
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() == "old"
