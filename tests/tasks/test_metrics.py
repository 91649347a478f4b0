import numpy as np
import pytest

from tf_albert.tasks.metrics import (
    classification_metrics,
    multi_label_metrics,
    regression_metrics,
)


def test_classification_by_hand():
    # Right: 0, 0, 1, 2. Class 0 has precision 2/2 and recall 2/3, class 1 1/2 and 1/1,
    # class 2 1/1 and 1/1.
    labels, predicted = [0, 0, 0, 1, 2], [0, 0, 1, 1, 2]
    probabilities = np.eye(3)[predicted] * 0.4 + 0.2
    scores = classification_metrics(labels, probabilities)
    assert scores == {
        "accuracy": 0.8,
        "accuracy_low": pytest.approx(0.3755, abs=1e-4),
        "accuracy_high": pytest.approx(0.9638, abs=1e-4),
        "f1_macro": pytest.approx((4 / 5 + 2 / 3 + 1) / 3),
        # 4 of 5 right; 3 x 2 + 1 x 2 + 1 x 1 of 25 by chance; spreads 25 - 9 and 25 - 11.
        "matthews": pytest.approx((4 * 5 - 9) / ((25 - 9) * (25 - 11)) ** 0.5),
        "loss": pytest.approx(-(4 * np.log(0.6) + np.log(0.2)) / 5),
        "majority": 0.6,
        "predicted_classes": 3,
        "num_examples": 5,
    }


def test_two_classes_by_hand():
    # Class 1: right twice, predicted three times, there four times.
    labels, predicted = [1, 1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 1, 0, 0]
    scores = classification_metrics(labels, np.eye(2)[predicted])
    assert scores["f1"] == pytest.approx(2 * (2 / 3) * (2 / 4) / (2 / 3 + 2 / 4))
    assert scores["matthews"] == pytest.approx((2 * 2 - 1 * 2) / (3 * 4 * 3 * 4) ** 0.5)
    assert np.isfinite(scores["loss"])  # though three labels were held impossible


def test_classifier_that_predicts_one_class():
    scores = classification_metrics([0, 1, 1, 2], np.tile([0.2, 0.5, 0.3], (4, 1)))
    assert (scores["predicted_classes"], scores["matthews"]) == (1, 0.0)
    assert scores["accuracy"] == scores["majority"] == 0.5


def test_labels_that_hold_at_once_by_hand():
    targets = np.array([[1, 0], [1, 1], [0, 0], [0, 0], [1, 0]], np.float32)
    probabilities = np.array([[0.8, 0.4], [0.5, 0.6], [0.2, 0.2], [0.9, 0.1], [0.3, 0.7]])
    # First label: predicted in rows 0, 1, 3, right in 0, 1, there in 0, 1, 4. Second: predicted in
    # rows 1, 4, right in 1, there in 1.
    first, second = 2 * 2 / (3 + 3), 2 * 1 / (2 + 1)
    right = [0.8, 0.6, 0.5, 0.6, 0.8, 0.8, 0.1, 0.9, 0.3, 0.3]
    assert multi_label_metrics(targets, probabilities) == {
        "f1_micro": pytest.approx(2 * 3 / (5 + 4)),
        "f1_macro": pytest.approx((first + second) / 2),
        "exact_match": 0.6,
        "loss": pytest.approx(-np.log(right).mean()),
        "no_label": 0.4,
        "num_examples": 5,
    }


def test_regression_by_hand():
    scores = regression_metrics([1.0, 2.0, 3.0, 4.0], np.array([1.0, 3.0, 2.0, 4.0]))
    assert scores == {
        "pearson": pytest.approx(0.8),
        "spearman": pytest.approx(0.8),
        "mean_squared_error": 0.5,
        "predicted_deviation": pytest.approx(1.25**0.5),
        "num_examples": 4,
    }


def test_order_is_all_that_spearman_sees():
    scores = regression_metrics([1.0, 2.0, 3.0], np.array([1.0, 10.0, 1000.0]))
    assert scores["spearman"] == pytest.approx(1.0)
    assert scores["pearson"] == pytest.approx(0.8703, abs=1e-3)


def test_correlation_of_a_constant_is_0():
    scores = regression_metrics([1.0, 2.0, 3.0], np.full(3, 2.0, "float32"))
    assert (scores["pearson"], scores["spearman"]) == (0.0, 0.0)
