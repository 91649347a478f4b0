"""Questions on contexts, as a fine-tuning run sees them."""

import dataclasses

from tf_albert.tasks.batches import SpanBatches
from tf_albert.tasks.predictor import train_and_dev
from tf_albert.tasks.question_answering.data import read_squad
from tf_albert.tasks.question_answering.predictor import (
    SPAN_MODELS,
    QuestionAnswerer,
    SpanDescription,
)
from tf_albert.training.objectives import AnswerableSpanObjective, SpanObjective

# The files as they are published.
FILES = {
    "squad": ("train-v1.1.json", "dev-v1.1.json"),
    "squad2": ("train-v2.0.json", "dev-v2.0.json"),
}
# A window without the answer points to [CLS].
NOWHERE = (0, 0)


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
        for question in self.dev:
            self._answerer.windows(question)  # what cannot be divided is told before training
        rows, spans = self._rows(tokenizer, train, problems)
        pad_id = tokenizer.special_ids["pad"]
        self.batches = SpanBatches(
            rows, spans, recipe.sequence_length, pad_id, recipe.batch_size, recipe.seed
        )
        may_be_unanswerable = self.description.may_be_unanswerable
        self.objective = AnswerableSpanObjective() if may_be_unanswerable else SpanObjective()

    def _rows(self, tokenizer, path, problems):
        """Returns the windows to train on and the places of the answers in them."""
        rows, spans = [], []
        for question in self.train:
            if question.golds and not question.answers:
                continue  # `read_squad` told that its answer stands nowhere
            windows = self._answerer.windows(question)
            places = _places(question, windows)
            if question.answers and not any(places):
                problems.add(f"{path}, question {question.id}", "an answer longer than a window")
            for window, place in zip(windows, places, strict=True):
                rows.append(window.inputs(tokenizer.special_ids))
                spans.append(place or NOWHERE)
        return rows, spans

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
        # One answerer for all checkpoints: each would trace the model and read the contexts anew.
        self._answerer.model = model
        answered = self._answerer.answers(self.dev)
        if not self.description.may_be_unanswerable:
            return self._answerer.score_answers(self.dev, answered)
        threshold = self._answerer.best_threshold(self.dev, answered)
        self.description = dataclasses.replace(self.description, null_threshold=threshold)
        self._answerer.description = self.description
        return self._answerer.score_answers(self.dev, answered)

    def collapse(self, metrics):
        """Returns None: a span labeler that has learned nothing yet looks like a collapsed one."""
        del metrics


def _places(question, windows):
    """Returns where the first answer stands in each window: (first, last), or None."""
    if not question.answers:
        return [None] * len(windows)
    answer = question.answers[0]
    span = windows[0].context.span_of(answer.start, answer.end)
    return [span and window.places_of(span) for window in windows]


def _check_answered(questions, path):
    for question in questions:
        if not question.golds:
            raise ValueError(
                f"{path}, question {question.id}: it has no answer, as in SQuAD 2.0, whose task is "
                "'squad2'."
            )
