"""SQuAD's files, 1.1 and 2.0: questions on paragraphs, and where the answers stand."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from tf_albert.tasks.bad_rows import BadRows
from tf_albert.types import StrPath

# The files as they are published, by task: to train on, and to score on.
SQUAD_FILES = {
    "squad": ("train-v1.1.json", "dev-v1.1.json"),
    "squad2": ("train-v2.0.json", "dev-v2.0.json"),
}


@dataclasses.dataclass(frozen=True)
class Answer:
    """An answer as a person marked it.

    Args:
        text: str.
        start: int. Its first character in the context.
    """

    text: str
    start: int

    @property
    def end(self) -> int:
        """The character after its last one."""
        return self.start + len(self.text)


@dataclasses.dataclass(frozen=True)
class Question:
    """A question on a context.

    Args:
        id: str.
        text: str.
        context: str. The paragraph, as written.
        answers: tuple of `Answer`: those that stand in the context where they say.
        golds: tuple of str: the answers as texts; empty where the question has none.
    """

    id: str
    text: str
    context: str
    answers: tuple[Answer, ...]
    golds: tuple[str, ...]


def read_squad(path: StrPath, bad_rows: BadRows) -> list[Question]:
    """Returns the questions in one of SQuAD's files.

    Args:
        path: str or path. JSON of SQuAD 1.1 or 2.0; a byte-order mark is dropped.
        bad_rows: `BadRows`. Told of are an answer that is not in its context where it says, which
            then trains nothing, and, left out, a second question with the id of another one and
            empty texts.

    Returns:
        list of `Question`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: no JSON, or not of this form; or what `bad_rows` raises.
    """
    path = Path(path)
    questions: dict[str, Question] = {}
    for paragraph in _paragraphs(path):
        for entry in paragraph["qas"]:
            place = f"{path}, question {entry['id']}"
            if entry["id"] in questions:
                bad_rows.add(place, "the id of another question")
            elif not (entry["question"].strip() and paragraph["context"].strip()):
                bad_rows.add(place, "an empty question or context")
            else:
                questions[entry["id"]] = _question(entry, paragraph["context"], place, bad_rows)
    if not questions:
        raise ValueError(f"{path} has no question.")
    return list(questions.values())


def _paragraphs(path: Path) -> list[dict[str, Any]]:
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))["data"]
        return [
            paragraph
            for article in data
            for paragraph in article["paragraphs"]
            if _is_whole(paragraph)
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path} is no file of SQuAD ({type(error).__name__}: {error}). Expected JSON with "
            "`data`, in it `paragraphs`, in them `context` and `qas` with `id`, `question` and "
            "`answers`."
        ) from error


def _is_whole(paragraph: dict[str, Any]) -> bool:
    """Raises where a paragraph lacks what every one has; always true."""
    texts = [paragraph["context"]]
    for entry in paragraph["qas"]:
        texts += [entry["id"], entry["question"]]
        for answer in entry.get("answers", []):
            texts.append(answer["text"])
            int(answer["answer_start"])
    wrong = [text for text in texts if not isinstance(text, str)]
    if wrong:
        raise TypeError(f"{wrong[0]!r} where text was expected")
    return True


def _question(entry: dict[str, Any], context: str, place: str, bad_rows: BadRows) -> Question:
    given = [] if entry.get("is_impossible") else entry.get("answers", [])
    answers = [Answer(answer["text"], int(answer["answer_start"])) for answer in given]
    standing = [answer for answer in answers if _stands(answer, context)]
    for answer in answers:
        if answer not in standing:
            bad_rows.add(place, "an answer that is not in its context", repr(answer.text))
    golds = tuple(answer.text for answer in answers if answer.text)
    return Question(entry["id"], entry["question"], context, tuple(standing), golds)


def _stands(answer: Answer, context: str) -> bool:
    return bool(answer.text) and context[answer.start : answer.end] == answer.text
