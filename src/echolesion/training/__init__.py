"""A task, and the read-out and parameters that solve it.

In comes a network; a task is made for it: ``task.nc`` with ``input (time, channel)`` and ``truth (time, output)`` in
standard deviations, cut into the splits train, validation and test. Every point of a grid of parameters is scored on
the validation split, and the best that forgets its start within the washout is taken (``tuning.nc``). The read-out is
ridge regression on the states, in float64. Out goes ``training.nc``: ``readout (node, output)``, ``prediction (time,
output)`` of the test split, and every ``score (split, measure)`` with its standard error.

`task`
    `make` a task, `split` it
`scores`
    `nrmse`, `mse`, `r2`, `memory_capacity` of a prediction, `memory_per_output`; `score_error`
`readout`
    `train`, by `fit_readouts`, `best_readout` and `scored_steps`
`tuning`
    `tuning.tune`, over a grid
`published_tuning`
    `published_tuning.tune`, as the authors of the published network did; `validate`
"""

from echolesion import lazily

__getattr__, __dir__, __all__ = lazily(__name__, __file__)
