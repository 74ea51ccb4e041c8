"""Which engine simulates: the one predicate, from what a configuration says or from a network that is prepared.

No torch here: planning asks too.
"""

from collections.abc import Mapping
from typing import Any

#: Engines by name, and what they are.
ENGINES = {
    "auto": "lanes where they can, otherwise torch",
    "torch": "tensors, on any device",
    "lanes": "compiled vectors, on a CPU",
}


def reason(
    *,
    closed: bool,
    delayed: bool,
    lesion: str,
    device: str,
    usual_type: bool = True,
) -> str | None:
    """Return why lanes cannot run a network, None if they can.

    Parameters
    ----------
    closed : bool
        Whether the loop is closed.
    delayed : bool
        Whether there are delays.
    lesion : str
        Key of `lesion.LESIONS`.
    device : str
        Of torch.
    usual_type : bool
        Whether numbers are of the type that the loop has if none is set.
    """
    if delayed:
        return "there are delays"
    if lesion not in ("silence", "mean"):
        return "lesioned nodes go on listening or sending what changes"
    if device != "cpu":
        return "it is not on a CPU"
    if not usual_type:
        return f"it is not in {'float64' if closed else 'float32'}"
    return None


def configured_reason(config: Mapping[str, Any]) -> str | None:
    """Return why lanes cannot run the sweeps of a study, whatever its networks, from its configuration."""
    return reason(
        closed=config["task"]["loop"] == "closed",
        delayed=config["reservoir"]["velocity"] is not None,
        lesion=config["sweep"]["lesion"],
        device=config["sweep"]["device"],
    )
