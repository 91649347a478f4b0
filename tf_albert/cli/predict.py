"""`tf-albert predict`: texts to labels."""

import dataclasses
import itertools
import json
import sys
from collections.abc import Iterator, Sequence

from tf_albert.cli.repeated import columns_of, joined
from tf_albert.config import check_counts
from tf_albert.data.lines import decoded_lines, ending, read_lines
from tf_albert.tasks.bad_rows import Flaw
from tf_albert.tasks.json_values import checked_text
from tf_albert.tasks.load import load_predictor
from tf_albert.tasks.predictor import Predictor
from tf_albert.tasks.tables import check_columns
from tf_albert.types import StrPath

# What files end with that hold more than a text a line; of these tables are read by columns.
TABLES = (".tsv", ".csv", ".jsonl", ".json", ".ndjson")
TAGGED = (".conll", ".conllu", ".iob", ".iob2", ".bio")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments:
    """Applies a fine-tuned model to texts and prints a JSON object a line.

    Args:
        model: Folder of the run or the model.
        input: File with one text a line, a tab between the texts of a pair, or between a question
            and its context; or a table, which ends with .tsv, .csv or .jsonl; by default standard
            input.
        text_column: Column of a table with the text, `first,second` for pairs, or the option twice;
            by default those that the model was trained on.
        batch_size: Rows a batch.
    """

    model: str
    input: str | None = None
    text_column: str | list[str] | None = None
    batch_size: int = 32

    def __post_init__(self) -> None:
        check_counts(self, ("batch_size",))


def adapted(arguments: list[str]) -> list[str]:
    """Returns the arguments with `--text-column` once, where it stands there twice.

    Args:
        arguments: list of str.
    """
    return joined(arguments, "--text-column")


def execute(arguments: Arguments) -> None:
    """Prints the predictions as they come, a batch at a time."""
    predictor = load_predictor(arguments.model)
    if not predictor.num_segments:
        raise ValueError(
            f"{arguments.model} was fine-tuned for the task {predictor.description.task!r}, whose "
            "examples do not fit on a line of text. Score it with `tf-albert evaluate` on the "
            "task's own files."
        )
    texts = _texts(arguments, predictor)
    while batch := list(itertools.islice(texts, arguments.batch_size)):
        for record in predictor.predicted(batch, arguments.batch_size):
            print(json.dumps(record, ensure_ascii=False), flush=True)


def _texts(arguments: Arguments, predictor: Predictor) -> Iterator[tuple[str, ...]]:
    path, columns = arguments.input, columns_of(arguments.text_column)
    if path is not None and ending(path) in TABLES:
        return read_columns(path, predictor, columns)
    if columns is not None:
        raise ValueError(
            f"`text_column` names columns of a table, and {path or 'standard input'} is read as "
            f"texts, one a line. Expected a file that ends with {', '.join(TABLES)}."
        )
    return read_texts(path, predictor.num_segments)


def read_columns(
    path: StrPath, predictor: Predictor, columns: Sequence[str] | None = None
) -> Iterator[tuple[str, ...]]:
    """Yields the texts of each row of a table, a tuple of strings.

    A row that cannot be read is an error: with one left out, predictions would stand beside other
    rows than their own. An empty text is one, as an empty line is.

    Args:
        path: str or path. A table, as `tables.read_rows` reads it.
        predictor: `Predictor`.
        columns: list of str, the columns of the texts; or None for those of the table that the
            model was trained on.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: no column is named, or another number of them than the model takes texts, a
            column that is not there, or a row that cannot be read.
    """
    count = predictor.num_segments
    wanted = list(columns or predictor.text_columns)
    if len(wanted) != count:
        found = f"Received: {', '.join(wanted)}" if wanted else "It was trained on no table"
        names = ("NAME", "FIRST,SECOND")[count - 1]
        raise ValueError(
            f"{path} is a table, and the model takes {count} of its columns. {found}. Name them: "
            f"`--text-column {names}`."
        )
    for number, row in predictor.rows_of(path, with_own_columns=columns is None):
        place = f"{path}, line {number}"
        try:
            check_columns(row, wanted, place)
        except ValueError as error:
            raise ValueError(f"{error} `--text-column` names others.") from error
        try:
            yield tuple(checked_text(row[column], f"column {column!r}") for column in wanted)
        except Flaw as flaw:
            raise ValueError(f"{place}: {flaw}. Correct the file.") from flaw


def read_texts(path: StrPath | None, num_segments: int) -> Iterator[tuple[str, ...]]:
    """Yields the texts of each line of a file, a tuple of `num_segments` strings.

    Args:
        path: str or path, or None for standard input.
        num_segments: 1, or 2 where a tab stands between the texts of a line.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a line holds another number of texts, or the file has lines of something else.
    """
    if path is not None and ending(path) in (*TABLES, *TAGGED):
        raise ValueError(
            f"{path} holds a table or tagged words, and not one text a line. Write its texts into "
            "a file of their own, or score it with `tf-albert evaluate`, whose `--output` has the "
            "predictions."
        )
    for number, line in _standard_input() if path is None else read_lines(path):
        text = (
            tuple(line.rstrip("\r\n").split("\t")) if num_segments == 2 else (line.rstrip("\r\n"),)
        )
        if len(text) != num_segments:
            raise ValueError(
                f"{path or 'standard input'}, line {number}: the model takes {num_segments} texts "
                f"a line, with a tab between them. Found: {len(text)}."
            )
        yield text


def _standard_input() -> Iterator[tuple[int, str]]:
    if sys.stdin is None:
        raise ValueError("Standard input is closed. Name a file: `--input FILE`.")
    return decoded_lines(sys.stdin.buffer, "standard input")
