"""Tables: rows of cells become a matrix or a list of connections, if they can be only one of them.

Comma-separated files, columns between blanks, spreadsheets and data frames come here as rows of text.
"""

import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import openpyxl

from echolesion.connectome import layouts, texts
from echolesion.connectome.reading import FormatError, Links, Matrix, Reading
from echolesion.connectome.texts import Row

#: Suffixes of texts that hold a connection per line.
LISTS = (".edgelist", ".edges")
_KONECT = re.compile(r"%\s*(sym|asym|bip)\b\s*(\w*)")


def read_text(path: Path, reading: Reading) -> Matrix | Links:
    """Read a text of cells between commas, semicolons, tabs or blanks.

    Parameters
    ----------
    path : pathlib.Path
        The file, perhaps compressed.
    reading : Reading
        Of the file; it is asked for ``layout``, ``header``, ``source``, ``target``, ``variable``, ``orientation``,
        ``delimiter``, ``decimal`` and ``encoding``.

    Returns
    -------
    Matrix or Links

    Raises
    ------
    FormatError
        If it is neither, or could be both.
    """
    rows, comments, delimiter = rows_of_text(path, reading)
    konect = next((found for comment in comments if (found := _KONECT.match(comment))), None)
    header = None
    if comments and not konect and layouts.ends_of(rows[0].cells, reading) is None:
        header = _header(comments[-1], len(rows[-1].cells), delimiter, reading)
    for comment in comments if header is None else comments[:-1]:
        reading.say(f"comment: {comment[:80]}")
    directed = None
    if konect:
        if konect[1] == "bip":
            raise reading.error("has connections between two kinds of nodes (KONECT: bip), which is no connectome")
        directed = konect[1] == "asym"
        if len(rows[0].cells) > 3:
            reading.otherwise = {"variable": "none" if konect[2] == "unweighted" else "3"} | dict(reading.otherwise)
    return layouts.interpret(
        rows, reading, header, directed, only_list=texts.suffix_of(path) in LISTS or konect is not None
    )


def _header(comment: str, width: int, delimiter: str, reading: Reading) -> list[str] | None:
    """Return the names of columns that a comment has, if it has as many as there are columns."""
    try:
        (row,) = texts.rows_of([comment.lstrip("#% \t")], delimiter, Reading(reading.path))
    except ValueError:  # words with quotes, or none
        return None
    cells = row.cells
    if len(cells) != width or cells[0].endswith(":"):
        return None
    if width == 3 and not comment[1:2].isspace() and not texts.word(cells[2]):
        raise reading.error(f"is '{comment}' a comment or a connection? write a blank after its first sign, or quotes")
    names = len(set(cells)) == width and all(map(texts.word, cells))
    return cells if names else None


def rows_of_text(path: Path, reading: Reading) -> tuple[list[Row], list[str], str]:
    """Return the rows of a text, of equal length, the lines of comment before them, and what stands between cells."""
    content = texts.unpacked(path.read_bytes(), path.name, reading)
    lines = texts.lines_of(texts.decoded(content, reading))
    begin = texts.comments(lines)
    if begin == len(lines):
        raise reading.error("is empty")
    delimiter = texts.delimiter_of(lines[begin : begin + 50], texts.suffix_of(path), reading)
    rows = texts.rows_of(lines[begin:], delimiter, reading, begin + 1)
    rows = even(texts.with_points(rows, delimiter, reading), reading)
    return rows, [line.strip() for line in lines[:begin] if line.strip()], delimiter


def read_sheet(path: Path, reading: Reading) -> Matrix | Links:
    """Read a table of a spreadsheet; of several, the one that ``sheet`` names."""
    return layouts.interpret(rows_of_sheet(path, reading), reading)


def rows_of_sheet(path: Path, reading: Reading) -> list[Row]:
    """Return the rows of a sheet of Excel as text; what it has made of names is refused."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        texts.check_size(size, "its contents, ", reading)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            sheets = {
                sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets
            }
            book.close()
    except FormatError:
        raise
    except Exception as error:  # of a damaged file, what its parts happen to raise
        raise reading.error(f"is not a spreadsheet (.xlsx) ({error})") from error
    sheets = {name: rows for name, rows in sheets.items() if any(cell is not None for row in rows for cell in row)}
    if not sheets:
        raise reading.error("is empty")
    name, cells = reading.one_of("sheet", "sheets", sheets)
    if len(sheets) > 1:
        reading.say(f"sheet '{name}'")
    reading.unused("sheets", (other for other in sheets if other != name))
    width = max(len(row) for row in cells)
    rows = []
    for k, row in enumerate(cells, 1):
        place = f"sheet '{name}', row {k}"
        if any(cell is not None for cell in row):
            rows.append(Row(place, [_text_of(cell, place, reading) for cell in row] + [""] * (width - len(row))))
    # Cells around the table may have been formatted only.
    used = [k for k in range(width) if any(row.cells[k] for row in rows)]
    return [Row(row.place, row.cells[used[0] : used[-1] + 1]) for row in rows]


def read_frame(path: Path, reading: Reading) -> Matrix | Links:
    """Read a data frame of Parquet or Feather."""
    return layouts.interpret(rows_of_frame(path, reading), reading, first_has_names=True)


def rows_of_frame(path: Path, reading: Reading) -> list[Row]:
    """Return the rows of a data frame as text, the names of its columns first."""
    suffix = texts.suffix_of(path)
    try:
        from pyarrow import feather, parquet
    except ImportError as error:
        raise reading.error(
            f"{suffix} is read with pyarrow, which is not installed: in the clone, .venv/bin/python -m pip install -r"
            " requirements-arrow.lock"
        ) from error
    try:
        table = parquet.read_table(path) if suffix == ".parquet" else feather.read_table(path)
        columns = [column.to_pylist() for column in table.columns]
    except Exception as error:  # of a damaged file, what its parts happen to raise
        raise reading.error(f"is not {suffix.removeprefix('.').capitalize()} ({error})") from error
    # The index of a frame of pandas has no name.
    names = ["" if re.fullmatch(r"__index_level_\d+__", name) else name for name in table.column_names]
    order = sorted(range(len(names)), key=lambda k: names[k] != "")
    rows = [Row("its header", [names[k] for k in order])]
    for i in range(table.num_rows):
        place = f"row {i + 1}"
        rows.append(Row(place, [_text_of(columns[k][i], f"{place}, column '{names[k]}'", reading) for k in order]))
    return rows


def _text_of(cell: Any, place: str, reading: Reading) -> str:
    """Return a cell of a spreadsheet or frame as text."""
    if cell is None or cell != cell:  # NaN, where a frame has nothing
        return ""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bytes):
        return texts.decoded(cell, Reading(reading.path), place).strip()
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        raise reading.error(f"{place}: {cell!r} is a {type(cell).__name__}, neither text nor a number")
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        cell = int(cell)
    if reading.path.suffix.lower() == ".xlsx" and isinstance(cell, int) and abs(cell) >= 10**15:
        raise reading.error(f"{place}: {cell} has more digits than the 15 that Excel keeps: write ids as text")
    return str(cell)


def even(rows: list[Row], reading: Reading) -> list[Row]:
    """Make rows equally long: without empty cells at the end of all, and as R means a header that is one shorter.

    Raises
    ------
    FormatError
        With the place of a row of another length.
    """
    if not rows:
        raise reading.error("is empty")
    first, *body = (list(row.cells) for row in rows)
    dropped = 0
    while body and len(body[0]) > 1 and all(len(cells) == len(body[0]) and not cells[-1] for cells in body):
        if first[-1:] == [""] and len(first) == len(body[0]):
            first = first[:-1]
        elif len(first) >= len(body[0]):
            break
        body = [cells[:-1] for cells in body]
        dropped += 1
    if dropped:
        reading.say(f"{dropped} empty cells at the end of every row")
    if body and len(first) == len(body[0]) - 1:
        first = ["", *first]
        reading.say("the header is one cell shorter: the first column has the names of rows")
    cells = [first, *body]
    for row, own in zip(rows, cells, strict=True):
        if len(own) != len(first):
            raise reading.error(f"{row.place} has {len(own)} cells, {rows[0].place} has {len(first)}")
    return [Row(row.place, own) for row, own in zip(rows, cells, strict=True)]
