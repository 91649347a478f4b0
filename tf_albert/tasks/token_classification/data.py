"""Files with a word a line and its label behind it, an empty line between sentences."""

import dataclasses
import re

from tf_albert.data.lines import read_lines
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.types import StrPath

# The files as CoNLL-2003's are named in most copies.
TEXT_FILES = ("train.txt", "valid.txt")
# Between the documents of CoNLL-2003; no sentence.
DOCUMENT_START = "-DOCSTART-"
# What marks spans: see `metrics.spans_of`.
LABEL = re.compile(r"O|[BIES](-.+)?")


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


def read_conll(path: StrPath, bad_rows: BadRows) -> list[TaggedSentence]:
    """Returns the sentences of a file in the form of CoNLL's shared tasks.

    A word stands first in its line, its label last; what is between them is not read.

    Args:
        path: str or path. A text file, perhaps with gzip, xz or bzip2.
        bad_rows: `BadRows`. Told of every sentence that is left out: one with a line of one
            column.

    Returns:
        list of `TaggedSentence`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: no sentence, a label that marks no part of a span, or what `bad_rows` raises.
    """
    sentences: list[TaggedSentence] = []
    rows: list[list[str]] = []
    first = 1
    for number, line in read_lines(path):
        # Between columns; a word may hold other white space, such as that of 10 000.
        columns = line.strip(" \t\r\n").replace("\t", " ").split(" ")
        columns = [column for column in columns if column]
        if columns and columns[0] != DOCUMENT_START:
            first = first if rows else number
            rows.append(columns)
        elif rows:
            _add(sentences, rows, f"{path}, line {first}", bad_rows)
            rows = []
    if rows:
        _add(sentences, rows, f"{path}, line {first}", bad_rows)
    if not sentences:
        raise ValueError(
            f"{path} has no sentence. Expected a word and its label a line, and an empty line "
            "between sentences."
        )
    return sentences


def _add(
    sentences: list[TaggedSentence], rows: list[list[str]], place: str, bad_rows: BadRows
) -> None:
    bare = [columns[0] for columns in rows if len(columns) < 2]
    if bare:
        bad_rows.add(place, "a sentence with a word that has no label", repr(bare[0]))
        return
    words, labels = zip(*((columns[0], columns[-1]) for columns in rows), strict=True)
    other = [label for label in labels if not LABEL.fullmatch(label)]
    if other:
        raise ValueError(
            f"{place}: the label {other[0]!r} marks no part of a span, and spans are what is "
            "scored. Expected O, or B-, I-, E- or S- and a kind."
        )
    sentences.append(TaggedSentence(words, labels, place))
