"""Questions on contexts, as a fine-tuning run sees them."""

import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from tf_albert.modeling.encoder import AlbertEncoder
from tf_albert.modeling.task_model import TaskModel
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.batches import EpochBatches, shortened
from tf_albert.tasks.question_answering.data import SQUAD_FILES, Answer, Question, read_squad
from tf_albert.tasks.question_answering.predictor import (
    QuestionAnsweringDescription,
    QuestionAnsweringPredictor,
)
from tf_albert.tasks.question_answering.windows import TokenizedQuestions
from tf_albert.tasks.task import FILES, Task, train_and_dev
from tf_albert.tasks.task_settings import TaskSettings
from tf_albert.text.tokenizer import AlbertTokenizer
from tf_albert.training.objectives import AnswerableSpanObjective, SpanObjective
from tf_albert.types import StrPath, Tensor

QUESTIONS_AT_ONCE = 1024


class QuestionAnsweringTask(Task):
    """Questions on contexts, with the answers marked in these.

    Args:
        settings: `TaskSettings`. The recipe.
        tokenizer: `AlbertTokenizer` of the pretrained model.
        bad_rows: `BadRows`. Told of every question that cannot be used, or only in part.

    Raises:
        FileNotFoundError: a file is not there.
        ValueError: a file of another form, a question without an answer in SQuAD 1.1, one that
            leaves no room for its context, or fewer windows than a batch.
    """

    takes: ClassVar = dict.fromkeys(SQUAD_FILES, (*FILES, "stride"))
    predictor_class = QuestionAnsweringPredictor

    def __init__(
        self, settings: TaskSettings, tokenizer: AlbertTokenizer, bad_rows: BadRows
    ) -> None:
        train, dev = train_and_dev(settings, SQUAD_FILES[settings.task])
        self.train, self.dev = read_squad(train, bad_rows), read_squad(dev, bad_rows)
        self.description = QuestionAnsweringDescription(
            settings.task, settings.sequence_length, settings.stride
        )
        self._predictor = QuestionAnsweringPredictor(None, tokenizer, self.description)
        may_be_unanswerable = self.description.may_be_unanswerable
        if not may_be_unanswerable:
            _check_answered(self.train, train)
            _check_answered(self.dev, dev)
        # Once for all checkpoints; and what cannot be divided is told before training.
        self._read_dev = self._predictor.read(self.dev)
        inputs, spans = self._rows(train, bad_rows)
        self.batches = SpanBatches(inputs, spans, settings.batch_size, settings.seed)
        self.objective = AnswerableSpanObjective() if may_be_unanswerable else SpanObjective()

    def _rows(self, path: StrPath, bad_rows: BadRows) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Returns the windows to train on and the places of the answers in them.

        A window without the answer points to `[CLS]`, twice 0.
        """
        # `read_squad` told of the others that their answers stand nowhere.
        questions = [one for one in self.train if one.answers or not one.golds]
        parts, spans = [], []
        for first in range(0, len(questions), QUESTIONS_AT_ONCE):
            some = questions[first : first + QUESTIONS_AT_ONCE]
            read = self._predictor.read(some)
            places = _places_of_answers(read, some)
            has_answer = np.zeros(len(some), bool)
            has_answer[read.windows.questions[places[:, 0] > 0]] = True
            for question in itertools.compress(some, ~has_answer):
                if question.answers:
                    bad_rows.add(
                        f"{path}, question {question.id}", "an answer longer than a window"
                    )
            parts.append(self._predictor.reader.inputs(read, read.windows))
            spans.append(places)
        inputs = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return inputs, np.concatenate(spans)

    def sizes(self) -> tuple[str, str]:
        """Returns two parts of a sentence: what there is to train on, and to score on."""
        windows = f"{self.batches.num_examples:,} windows"
        return f"{len(self.train):,} questions to train on in {windows}", f"{len(self.dev):,}"

    def make_model(self, encoder: AlbertEncoder) -> TaskModel:
        """Returns a span labeler, for `squad2` one that may say that there is no answer."""
        return self.description.model_class(encoder)

    def score(self, model: TaskModel) -> dict[str, Any]:
        """Returns SQuAD's metrics on the development set.

        Where a question may have no answer they are those of the threshold with the best F1, which
        the description has from then on.
        """
        self._predictor.model = model
        answered = self._predictor.answers(self.dev, read=self._read_dev)
        if self.description.may_be_unanswerable:
            threshold = self._predictor.best_threshold(self.dev, answered)
            self.description = dataclasses.replace(self.description, null_threshold=threshold)
            self._predictor.description = self.description
        return self._predictor.score_answers(self.dev, answered)


class SpanBatches(EpochBatches):
    """Batches of windows with the places of their answers.

    They hold the encoder's inputs, int32 `(rows, length)`, and `start_positions` and
    `end_positions`, int32 `(rows,)`.

    Args:
        inputs: dict of int32 arrays `(windows, sequence_length)`: the encoder's inputs.
        spans: int32 array `(windows, 2)`. The first and the last place of the answer in its row.
        batch_size: int. Rows a step, over all replicas.
        seed: int. What the order is drawn from, anew in every epoch.
    """

    def __init__(
        self, inputs: dict[str, np.ndarray], spans: np.ndarray, batch_size: int, seed: int
    ) -> None:
        super().__init__((inputs, spans), len(spans), batch_size, seed)

    def element(self, columns: Any) -> dict[str, Tensor]:
        """Returns the batch of the windows of a step."""
        inputs, spans = columns
        return shortened(inputs) | {"start_positions": spans[:, 0], "end_positions": spans[:, 1]}


def _places_of_answers(read: TokenizedQuestions, questions: list[Question]) -> np.ndarray:
    """Returns where each question's first answer stands in its windows: int32 `(windows, 2)`."""
    nowhere = Answer("", 0)
    answers = [question.answers[0] if question.answers else nowhere for question in questions]
    starts, ends = np.array([(answer.start, answer.end) for answer in answers], np.int64).T
    return read.places_of_parts(starts, ends).numpy().astype(np.int32)


def _check_answered(questions: Sequence[Question], path: StrPath) -> None:
    for question in questions:
        if not question.golds:
            raise ValueError(
                f"{path}, question {question.id}: it has no answer, as in SQuAD 2.0, whose task is "
                "'squad2'."
            )
