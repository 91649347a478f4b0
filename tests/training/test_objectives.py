"""Losses by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_albert.training.objectives import (
    ClassificationObjective,
    HiddenWordObjective,
    MultiLabelObjective,
    TokenObjective,
)

MASK_ID = 4


def test_the_loss_of_hidden_words_leaves_out_what_is_to_be_seen():
    # Of the first row's masked tokens one is hidden, one kept and one no token; of the second's
    # one is hidden, one replaced.
    batch = {
        "input_word_ids": tf.constant([[2, MASK_ID, 1, 3], [MASK_ID, 0, 1, 2]]),
        "masked_lm_positions": tf.constant([[1, 2, 0], [0, 3, 1]]),
        "masked_lm_ids": tf.constant([[0, 1, 0], [3, 0, 2]]),
        "masked_lm_weights": tf.constant([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0]]),
        "sentence_order_labels": tf.constant([0, 1]),
    }
    # The hidden ones have the probabilities 1/8 and 1/2 of five ids.
    likely = np.full((2, 3, 5), 0.2, "float32")
    likely[0, 0] = [1 / 8, 3 / 8, 1 / 4, 1 / 8, 1 / 8]
    likely[1, 0] = [1 / 8, 1 / 8, 1 / 8, 1 / 2, 1 / 8]
    outputs = {"mlm_logits": tf.math.log(likely), "sop_logits": tf.zeros((2, 2))}
    objective = HiddenWordObjective(MASK_ID)
    assert float(objective.totals(batch)["hidden_loss"]) == 2
    assert float(objective.totals(batch)["mlm_loss"]) == 4
    sums = objective.sums(outputs, batch)
    hidden = np.log(8) + np.log(2)
    assert float(sums["hidden_loss"]) == pytest.approx(hidden, rel=1e-6)
    assert float(sums["mlm_loss"]) == pytest.approx(hidden + 2 * np.log(5), rel=1e-6)


def test_no_token_that_counts_is_no_loss():
    batch = {"labels": tf.zeros((2, 3), tf.int32), "label_weights": tf.zeros((2, 3))}
    objective = TokenObjective()
    divisors = objective.divisors(objective.totals(batch))
    sums = objective.sums(tf.ones((2, 3, 4)), batch)
    assert float(sums["loss"] / divisors["loss"]) == 0.0


WEIGHTS = np.array([0.5, 2.0, 3.0], "float32")
SMOOTHING = 0.1


def loss_of(objective, logits, batch):
    totals = objective.divisors(objective.totals(batch))
    return float(objective.sums(logits, batch)["loss"] / totals["loss"])


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["alike", "weighted"])
@pytest.mark.parametrize("smoothing", [0.0, SMOOTHING])
def test_weights_and_smoothing_are_those_of_keras(weights, smoothing):
    random = np.random.default_rng(0)
    logits = random.normal(size=(4, 5, 3)).astype("float32")
    labels = random.integers(0, 3, (4, 5), "int32")
    counts = (random.uniform(size=(4, 5)) < 0.7).astype("float32")
    of_labels = np.ones_like(counts) if weights is None else weights[labels]
    losses = keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=smoothing, reduction="none"
    )(keras.ops.one_hot(labels, 3), logits)
    tokens = {"labels": tf.constant(labels), "label_weights": tf.constant(counts)}
    expected = np.sum(losses * of_labels * counts) / counts.sum()
    found = loss_of(TokenObjective(weights, smoothing), logits, tokens)
    assert found == pytest.approx(expected, rel=1e-5)
    by_keras = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)(
        keras.ops.one_hot(labels[:, 0], 3), logits[:, 0], of_labels[:, 0]
    )
    rows = {"labels": tf.constant(labels[:, 0])}
    found = loss_of(ClassificationObjective(weights, smoothing), logits[:, 0], rows)
    assert found == pytest.approx(float(by_keras), rel=1e-5)


def test_weights_and_smoothing_of_sets_of_labels_are_those_of_keras():
    random = np.random.default_rng(0)
    logits = random.normal(size=(4, 3)).astype("float32")
    labels = random.integers(0, 2, (4, 3)).astype("float32")
    weights = np.array([[0.5, 1.0, 2.0], [3.0, 4.0, 5.0]], "float32")  # absent, held
    losses = keras.losses.BinaryCrossentropy(
        from_logits=True, label_smoothing=SMOOTHING, reduction="none"
    )(labels[..., None], logits[..., None])
    expected = np.mean(losses * np.take_along_axis(weights, labels.astype(int), axis=0))
    found = loss_of(MultiLabelObjective(weights, SMOOTHING), logits, {"labels": labels})
    assert found == pytest.approx(expected, rel=1e-5)


def test_a_smoothed_label_by_hand():
    """Of four classes of probabilities 1/2, 1/4, 1/8, 1/8: bits 1, 2, 3, 3, in the mean 9/4."""
    logits = np.log([[1 / 2, 1 / 4, 1 / 8, 1 / 8]]).astype("float32")
    objective = ClassificationObjective(np.array([3.0, 1.0, 1.0, 1.0]), 0.2)
    bits = loss_of(objective, logits, {"labels": np.array([0])}) / np.log(2)
    assert bits == pytest.approx(3 * (0.8 * 1 + 0.2 * 9 / 4), rel=1e-6)
