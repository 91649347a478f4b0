"""Outputs of a span labeler become answers: parts of the context as it is written."""

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_albert.modeling.span_labeler import NO_ANSWER_LOGIT
from tf_albert.tasks.question_answering.windows import ContextWindows, first_largest
from tf_albert.types import Tensor

# Google's run_squad_v1.py, `n_best_size` and `max_answer_length`.
MOST_ANSWERS = 20
MOST_ANSWER_TOKENS = 30
NOTHING = float("-inf")
# What `AlbertSpanLabeler` gives of each window, and what `AlbertAnswerableSpanLabeler` does.
LOGITS = dict.fromkeys(("start_logits", "end_logits"), tf.TensorSpec((None, None), tf.float32))
BEAM = {
    "start_top_log_probs": tf.TensorSpec((None, None), tf.float32),
    "start_top_positions": tf.TensorSpec((None, None), tf.int32),
    "end_top_log_probs": tf.TensorSpec((None, None, None), tf.float32),
    "end_top_positions": tf.TensorSpec((None, None, None), tf.int32),
    "no_answer_logits": tf.TensorSpec((None,), tf.float32),
}


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A part of a context that may be the answer.

    Args:
        text: str.
        start, end: int. Its first character in the context and the one after its last.
        start_score, end_score: float. Logits, or logarithms of probabilities.
    """

    text: str
    start: int
    end: int
    start_score: float
    end_score: float

    @property
    def score(self) -> float:
        """The sum of both scores."""
        return self.start_score + self.end_score


class Spans(NamedTuple):
    """Parts of the rows of windows that may be answers.

    Args:
        firsts, lasts: int tensors `(windows, spans)`. The first place and the last one in a row.
        start_scores, end_scores: float32 tensors `(windows, spans)`.
    """

    firsts: Tensor
    lasts: Tensor
    start_scores: Tensor
    end_scores: Tensor


class WindowAnswers(NamedTuple):
    """The best answers in each of some windows, in no order of contexts.

    Args:
        begins, ends: int64 tensors `(windows, answers)`. Where each begins in its context and where
            it ends, in the units of the tokens' offsets; both 0 for what is no answer.
        start_scores, end_scores: float32 tensors `(windows, answers)`; -1e30 and 0 for what is no
            answer: JSON knows no infinity.
    """

    begins: Tensor
    ends: Tensor
    start_scores: Tensor
    end_scores: Tensor

    def scores(self) -> Tensor:
        """Returns the sums of both scores: float64 `(windows, answers)`.

        Of sums that are equal in float32 one may be larger.
        """
        return tf.cast(self.start_scores, tf.float64) + tf.cast(self.end_scores, tf.float64)


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
    best: list[Candidate]
    null_score: float | None

    @property
    def text(self) -> str:
        """The best answer, whatever the null score."""
        return self.best[0].text if self.best else ""

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """Returns the best answers as SQuAD's scripts write them: a list of dicts of JSON values.

        Args:
            kind: str. What the scores are called there: `logit` or `log_prob`.
        """
        shares = probabilities([one.score for one in self.best])
        return [
            {
                "text": one.text,
                "probability": float(share),
                f"start_{kind}": one.start_score,
                f"end_{kind}": one.end_score,
            }
            for one, share in zip(self.best, shares, strict=True)
        ]


def answers_of_windows(
    outputs: dict[str, Tensor], windows: ContextWindows, begins: Tensor, ends: Tensor
) -> WindowAnswers:
    """Returns the best answers in each window, each of at most 30 tokens.

    A token that several windows have counts in the one with the most context around it.

    Args:
        outputs: dict of tensors: what `AlbertSpanLabeler` gives of each window, of which the 20
            answers with the highest sums are taken, the best first; or what
            `AlbertAnswerableSpanLabeler` gives, of which all pairs of a start and an end are taken
            that were looked at (Google's squad_utils.py, `accumulate_predictions_v2`).
        windows: `ContextWindows` that the outputs are of.
        begins, ends: int64 tensors `(tokens + 1,)`. Where each token begins in its context and
            where it ends; 0 for what is no token.
    """
    is_beam = "start_top_positions" in outputs
    spans = _spans_of_beam(outputs) if is_beam else _spans_of_logits(outputs, windows)
    firsts, lasts = windows.tokens_at(spans.firsts), windows.tokens_at(spans.lasts)
    begins, ends = tf.gather(begins, firsts), tf.gather(ends, lasts)
    is_answer = (
        windows.have_most_around(firsts)
        & windows.are_tokens(lasts)
        & (lasts >= firsts)
        & (lasts - firsts < MOST_ANSWER_TOKENS)
        # A `▁` by itself has no letters.
        & (begins < ends)
    )
    return WindowAnswers(
        begins=tf.where(is_answer, begins, 0),
        ends=tf.where(is_answer, ends, 0),
        start_scores=tf.where(is_answer, spans.start_scores, NO_ANSWER_LOGIT),
        end_scores=tf.where(is_answer, spans.end_scores, 0.0),
    )


def _spans_of_logits(outputs: dict[str, Tensor], windows: ContextWindows) -> Spans:
    """Returns the 20 `Spans` of each window with the highest sums, of equal ones the first."""
    length = tf.shape(outputs["start_logits"])[1]
    tokens = windows.tokens_at(tf.range(length)[None])
    starts = tf.where(windows.have_most_around(tokens), outputs["start_logits"], NOTHING)
    ends = tf.where(windows.are_tokens(tokens), outputs["end_logits"], NOTHING)
    ends = tf.pad(ends, [[0, 0], [0, MOST_ANSWER_TOKENS - 1]], constant_values=NOTHING)
    ahead = tf.range(length)[:, None] + tf.range(MOST_ANSWER_TOKENS)
    sums = starts[:, :, None] + tf.gather(ends, ahead, axis=1)
    sums, order = tf.math.top_k(tf.reshape(sums, (-1, length * MOST_ANSWER_TOKENS)), MOST_ANSWERS)
    # In place of what is missing where there are fewer stands [CLS], which is no answer.
    firsts = tf.where(tf.math.is_finite(sums), order // MOST_ANSWER_TOKENS, 0)
    lasts = firsts + order % MOST_ANSWER_TOKENS
    return Spans(
        firsts,
        lasts,
        tf.gather(starts, firsts, batch_dims=1),
        tf.gather(ends, lasts, batch_dims=1),
    )


def _spans_of_beam(outputs: dict[str, Tensor]) -> Spans:
    """Returns the `Spans` that a beam looked at; not all of them are answers."""
    num_starts, num_ends = tf.unstack(tf.shape(outputs["end_top_positions"])[1:])
    firsts, start_scores = (
        tf.repeat(outputs[name], num_ends, axis=1)
        for name in ("start_top_positions", "start_top_log_probs")
    )
    lasts, end_scores = (
        tf.reshape(outputs[name], (-1, num_starts * num_ends))
        for name in ("end_top_positions", "end_top_log_probs")
    )
    return Spans(firsts, lasts, start_scores, end_scores)


def best_of_each_question(
    found: WindowAnswers, questions: Tensor, num_questions: Tensor
) -> dict[str, Tensor]:
    """Returns the best answer to each question, of equal ones the first.

    Args:
        found: `WindowAnswers`.
        questions: int64 tensor `(windows,)`. The question of each window.
        num_questions: int64 scalar.

    Returns:
        dict of tensors `(questions,)`: `score`, float64, the sum of both scores, and `begin` and
        `end`, int64; -1e30 and twice 0 where there is no answer.
    """
    questions = tf.repeat(questions, tf.shape(found.begins)[1])
    columns = {"score": found.scores(), "begin": found.begins, "end": found.ends}
    columns = {name: tf.reshape(column, [-1]) for name, column in columns.items()}
    place = first_largest(columns["score"], questions, num_questions)
    return {name: tf.gather(column, place) for name, column in columns.items()}


def lowest_null_scores(logits: Tensor, questions: Tensor, num_questions: Tensor) -> Tensor:
    """Returns what speaks for no answer: the window most likely to have one counts.

    Source: Google's squad_utils.py, `accumulate_predictions_v2`.

    Args:
        logits: float tensor `(windows,)`. The logit for no answer of each window.
        questions: int64 tensor `(windows,)`. The question of each window.
        num_questions: int64 scalar.

    Returns:
        float tensor `(questions,)`.
    """
    return tf.math.unsorted_segment_min(logits, questions, num_questions)


def candidates_of_questions(
    found: WindowAnswers, questions: Tensor, contexts: Sequence[str]
) -> list[list[Candidate]]:
    """Returns the best answers to each question, the best first, no text twice.

    Args:
        found: `WindowAnswers`, in characters.
        questions: int64 tensor `(windows,)`. The question of each window.
        contexts: list of str. The context of each question, as written.

    Returns:
        list of lists of at most 20 `Candidate`; one is empty where there is no answer.
    """
    is_answer = np.asarray(found.begins < found.ends)
    scores = found.scores().numpy()[is_answer]
    questions = np.repeat(questions, is_answer.shape[1]).reshape(is_answer.shape)[is_answer]
    order = np.lexsort((-scores, questions))  # of equal ones the first
    columns = [np.asarray(column)[is_answer][order].tolist() for column in found]
    best: list[dict[str, Candidate]] = [{} for _ in contexts]
    for question, begin, end, *both in zip(questions[order].tolist(), *columns, strict=True):
        texts, text = best[question], contexts[question][begin:end]
        if len(texts) < MOST_ANSWERS and text not in texts:
            texts[text] = Candidate(text, begin, end, *both)
    return [list(texts.values()) for texts in best]


def probabilities(scores: Sequence[float]) -> np.ndarray:
    """Returns the softmax of scores: float array."""
    exponents = np.exp(np.array(scores, "float64") - max(scores, default=0.0))
    return exponents / exponents.sum()
