"""Texts: bytes become rows of cells, each with its place, and cells become numbers.

A number is written in digits, as a person or a program writes it: Python's ``1_5`` is none.
"""

import bz2
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from echolesion.connectome.reading import FormatError, Reading
from echolesion.records.memory import machine_mb

#: Of texts, and of texts that are compressed.
SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".dat", ".edgelist", ".edges")
COMPRESSED = (".gz", ".bz2")
#: Memory that contents take while they are read, over their size: cells of text are objects of Python.
UNPACKED = 20
_BLANKS = " "
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|(?i:[+-]?inf(inity)?|nan)|NA", re.ASCII)
_IN_QUOTES_OR_BLANKS = re.compile(r'("(?:[^"]|"")*")|\s+')
_BLANK_AND_QUOTE = re.compile(r'\s"')
_IN_WORDS = {",": "commas", ";": "semicolons", "\t": "tabs", _BLANKS: "blanks"}
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+", re.ASCII)
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)
#: First bytes of what often has the name of something else.
_OTHERS = (
    (rb"\s*<(!doctype\s+html|html)", "is a page of HTML, as a server sends it in place of a file: download it again"),
    (rb"version https://git-lfs", "is a pointer of Git LFS, not the file: run 'git lfs pull' where it comes from"),
    (rb"PK\x03\x04.*\[Content_Types\]", "is a spreadsheet of Excel: call it .xlsx"),
    (rb"\xd0\xcf\x11\xe0", "is a spreadsheet of an old Excel: save it as .xlsx"),
    (rb"PK\x03\x04", "is a zip archive: call it .zip (.npz if it is of arrays), or take the file out of it"),
    (rb"\x1f\x8b", "is compressed: call it .csv.gz if it is a table, or unpack it"),
    (rb"\x89HDF", "is HDF5: call it .mat if it is of MATLAB, .nc if it is netCDF"),
    (rb"PAR1", "is Parquet: call it .parquet"),
    (rb"(ARROW1|FEA1)", "is Feather: call it .feather"),
    (rb"\x93NUMPY", "is an array of numpy: call it .npy"),
    (rb"MATLAB 5.0 MAT-file", "is a file of MATLAB: call it .mat"),
    (rb"%%MatrixMarket", "is a MatrixMarket file: call it .mtx"),
    (rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<graphml", "is GraphML: call it .graphml"),
    (rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<gexf", "is GEXF: call it .gexf"),
)


@dataclass(frozen=True)
class Row:
    """Cells of a row, and its place in the file."""

    place: str
    cells: list[str]


def suffix_of(path: Path) -> str:
    """Return the suffix of a file in lower case, of a compressed text without that of compression."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if len(suffixes) > 1 and suffixes[-1] in COMPRESSED and suffixes[-2] in SUFFIXES:
        return suffixes[-2]
    return suffixes[-1] if suffixes else ""


def not_what_it_is_called(content: bytes) -> str | None:
    """Return what a file is that has this content, if it is one that should have another name."""
    return next((said for begin, said in _OTHERS if re.match(begin, content, re.IGNORECASE | re.DOTALL)), None)


def unpacked(content: bytes, name: str, reading: Reading) -> bytes:
    """Return the contents of a file whose name ends with ``.gz`` or ``.bz2``, any other as it is.

    Parameters
    ----------
    content : bytes
        Of the file.
    name : str
        Of the file.
    reading : Reading
        Of the file or the archive that it is in.

    Raises
    ------
    FormatError
        If it is damaged or this machine has not the memory to read its contents.
    """
    openers: dict[str, Any] = {"gz": gzip.open, "bz2": bz2.open}
    kind = name.lower().rpartition(".")[2]
    if kind not in openers:
        return content
    limit = int(machine_mb() * 1e6 / UNPACKED)
    try:
        # A bomb ends at the limit.
        with openers[kind](io.BytesIO(content)) as file:
            result: bytes = file.read(limit + 1)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise reading.error(f"{name} is damaged ({error})") from error
    check_size(len(result), f"the contents of {name}, ", reading)
    return result


def check_size(size: int, of: str, reading: Reading) -> None:
    """Refuse contents that this machine has not the memory to read.

    Parameters
    ----------
    size : int
        Bytes, unpacked.
    of : str
        Whose they are, as the message begins.
    reading : Reading
        Of the file.

    Raises
    ------
    FormatError
        With the numbers.
    """
    if (needed := size * UNPACKED / 1e6) > machine_mb():
        raise reading.error(
            f"{of}{size / 1e6:.0f} MB or more, take about {needed / 1e3:.1f} GB of memory to read, and this machine has"
            f" {machine_mb() / 1e3:.1f} GB: read it on one that has more"
        )


def decoded(content: bytes, reading: Reading, name: str = "") -> str:
    """Return the text of a file: by the mark at its begin, the ``encoding`` that is given, or UTF-8.

    Parameters
    ----------
    content : bytes
        Of the file.
    reading : Reading
        Of the file; it is asked for ``encoding``.
    name : str
        Of the member of an archive.
    """
    if said := not_what_it_is_called(content):
        raise reading.error(f"{name} {said}")
    marked = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), None)
    given = reading.name("encoding")
    encoding = marked or given or "utf-8"
    try:
        text = content.decode(encoding)
    except LookupError as error:
        raise reading.error(f"there is no encoding '{given}'") from error
    except UnicodeError as error:
        where = f"{getattr(error, 'reason', error)} at byte {getattr(error, 'start', 0)}"
        raise reading.error(
            f"{name} is not text in {encoding.upper()} ({where}): name its encoding, e.g. 'encoding: latin-1'"
        ) from error
    if "\0" in text:
        raise reading.error(f"{name} is not text (it has a 0 at character {text.index(chr(0)) + 1})")
    if marked != "utf-8-sig" and encoding.lower() not in ("utf-8", "utf8"):
        reading.say(f"text in {encoding}")
        if given and not marked:
            reading.decide(encoding=given)
    return text


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, whatever ends them."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def rows_of(lines: Sequence[str], delimiter: str, reading: Reading, first: int = 1, name: str = "") -> list[Row]:
    """Return the rows of a text that are not empty.

    Parameters
    ----------
    lines : sequence of str
        Of the text.
    delimiter : str
        Between cells; a blank stands for any number of blanks and tabs.
    reading : Reading
        Of the file.
    first : int
        Number of the first line.
    name : str
        Of the member of an archive.

    Raises
    ------
    FormatError
        If a quote is not closed, or not in the line in which it opens; if a comment stands among the rows; or if two
        words differ by the blanks around them only.
    """
    prefix = f"{name}, line " if name else "line "
    if delimiter == _BLANKS:
        lines = [_IN_QUOTES_OR_BLANKS.sub(lambda found: found[1] or _BLANKS, line.strip()) for line in lines]
    after_blanks = delimiter not in "\t " and any(_BLANK_AND_QUOTE.search(line) for line in lines)
    read = csv.reader(iter(lines), delimiter=delimiter, strict=True, skipinitialspace=after_blanks)
    rows: list[Row] = []
    as_written: list[list[str]] = []
    padded: set[tuple[int, str]] = set()
    line = 0
    while True:
        place, begin = f"{prefix}{first + line}", lines[line].lstrip()[:1] if line < len(lines) else ""
        try:
            cells = next(read)
        except StopIteration:
            break
        except csv.Error as error:
            raise reading.error(f"{place}: a quote is not closed, or stands inside a cell ({error})") from error
        if read.line_num > line + 1:
            raise reading.error(f"{place}: a quote opens here and closes in line {first + read.line_num - 1}")
        line = read.line_num
        stripped = [cell.strip() for cell in cells]
        if not any(stripped) and '"' not in lines[line - 1]:
            continue
        if begin in ("#", "%"):
            raise reading.error(
                f"{place} begins with '{begin}': comments stand only before the data; a name that begins so stands in"
                " quotes"
            )
        if stripped != cells:
            padded.update((k, cell) for k, cell in enumerate(stripped) if cell != cells[k] and word(cell))
        rows.append(Row(place, stripped))
        as_written.append(cells)
    for row, cells in zip(rows, as_written, strict=True) if padded else ():
        if twice := next((cell for k, cell in enumerate(cells) if (k, cell) in padded), None):
            raise reading.error(
                f"{row.place}: '{twice}' stands in this column with blanks around it too: take them out"
            )
    return rows


def number(cell: str) -> float | None:
    """Return the number that a cell is, or None."""
    if not _NUMBER.fullmatch(cell.strip()):
        return None
    return float("nan") if cell.strip() == "NA" else float(cell)


def word(cell: str) -> bool:
    """Return whether a cell, where a name may stand, is one: NA and nan are numbers that are missing, or names."""
    value = number(cell)
    return value is None or value != value


def whole(cell: str) -> bool:
    """Return whether a cell is a whole number."""
    return bool(_WHOLE.fullmatch(cell))


def numbers(rows: Iterable[tuple[str, Sequence[str]]], reading: Reading, skipped: int = 0) -> np.ndarray:
    """Return the numbers of rows of cells, each with its place, or say which cell is none.

    Parameters
    ----------
    rows : iterable of (str, sequence of str)
        Places and cells.
    reading : Reading
        Of the file.
    skipped : int
        Cells of each row before these.

    Raises
    ------
    FormatError
        With the place.
    """
    result = []
    for place, cells in rows:
        values = [number(cell) for cell in cells]
        if None in values:
            k = values.index(None)
            hint = " (is it a list of connections, 'layout: list'?)" if reading.given.get("layout") == "matrix" else ""
            if re.fullmatch(r"[+-]?\d+,\d+", cells[k]):
                hint = " (a comma for the point? 'decimal: \",\"'; between thousands? take it out)"
            elif cells[k] == "":
                hint = " (write 0 where there is no connection)"
            raise reading.error(f"{place}, number {k + skipped + 1}: '{cells[k]}' is not a number{hint}")
        result.append(values)
    return np.array(result, dtype=float)


def comments(lines: Sequence[str]) -> int:
    """Return how many lines of comments and blanks a text begins with."""
    return next((k for k, line in enumerate(lines) if line.strip() and line.lstrip()[0] not in "#%"), len(lines))


def delimiter_of(lines: Sequence[str], suffix: str, reading: Reading) -> str:
    """Find what stands between the cells of a text, or ask for it.

    Parameters
    ----------
    lines : sequence of str
        The first lines of data.
    suffix : str
        Of the file.
    reading : Reading
        Of the file, which is asked for ``delimiter``.

    Returns
    -------
    str
        A character; a blank stands for blanks and tabs.

    Raises
    ------
    FormatError
        If there are two ways, and the cells differ.
    """
    usual = {".csv": ",", ".tsv": "\t", ".tab": "\t"}.get(suffix, _BLANKS)
    given = reading.ask("delimiter")
    if given is None:
        chosen = _only_way(lines, usual, reading)
    else:
        chosen = {"tab": "\t", "\\t": "\t", "blank": _BLANKS, "": _BLANKS}.get(str(given), str(given))
        if len(chosen) != 1 or chosen.isalnum() or chosen in '"\n\r':
            raise reading.error(f'\'delimiter: {given}\' is not one sign (of a tab write "\\t", of blanks " ")')
    if chosen != usual:
        reading.say(f"{_IN_WORDS.get(chosen, repr(chosen))} between cells")
        reading.decide(delimiter=chosen)
    return chosen


def _only_way(lines: Sequence[str], usual: str, reading: Reading) -> str:
    """Return the only sign that can stand between the cells."""
    found: dict[str, list[list[str]]] = {}
    for mark in (",", ";", "\t", _BLANKS):
        try:
            rows = [row.cells for row in rows_of(lines, mark, Reading(reading.path))]
        except FormatError:
            continue
        widths = {len(cells) for cells in rows[1:] or rows}
        # In R's way the first line may be one cell shorter.
        if len(widths) == 1 and min(widths) > 1 and len(rows[0]) > 1 and min(widths) - len(rows[0]) in (0, 1):
            found[mark] = rows
    signs = [mark for mark in found if mark != _BLANKS]
    two_ways = reading.error("can be divided in two ways: say what stands between cells, 'delimiter: SIGN'")
    if ";" in found and "," in found:
        if not all(_european(cell) for cells in found[";"] for cell in cells if "," in cell):
            raise two_ways
        return ";"
    # Words may have blanks in them, and commas; numbers have none.
    parted = any(" " in cell and _all_numbers(cell) for mark in signs for cells in found[mark] for cell in cells)
    if _BLANKS in found and parted:
        if signs != ["\t"]:
            raise two_ways
        return _BLANKS
    if usual in signs:
        return usual
    if len(signs) > 1 and any(found[mark] != found[signs[0]] for mark in signs):
        raise two_ways
    if signs:
        return signs[0]
    if usual != _BLANKS and _BLANKS in found and all(_all_numbers(cell) for cells in found[_BLANKS] for cell in cells):
        return _BLANKS
    return usual


def _european(cell: str) -> bool:
    return number(cell.replace(",", ".")) is not None


def _all_numbers(cell: str) -> bool:
    return all(number(part) is not None for part in re.split("[ ,]", cell) if part)


def with_points(rows: list[Row], delimiter: str, reading: Reading) -> list[Row]:
    """Write numbers with a point where they have a comma: of ``decimal``, or as they can only be meant.

    Parameters
    ----------
    rows : list of Row
        Of a table.
    delimiter : str
        Between its cells.
    reading : Reading
        Of the file; it is asked for ``decimal``.

    Raises
    ------
    FormatError
        If the commas could as well part thousands.
    """
    decimal = reading.name("decimal")
    if decimal not in (None, ",", "."):
        raise reading.error(f'\'decimal: {decimal}\' is neither "," nor "."')
    cells = [cell for row in rows for cell in row.cells if "," in cell] if delimiter != "," else []
    with_comma = [cell for cell in cells if _european(cell) or _THOUSANDS.fullmatch(cell)]
    if decimal is None and delimiter == ";" and with_comma:
        if all(_THOUSANDS.fullmatch(cell) for cell in with_comma):
            raise reading.error(
                f"is '{with_comma[0]}' a number with a comma for the point? say 'decimal: \",\"' or \".\""
            )
        decimal = ","
    if decimal == ",":
        if delimiter == ",":
            raise reading.error("'decimal: \",\"' cannot be, as commas stand between cells ('delimiter: SIGN')")
        if with_comma:
            reading.say("commas for points in numbers")
        reading.decide(decimal=",")
        return [
            Row(row.place, [cell.replace(",", ".") if _european(cell) else cell for cell in row.cells]) for row in rows
        ]
    return rows
