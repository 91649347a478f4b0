"""A table of one's own: TSV, CSV or JSONL with one or two text columns and a label."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tf_albert.data.lines import is_unicode
from tf_albert.tasks.bad_rows import BadRows, Flaw
from tf_albert.tasks.tables import Row, check_columns, read_rows
from tf_albert.tasks.text_classification.label_cells import (
    CLASS,
    LABEL_SET,
    NUMBER,
    READERS,
    spelled_alike,
)
from tf_albert.types import StrPath

__all__ = ["CLASS", "LABEL_SET", "NUMBER", "Examples", "read_examples"]


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


def read_examples(
    path: StrPath,
    text_columns: Sequence[str],
    label_column: str | None = None,
    label_kind: str = CLASS,
    bad_rows: BadRows | None = None,
    columns: list[str] | None = None,
    known_labels: Sequence[str] | None = None,
    quoting: bool = True,
) -> Examples:
    """Returns the examples in a table.

    The first row names the columns. Labels have no white space around them, and `1` and `1.0` are
    one.

    Args:
        path: str or path. A file that `tables.read_rows` reads.
        text_columns: list of one or two str. The columns with the texts.
        label_column: str or None. The column with the label.
        label_kind: `CLASS`, `NUMBER` or `LABEL_SET`. A set is written with commas between its
            labels, or as a list; an empty cell is the empty set.
        bad_rows: `BadRows` or None. Told of every row that is left out: one with other columns
            than the header, no JSON, an empty text or label, no number where one is expected, a
            label that is none of `known_labels`. None makes the first an error.
        columns: list of str or None. The names of the columns of a file whose first row does not
            name them.
        known_labels: tuple of str or None. The labels that there are; None for any.
        quoting: bool. Whether cells of a TSV may be quoted, which GLUE's never are.

    Returns:
        `Examples`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: another format, a column that is not there, two of one name, no row at all, or
            what `bad_rows` raises; the message names the row.
    """
    path = Path(path)
    bad_rows = BadRows(strict=True) if bad_rows is None else bad_rows
    wanted = [*text_columns, *([] if label_column is None else [label_column])]
    texts: list[tuple[str, ...]] = []
    labels: list[Any] = []
    for number, row in read_rows(path, bad_rows, columns, quoting):
        check_columns(row, wanted, f"{path}, line {number}")
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
    if label_column is None:
        return Examples(texts, None)
    return Examples(texts, spelled_alike(labels) if label_kind == CLASS else labels)


def _text(row: Row, column: str) -> str:
    value = row[column]
    if not isinstance(value, str):
        raise Flaw(f"column {column!r} must hold text", f"{value!r}")
    if not value.strip():
        raise Flaw(f"the text in column {column!r} is empty")
    if not is_unicode(value):
        raise Flaw(f"the text in column {column!r} has half of a surrogate pair")
    return value


def _check_label(label: Any, known_labels: Sequence[str] | None) -> None:
    if known_labels is not None and label not in known_labels:
        raise Flaw(f"the label {label!r}, none of {', '.join(known_labels)}")
