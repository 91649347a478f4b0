"""Logits of windows become answers: substrings of the context as it is written."""

import dataclasses

import numpy as np

from tf_albert.tasks.squad_windows import best_windows

# Google's run_squad_v1.py, `n_best_size` and `max_answer_length`.
MOST_ANSWERS = 20
MOST_ANSWER_TOKENS = 30


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
    def score(self):
        """The sum of both scores."""
        return self.start_score + self.end_score


def candidates(context, windows, outputs):
    """Returns the best answers to a question, the best first, no text twice.

    A token that several windows have counts in the one with the most context around it.

    Args:
        context: str. The context as written.
        windows: list of `Window` over it.
        outputs: dict of `start_logits` and `end_logits`, float arrays `(windows, length)`: what
            `AlbertSpanLabeler` gives of each window.

    Returns:
        list of at most 20 `Candidate`, each of at most 30 tokens; empty for a context without
        tokens.
    """
    best = best_windows(windows)
    found = []
    for number, window in enumerate(windows):
        here = slice(window.first + window.shift, window.first + window.shift + window.num_tokens)
        starts, ends = (outputs[name][number, here] for name in ("start_logits", "end_logits"))
        may_start = best[window.first : window.first + window.num_tokens] == number
        for first, last in _best_pairs(starts, ends, may_start):
            span = window.first + first, window.first + last
            found.append(_candidate(context, window, span, starts[first], ends[last]))
    return _best_of_each_text(found)


def candidates_of_beam(context, windows, outputs):
    """Returns the best answers to a question out of those that were looked at in each window.

    Source: Google's squad_utils.py, `accumulate_predictions_v2`.

    Args:
        context, windows: as of `candidates`.
        outputs: dict of arrays: what `AlbertAnswerableSpanLabeler` gives of each window,
            `(windows, starts)` and `(windows, starts, ends)`.

    Returns:
        list of `Candidate`, as `candidates` does; empty where no pair of a start and an end that
        was looked at is an answer.
    """
    best = best_windows(windows)
    found = []
    for number, window in enumerate(windows):
        starts = outputs["start_top_positions"][number] - window.shift
        ends = outputs["end_top_positions"][number] - window.shift
        for i, j in np.ndindex(ends.shape):
            span = int(starts[i]), int(ends[i, j])
            if _is_answer(span, window) and best[span[0]] == number:
                scores = (
                    outputs["start_top_log_probs"][number, i],
                    outputs["end_top_log_probs"][number, i, j],
                )
                found.append(_candidate(context, window, span, *scores))
    return _best_of_each_text(found)


def _is_answer(span, window):
    first, last = span
    is_within = window.first <= first <= last < window.first + window.num_tokens
    return is_within and last - first < MOST_ANSWER_TOKENS


def _candidate(context, window, span, start_score, end_score):
    begin, stop = window.context.characters_of(*span)
    return Candidate(context[begin:stop], begin, stop, float(start_score), float(end_score))


def _best_of_each_text(found):
    first_of_text = {}
    for candidate in sorted(found, key=lambda candidate: -candidate.score):
        if candidate.text:
            first_of_text.setdefault(candidate.text, candidate)
    return list(first_of_text.values())[:MOST_ANSWERS]


def _best_pairs(starts, ends, may_start):
    """Returns the (first, last) tokens with the highest sums, `MOST_ANSWERS` pairs at most."""
    size = len(starts)
    ahead = np.arange(size)[None, :] - np.arange(size)[:, None]
    allowed = (ahead >= 0) & (ahead < MOST_ANSWER_TOKENS) & may_start[:, None]
    scores = np.where(allowed, starts[:, None] + ends[None, :], -np.inf).ravel()
    order = np.argsort(-scores, kind="stable")[:MOST_ANSWERS]
    return [divmod(int(at), size) for at in order if np.isfinite(scores[at])]


def probabilities(scores):
    """Returns the softmax of scores: float array."""
    exponents = np.exp(np.array(scores, "float64") - max(scores))
    return exponents / exponents.sum()
