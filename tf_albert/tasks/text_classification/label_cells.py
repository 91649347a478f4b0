"""What stands in a table's column of labels, and which spellings mean one class."""

import ast
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tf_albert.data.lines import is_unicode
from tf_albert.tasks.bad_rows import Flaw
from tf_albert.tasks.json_values import is_missing, written
from tf_albert.tasks.tables import Row

# What stands in a label's column: one class, a number, or labels with commas between them.
CLASS, NUMBER, LABEL_SET = "class", "number", "label set"
WHOLE = re.compile(r"[+-]?\d+")
WITH_POINT = re.compile(r"([+-]?\d+)\.0+")


def same(label: str) -> str:
    """Returns what all spellings of a class have in common.

    A column of whole numbers that lacks some is one of floats to pandas, which writes `1.0`.

    Args:
        label: str.

    >>> same("1.0"), same("1"), same("1.5"), same("good")
    ('1', '1', '1.5', 'good')
    """
    whole = WITH_POINT.fullmatch(label)
    return whole[1] if whole else label


def spelled_alike(labels: Sequence[str]) -> list[str]:
    """Returns labels with one spelling for each class, the shortest that there is.

    Args:
        labels: list of str.

    >>> spelled_alike(["1.0", "2.0", "1"])
    ['1', '2.0', '1']
    """
    spelling = {same(label): label for label in in_order(labels)}
    return [spelling[same(label)] for label in labels]


def in_order(labels: Iterable[str]) -> list[str]:
    """Returns the classes that labels name, each once, in its shortest spelling.

    They stand in alphabetical order; those that are all whole numbers in that of numbers.

    Args:
        labels: iterable of str.

    >>> in_order(["10", "9", "9.0"]), in_order(["10", "9", "b"])
    (['9', '10'], ['10', '9', 'b'])
    """
    by_class: dict[str, str] = {}
    for label in sorted(set(labels), key=lambda label: (len(label), label)):
        by_class.setdefault(same(label), label)
    classes = sorted(by_class.values())
    if all(WHOLE.fullmatch(name) for name in by_class):
        classes.sort(key=lambda label: int(same(label)))
    return classes


def read_class(row: Row, column: str) -> str:
    """Returns the class in a row's column.

    Args:
        row: dict.
        column: str.

    Raises:
        Flaw: there is none, or several.
    """
    value = _listed(row[column])
    if isinstance(value, list | dict):
        raise Flaw(
            f"column {column!r} holds a list or an object, where one class is expected (for any "
            "number of labels a row, in lists, give `--multi-label true`)",
            f"{value!r:.50}",
        )
    label = "" if is_missing(value) else _label(value, column)
    if not label:
        raise Flaw(f"the label in column {column!r} is empty")
    return label


def read_number(row: Row, column: str) -> float:
    """Returns the number in a row's column.

    Args:
        row: dict.
        column: str.

    Raises:
        Flaw: there is no finite one.
    """
    value = row[column]
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if not abs(number) < float("inf"):
        raise Flaw(f"column {column!r} must hold a number", f"{value!r}")
    return number


def read_label_set(row: Row, column: str) -> tuple[str, ...]:
    """Returns the labels in a row's column, sorted, each once.

    Args:
        row: dict.
        column: str.

    Raises:
        Flaw: what is there is no list of labels, nor a text with commas between them.
    """
    value = _listed(row[column])
    if isinstance(value, dict) or is_missing(value):
        raise Flaw(f"column {column!r} must hold labels", f"{value!r:.50}")
    parts = value.split(",") if isinstance(value, str) else value
    labels = [_label(part, column) for part in (parts if isinstance(parts, list) else [parts])]
    return tuple(sorted({label for label in labels if label}))


READERS: dict[str, Callable[[Row, str], Any]] = {
    CLASS: read_class,
    NUMBER: read_number,
    LABEL_SET: read_label_set,
}


def _label(value: Any, column: str) -> str:
    """Returns one label as text, without white space around it."""
    label = str(value) if isinstance(value, bool) else written(value)
    if label is None:
        raise Flaw(f"column {column!r} must hold labels", f"{value!r:.50}")
    if not is_unicode(label):
        raise Flaw(f"the label in column {column!r} has half of a surrogate pair")
    return label.strip()


def _listed(value: Any) -> Any:
    """Returns the list that pandas wrote into a cell as `['a', 'b']`, or else what is there."""
    if not isinstance(value, str) or not re.fullmatch(r"\s*\[.*\]\s*", value, re.DOTALL):
        return value
    try:
        return ast.literal_eval(value.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return value
