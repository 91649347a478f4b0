"""Scores of predictions, by scikit-learn and scipy."""

import collections

import numpy as np
from scipy import stats
from sklearn import metrics

from tf_albert.training.evaluation import wilson_interval


def classification_metrics(labels, probabilities):
    """Returns the scores of a classifier.

    Args:
        labels: list of int. The right classes.
        probabilities: float array `(examples, classes)`.

    Returns:
        dict: `accuracy` with its 95 % interval `accuracy_low` and `accuracy_high`, `f1_macro`,
        `majority` (the accuracy of always guessing the commonest class) and `num_examples`.
    """
    predicted = probabilities.argmax(axis=1)
    hits = int((predicted == np.array(labels)).sum())
    low, high = wilson_interval(hits, len(labels))
    return {
        "accuracy": hits / len(labels),
        "accuracy_low": low,
        "accuracy_high": high,
        "f1_macro": float(metrics.f1_score(labels, predicted, average="macro")),
        "majority": collections.Counter(labels).most_common(1)[0][1] / len(labels),
        "num_examples": len(labels),
    }


def regression_metrics(labels, scores):
    """Returns the scores of a regression: `pearson`, `spearman`, `mean_squared_error`.

    Args:
        labels: list of float.
        scores: float array `(examples,)`.
    """
    return {
        "pearson": _correlation(stats.pearsonr, labels, scores),
        "spearman": _correlation(stats.spearmanr, labels, scores),
        "mean_squared_error": float(metrics.mean_squared_error(labels, scores)),
        "num_examples": len(labels),
    }


def _correlation(measure, labels, scores):
    # Of constants a correlation is not defined; a collapsed model scores 0.
    if np.ptp(labels) == 0 or np.ptp(scores) == 0:
        return 0.0
    return float(measure(labels, scores).statistic)
