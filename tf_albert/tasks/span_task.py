"""Questions on contexts, as a fine-tuning run sees them."""

import dataclasses
import itertools
from pathlib import Path

import numpy as np

from tf_albert.tasks.answering import SPAN_MODELS, QuestionAnswerer, SpanDescription
from tf_albert.tasks.batches import SpanBatches
from tf_albert.tasks.fine_tuned import train_and_dev
from tf_albert.tasks.problems import Problems
from tf_albert.tasks.question_answering.windows import TokenizedQuestions
from tf_albert.tasks.squad import Answer, Question, read_squad
from tf_albert.training.objectives import AnswerableSpanObjective, SpanObjective

# The files as they are published.
FILES = {
    "squad": ("train-v1.1.json", "dev-v1.1.json"),
    "squad2": ("train-v2.0.json", "dev-v2.0.json"),
}
QUESTIONS_AT_ONCE = 1024


class SpanTask:
    """What there is to learn from questions with marked answers, and to be scored on.

    Args, attributes and raises: as of `TextTask`.
    """

    def __init__(self, recipe, tokenizer, problems):
        train, dev = train_and_dev(recipe, FILES[recipe.task])
        self.train, self.dev = read_squad(train, problems), read_squad(dev, problems)
        self.description = SpanDescription(recipe.task, recipe.sequence_length, recipe.stride)
        self._answerer = QuestionAnswerer(None, tokenizer, self.description)
        if not self.description.may_be_unanswerable:
            _check_answered(self.train, train)
            _check_answered(self.dev, dev)
        # Once for all checkpoints; and what cannot be divided is told before training.
        self._read_dev = self._answerer.read(self.dev)
        inputs, spans = self._rows(train, problems)
        self.batches = SpanBatches(inputs, spans, recipe.batch_size, recipe.seed)
        may_be_unanswerable = self.description.may_be_unanswerable
        self.objective = AnswerableSpanObjective() if may_be_unanswerable else SpanObjective()

    def _rows(
        self, path: str | Path, problems: Problems
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Returns the windows to train on and the places of the answers in them.

        A window without the answer points to `[CLS]`, twice 0.
        """
        # `read_squad` told of the others that their answers stand nowhere.
        questions = [one for one in self.train if one.answers or not one.golds]
        inputs, spans = [], []
        for first in range(0, len(questions), QUESTIONS_AT_ONCE):
            some = questions[first : first + QUESTIONS_AT_ONCE]
            read = self._answerer.read(some)
            places = _places_of_answers(read, some)
            has_answer = np.zeros(len(some), bool)
            has_answer[read.windows.questions[places[:, 0] > 0]] = True
            for question in itertools.compress(some, ~has_answer):
                if question.answers:
                    problems.add(
                        f"{path}, question {question.id}", "an answer longer than a window"
                    )
            inputs.append(self._answerer.reader.inputs(read, read.windows))
            spans.append(places)
        inputs = {name: np.concatenate([part[name] for part in inputs]) for name in inputs[0]}
        return inputs, np.concatenate(spans)

    def sizes(self):
        """Returns two parts of a sentence: what there is to train on, and to score on."""
        windows = f"{self.batches.num_examples:,} windows"
        return f"{len(self.train):,} questions to train on in {windows}", f"{len(self.dev):,}"

    def make_model(self, encoder):
        """Returns the model that is to be trained."""
        return SPAN_MODELS[self.description.task](encoder)

    def score(self, model):
        """Returns SQuAD's metrics on the development set.

        Where a question may have no answer they are those of the threshold with the best F1, which
        the description has from then on.
        """
        # One answerer for all checkpoints: each would trace the model anew.
        self._answerer.model = model
        answered = self._answerer.answers(self.dev, read=self._read_dev)
        if not self.description.may_be_unanswerable:
            return self._answerer.score_answers(self.dev, answered)
        threshold = self._answerer.best_threshold(self.dev, answered)
        self.description = dataclasses.replace(self.description, null_threshold=threshold)
        self._answerer.description = self.description
        return self._answerer.score_answers(self.dev, answered)

    def collapse(self, metrics):
        """Returns None: a span labeler that has learned nothing yet looks like a collapsed one."""
        del metrics


def _places_of_answers(read: TokenizedQuestions, questions: list[Question]) -> np.ndarray:
    """Returns where each question's first answer stands in its windows: int32 `(windows, 2)`."""
    nowhere = Answer("", 0)
    answers = [question.answers[0] if question.answers else nowhere for question in questions]
    starts, ends = np.array([(answer.start, answer.end) for answer in answers], np.int64).T
    return read.places_of_parts(starts, ends).numpy().astype(np.int32)


def _check_answered(questions, path):
    for question in questions:
        if not question.golds:
            raise ValueError(
                f"{path}, question {question.id}: it has no answer, as in SQuAD 2.0, whose task is "
                "'squad2'."
            )
