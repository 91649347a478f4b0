"""Files with a word a line and its label behind it, an empty line between sentences."""

import dataclasses
import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from tf_albert.data.lines import read_lines
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.types import StrPath

# The files as CoNLL-2003's are named in most copies.
TEXT_FILES = ("train.txt", "valid.txt")
# Between the documents of CoNLL-2003; no sentence.
DOCUMENT_START = "-DOCSTART-"
# What marks spans: see `metrics.spans_of`.
LABEL = re.compile(r"O|[BIES](-.+)?")
# What numbers a word; in CoNLL-U several at once, or one that is not written, too.
NUMBER = re.compile(r"\d+([-.]\d+)?")


@dataclasses.dataclass(frozen=True)
class TaggedSentence:
    """A sentence with a label for each word.

    Args:
        words: tuple of str.
        labels: tuple of str.
        place: str. File and line, for messages.
    """

    words: tuple[str, ...]
    labels: tuple[str, ...]
    place: str = dataclasses.field(default="", compare=False)


@dataclasses.dataclass(frozen=True)
class Columns:
    """Which columns hold the words and their labels, counted from 1.

    Args:
        word: int, or None for the first, if it holds words.
        label: int, or None for the last.

    Raises:
        ValueError: a number below 1, or one column for both.
    """

    word: int | None = None
    label: int | None = None

    def __post_init__(self) -> None:
        given = [number for number in (self.word, self.label) if number is not None]
        if any(number < 1 for number in given) or len(set(given)) < len(given):
            raise ValueError(
                "`word_column` and `label_column` are two numbers, counted from 1. Received: "
                f"word_column={self.word} and label_column={self.label}."
            )

    @property
    def needed(self) -> int:
        """How many columns a line must have."""
        word = self.word or 1
        return max(word, self.label or word + 1)


# A sentence, with the number of its first line.
_Lines: TypeAlias = tuple[int, list[list[str]]]


def read_conll(
    path: StrPath, bad_rows: BadRows, columns: Columns = Columns()
) -> list[TaggedSentence]:
    """Returns the sentences of a file in the form of CoNLL's shared tasks.

    Unless `columns` says otherwise a word stands first in its line, its label last; other columns
    are not read. Where the word does not stand first, lines that begin with `#` are comments.

    Args:
        path: str or path. A text file, perhaps with gzip, xz or bzip2.
        bad_rows: `BadRows`. Told of every sentence that is left out: one with a line that lacks a
            column.
        columns: `Columns`.

    Returns:
        list of `TaggedSentence`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: no sentence, a label that marks no part of a span, a first column that holds
            numbers or names of sentences and no words, or what `bad_rows` raises.
    """
    found = list(_lines_of_sentences(path, with_comments=(columns.word or 1) > 1))
    if columns.word is None:
        _check_words(found, path)
    sentences: list[TaggedSentence] = []
    for first, rows in found:
        _add(sentences, rows, f"{path}, line {first}", bad_rows, columns)
    if not sentences:
        raise ValueError(
            f"{path} has no sentence. Expected a word and its label a line, and an empty line "
            "between sentences."
        )
    return sentences


def _lines_of_sentences(path: StrPath, with_comments: bool) -> Iterator[_Lines]:
    rows: list[list[str]] = []
    first = 1
    for number, line in read_lines(path):
        if with_comments and line.startswith("#"):
            continue
        # Between columns; a word may hold other white space, such as that of 10 000.
        parts = line.strip(" \t\r\n").replace("\t", " ").split(" ")
        parts = [part for part in parts if part]
        if parts and DOCUMENT_START not in parts:
            first = first if rows else number
            rows.append(parts)
        elif rows:
            yield first, rows
            rows = []
    if rows:
        yield first, rows


def _check_words(sentences: list[_Lines], path: StrPath) -> None:
    """Raises a `ValueError` where the first of several columns holds no words.

    Numbers could be learned too, and would be what a score is of.
    """
    several = [(line, [row for row in rows if _is_one_of_several(row)]) for line, rows in sentences]
    several = [(line, rows) for line, rows in several if rows]
    firsts = [[row[0] for row in rows] for _, rows in several]
    long = [names for names in firsts if len(names) > 1]
    if _most(NUMBER.fullmatch(first) for names in firsts for first in names):
        what = "numbers"
    elif _most(len(set(names)) == 1 for names in long):
        what = "one name a sentence"
    else:
        return
    line, rows = several[0]
    raise ValueError(
        f"{path}, line {line}: the first column holds no words, but {what}. {_named(rows[0])} Say "
        "which hold the words and their labels: `tf-albert finetune --word-column 2 --label-column "
        f"{len(rows[0])}`, say."
    )


def _is_one_of_several(row: list[str]) -> bool:
    """Whether a line has columns beside its first and its last, and is no comment."""
    return len(row) > 2 and not row[0].startswith("#")


def _most(found: Iterable[Any]) -> bool:
    votes = list(map(bool, found))
    return 2 * sum(votes) > len(votes)


def _named(row: list[str]) -> str:
    return f"Columns: {', '.join(f'{number}: {part!r}' for number, part in enumerate(row, 1))}."


def _add(
    sentences: list[TaggedSentence],
    rows: list[list[str]],
    place: str,
    bad_rows: BadRows,
    columns: Columns,
) -> None:
    bare = [row for row in rows if len(row) < columns.needed]
    if bare:
        bad_rows.add(place, "a sentence with a word that has no label", repr(" ".join(bare[0])))
        return
    word, label = (columns.word or 1) - 1, (columns.label or 0) - 1
    for row in rows:
        if not LABEL.fullmatch(row[label]):
            raise ValueError(
                f"{place}: the label {row[label]!r} marks no part of a span, and spans are what is "
                f"scored. Expected O, or B-, I-, E- or S- and a kind. {_named(row)}"
            )
    words, labels = zip(*((row[word], row[label]) for row in rows), strict=True)
    sentences.append(TaggedSentence(words, labels, place))
