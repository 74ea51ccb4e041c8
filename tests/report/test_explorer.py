"""The explorer's data are those of the results, rounded to less than their error."""

import base64
import gzip
import json

import numpy as np
import pytest

from echolesion.report import explorer


def unpacked(array):
    raw = gzip.decompress(base64.b64decode(array["data"]))
    return np.frombuffer(raw, np.dtype(array["type"]).newbyteorder("<"))


@pytest.fixture
def data(results):
    return json.loads(explorer.contents(results["reservoir"], results["influence"]))


def test_maps_are_those_of_the_results(data, results):
    assert list(data["regimes"]) == list(results["influence"])
    for name, estimate in results["influence"].items():
        free = np.nan_to_num(estimate["power_noise_free"].transpose("source", "target").values.ravel())
        magnitude = unpacked(data["regimes"][name]["magnitude"])
        np.testing.assert_allclose(magnitude * np.abs(magnitude), free, rtol=1e-3, atol=1e-9)
        weights = results["reservoir"][name]["weights"].transpose("source", "target").values.ravel()
        np.testing.assert_allclose(unpacked(data["regimes"][name]["weights"]), weights, rtol=2**-11)


def test_courses_are_right_to_less_than_their_error(data, results):
    kept = unpacked(data["kept"])
    assert len(kept) == 12 * 11
    for name, estimate in results["influence"].items():
        for part in ("influence", "direct"):
            found = data["regimes"][name]
            step, error = unpacked(found[f"{part}_step"]), unpacked(found[f"{part}_error"])
            course = unpacked(found[f"{part}_course"]).reshape(len(kept), -1) * step[:, None]
            truth = estimate[part].transpose("source", "target", "time").values.reshape(144, -1)[kept]
            se = estimate[f"{part}_se"].transpose("source", "target", "time").values.reshape(144, -1)[kept]
            np.testing.assert_allclose(error, np.sqrt((se**2).mean(axis=1)), rtol=1e-5)
            most = np.maximum(error / 4, np.abs(truth).max(axis=1) / 254)
            assert (np.abs(course - truth) <= 1.001 * most[:, None] + 1e-12).all()


def test_of_large_networks_the_strongest_pairs_are_kept(results, monkeypatch):
    monkeypatch.setattr(explorer, "VALUES", 3 * 12 * 10)  # three regimes, twelve bins
    data = json.loads(explorer.contents(results["reservoir"], results["influence"]))
    kept = unpacked(data["kept"])
    assert len(kept) == 10 and (np.diff(kept) > 0).all()
    power = sum(
        np.nan_to_num(each["power"].values / np.nansum(each["power"])) for each in results["influence"].values()
    )
    assert set(kept) == set(np.argsort(power.ravel())[-10:])


def test_what_groups_nodes_is_offered_to_order_them(results):
    network = {name: n.assign_coords(module=("source", list("ab") * 6)) for name, n in results["reservoir"].items()}
    network = {name: n.assign_coords(x=("source", np.arange(12.0))) for name, n in network.items()}
    data = json.loads(explorer.contents(network, results["influence"]))
    assert data["groups"] == {"module": list("ab") * 6}  # a coordinate of its own for every node groups none
