"""Losses by hand."""

import numpy as np
import pytest
import tensorflow as tf

from tf_albert.training.objectives import HiddenWordObjective, TokenObjective

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
