"""Exact match and F1 of answers, as SQuAD's official scripts compute them."""

import collections
import re
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

Golds: TypeAlias = Mapping[str, Sequence[str]]
ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalize_answer(text: str) -> str:
    """Returns an answer lower-cased, without punctuation and articles, its white space single.

    Source: SQuAD's evaluate-v1.1.py and evaluate-v2.0.py, `normalize_answer`.

    >>> normalize_answer(" The  U.S.A.'s  an-them ")
    'usas anthem'
    """
    text = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return " ".join(ARTICLES.sub(" ", text).split())


def exact_match(answer: str, gold: str) -> float:
    """Returns 1.0 where two answers are the same once normalized, else 0.0."""
    return float(normalize_answer(answer) == normalize_answer(gold))


def token_f1(answer: str, gold: str) -> float:
    """Returns the harmonic mean of precision and recall of an answer's words.

    Where both have no word left it is 0.0, as in evaluate-v1.1.py; evaluate-v2.0.py gives 1.0,
    and so does `squad2_metrics`.

    >>> round(token_f1("the old red house", "a red house"), 4)
    0.8
    """
    words, gold_words = normalize_answer(answer).split(), normalize_answer(gold).split()
    same = sum((collections.Counter(words) & collections.Counter(gold_words)).values())
    if same == 0:
        return 0.0
    precision, recall = same / len(words), same / len(gold_words)
    return 2 * precision * recall / (precision + recall)


def squad_metrics(golds: Golds, answers: Mapping[str, str]) -> dict[str, Any]:
    """Returns the scores of SQuAD 1.1: each answer against the best of its gold answers.

    Args:
        golds: dict of question id to list of str, the answers that people gave; at least one.
        answers: dict of question id to str. Every question has one.

    Returns:
        dict: `exact_match` and `f1`, in percent, and `num_questions`.

    Raises:
        ValueError: questions without an answer in `answers`, or without a right one.
    """
    _check_complete(golds, answers)
    unanswerable = [question for question, given in golds.items() if not given]
    if unanswerable:
        raise ValueError(
            f"{len(unanswerable)} of {len(golds)} questions have no right answer, "
            f"{unanswerable[0]!r} for one. Every question of SQuAD 1.1 has one; the task `squad2` "
            "takes questions without."
        )
    return {
        name: 100.0 * float(np.mean(list(_best(measure, golds, answers).values())))
        for name, measure in (("exact_match", exact_match), ("f1", token_f1))
    } | {"num_questions": len(golds)}


def squad2_metrics(
    golds: Golds,
    answers: Mapping[str, str],
    null_scores: Mapping[str, float],
    threshold: float = 0.0,
) -> dict[str, Any]:
    """Returns the scores of SQuAD 2.0, at a threshold and at the best one.

    A question whose null score is above the threshold counts as answered by the empty string.
    Source: evaluate-v2.0.py, `apply_no_ans_threshold` and `find_best_thresh`.

    Args:
        golds: dict of question id to list of str; an empty list where there is no answer.
        answers: dict of question id to str: the best answer, or the empty string for none.
        null_scores: dict of question id to float, higher where no answer is likelier.
        threshold: float.

    Returns:
        dict of percents: `exact_match` and `f1` at the threshold, over all questions and, with
        `has_answer_` or `no_answer_` before the name, over those with an answer or without;
        `best_exact_match` and `best_f1`; the thresholds that give them,
        `best_exact_match_threshold` and `best_f1_threshold`; and `num_questions`.

    Raises:
        ValueError: questions without an answer in `answers` or `null_scores`.
    """
    _check_complete(golds, answers)
    _check_complete(golds, null_scores)
    usable = {question: _with_words(given) or [""] for question, given in golds.items()}
    unanswerable = {question: not given for question, given in golds.items()}
    metrics: dict[str, Any] = {}
    for name, measure in (("exact_match", exact_match), ("f1", _f1_of_version_2)):
        scores = _best(measure, usable, answers)
        kept = {
            question: float(unanswerable[question]) if null_scores[question] > threshold else score
            for question, score in scores.items()
        }
        metrics |= _over_parts(name, kept, unanswerable)
        best, at = _best_threshold(scores, unanswerable, answers, null_scores)
        metrics |= {f"best_{name}": best, f"best_{name}_threshold": at}
    return metrics | {"num_questions": len(golds)}


def null_threshold_of_best_f1(
    golds: Golds, answers: Mapping[str, str], null_scores: Mapping[str, float]
) -> float:
    """Returns the smallest threshold at which F1 is best.

    `best_f1_threshold` is what the official script prints: 0 where no answer should stand, whatever
    the scores are, and a score that questions may share, of which it counts a part.

    Args:
        golds: dict of a question's id to its right answers; none where it has no answer.
        answers: dict of id to the best answer with text.
        null_scores: dict of id to what speaks for no answer.

    Returns:
        float: no answer of a score above it should stand.

    >>> golds, null_scores = {"a": [], "b": ["x"]}, {"a": -1.0, "b": -3.0}
    >>> null_threshold_of_best_f1(golds, {"a": "y", "b": "x"}, null_scores)
    -3.0
    >>> null_threshold_of_best_f1(golds, {"a": "y", "b": "z"}, null_scores)
    -4.0
    """
    usable = {question: _with_words(given) or [""] for question, given in golds.items()}
    scores = _best(_f1_of_version_2, usable, answers)
    order = sorted(golds, key=null_scores.__getitem__)
    gains = [scores[question] - (not golds[question]) for question in order]
    steps = np.array([null_scores[question] for question in order])
    totals = np.concatenate([[0.0], np.cumsum(gains)])
    # Questions of the same score stand or fall together.
    totals[1:-1][steps[1:] == steps[:-1]] = -np.inf
    best = int(np.argmax(totals))
    return float(steps[best - 1] if best else steps[0] - 1.0)


def _f1_of_version_2(answer: str, gold: str) -> float:
    return max(token_f1(answer, gold), float(not _with_words([answer, gold])))


def _with_words(answers: Iterable[str]) -> list[str]:
    """Returns the answers of which something is left once they are normalized."""
    return [answer for answer in answers if normalize_answer(answer)]


def _best(
    measure: Callable[[str, str], float], golds: Golds, answers: Mapping[str, str]
) -> dict[str, float]:
    return {
        question: max(measure(answers[question], gold) for gold in given)
        for question, given in golds.items()
    }


def _check_complete(golds: Golds, values: Mapping[str, Any]) -> None:
    missing = [question for question in golds if question not in values]
    if missing:
        raise ValueError(
            f"{len(missing)} of {len(golds)} questions have no prediction, {missing[0]!r} for one. "
            "Expected one for every question; an empty string says that there is no answer."
        )


def _over_parts(
    name: str, scores: Mapping[str, float], unanswerable: Mapping[str, bool]
) -> dict[str, float]:
    parts = {
        "": list(scores.values()),
        "has_answer_": [scores[question] for question in scores if not unanswerable[question]],
        "no_answer_": [scores[question] for question in scores if unanswerable[question]],
    }
    return {
        f"{part}{name}": 100.0 * float(np.mean(values)) for part, values in parts.items() if values
    }


def _best_threshold(
    scores: Mapping[str, float],
    unanswerable: Mapping[str, bool],
    answers: Mapping[str, str],
    null_scores: Mapping[str, float],
) -> tuple[float, float]:
    """Returns the best score in percent and the smallest threshold that reaches it."""
    # Below every null score no answer stands; each step up lets one more stand.
    best = current = float(sum(unanswerable.values()))
    at = 0.0
    for question in sorted(scores, key=null_scores.__getitem__):
        if unanswerable[question]:
            current -= bool(answers[question])
        else:
            current += scores[question]
        if current > best:
            best, at = current, null_scores[question]
    return 100.0 * best / len(scores), at
