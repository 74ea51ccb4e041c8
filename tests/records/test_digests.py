"""Digests: of content, whatever the times of a file say, and read once."""

import hashlib
import os
import shutil

import pytest
import xarray as xr

from echolesion.records import digests


@pytest.fixture
def read(monkeypatch):
    """Return the list of the files that are read from now on."""
    files = []
    whole = digests.sha256_of
    monkeypatch.setattr(digests, "sha256_of", lambda paths: files.extend(paths) or whole(paths))
    return files


def test_contents_decide_one_after_the_other(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    (tmp_path / "b").write_bytes(b"y")
    both = hashlib.sha256(b"x" * 3_000_000 + b"y").hexdigest()
    assert digests.sha256_of([tmp_path / "a", str(tmp_path / "b")]) == both


def test_a_file_is_read_once_until_it_is_written_to(tmp_path, read):
    file, memory = tmp_path / "m.csv", tmp_path / "kept/digests.json"
    file.write_text("0,1\n1,0\n")
    (before,) = digests.remembered([file], memory)
    assert digests.remembered([file], memory) == [before] and read == [file]
    os.utime(file)  # touched
    assert digests.remembered([file], memory) == [before] and len(read) == 2
    # An older file of the same size, copied over with its time.
    old = tmp_path / "old.csv"
    old.write_text("0,2\n2,0\n")
    os.utime(old, (file.stat().st_atime, file.stat().st_mtime))
    shutil.copy2(old, file)
    assert digests.remembered([file], memory) == [digests.sha256_of([old])] != [before]


@pytest.mark.parametrize("content", ["", "[1]", "{", '{"a": 1}'])
def test_a_memory_that_is_none_is_done_without(tmp_path, content):
    file, memory = tmp_path / "m.csv", tmp_path / "digests.json"
    file.write_text("1")
    memory.write_text(content)
    assert digests.remembered([file], memory) == [digests.sha256_of([file])]
    assert digests.remembered([file], tmp_path / "m.csv/none.json") == [digests.sha256_of([file])]


def test_a_result_says_of_which_files_it_is(tmp_path):
    xr.Dataset(attrs={"files_sha256": "ab cd"}).to_netcdf(tmp_path / "a.nc")
    xr.Dataset().to_netcdf(tmp_path / "b.nc")
    (tmp_path / "c.nc").write_text("damaged")
    assert digests.of_result(tmp_path / "a.nc") == ["ab", "cd"]
    assert [digests.of_result(tmp_path / f"{name}.nc") for name in "bcd"] == [None] * 3
