"""SQuAD's files, 1.1 and 2.0: questions on paragraphs, and where the answers stand."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from tf_albert.data.lines import is_unicode
from tf_albert.tasks.bad_rows import BadRows, Flaw
from tf_albert.tasks.json_values import checked_text, written
from tf_albert.types import JsonDict, StrPath

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
            then trains nothing, and, left out, a second question with the id of another one, empty
            texts, and a question that lacks a text or a place.

    Returns:
        list of `Question`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: no JSON, or nothing in it is of this form; or what `bad_rows` raises.
    """
    path = Path(path)
    questions: dict[str, Question] = {}
    told = len(bad_rows)
    for number, paragraph in enumerate(_paragraphs(path)):
        try:
            context, entries = _parts(paragraph)
        except Flaw as flaw:
            bad_rows.add(f"{path}, paragraph {number}", flaw.kind, flaw.what)
            continue
        for entry in entries:
            _add(questions, entry, context, path, bad_rows)
    if not questions and len(bad_rows) > told:
        place, kind, detail = bad_rows.found[told]
        raise _other_file(path, f"{place}: {kind}{detail}")
    if not questions:
        raise ValueError(f"{path} has no question.")
    return list(questions.values())


def _other_file(path: Path, why: str) -> ValueError:
    return ValueError(
        f"{path} is no file of SQuAD ({why}). Expected JSON with `data`, in it `paragraphs`, in "
        "them `context` and `qas` with `id`, `question` and `answers`."
    )


def _paragraphs(path: Path) -> list[Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))["data"]
        return [paragraph for article in data for paragraph in article["paragraphs"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _other_file(path, f"{type(error).__name__}: {error}") from error


def _parts(paragraph: Any) -> tuple[str, list[Any]]:
    """Returns the context of a paragraph and its questions."""
    context, entries = (_field(paragraph, name) for name in ("context", "qas"))
    if not isinstance(context, str) or not isinstance(entries, list):
        raise Flaw("no `context` that is text, or no list `qas`", f"{paragraph!r:.50}")
    return context, entries


def _field(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _add(
    questions: dict[str, Question], entry: Any, context: str, path: Path, bad_rows: BadRows
) -> None:
    identity = written(_field(entry, "id"))  # some files number their questions
    named = identity if identity and is_unicode(identity) else f"{entry!r:.50}"
    place = f"{path}, question {named}"
    if identity in questions:
        bad_rows.add(place, "the id of another question")
        return
    try:
        identity = checked_text(identity, "the id of a question")
        text = checked_text(_field(entry, "question"), "a question")
        if not (text.strip() and checked_text(context, "a context").strip()):
            raise Flaw("an empty question or context")
        answers, golds = _answers(entry, context, place, bad_rows)
    except Flaw as flaw:
        bad_rows.add(place, flaw.kind, flaw.what)
    else:
        questions[identity] = Question(identity, text, context, tuple(answers), tuple(golds))


def _answers(
    entry: JsonDict, context: str, place: str, bad_rows: BadRows
) -> tuple[list[Answer], list[str]]:
    """Returns the answers that stand in the context, and all of them as texts."""
    given = [] if entry.get("is_impossible") else entry.get("answers") or []
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise Flaw("no list of objects where answers were expected", f"{given!r:.50}")
    answers: list[Answer] = []
    golds: list[str] = []
    flaws: list[Flaw] = []
    for one in given:
        text, start = _field(one, "text"), _number(_field(one, "answer_start"))
        if not text and (start is None or start < 0) and "text" in one:
            continue  # so some files say that there is none
        try:
            golds += filter(None, [checked_text(text, "an answer")])
            if start is None:
                raise Flaw("an answer without a number where it starts", repr(text))
        except Flaw as flaw:
            flaws.append(flaw)
            continue
        if text and start >= 0 and context[start : start + len(text)] == text:
            answers.append(Answer(text, start))
        else:
            bad_rows.add(place, "an answer that is not in its context", repr(text))
    if flaws and not answers:
        raise flaws[0]
    for found in flaws:
        bad_rows.add(place, found.kind, found.what)
    return answers, golds


def _number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None
