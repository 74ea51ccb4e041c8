"""Pictures and numbers become pages.

In come the figures with their captions, the results of every network, the configuration and what the jobs took. Out go
``report.html``, one page by question with everything in it, and ``explorer.html`` of every network, which shows the
influence of any node on any other, rounded by less than its standard error. Templates stand in ``workflow/report``.

`template`
    `render` a page
`page`
    `by_question`, `numbers`, `networks`, `cost`, `provenance`, `embedded`: what the report is filled with
`explorer`
    `contents` of an explorer, `packed`
"""

from echolesion import lazily

__getattr__, __dir__, __all__ = lazily(__name__, __file__)
