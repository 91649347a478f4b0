import math

import numpy as np
import pytest

from tests.training.batches import ArrayBatches
from tf_albert.training.word_frequencies import unigram_losses


def test_unigram_losses_by_hand():
    # Smoothed by one, the frequencies of the three ids are 4/8, 3/8 and 1/8; 9 stands for [MASK].
    batches = ArrayBatches(
        {
            "input_word_ids": np.array([[[9, 5, 0, 9]], [[9, 5, 9, 2]]]),
            "masked_lm_positions": np.array([[[0, 2, 0]], [[0, 2, 0]]]),
            "masked_lm_ids": np.array([[[0, 0, 2]], [[1, 2, 2]]]),
            "masked_lm_weights": np.array([[[1, 1, 0]], [[1, 1, 0]]], "float32"),
        }
    )
    batches.mask_id = 9
    losses = unigram_losses(batches, 2, np.array([3, 2, 0]))
    hidden = -(math.log(4 / 8) + math.log(3 / 8) + math.log(1 / 8))
    assert losses["unigram_loss"] == pytest.approx((hidden - math.log(4 / 8)) / 4, rel=1e-6)
    assert losses["hidden_unigram_loss"] == pytest.approx(hidden / 3, rel=1e-6)
