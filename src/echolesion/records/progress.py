"""Progress bars with the time that is left; on terminals only, so that logs of jobs stay quiet."""

from collections.abc import Iterable
from typing import Any

from tqdm import tqdm


def bar(label: str | None, unit: str, items: Iterable[Any] | None = None, total: int | None = None) -> Any:
    """Return a progress bar.

    Parameters
    ----------
    label : str or None
        What is done, of what; None for no bar.
    unit : str
        What is counted.
    items : iterable, optional
        What is gone through.
    total : int, optional
        How many there are, if `items` does not say.

    Returns
    -------
    tqdm.tqdm
        To be gone through, or a context with the method ``update``. It appears after two seconds.
    """
    # A count of thousands and more is written with k and M.
    scaled = (total or 0) > 9999
    return tqdm(
        items,
        total=total,
        desc=label,
        unit=unit,
        unit_scale=scaled,
        disable=None if label else True,  # None: unless it is a terminal
        mininterval=2,
        delay=2,
    )
