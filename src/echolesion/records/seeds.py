"""Independent random streams, all from the one seed of a study."""

import numpy as np

#: Every use of randomness has a stream of its own, so that changing one leaves the others as they were.
#: Append only: a stream's place in this list is part of the seed.
STREAMS = ("weights", "input", "task", "walks", "cuts", "interactions", "surrogates", "nulls", "sampled pairs")


def generator(seed: int, stream: str, *keys: int) -> np.random.Generator:
    """Return the generator of one stream of a study.

    Parameters
    ----------
    seed : int
        Seed of the study, 0 or larger.
    stream : str
        One of `STREAMS`.
    *keys : int
        Further numbers that tell substreams apart, e.g. the index of a batch of walks.

    Returns
    -------
    numpy.random.Generator
        The same for equal arguments, whatever else was drawn, on any machine.

    Raises
    ------
    ValueError
        If the stream is unknown or the seed is negative.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(STREAMS.index(stream), *keys)))
