"""RACE's files: passages with questions, each with options of which one is right."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tf_albert.tasks.bad_rows import BadRows, Flaw
from tf_albert.tasks.json_values import checked_text
from tf_albert.types import StrPath

# The folders as they are published.
FOLDERS = ("train", "dev")
LETTERS = "ABCD"


@dataclasses.dataclass(frozen=True)
class Choice:
    """A question on a passage, with its options.

    Args:
        id: str. The file and the question's number in it.
        passage: str.
        question: str. A `_` in it is a gap for the option.
        options: tuple of str.
        label: int. Which one is right.
    """

    id: str
    passage: str
    question: str
    options: tuple[str, ...]
    label: int


def read_race(folder: StrPath, bad_rows: BadRows) -> list[Choice]:
    """Returns the questions in a folder of RACE, such as `RACE/train`.

    Args:
        folder: str or path. Its `.txt` files, those in folders in it too (`middle`, `high`), hold a
            JSON object each: `article`, `questions`, `options` (four each), `answers` (letters).
        bad_rows: `BadRows`. Told of every question that is left out: one without four options, an
            answer that is no letter of theirs, an empty passage, what is no text.

    Returns:
        list of `Choice`.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: a file of another form, no question, or what `bad_rows` raises.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} does not exist. Expected a folder of RACE's .txt files.")
    choices: list[Choice] = []
    for path in sorted(folder.rglob("*.txt")):
        choices += _choices(path, bad_rows)
    if not choices:
        raise ValueError(f"{folder} has no question. Expected RACE's .txt files in it.")
    return choices


def _choices(path: Path, bad_rows: BadRows) -> list[Choice]:
    passage, rows = _read(path)
    choices = []
    for number, row in enumerate(rows):
        place = f"{path}, question {number}"
        try:
            choices.append(_choice(place, passage, *row))
        except Flaw as flaw:
            bad_rows.add(place, flaw.kind, flaw.what)
    return choices


def _choice(place: str, passage: str, question: Any, options: Any, answer: Any) -> Choice:
    if not checked_text(passage, "a passage"):
        raise Flaw("an empty passage")
    if not isinstance(options, list) or len(options) != len(LETTERS):
        found = str(len(options)) if isinstance(options, list) else f"{options!r:.50}"
        raise Flaw("not four options", found)
    if answer not in list(LETTERS):
        raise Flaw(f"an answer that is none of {', '.join(LETTERS)}", repr(answer))
    texts = tuple(checked_text(option, "an option") for option in options)
    return Choice(
        place, passage, checked_text(question, "a question"), texts, LETTERS.index(answer)
    )


def _read(path: Path) -> tuple[str, list[tuple[Any, Any, Any]]]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        parts = (values[name] for name in ("questions", "options", "answers"))
        return values["article"].strip(), list(zip(*parts, strict=True))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{path} is no file of RACE ({type(error).__name__}: {error}). Expected JSON with "
            "`article`, and `questions`, `options` and `answers` of one length."
        ) from error


def choice_texts(choices: Sequence[Choice]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the texts of some questions, as `choice_inputs` takes them.

    Args:
        choices: list of `Choice`, all with as many options.

    Returns:
        tuple of arrays of str: passages and questions `(rows,)`, and options `(rows, options)`.
    """
    columns = ([one.passage, one.question, one.options] for one in choices)
    passages, questions, options = (
        np.array(column, object) for column in zip(*columns, strict=True)
    )
    return passages, questions, options
