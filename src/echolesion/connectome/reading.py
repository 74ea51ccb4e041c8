"""The record of one reading: what was asked of a file, what was decided, what is said of it.

A reader asks this record for every key that could decide what a part of its file means, and tells it what it took for
what. A key that was given and that nothing asked for means nothing in this file, which is then refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import xarray as xr

#: Keys of an entry of the catalogue that decide how a file is read.
CHOICES = (
    "variable", "orientation", "directed", "combine", "layout", "header", "source", "target", "labels", "delimiter",
    "decimal", "encoding", "sheet", "subject_axis",
)  # fmt: skip

Kind = TypeVar("Kind")
Quantity = Literal["weight", "length"]
#: Names, in any case, of columns, attributes and arrays that hold what is read.
CALLED: dict[Quantity, tuple[str, ...]] = {
    "weight": ("weight", "weights"),
    "length": ("length", "lengths", "tract_length", "tract_lengths"),
}


class FormatError(ValueError):
    """A file that cannot be read, with the file, the place and the remedy in one line."""


@dataclass
class Reading:
    """The record of reading one file.

    Attributes
    ----------
    path : pathlib.Path
        Of the file, as messages name it.
    given : mapping
        What its entry says, by key of `CHOICES`.
    otherwise : mapping
        What is taken where the entry says nothing and the file needs it: the study's ``orientation``; for tract lengths
        what the entry says of the weights.
    quantity : {"weight", "length"}
        What is read.
    decided : dict
        What was taken for what, by key: with these given, the file is read the same way.
    said, warned : list of str
        What was taken for what, in words, and what a user should look at.
    named, complete : bool
        Whether the file names its nodes, and all of them: a list of connections does not name those without any.
    """

    path: Path
    given: Mapping[str, Any] = field(default_factory=dict)
    otherwise: Mapping[str, Any] = field(default_factory=dict)
    quantity: Quantity = "weight"
    decided: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    named: bool = True
    complete: bool = True

    def ask(self, key: str) -> Any:
        """Return what is given for a key, or else what is taken otherwise, or None; remember that it has a meaning."""
        self.asked.add(key)
        value = self.given.get(key)
        return self.otherwise.get(key) if value is None else value

    def name(self, key: str) -> str | None:
        """Return a key that is a name, as text: columns may be called 1."""
        value = self.ask(key)
        return None if value is None else str(value)

    def decide(self, **choices: Any) -> None:
        """Note what was taken for what."""
        self.decided.update(choices)

    def say(self, text: str) -> None:
        """Add to the history."""
        self.said.append(text)

    def unused(self, what: str, names: Iterable[str]) -> None:
        """Say what of the file is not used."""
        if listed := ", ".join(f"'{name}'" for name in names):
            self.say(f"unused {what}: {listed}")

    def warn(self, text: str) -> None:
        """Add to the warnings."""
        self.warned.append(f"{self.path.name}: {text}")

    def error(self, text: str) -> FormatError:
        """Return the error that names the file."""
        return FormatError(" ".join(f"{self.path}: {text}".split()))

    def one_of(self, key: str, what: str, candidates: Mapping[str, Kind]) -> tuple[str, Kind]:
        """Return the candidate that a key names, or the only one; equal ones are one.

        Parameters
        ----------
        key : str
            Of `CHOICES`, which decides.
        what : str
            What they are, in the plural.
        candidates : mapping
            At least one, by name.

        Raises
        ------
        FormatError
            If the name is not among them, or none is given and they differ.
        """
        wanted = self.name(key)
        if wanted is None:
            first, *others = candidates.values()
            if not all(_equal(first, other) for other in others):
                raise self.error(
                    f"holds {len(candidates)} {what} ({', '.join(candidates)}): say which with '{key}: NAME'"
                )
            wanted = next(iter(candidates))
        elif wanted not in candidates:
            raise self.error(f"'{key}: {wanted}' is not among its {what} ({', '.join(candidates)})")
        if len(candidates) > 1:
            self.decide(**{key: wanted})
        return wanted, candidates[wanted]

    def says_its_direction(self) -> None:
        """Refuse to turn round what names source and target itself."""
        if self.given.get("orientation") == "target_source":
            raise self.error("names sources and targets itself: take 'orientation: target_source' out of its entry")
        self.asked.add("orientation")

    def finish(self) -> None:
        """Refuse a key that is given and means nothing in this file."""
        for key in self.given:
            if key in CHOICES and key not in self.asked:
                raise self.error(f"'{key}: {self.given[key]}' means nothing in this file: take it out")


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, xr.DataArray):
        return one.equals(other)
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other)
    return bool(one == other)


@dataclass(frozen=True)
class Matrix:
    """A matrix, or one per subject, of which it is not yet known what the rows are.

    Attributes
    ----------
    values : numpy.ndarray, shape (n, n) or (subject, n, n)
        Rows x columns.
    labels : list of str or None
        Of rows and columns, which are the same nodes; None if they have no names.
    properties : mapping of str to numpy.ndarray, shape (n,)
        What else is known of them.
    lengths : numpy.ndarray or None
        Of tracts, in mm, like the values.
    """

    values: np.ndarray
    labels: list[str] | None = None
    properties: Mapping[str, np.ndarray] = field(default_factory=dict)
    lengths: np.ndarray | None = None


@dataclass(frozen=True)
class Links:
    """A list of connections.

    Attributes
    ----------
    ends : numpy.ndarray of int, shape (connections, 2)
        Source and target, as places among the labels.
    weights : numpy.ndarray, shape (connections,)
        Of the connections.
    labels : list of str
        Of the nodes.
    places : list of str
        Where each connection stands in the file.
    properties : mapping of str to numpy.ndarray
        What else is known of the nodes.
    directed : bool or None
        What the file says of itself.
    """

    ends: np.ndarray
    weights: np.ndarray
    labels: list[str]
    places: list[str]
    properties: Mapping[str, np.ndarray] = field(default_factory=dict)
    directed: bool | None = None
