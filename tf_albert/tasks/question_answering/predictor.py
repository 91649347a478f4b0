"""A fine-tuned span labeler applied to questions."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from tf_albert import files
from tf_albert.modeling.answerable_span_labeler import AlbertAnswerableSpanLabeler
from tf_albert.modeling.span_labeler import AlbertSpanLabeler
from tf_albert.modeling.task_model import TaskModel
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.batches import shortened
from tf_albert.tasks.examples import QUESTION, as_examples
from tf_albert.tasks.predictor import (
    Description,
    Evaluation,
    Predictor,
    file_to_score,
    sequence_length_of,
    write_predictions,
)
from tf_albert.tasks.question_answering.answers import (
    BEAM,
    LOGITS,
    Answered,
    WindowAnswers,
    answers_of_windows,
    candidates_of_questions,
    lowest_null_scores,
)
from tf_albert.tasks.question_answering.data import SQUAD_FILES, Question, read_squad
from tf_albert.tasks.question_answering.metrics import (
    null_threshold_of_best_f1,
    squad2_metrics,
    squad_metrics,
)
from tf_albert.tasks.question_answering.reader import QuestionReader
from tf_albert.tasks.question_answering.windows import NUMBERS, WINDOWS, TokenizedQuestions
from tf_albert.text.tokenizer import AlbertTokenizer
from tf_albert.types import StrPath, Tensor

MODEL_CLASSES: dict[str, type[TaskModel]] = {
    "squad": AlbertSpanLabeler,
    "squad2": AlbertAnswerableSpanLabeler,
}

# Tokens a row where a model says nothing of it: Google's run_squad_v1.py, with a stride of 128.
DEFAULT_LENGTH = 384


@dataclasses.dataclass(frozen=True)
class QuestionAnsweringDescription(Description):
    """What a span labeler was trained for; kept in its `provenance.json`.

    Args:
        task: str. `squad`, or `squad2`, where a question may have no answer.
        sequence_length: int. Longest row, in tokens.
        stride: int. Tokens between the beginnings of two windows over a context.
        null_threshold: float. A question whose null score is above it has no answer; in training
            the one that gives the best F1 of the development set.
    """

    task: str
    sequence_length: int
    stride: int
    null_threshold: float = 0.0

    @property
    def may_be_unanswerable(self) -> bool:
        """Whether a question may have no answer."""
        return self.task == "squad2"

    @property
    def metric(self) -> str:
        """The metric that the best checkpoint and the best seed are chosen by."""
        return "best_f1" if self.may_be_unanswerable else "f1"

    @property
    def model_class(self) -> type[TaskModel]:
        """The class of the model."""
        return MODEL_CLASSES[self.task]


class QuestionAnsweringPredictor(Predictor):
    """A span labeler with what it needs to read questions and contexts.

    Args:
        model: `AlbertSpanLabeler`, for `squad2` an `AlbertAnswerableSpanLabeler`; or None where it
            is set before the first answer.
        tokenizer: `AlbertTokenizer` that the model was trained with.
        description: `QuestionAnsweringDescription`.
    """

    task_names = tuple(MODEL_CLASSES)
    submitted_tasks = task_names
    description_class = QuestionAnsweringDescription
    what_else = "answers no questions. `tf-albert finetune --task squad` makes a model that does."
    num_segments = 2

    def __init__(
        self,
        model: TaskModel | None,
        tokenizer: AlbertTokenizer,
        description: QuestionAnsweringDescription,
    ) -> None:
        super().__init__(model, tokenizer, description)
        self.reader = QuestionReader(tokenizer, description.sequence_length, description.stride)
        outputs = BEAM if description.may_be_unanswerable else LOGITS
        signature = [outputs, WINDOWS, NUMBERS, NUMBERS]
        self._answers = tf.function(answers_of_windows, input_signature=signature, autograph=False)

    @classmethod
    def told_by(cls, facts: dict[str, Any]) -> dict[str, Any]:
        """Returns what a span labeler is for by its class, with the windows of Google's recipes."""
        classes = {known.__name__: task for task, known in MODEL_CLASSES.items()}
        if (name := facts["model_class"]) not in classes:
            return {}
        length = sequence_length_of(facts, DEFAULT_LENGTH)
        return {"task": classes[name], "sequence_length": length, "stride": length // 3}

    def examples_of(self, inputs: Any) -> list[tuple[str, ...]]:
        """Returns pairs of a question and its context.

        Args:
            inputs: a pair or a list of pairs, each a tuple or a dict of `question` and `context`;
                or a tuple of two lists.

        Raises:
            ValueError: inputs of another form.
        """
        return as_examples(inputs, QUESTION)

    def read(self, questions: list[Question]) -> TokenizedQuestions:
        """Returns questions in tokens, with the windows over their contexts.

        Raises:
            ValueError: a question leaves no room for its context.
        """
        return self.reader(*zip(*((one.text, one.context) for one in questions), strict=True))

    def answers(
        self,
        questions: list[Question],
        batch_size: int = 32,
        read: TokenizedQuestions | None = None,
    ) -> list[Answered]:
        """Returns what the model says: a list of `Answered`, in the order of the questions.

        Args:
            questions: list of `Question`.
            batch_size: int. Windows a batch.
            read: what `read` gives of these questions, where they are answered more than once.
        """
        read = self.read(questions) if read is None else read
        answers, no_answer_logits = self._found(read, batch_size)
        of_window, contexts = read.windows.questions, [question.context for question in questions]
        best = candidates_of_questions(answers, of_window, contexts)
        null_scores: list[float | None] = [None] * len(questions)
        if self.description.may_be_unanswerable:
            lowest = lowest_null_scores(no_answer_logits, of_window, len(questions))
            null_scores = lowest.numpy().tolist()
        columns = zip(questions, best, null_scores, strict=True)
        return [Answered(question.id, found, null_score) for question, found, null_score in columns]

    def _found(
        self, read: TokenizedQuestions, batch_size: int
    ) -> tuple[WindowAnswers, Tensor | None]:
        """Returns the answers in all windows, and their logits for no answer if there are any."""
        found, no_answer_logits = [], []
        for first in range(0, len(read.windows.numbers), batch_size):
            windows = read.windows.part(first, batch_size)
            outputs = self._outputs_of(shortened(self.reader.inputs(read, windows)))
            found.append(self._answers(outputs, windows, read.begins, read.ends))
            no_answer_logits.append(outputs.get("no_answer_logits"))
        columns = (tf.concat(batches, axis=0) for batches in zip(*found, strict=True))
        is_any = self.description.may_be_unanswerable
        return WindowAnswers(*columns), tf.concat(no_answer_logits, axis=0) if is_any else None

    def predicted(self, texts: Sequence[tuple[str, ...]], batch_size: int = 32) -> Iterator[dict]:
        """Yields what is written of the answer to each question: dicts of JSON values.

        Args:
            texts: list of (question, context).
            batch_size: int. Windows a batch.
        """
        questions = [
            Question(str(number), question, context, (), ())
            for number, (question, context) in enumerate(texts)
        ]
        answered = self.answers(questions, batch_size)
        for question, answer in zip(questions, answered, strict=True):
            record: dict[str, Any] = {"question": question.text, "answer": self.text_of(answer)}
            if record["answer"]:
                record |= {"start": answer.best[0].start, "end": answer.best[0].end}
            if answer.null_score is not None:
                record["null_score"] = round(answer.null_score, 6)
            yield record

    def evaluate(
        self, data: StrPath, bad_rows: BadRows, batch_size: int = 32, with_submission: bool = False
    ) -> Evaluation:
        """Returns the scores on a file of SQuAD, or on the development file of its folder.

        Args:
            data: str or path.
            bad_rows: `BadRows`. Told of every question that cannot be used, or only in part.
            batch_size: int. Windows a batch.
            with_submission: bool. Of no use: a submission holds the answers to the same file.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: a file of another form.
        """
        path = file_to_score(data, SQUAD_FILES[self.description.task][1])
        questions = read_squad(path, bad_rows)
        answered = self.answers(questions, batch_size)

        def write(folder: Path) -> None:
            for name, values in self.official_files(answered).items():
                files.write_json(folder / name, values)
            write_predictions(folder, self._records(questions, answered))

        def submit(folder: Path) -> None:
            values = self.official_files(answered)["predictions.json"]
            files.write_json(folder / "predictions.json", values)

        return Evaluation(self.score_answers(questions, answered), write, submit)

    def _records(
        self, questions: Sequence[Question], answered: Sequence[Answered]
    ) -> Iterator[dict[str, Any]]:
        for question, answer in zip(questions, answered, strict=True):
            yield {
                "id": question.id,
                "question": question.text,
                "answer": self.text_of(answer),
                "expected": list(question.golds),
            }

    def score(self, questions: list[Question], batch_size: int = 32) -> dict[str, Any]:
        """Returns SQuAD's metrics on questions.

        Args:
            questions: list of `Question`.
            batch_size: int. Windows a batch.
        """
        return self.score_answers(questions, self.answers(questions, batch_size))

    def score_answers(
        self, questions: Sequence[Question], answered: Sequence[Answered]
    ) -> dict[str, Any]:
        """Returns the metrics of answers that `answers` gave."""
        golds, texts, null_scores = _by_id(questions, answered)
        if not self.description.may_be_unanswerable:
            return squad_metrics(golds, texts)
        return squad2_metrics(golds, texts, null_scores, self.description.null_threshold)

    def best_threshold(self, questions: Sequence[Question], answered: Sequence[Answered]) -> float:
        """Returns the threshold above which no answer should stand, for the best F1."""
        return null_threshold_of_best_f1(*_by_id(questions, answered))

    def text_of(self, answer: Answered) -> str:
        """Returns the answer that is given: empty where no answer is likelier."""
        if answer.null_score is None:
            return answer.text
        return "" if answer.null_score > self.description.null_threshold else answer.text

    def official_files(self, answered: Sequence[Answered]) -> dict[str, Any]:
        """Returns what SQuAD's scripts read: dict of file name to JSON values."""
        kind = "log_prob" if self.description.may_be_unanswerable else "logit"
        values = {
            "predictions.json": {answer.id: self.text_of(answer) for answer in answered},
            "nbest_predictions.json": {answer.id: answer.entries(kind) for answer in answered},
        }
        if self.description.may_be_unanswerable:
            values["null_odds.json"] = {answer.id: answer.null_score for answer in answered}
        return values


def _by_id(
    questions: Sequence[Question], answered: Sequence[Answered]
) -> tuple[dict[str, list[str]], dict[str, str], dict[str, Any]]:
    """Returns right answers, answers and null scores by the questions' ids."""
    golds = {question.id: list(question.golds) for question in questions}
    texts = {answer.id: answer.text for answer in answered}
    return golds, texts, {answer.id: answer.null_score for answer in answered}
