"""A fine-tuned span labeler applied to questions."""

import dataclasses

import numpy as np
import tensorflow as tf

from tf_albert.modeling.answerable_span_labeler import AlbertAnswerableSpanLabeler
from tf_albert.modeling.span_labeler import AlbertSpanLabeler
from tf_albert.tasks.batches import padded_rows, shortened
from tf_albert.tasks.predictor import read_fine_tuned
from tf_albert.tasks.question_answering.data import Question
from tf_albert.tasks.question_answering.metrics import (
    null_threshold_of_best_f1,
    squad2_metrics,
    squad_metrics,
)
from tf_albert.tasks.squad_answers import candidates, candidates_of_beam, probabilities
from tf_albert.tasks.squad_windows import tokenize_context, windows_of

SPAN_MODELS = {"squad": AlbertSpanLabeler, "squad2": AlbertAnswerableSpanLabeler}
SPAN_TASKS = tuple(SPAN_MODELS)


@dataclasses.dataclass(frozen=True)
class SpanDescription:
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
    def may_be_unanswerable(self):
        """Whether a question may have no answer."""
        return self.task == "squad2"

    @property
    def metric(self):
        """The metric that the best checkpoint and the best seed are chosen by."""
        return "best_f1" if self.may_be_unanswerable else "f1"


@dataclasses.dataclass(frozen=True)
class Answered:
    """What a model says to a question.

    Args:
        id: str.
        best: list of `Candidate`, the best first; empty where none is likely enough to be looked at
            and where the context has no word.
        null_score: float. The logit that there is no answer; None where there is always one.
    """

    id: str
    best: list
    null_score: float | None

    @property
    def text(self):
        """The best answer, whatever the null score."""
        return self.best[0].text if self.best else ""


class QuestionAnswerer:
    """A span labeler with what it needs to read questions and contexts.

    Args:
        model: model of the class that `SPAN_MODELS` names for the task, or None where it is set
            before the first answer.
        tokenizer: `AlbertTokenizer`.
        description: `SpanDescription`.
    """

    def __init__(self, model, tokenizer, description):
        self.tokenizer = tokenizer
        self.description = description
        self._contexts = {}
        self.model = model
        self._outputs = tf.function(
            lambda inputs: self.model(inputs, training=False), reduce_retracing=True
        )

    @classmethod
    def from_pretrained(cls, where):
        """Returns the answerer of a fine-tuned model's folder or run.

        Raises:
            FileNotFoundError: there is no such folder.
            ValueError: the model was not fine-tuned on questions.
        """
        otherwise = (
            "answers no questions. `tf-albert finetune --task squad` makes a model that does."
        )
        folder, task, tokenizer = read_fine_tuned(where, SPAN_TASKS, otherwise)
        model = SPAN_MODELS[task["task"]].from_pretrained(folder)
        return cls(model, tokenizer, SpanDescription(**task))

    def windows(self, question):
        """Returns the windows over a question's context, a list of `Window`."""
        context = self._contexts.get(question.context)
        if context is None:
            context = tokenize_context(self.tokenizer, question.context)
            self._contexts[question.context] = context
        return windows_of(
            self.tokenizer.encode_ids([question.text])[0],
            context,
            self.description.sequence_length,
            self.description.stride,
        )

    def answers(self, questions, batch_size=32):
        """Returns what the model says: a list of `Answered`, in the order of the questions.

        Args:
            questions: list of `Question`.
            batch_size: int. Windows a batch.
        """
        windows = [self.windows(question) for question in questions]
        outputs = self._outputs_of([one for some in windows for one in some], batch_size)
        answered, first = [], 0
        for question, some in zip(questions, windows, strict=True):
            rows = {name: values[first : first + len(some)] for name, values in outputs.items()}
            first += len(some)
            answered.append(self._answer(question, some, rows))
        return answered

    def _answer(self, question, windows, outputs):
        if not self.description.may_be_unanswerable:
            return Answered(question.id, candidates(question.context, windows, outputs), None)
        best = candidates_of_beam(question.context, windows, outputs)
        # The window most likely to have an answer counts (`accumulate_predictions_v2`).
        return Answered(question.id, best, float(outputs["no_answer_logits"].min()))

    def _outputs_of(self, windows, batch_size):
        """Returns the model's outputs for windows: dict of arrays `(windows, ...)`."""
        length = self.description.sequence_length
        rows = [window.inputs(self.tokenizer.special_ids) for window in windows]
        inputs = padded_rows(rows, length, self.tokenizer.special_ids["pad"])
        batches = []
        for first in range(0, len(rows), batch_size):
            here = {
                name: tf.constant(value[first : first + batch_size])
                for name, value in inputs.items()
            }
            batches.append(self._outputs(shortened(here)))
        return {
            name: np.concatenate(
                [_of_length(length, name, batch[name].numpy()) for batch in batches]
            )
            for name in batches[0]
        }

    num_segments = 2

    def predicted(self, texts, batch_size=32):
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
        self._contexts.clear()  # what is asked may have no end
        for question, answer in zip(questions, answered, strict=True):
            record = {"question": question.text, "answer": self.text_of(answer)}
            if record["answer"]:
                record |= {"start": answer.best[0].start, "end": answer.best[0].end}
            if self.description.may_be_unanswerable:
                record["null_score"] = round(answer.null_score, 6)
            yield record

    def score_answers(self, questions, answered):
        """Returns the metrics of answers that `answers` gave."""
        golds, texts, null_scores = _by_id(questions, answered)
        if not self.description.may_be_unanswerable:
            return squad_metrics(golds, texts)
        return squad2_metrics(golds, texts, null_scores, self.description.null_threshold)

    def best_threshold(self, questions, answered):
        """Returns the threshold above which no answer should stand, for the best F1."""
        return null_threshold_of_best_f1(*_by_id(questions, answered))

    def text_of(self, answer):
        """Returns the answer that is given: empty where no answer is likelier."""
        if not self.description.may_be_unanswerable:
            return answer.text
        return "" if answer.null_score > self.description.null_threshold else answer.text

    def official_files(self, answered):
        """Returns what SQuAD's scripts read: dict of file name to JSON values."""
        kind = "log_prob" if self.description.may_be_unanswerable else "logit"
        nbest = {}
        for answer in answered:
            shares = probabilities([one.score for one in answer.best]) if answer.best else []
            nbest[answer.id] = [
                {
                    "text": one.text,
                    "probability": float(share),
                    f"start_{kind}": one.start_score,
                    f"end_{kind}": one.end_score,
                }
                for one, share in zip(answer.best, shares, strict=True)
            ]
        values = {
            "predictions.json": {answer.id: self.text_of(answer) for answer in answered},
            "nbest_predictions.json": nbest,
        }
        if self.description.may_be_unanswerable:
            values["null_odds.json"] = {answer.id: answer.null_score for answer in answered}
        return values


def _of_length(length, name, values):
    """Returns a batch's output, what it has for each token with places up to a length."""
    if name not in ("start_logits", "end_logits"):
        return values
    return np.pad(values, [(0, 0), (0, length - values.shape[1])])


def _by_id(questions, answered):
    """Returns right answers, answers and null scores by the questions' ids."""
    golds = {question.id: list(question.golds) for question in questions}
    texts = {answer.id: answer.text for answer in answered}
    return golds, texts, {answer.id: answer.null_score for answer in answered}
