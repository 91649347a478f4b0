"""A table of one's own: TSV, CSV or JSONL with one or two text columns and a label."""

import csv
import dataclasses
import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from tf_albert.data.readers import LONGEST_LINE, is_unicode, read_lines
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.types import StrPath

# What stands in a label's column: one class, a number, or labels with commas between them.
CLASS, NUMBER, LABEL_SET = "class", "number", "label set"
Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = Iterator[tuple[int, Row]]
# Python's own limit of 131,072 characters a field is less than long documents have.
csv.field_size_limit(max(csv.field_size_limit(), LONGEST_LINE))


@dataclasses.dataclass(frozen=True)
class Examples:
    """Texts and their labels.

    Args:
        texts: list of tuples of str, each with one text or two.
        labels: list of str, of float for numbers, or of tuples of str for sets of labels; or None
            where there are none.
    """

    texts: list[tuple[str, ...]]
    labels: Any

    def __len__(self) -> int:
        return len(self.texts)


class Flaw(ValueError):
    """What is wrong with one row.

    Args:
        kind: str. What is wrong, the same for all rows with which the same is wrong.
        what: str. The value in question.
    """

    def __init__(self, kind: str, what: str = "") -> None:
        super().__init__(f"{kind}: {what}")
        self.kind, self.what = kind, what


def read_examples(
    path: StrPath,
    text_columns: Sequence[str],
    label_column: str | None = None,
    label_kind: str = CLASS,
    bad_rows: BadRows | None = None,
    columns: list[str] | None = None,
    known_labels: Sequence[str] | None = None,
) -> Examples:
    """Returns the examples in a table.

    TSV is read without quoting, as GLUE writes it; CSV with. The first row names the columns. A
    byte-order mark is dropped.

    Args:
        path: str or path. A file that ends with `.tsv`, `.csv` or `.jsonl`, perhaps with `.gz`.
        text_columns: list of one or two str. The columns with the texts.
        label_column: str or None. The column with the label.
        label_kind: `CLASS`, `NUMBER` or `LABEL_SET`. A set is written with commas between its
            labels, in JSONL as a list; an empty cell is the empty set.
        bad_rows: `BadRows` or None. Told of every row that is left out: one with other columns
            than the header, no JSON, an empty text or label, no number where one is expected, a
            label that is none of `known_labels`. None makes the first an error.
        columns: list of str or None. The names of the columns of a file whose first row does not
            name them.
        known_labels: tuple of str or None. The labels that there are; None for any.

    Returns:
        `Examples`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: another format, a column that is not there, no row at all, or what `bad_rows`
            raises; the message names the row.
    """
    path = Path(path)
    bad_rows = BadRows(strict=True) if bad_rows is None else bad_rows
    wanted = [*text_columns, *([] if label_column is None else [label_column])]
    texts, labels = [], []
    for number, row in _rows(path, bad_rows, columns):
        _check_columns(row, wanted, f"{path}, line {number}")
        try:
            text = tuple(_text(row, column) for column in text_columns)
            label = None if label_column is None else READERS[label_kind](row, label_column)
            _check_label(label, known_labels)
        except Flaw as flaw:
            bad_rows.add(f"{path}, line {number}", flaw.kind, flaw.what)
            continue
        texts.append(text)
        labels.append(label)
    if not texts:
        why = f" {bad_rows.summary()}." if bad_rows else ""
        raise ValueError(f"{path} has no rows that can be used.{why}")
    return Examples(texts, labels if label_column is not None else None)


def _check_columns(row: Row, wanted: Sequence[str], place: str) -> None:
    # Not a flaw of one row: with a column of another name every row would be left out.
    for column in wanted:
        if column not in row:
            raise ValueError(f"{place}: no column {column!r}. Columns: {', '.join(row)}.")


def _rows(path: Path, bad_rows: BadRows, columns: list[str] | None) -> Rows:
    kind = path.name.removesuffix(".gz").rpartition(".")[2]
    if kind == "jsonl":
        return _json_lines(path, bad_rows)
    if kind not in ("tsv", "csv"):
        raise ValueError(
            f"{path} has an unknown format. Expected a name that ends with .tsv, .csv or .jsonl."
        )
    rows = _tab_separated(path) if kind == "tsv" else _comma_separated(path)
    return _with_columns(path, rows, bad_rows, columns)


def _tab_separated(path: Path) -> Iterator[tuple[int, list[str]]]:
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
            "line that ends with a carriage return alone; a .tsv has no quotes."
        ) from error


def _with_columns(
    path: Path,
    rows: Iterator[tuple[int, list[str]]],
    bad_rows: BadRows,
    header: list[str] | None,
) -> Rows:
    header = header or next(rows, (0, []))[1]
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
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            bad_rows.add(f"{path}, line {number}", "no JSON", str(error))
            continue
        if isinstance(row, dict):
            yield number, row
        else:
            bad_rows.add(f"{path}, line {number}", "no JSON object", line.strip()[:50])


def _text(row: Row, column: str) -> str:
    value = row[column]
    if not isinstance(value, str):
        raise Flaw(f"column {column!r} must hold text", f"{value!r}")
    if not value.strip():
        raise Flaw(f"the text in column {column!r} is empty")
    if not is_unicode(value):
        raise Flaw(f"the text in column {column!r} has half of a surrogate pair")
    return value


def _class(row: Row, column: str) -> str:
    if row[column] in ("", None):
        raise Flaw(f"the label in column {column!r} is empty")
    return str(row[column])


def _number(row: Row, column: str) -> float:
    value = row[column]
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise Flaw(f"column {column!r} must hold a number", f"{value!r}")
    return number


def _label_set(row: Row, column: str) -> tuple[str, ...]:
    value = row[column]
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise Flaw(f"column {column!r} must hold labels", f"{value!r}")
    return tuple(sorted({part.strip() for part in parts if part.strip()}))


READERS: dict[str, Callable[[Row, str], Any]] = {
    CLASS: _class,
    NUMBER: _number,
    LABEL_SET: _label_set,
}


def _check_label(label: Any, known_labels: Sequence[str] | None) -> None:
    if known_labels is not None and label not in known_labels:
        raise Flaw(f"the label {label!r}, none of {', '.join(known_labels)}")
