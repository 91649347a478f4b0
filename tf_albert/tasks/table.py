"""A table of one's own: TSV, CSV or JSONL with one or two text columns and a label."""

import csv
import dataclasses
import json
import math
from pathlib import Path

from tf_albert.data.readers import read_lines


@dataclasses.dataclass(frozen=True)
class Examples:
    """Texts and their labels.

    Args:
        texts: list of tuples of str, each with one text or two.
        labels: list of str, or of float for regression; or None where there are none.
    """

    texts: list
    labels: list | None

    def __len__(self):
        return len(self.texts)


def read_examples(path, text_columns, label_column=None, regression=False):
    """Returns the examples in a table.

    TSV is read without quoting, as GLUE writes it; CSV with. The first row names the columns. A
    byte-order mark is dropped.

    Args:
        path: str or path. A file that ends with `.tsv`, `.csv` or `.jsonl`, perhaps with `.gz`.
        text_columns: list of one or two str. The columns with the texts.
        label_column: str or None. The column with the label.
        regression: bool. Whether labels are numbers.

    Returns:
        `Examples`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: another format, a column that is not there, a row with other columns than the
            header, an empty label, no number where one is expected; the message names the row.
    """
    path = Path(path)
    texts, labels = [], []
    for number, row in _rows(path):
        place = f"{path}, line {number}"
        texts.append(tuple(_text(row, column, place) for column in text_columns))
        if label_column is not None:
            labels.append(_label(row, label_column, place, regression))
    if not texts:
        raise ValueError(f"{path} has no rows.")
    return Examples(texts, labels if label_column is not None else None)


def _rows(path):
    kind = path.name.removesuffix(".gz").rpartition(".")[2]
    readers = {"tsv": _delimited, "csv": _delimited, "jsonl": _json_lines}
    if kind not in readers:
        raise ValueError(
            f"{path} has an unknown format. Expected a name that ends with .tsv, .csv or .jsonl."
        )
    return readers[kind](path, kind)


def _delimited(path, kind):
    quoting = csv.QUOTE_NONE if kind == "tsv" else csv.QUOTE_MINIMAL
    lines = (line for _, line in read_lines(path))
    reader = csv.reader(lines, delimiter="\t" if kind == "tsv" else ",", quoting=quoting)
    header = next(reader, None)
    for fields in reader:
        if len(fields) != len(header):
            raise ValueError(
                f"{path}, line {reader.line_num}: {len(fields)} columns, where the header has "
                f"{len(header)} ({', '.join(header)})."
            )
        yield reader.line_num, dict(zip(header, fields, strict=True))


def _json_lines(path, _):
    for number, line in read_lines(path):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: no JSON ({error}).") from error
        if not isinstance(row, dict):
            raise ValueError(f"{path}, line {number}: expected a JSON object.")
        yield number, row


def _text(row, column, place):
    value = _value(row, column, place)
    if not isinstance(value, str):
        raise ValueError(f"{place}: column {column!r} must hold text. Found: {value!r}.")
    return value


def _label(row, column, place, regression):
    value = _value(row, column, place)
    if not regression:
        if value in ("", None):
            raise ValueError(f"{place}: the label in column {column!r} is empty.")
        return str(value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{place}: column {column!r} must hold a number. Found: {value!r}.")
    return number


def _value(row, column, place):
    if column not in row:
        raise ValueError(f"{place}: no column {column!r}. Columns: {', '.join(row)}.")
    return row[column]


def class_ids(examples, labels, where):
    """Returns the index of each example's label.

    Args:
        examples: `Examples` with labels.
        labels: list of str. The classes.
        where: str or path. The file, for the message.

    Raises:
        ValueError: a label that is not among the classes.
    """
    index = {label: number for number, label in enumerate(labels)}
    unknown = sorted(set(examples.labels) - set(labels))
    if unknown:
        raise ValueError(
            f"{where} has labels that training never saw: {', '.join(unknown[:5])}. "
            f"Known labels: {', '.join(labels)}."
        )
    return [index[label] for label in examples.labels]
