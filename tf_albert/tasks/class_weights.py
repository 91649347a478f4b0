"""What the loss of each label counts for."""

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

BALANCED = "balanced"
ClassWeights: TypeAlias = str | Mapping[str, float] | None


def check_class_weights(given: ClassWeights) -> None:
    """Raises a `ValueError` for what are no weights of classes, whatever the classes.

    Args:
        given: what a recipe has.
    """
    if given is None or given == BALANCED:
        return
    if not isinstance(given, Mapping) or not all(map(_is_weight, given.values())):
        raise ValueError(
            f"`class_weights` must be {BALANCED!r}, or numbers of at least 0 by label, such as "
            f"{{bad: 1, good: 2.5}}. Received: {given!r}."
        )


def _is_weight(value: object) -> bool:
    return isinstance(value, (int, float)) and 0 <= value < math.inf


def weights_of_classes(
    given: ClassWeights, labels: Sequence[str], classes: np.ndarray
) -> np.ndarray | None:
    """Returns the weight of each class, float32 `(labels,)`, or None where all have the same.

    Args:
        given: what a recipe has. `balanced` gives scikit-learn's weights of that name: the number
            of examples, divided by that of a class's and by how many classes there are.
        labels: sequence of str. The classes.
        classes: int array. The class of each example, by its place in `labels`.

    Raises:
        ValueError: a weight of another label.

    >>> weights_of_classes("balanced", ["bad", "good"], np.array([0, 1, 1])).tolist()
    [1.5, 0.75]
    >>> weights_of_classes({"good": 0.5}, ["bad", "good"], np.array([0, 1])).tolist()
    [1.0, 0.5]
    """
    if isinstance(given, Mapping):
        return _by_label(given, labels)
    if given == BALANCED:
        return _balanced(np.bincount(classes.ravel(), minlength=len(labels)))
    return None


def weights_of_label_sets(
    given: ClassWeights, labels: Sequence[str], held: np.ndarray
) -> np.ndarray | None:
    """Returns the weights of each label where it does not hold and where it does.

    Args:
        given: what a recipe has. `balanced` takes each label for two classes, absent and held.
        labels: sequence of str.
        held: array `(examples, labels)` of 0 and 1.

    Returns:
        float32 array `(2, labels)`, or None where all have the same.

    Raises:
        ValueError: a weight of another label.

    >>> weights_of_label_sets({"red": 3}, ["red", "big"], np.array([[1, 0], [0, 1]])).tolist()
    [[1.0, 1.0], [3.0, 1.0]]
    """
    if isinstance(given, Mapping):
        weights = _by_label(given, labels)
        return np.stack([np.ones_like(weights), weights])
    if given == BALANCED:
        return _balanced(np.stack([np.sum(held == 0, axis=0), np.sum(held == 1, axis=0)]))
    return None


def _balanced(counts: np.ndarray) -> np.ndarray:
    """Returns the weights of classes, which lie on the first axis, by how often each occurs."""
    shares = counts / counts.sum(axis=0)
    # What never occurs has no weight that would matter, and counts for no class.
    return (1 / np.where(counts, shares, 1) / np.count_nonzero(counts, axis=0)).astype(np.float32)


def _by_label(given: Mapping[str, float], labels: Sequence[str]) -> np.ndarray:
    unknown = sorted(set(given) - set(labels))
    if unknown:
        raise ValueError(
            f"`class_weights` names {', '.join(map(repr, unknown))}, which is no label here. "
            f"Known labels: {', '.join(labels)}."
        )
    return np.array([given.get(label, 1.0) for label in labels], np.float32)
