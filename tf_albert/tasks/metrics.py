"""Scores of predictions, by scikit-learn and scipy."""

import collections
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats
from sklearn import metrics

from tf_albert.modeling.classifier import HOLDS_FROM
from tf_albert.training.evaluation import wilson_interval

# Of float32, so that a label that a model holds impossible has a finite loss.
SMALLEST = float(np.finfo("float32").tiny)


def classification_metrics(labels: Sequence[int], probabilities: np.ndarray) -> dict[str, Any]:
    """Returns the scores of a classifier.

    Args:
        labels: list of int. The right classes.
        probabilities: float array `(examples, classes)`.

    Returns:
        dict: `accuracy` with its 95 % interval `accuracy_low` and `accuracy_high`; `f1` of the
        second class where there are two; `f1_macro`; `matthews`, the correlation of Matthews;
        `loss`, the mean cross-entropy; `majority` (the accuracy of always guessing the commonest
        class); `predicted_classes`, how many were predicted at all; and `num_examples`.
    """
    predicted = probabilities.argmax(axis=1)
    of_label = probabilities[np.arange(len(labels)), labels]
    hits = int((predicted == np.array(labels)).sum())
    return {
        **accuracy_metrics(hits, len(labels)),
        **(
            {"f1": float(metrics.f1_score(labels, predicted))}
            if probabilities.shape[1] == 2
            else {}
        ),
        "f1_macro": float(metrics.f1_score(labels, predicted, average="macro")),
        "matthews": float(metrics.matthews_corrcoef(labels, predicted)),
        "loss": float(-np.log(np.maximum(of_label, SMALLEST)).mean()),
        "majority": collections.Counter(labels).most_common(1)[0][1] / len(labels),
        "predicted_classes": len(set(predicted.tolist())),
        "num_examples": len(labels),
    }


def multi_label_metrics(targets: np.ndarray, probabilities: np.ndarray) -> dict[str, Any]:
    """Returns the scores of a model of which any number of labels may hold.

    Args:
        targets: float array `(examples, labels)` of 0 and 1.
        probabilities: float array `(examples, labels)`.

    Returns:
        dict: `f1_micro` over all labels at once and `f1_macro`, their mean; `exact_match`, the
        share of examples of which every label is right; `loss`, the mean cross-entropy; `no_label`,
        the exact match of always saying that none holds; and `num_examples`.
    """
    predicted = probabilities >= HOLDS_FROM
    of_target = np.where(targets == 1, probabilities, 1.0 - probabilities)
    options = {"zero_division": 0.0}
    return {
        "f1_micro": float(metrics.f1_score(targets, predicted, average="micro", **options)),
        "f1_macro": float(metrics.f1_score(targets, predicted, average="macro", **options)),
        "exact_match": float(metrics.accuracy_score(targets, predicted)),
        "loss": float(-np.log(np.maximum(of_target, SMALLEST)).mean()),
        "no_label": float((targets == 0).all(axis=1).mean()),
        "num_examples": len(targets),
    }


def accuracy_metrics(hits: int, num_examples: int) -> dict[str, float]:
    """Returns `accuracy` with its 95 % interval, `accuracy_low` and `accuracy_high`.

    Args:
        hits: int. How many were right.
        num_examples: int. Of how many.
    """
    low, high = wilson_interval(hits, num_examples)
    return {"accuracy": hits / num_examples, "accuracy_low": low, "accuracy_high": high}


def regression_metrics(labels: Sequence[float] | np.ndarray, scores: np.ndarray) -> dict[str, Any]:
    """Returns the scores of a regression.

    Args:
        labels: list of float.
        scores: float array `(examples,)`.

    Returns:
        dict: `pearson`, `spearman`, `mean_squared_error`; `predicted_deviation`, the standard
        deviation of the scores; and `num_examples`.
    """
    return {
        "pearson": _correlation(stats.pearsonr, labels, scores),
        "spearman": _correlation(stats.spearmanr, labels, scores),
        "mean_squared_error": float(metrics.mean_squared_error(labels, scores)),
        "predicted_deviation": float(np.std(scores)),
        "num_examples": len(labels),
    }


def with_names(scored: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Returns the metrics of several files as one dict: those after the first with its name.

    Args:
        scored: dict of a file's name to its metrics.

    >>> with_names({"dev": {"f1": 0.5}, "test": {"f1": 0.25}})
    {'f1': 0.5, 'test_f1': 0.25}
    """
    return {
        f"{name}_{key}" if number else key: value
        for number, (name, metrics) in enumerate(scored.items())
        for key, value in metrics.items()
    }


def _correlation(
    measure: Callable[..., Any], labels: Sequence[float] | np.ndarray, scores: np.ndarray
) -> float:
    # Of constants a correlation is not defined; a collapsed model scores 0.
    if np.ptp(labels) == 0 or np.ptp(scores) == 0:
        return 0.0
    return float(measure(labels, scores).statistic)
