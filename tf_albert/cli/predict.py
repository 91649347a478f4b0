"""`tf-albert predict`: texts to labels."""

import dataclasses
import itertools
import json
import sys
from collections.abc import Iterator

from tf_albert.config import check_counts
from tf_albert.data.lines import decoded_lines, read_lines
from tf_albert.tasks.load import load_predictor
from tf_albert.types import StrPath


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments:
    """Applies a fine-tuned model to texts and prints a JSON object a line.

    Args:
        model: Folder of the run or the model.
        input: File with one text a line, a tab between the texts of a pair, or between a question
            and its context; by default standard input.
        batch_size: Rows a batch.
    """

    model: str
    input: str | None = None
    batch_size: int = 32

    def __post_init__(self) -> None:
        check_counts(self, ("batch_size",))


def execute(arguments: Arguments) -> None:
    """Prints the predictions as they come, a batch at a time."""
    predictor = load_predictor(arguments.model)
    if not predictor.num_segments:
        raise ValueError(
            f"{arguments.model} was fine-tuned for the task {predictor.description.task!r}, whose "
            "examples do not fit on a line of text. Score it with `tf-albert evaluate` on the "
            "task's own files."
        )
    texts = read_texts(arguments.input, predictor.num_segments)
    while batch := list(itertools.islice(texts, arguments.batch_size)):
        for record in predictor.predicted(batch, arguments.batch_size):
            print(json.dumps(record, ensure_ascii=False), flush=True)


def read_texts(path: StrPath | None, num_segments: int) -> Iterator[tuple[str, ...]]:
    """Yields the texts of each line of a file, a tuple of `num_segments` strings.

    Args:
        path: str or path, or None for standard input.
        num_segments: 1, or 2 where a tab stands between the texts of a line.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a line holds another number of texts.
    """
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
