"""Precision, recall and F1 of the names in sentences, as CoNLL's script counts them."""

from collections.abc import Sequence
from typing import Any

OUTSIDE = "O"


def spans_of(labels: Sequence[str]) -> set[tuple[int, int, str]]:
    """Returns the spans that labels mark: a set of (first word, word after the last, kind).

    A span begins with `B-` or `S-`, or with an `I-` or `E-` that no span of its kind goes before
    (conlleval.pl, `startOfChunk`), and `E-` and `S-` end it; so labels of all schemes, IOB1, IOB2
    and IOBES, are read.

    Args:
        labels: list of str: `O`, or `B`, `I`, `E` or `S`, and `-KIND` where there are several.

    Example:

    >>> sorted(spans_of(["B-PER", "I-PER", "O", "I-LOC", "B-LOC"]))
    [(0, 2, 'PER'), (3, 4, 'LOC'), (4, 5, 'LOC')]
    """
    spans, first, kind, is_open = set(), 0, None, False
    for number, label in enumerate([*labels, OUTSIDE]):
        prefix, _, name = label.partition("-")
        goes_on = is_open and prefix in ("I", "E") and name == kind
        if kind is not None and not goes_on:
            spans.add((first, number, kind))
        if not goes_on:
            first, kind = number, None if label == OUTSIDE else name
        is_open = prefix in ("B", "I")
    return spans


def tagging_metrics(
    labels: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]
) -> dict[str, Any]:
    """Returns the scores of whole spans, and the accuracy of words.

    Args:
        labels, predicted: lists of lists of str. A label for each word of each sentence.

    Returns:
        dict: `f1`, `precision`, `recall` over all spans, 0 where there are none to find or to
        count; `word_accuracy`; `num_sentences`.
    """
    right, found = (
        {(number, *span) for number, row in enumerate(rows) for span in spans_of(row)}
        for rows in (labels, predicted)
    )
    hits = len(right & found)
    words = [
        ours == theirs
        for pair in zip(labels, predicted, strict=True)
        for ours, theirs in zip(*pair, strict=True)
    ]
    return {
        "f1": 2 * hits / max(len(right) + len(found), 1),
        "precision": hits / max(len(found), 1),
        "recall": hits / max(len(right), 1),
        "word_accuracy": sum(words) / len(words),
        "num_sentences": len(labels),
    }
