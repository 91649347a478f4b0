"""Precision, recall and F1 of the names in sentences, as CoNLL's script counts them."""

OUTSIDE = "O"


def spans_of(labels):
    """Returns the spans that labels mark: a set of (first word, word after the last, kind).

    A span begins with `B-`, or with an `I-` that no span of its kind goes before (conlleval.pl,
    `startOfChunk`); so labels of both schemes, IOB1 and IOB2, are read.

    Args:
        labels: list of str: `O`, `B-KIND` or `I-KIND`.

    Example:

    >>> sorted(spans_of(["B-PER", "I-PER", "O", "I-LOC", "B-LOC"]))
    [(0, 2, 'PER'), (3, 4, 'LOC'), (4, 5, 'LOC')]
    """
    spans, first, kind = set(), 0, None
    for number, label in enumerate([*labels, OUTSIDE]):
        prefix, _, name = label.partition("-")
        goes_on = prefix == "I" and name == kind
        if kind is not None and not goes_on:
            spans.add((first, number, kind))
        if not goes_on:
            first, kind = number, name or None
    return spans


def tagging_metrics(labels, predicted):
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
