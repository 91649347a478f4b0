"""Rows of a table with named columns: TSV, CSV or JSONL."""

import collections
import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from tf_albert.data.lines import LONGEST_LINE, ending, read_lines
from tf_albert.data.readers import is_jsonl
from tf_albert.tasks import tab_separated
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.types import StrPath

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = Iterator[tuple[int, Row]]
# Python's own limit of 131,072 characters a field is less than long documents have.
csv.field_size_limit(max(csv.field_size_limit(), LONGEST_LINE))


def read_rows(
    path: StrPath, bad_rows: BadRows, columns: Sequence[str] | None = None, quoting: bool = True
) -> Rows:
    """Yields (number of the line, row) of a table; a row is a dict of its columns' names.

    The first row names the columns. A byte-order mark is dropped.

    Args:
        path: str or path. A file that ends with `.tsv`, `.csv` or `.jsonl`, perhaps with `.gz`,
            `.xz` or `.bz2` behind it.
        bad_rows: `BadRows`. Told of every row that is left out: one with other columns than the
            header, or no JSON.
        columns: list of str or None. The names of the columns of a file whose first row does not
            name them.
        quoting: bool. Whether cells of a TSV may be quoted (`tab_separated.is_quoted` tells);
            GLUE's never are. Cells of CSV may always be.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: another format, two columns of one name, or what `bad_rows` raises.
    """
    path = Path(path)
    kind = ending(path)
    if is_jsonl(path):
        return _json_lines(path, bad_rows)
    if kind not in (".tsv", ".csv"):
        raise ValueError(
            f"{path} has an unknown format. Expected a name that ends with .tsv, .csv or .jsonl."
        )
    rows = _tab_separated(path, quoting) if kind == ".tsv" else _comma_separated(path)
    return _with_columns(path, rows, bad_rows, columns)


def check_columns(row: Row, wanted: Sequence[str], place: str) -> None:
    """Raises a `ValueError` where a row lacks a column.

    It is no flaw of one row: with a column of another name every row would be left out.

    Args:
        row: dict. What `read_rows` gave.
        wanted: list of str. The columns that must be there.
        place: str. File and line, for the message.
    """
    for column in wanted:
        if column not in row:
            raise ValueError(f"{place}: no column {column!r}. Columns: {', '.join(row)}.")


def _tab_separated(path: Path, quoting: bool) -> Iterator[tuple[int, list[str]]]:
    if quoting and tab_separated.is_quoted(read_lines(path)):
        for number, record in tab_separated.records(read_lines(path)):
            yield number, list(map(tab_separated.unquoted, tab_separated.split(record)))
        return
    for number, line in read_lines(path):
        yield number, line.rstrip("\r\n").split("\t")


def _comma_separated(path: Path) -> Iterator[tuple[int, list[str]]]:
    # Strict: a quote that is never closed would make one text of all rows behind it.
    reader = csv.reader((line for _, line in read_lines(path)), strict=True)
    try:
        for fields in reader:
            yield reader.line_num, fields
    except csv.Error as error:
        raise ValueError(
            f"{path}, line {reader.line_num}: {error}. Look for a quote that is never closed, or a "
            "line that ends with a carriage return alone; in a .tsv quotes may be text."
        ) from error


def _with_columns(
    path: Path,
    rows: Iterator[tuple[int, list[str]]],
    bad_rows: BadRows,
    columns: Sequence[str] | None,
) -> Rows:
    header = [name.strip() for name in columns or next(rows, (0, []))[1]]
    repeated = [name for name in _repeated(header) if name]  # an empty one names nothing
    if repeated:
        raise ValueError(
            f"{path} has two columns of the name {repeated[0]!r}, and one alone would be read. "
            "Give each a name of its own."
        )
    for number, fields in rows:
        if fields in ([], [""]) and len(header) > 1:
            continue  # an empty line
        if len(fields) == len(header):
            yield number, dict(zip(header, fields, strict=True))
            continue
        bad_rows.add(
            f"{path}, line {number}",
            "another number of columns than the header",
            f"{len(fields)}, not {len(header)} ({', '.join(header)})",
        )


def _json_lines(path: Path, bad_rows: BadRows) -> Rows:
    for number, line in read_lines(path):
        if line.isspace():
            continue
        place = f"{path}, line {number}"
        try:
            row, repeated = _parsed(line)
        except (ValueError, RecursionError) as error:
            bad_rows.add(place, "no JSON", str(error))
            continue
        if not isinstance(row, dict):
            bad_rows.add(place, "no JSON object", line.strip()[:50])
        elif repeated:
            bad_rows.add(place, "two fields of one name", repeated[0])
        else:
            yield number, row


def _parsed(line: str) -> tuple[Any, list[str]]:
    """Returns a JSON value, and names that its object has twice, of which Python keeps the last."""
    repeated: list[str] = []

    def row_of(pairs: list[tuple[str, Any]]) -> Row:
        repeated[:] = _repeated([name for name, _ in pairs])  # the outermost object comes last
        return dict(pairs)

    return json.loads(line, object_pairs_hook=row_of), repeated


def _repeated(names: list[str]) -> list[str]:
    return [name for name, count in collections.Counter(names).items() if count > 1]
