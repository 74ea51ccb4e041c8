"""A file, or a graph model, becomes a checked, prepared, labelled graph.

In comes an entry of the catalogue: files of a laboratory or of a pinned package, or the parameters of a graph model.
They are read, or refused with the place and the remedy in one line, and prepared in named steps (subjects averaged,
nodes and connections dropped, weights transformed, drawn or ranked), each of which is noted in numbers. Out goes
``connectome.nc``: ``weight (source, target)``, without a unit, 0 where there is no connection, with the labels of the
nodes on both dims and what else is known of them, such as ``tract_length (source, target)`` in mm, as coordinates.
Networks wired at random, for nulls and surrogates, are made of such graphs.

`connections`
    `Connections`, as arrays of what is there, also `of_matrix`; `TooLargeError`, if it becomes none
`graph`
    `from_matrix`; `check` and `check_weights`, which raise `ConnectomeError`; `components`, `describe`, `summary`,
    `off_diagonal`
`reading`
    `Reading`, the record of what is asked of a file and taken for what; `Matrix` and `Links`, what is found in it;
    `FormatError`
`texts`
    `decoded`, `unpacked`, `check_size`, `not_what_it_is_called`, `suffix_of`; `lines_of`, `comments`, `delimiter_of`,
    `rows_of`, `with_points`; `number`, `word`, `whole`, `numbers`, in a `Row`
`layouts`
    `interpret` rows as a matrix or a list; `ends_of`, `column`, `counts`, `check_header`, `check_labels`,
    `check_columns`
`tables`
    `read_text`, `read_sheet`, `read_frame`; `rows_of_text`, `rows_of_sheet`, `rows_of_frame`, `even`
`arrays`
    `read_npy`, `read_npz`, `read_mtx`, `read_mat`, `read_netcdf`
`graphs`
    `read_graphml`, `read_gexf`, `read_gml`, `read_pajek`
`archives`
    `read_zip`, of The Virtual Brain
`directions`
    `connectome_of` what is found; `symmetric`, `triangular`, `filled`
`nodes`
    `with_nodes` of a table; `named_by`
`formats`
    `read` a file; `read_with`, `files`, `history`
`subjects`
    `read_files` of an entry, `with_lengths`, `as_matrix`
`catalogue`
    `load` an entry, or its `connections_of`; `common`, `expanded`, `found`; `generate` a graph; `fetch` files, of
    `open_package`, into `fetched`; `digest`
`preparation`
    `prepare`, or `prepared` as connections, by the steps `average`, `consensus`, `drop_self_connections`,
    `drop_isolated`, `largest_component`, `subset`, `threshold_weight`, `threshold_density`, `disparity`,
    `clip_quantile`, `transform`, `symmetrise`
`published`
    `draws` of the published study, `small_world` and `frequency_generator` made of them
`surrogates`
    `rewired` and `rewired_mutually`, of equal degrees; `shuffled`, of equal connections
"""

from echolesion import lazily

__getattr__, __dir__, __all__ = lazily(__name__, __file__)
