"""Which coalitions are looked at, and what they tell with which error.

A game gives a value, or an array of values, to every set of players. Its Shapley values are averages of what a player
adds to a set; there are too many sets, so they are sampled as the prefixes of random walks through the players, in
nested levels that cover sets of all sizes. In come boolean coalitions of shape (coalitions, players) and their values,
out go sums and weights of every batch of walks, kept apart so that batches of many jobs merge by adding. Of independent
batches come the estimate, its standard error and interval, the power (variance over time, in squared units of the
values) without that of the noise, and how many walks a reliability would take. Nothing here knows of networks.

`walks`
    `levels` of walks, each a `Level`; `sample` the `Walks` of one, `walks.prefixes` those of given orders; `in_pairs`,
    how many are drawn
`games`
    `estimate` and `interactions` of a `Game`, from a batch of walks; `exact` and `exact_interactions`, by enumeration
`statistics`
    `pseudo_values`, `standard_error`, `jackknife`, `jackknife_interval`, `t_quantile`, `above_zero`
`power`
    `products` of batches; of these the `powers` without noise, their `shares`, `squares` and the `spread` over pairs;
    `raw_powers`; `reliability`, `reliabilities`, `walks_needed`, `walks_of_next_round`
"""

from echolesion import lazily

__getattr__, __dir__, __all__ = lazily(__name__, __file__)
