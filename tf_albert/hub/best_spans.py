"""Outputs of a span labeler become answers in a graph, as `tasks.squad_answers` finds them."""

from typing import NamedTuple

import tensorflow as tf

from tf_albert.hub.context_windows import first_largest
from tf_albert.modeling.answerable_span_labeler import BEAM_SIZE
from tf_albert.modeling.span_labeler import NO_ANSWER_LOGIT
from tf_albert.tasks.squad_answers import MOST_ANSWER_TOKENS, MOST_ANSWERS

NOTHING = float("-inf")


class Spans(NamedTuple):
    """Parts of the rows of windows that may be answers.

    Args:
        starts, ends: int32 tensors `(windows, spans)`. The first place and the last one in a row.
        scores: float64 tensor `(windows, spans)`. The sums of both scores.
    """

    starts: tf.Tensor
    ends: tf.Tensor
    scores: tf.Tensor


def best_of_each_window(outputs, windows, begins, stops):
    """Returns the best answer in each window, of equal ones the first.

    Args:
        outputs: dict of tensors: what `AlbertSpanLabeler` or `AlbertAnswerableSpanLabeler` gives.
        windows: `ContextWindows` that the outputs are of.
        begins, stops: int64 tensors `(tokens + 1,)`. The first byte of each token in its context
            and the byte after its last; 0 for what is no token.

    Returns:
        dict of tensors `(windows,)`: `score`, float64, and `begin` and `stop`, int64, the bytes of
        the answer; -1e30 and no bytes where a window has none. Of a model that may say that there
        is no answer, `null_score` besides, float32.
    """
    if "no_answer_logits" in outputs:
        best = _best(_spans_of_beam(outputs), windows, begins, stops)
        return best | {"null_score": outputs["no_answer_logits"]}
    return _best(_spans_of_logits(outputs, windows), windows, begins, stops)


def best_of_each_context(found, contexts, num_contexts):
    """Returns the best answer in each context, of equal ones the first.

    Args:
        found: dict of tensors `(windows,)`, as `best_of_each_window` gives them.
        contexts: int64 tensor `(windows,)`. The context of each window.
        num_contexts: int64 scalar.

    Returns:
        dict of tensors `(contexts,)` as `found` has them. The null score is the lowest one: the
        window most likely to have an answer counts.
    """
    place = first_largest(found["score"], contexts, num_contexts)
    best = {name: tf.gather(found[name], place) for name in ("score", "begin", "stop")}
    if "null_score" in found:
        lowest = tf.math.unsorted_segment_min(found["null_score"], contexts, num_contexts)
        best["null_score"] = lowest
    return best


def _spans_of_logits(outputs, windows):
    """Returns the 20 `Spans` of each window with the highest sums; minus infinity where fewer."""
    length = tf.shape(outputs["start_logits"])[1]
    tokens = windows.tokens_at(tf.range(length)[None])
    starts = _where(windows.have_most_around(tokens), outputs["start_logits"])
    ends = _where(windows.are_tokens(tokens), outputs["end_logits"])
    ends = tf.pad(ends, [[0, 0], [0, MOST_ANSWER_TOKENS - 1]], constant_values=NOTHING)
    ahead = tf.range(length)[:, None] + tf.range(MOST_ANSWER_TOKENS)
    sums = starts[:, :, None] + tf.gather(ends, ahead, axis=1)
    sums = tf.reshape(sums, (-1, length * MOST_ANSWER_TOKENS))
    order = tf.math.top_k(sums, MOST_ANSWERS).indices
    first = order // MOST_ANSWER_TOKENS
    last = first + order % MOST_ANSWER_TOKENS
    return Spans(first, last, _at(starts, first) + _at(ends, last))


def _where(condition, logits):
    return tf.where(condition, logits, NOTHING)


def _at(logits, places):
    """Returns logits as Python has them: of sums that are equal in float32 one may be larger."""
    return tf.cast(tf.gather(logits, places, batch_dims=1), tf.float64)


def _spans_of_beam(outputs):
    """Returns the `Spans` that a beam looked at; not all of them are answers."""
    ends, scores = outputs["end_top_positions"], outputs["end_top_log_probs"]
    starts = tf.repeat(outputs["start_top_positions"][:, :, None], BEAM_SIZE, axis=2)
    scores = tf.cast(scores, tf.float64)
    scores += tf.cast(outputs["start_top_log_probs"][:, :, None], tf.float64)
    return Spans(*(tf.reshape(part, (-1, BEAM_SIZE**2)) for part in (starts, ends, scores)))


def _best(spans, windows, begins, stops):
    """Returns the first of the best spans of each window that are answers."""
    firsts, lasts = windows.tokens_at(spans.starts), windows.tokens_at(spans.ends)
    begins, stops = tf.gather(begins, firsts), tf.gather(stops, lasts)
    is_answer = (
        windows.have_most_around(firsts)
        & windows.are_tokens(lasts)
        & (lasts >= firsts)
        & (lasts - firsts < MOST_ANSWER_TOKENS)
        # A `▁` by itself has no bytes.
        & (begins < stops)
    )
    values = {
        # Finite, since JSON knows no infinity.
        "score": tf.where(is_answer, spans.scores, NO_ANSWER_LOGIT),
        "begin": tf.where(is_answer, begins, 0),
        "stop": tf.where(is_answer, stops, 0),
    }
    # Of equal values `top_k` takes the first, which `argmax` does not promise.
    best = tf.math.top_k(values["score"], 1).indices
    return {name: tf.gather(value, best, batch_dims=1)[:, 0] for name, value in values.items()}
