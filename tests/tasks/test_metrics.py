import numpy as np
import pytest

from tf_albert.tasks.metrics import classification_metrics, regression_metrics


def test_classification_by_hand():
    # Right: 0, 0, 1, 2. Class 0 has precision 2/2 and recall 2/3, class 1 1/2 and 1/1,
    # class 2 1/1 and 1/1.
    labels, predicted = [0, 0, 0, 1, 2], [0, 0, 1, 1, 2]
    scores = classification_metrics(labels, np.eye(3)[predicted] * 0.5 + 0.2)
    assert scores == {
        "accuracy": 0.8,
        "accuracy_low": pytest.approx(0.3755, abs=1e-4),
        "accuracy_high": pytest.approx(0.9638, abs=1e-4),
        "f1_macro": pytest.approx((4 / 5 + 2 / 3 + 1) / 3),
        "majority": 0.6,
        "num_examples": 5,
    }


def test_regression_by_hand():
    scores = regression_metrics([1.0, 2.0, 3.0, 4.0], np.array([1.0, 3.0, 2.0, 4.0]))
    assert scores == {
        "pearson": pytest.approx(0.8),
        "spearman": pytest.approx(0.8),
        "mean_squared_error": 0.5,
        "num_examples": 4,
    }


def test_order_is_all_that_spearman_sees():
    scores = regression_metrics([1.0, 2.0, 3.0], np.array([1.0, 10.0, 1000.0]))
    assert scores["spearman"] == pytest.approx(1.0)
    assert scores["pearson"] == pytest.approx(0.8703, abs=1e-3)


def test_correlation_of_a_constant_is_0():
    scores = regression_metrics([1.0, 2.0, 3.0], np.full(3, 2.0, "float32"))
    assert (scores["pearson"], scores["spearman"]) == (0.0, 0.0)
