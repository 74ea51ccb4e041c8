"""Interaction: what two nodes add to the score of the test split together, beyond what each adds without the other."""

from collections.abc import Collection

import numpy as np
import xarray as xr

from echolesion.records import seeds
from echolesion.records.progress import bar
from echolesion.shapley import games, statistics
from echolesion.shapley.walks import in_pairs
from echolesion.sweep.batches import game


def interactions(
    network: xr.Dataset,
    trained: xr.Dataset,
    piece: xr.Dataset,
    *,
    seed: int,
    batches: Collection[int] = range(8),
    walks: int,
    lesion: str = "silence",
    refit_readout: bool = False,
    rescale: bool = False,
    device: str = "cpu",
    progress: str | None = None,
) -> xr.Dataset:
    """Estimate the Shapley interaction of every two nodes in the game "score of the test split".

    Parameters
    ----------
    network, trained, piece, lesion, refit_readout, rescale, device
        As for `sweep.run`.
    seed : int
        Seed of the study.
    batches : collection of int
        Numbers of the independent batches of walks, at least 8.
    walks : int
        Walks per batch, rounded up to pairs of walks; a pair of nodes gets 2 / N samples from each, see
        `shapley.interactions`.
    progress : str, optional
        Label of a progress bar; none by default.

    Returns
    -------
    xarray.Dataset
        ``interaction`` and ``interaction_se (node, other_node)``, symmetric, NaN on the diagonal, in units of the score
        named by the attribute ``score``: what the two add to it together beyond what each adds without the other. Two
        nodes that can stand in for each other have, of an error, a positive one.

    Raises
    ------
    ValueError
        If a setting is unknown, there are fewer than two nodes or 8 batches, or so few walks that a pair was not
        sampled.
    """
    size = network.sizes["node"]
    played = game(network, trained, piece, lesion=lesion, refit_readout=refit_readout, rescale=rescale, device=device)
    sums, weights = zip(
        *(
            games.interactions(played, size, walks, seeds.generator(seed, "interactions", batch))
            for batch in bar(progress, "batch", batches)
        ),
        strict=True,
    )
    pairs = np.triu_indices(size, 1)
    pseudo = statistics.pseudo_values(np.stack(sums)[:, *pairs], np.stack(weights)[:, *pairs])
    maps = np.full((2, size, size), np.nan)
    maps[0][pairs], maps[1][pairs] = pseudo.mean(axis=0), statistics.standard_error(pseudo)
    maps = np.where(np.isnan(maps), maps.swapaxes(1, 2), maps)
    name, dims = trained.attrs["task_score"], ("node", "other_node")
    meaning = f"interaction of two nodes in {name}"
    return xr.Dataset(
        {
            "interaction": (dims, maps[0], {"long_name": meaning, "units": "1"}),
            "interaction_se": (dims, maps[1], {"long_name": f"standard error of the {meaning}", "units": "1"}),
        },
        coords={"node": network["node"].values, "other_node": network["node"].values},
        attrs={"score": name, "lesion": lesion, "walks_per_batch": in_pairs(walks), "batches": len(pseudo)},
    )
