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
        start_logit, end_logit: float.
    """

    text: str
    start: int
    end: int
    start_logit: float
    end_logit: float

    @property
    def score(self):
        """The sum of both logits."""
        return self.start_logit + self.end_logit


def candidates(context, windows, start_logits, end_logits):
    """Returns the best answers to a question, the best first, no text twice.

    A token that several windows have counts in the one with the most context around it.

    Args:
        context: str. The context as written.
        windows: list of `Window` over it.
        start_logits, end_logits: float arrays `(windows, length)`, a row for each window.

    Returns:
        list of at most 20 `Candidate`, each of at most 30 tokens; empty for a context without
        tokens.
    """
    best = best_windows(windows)
    found = []
    for number, window in enumerate(windows):
        here = slice(window.first + window.shift, window.first + window.shift + window.num_tokens)
        starts, ends = start_logits[number, here], end_logits[number, here]
        may_start = best[window.first : window.first + window.num_tokens] == number
        for first, last in _best_pairs(starts, ends, may_start):
            begin, stop = window.context.characters_of(window.first + first, window.first + last)
            found.append(
                Candidate(context[begin:stop], begin, stop, float(starts[first]), float(ends[last]))
            )
    found.sort(key=lambda candidate: -candidate.score)
    first_of_text = {}
    for candidate in found:
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


def null_score(start_logits, end_logits):
    """Returns the score of no answer: the lowest over the windows of `[CLS]` as start and end.

    Args:
        start_logits, end_logits: float arrays `(windows, length)`.
    """
    return float((start_logits[:, 0] + end_logits[:, 0]).min())


def probabilities(scores):
    """Returns the softmax of scores: float array."""
    exponents = np.exp(np.array(scores, "float64") - max(scores))
    return exponents / exponents.sum()
