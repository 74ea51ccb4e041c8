"""Results become pictures, captions and source data.

In come datasets by kind and name, such as the influence of every regime. A figure is a function of them, drawn in the
common style at the width of one or two columns (mm), its panels lettered. Out go pictures (``figures/*.pdf``, ``.png``,
``.svg``, ``.tiff``), a caption whose every number is computed (``.txt``), and the numbers of each panel (``.csv``) as
read from the drawn figure, so that neither can differ from what is seen.

`drawing`
    `draw` a figure by its name
`of_network`
    `connectome`, `tuning`, `prediction`, `contribution`, `influence`, `influence_against_weight`, `topology`,
    `noise_curve`, `shares`
`of_study`
    `summary`, `layouts`, `parameter_map`, `map_against_score`, `published_tuning`; `strongest_pairs`
`captions`
    `caption` of a figure
`source_data`
    `tables` of a drawn figure
`style`
    `colours_of` names, legends `gathered`, `panels_of` a figure
"""

from echolesion import lazily

__getattr__, __dir__, __all__ = lazily(__name__, __file__)
