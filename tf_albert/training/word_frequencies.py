"""How often words occur, and what guessing by that alone scores: what a model must beat."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tf_albert.data.batches import PretrainingBatches


def log_frequencies(unigram: np.ndarray) -> np.ndarray:
    """Returns the logarithms of the ids' frequencies, smoothed by one: none is infinite.

    Args:
        unigram: int array `(vocab_size,)`. How often each id occurs.

    >>> log_frequencies(np.array([0, 2])).round(3).tolist()
    [-1.386, -0.288]
    """
    counts = unigram + 1.0
    return np.log(counts / counts.sum())


def unigram_losses(
    batches: "PretrainingBatches", steps: int, train_unigram: np.ndarray
) -> dict[str, float]:
    """Returns the loss of guessing masked tokens by their frequency in training, in nats.

    Args:
        batches: `PretrainingBatches`.
        steps: int. How many batches, from the first.
        train_unigram: int array `(vocab_size,)`. How often each id occurs in the training corpus.

    Returns:
        dict: `unigram_loss`, and `hidden_unigram_loss` of those alone that `[MASK]` hides.
    """
    losses = -log_frequencies(train_unigram)
    totals, counts = np.zeros(2), np.zeros(2)
    for batch in batches.dataset(0, steps):
        ids, positions = batch["input_word_ids"].numpy(), batch["masked_lm_positions"].numpy()
        counted = batch["masked_lm_weights"].numpy() > 0
        hidden = counted & (np.take_along_axis(ids, positions, axis=1) == batches.mask_id)
        for index, mask in enumerate((counted, hidden)):
            totals[index] += losses[batch["masked_lm_ids"].numpy()[mask]].sum()
            counts[index] += mask.sum()
    every, behind_mask = (totals / np.maximum(counts, 1)).tolist()
    return {"unigram_loss": every, "hidden_unigram_loss": behind_mask}
