"""Batches of known arrays, in the way in which the package's own batches are asked for."""

import numpy as np
import tensorflow as tf

from tf_albert.data.pipeline import computed_ahead


class ArrayBatches:
    """Batches that are given.

    Args:
        arrays: dict of str to array `(steps, rows, ...)`.
    """

    def __init__(self, arrays):
        self.arrays = arrays

    def dataset(self, first_step, num_steps, replica=0, num_replicas=1):
        def part(array):
            steps = array[first_step : first_step + num_steps]
            return steps.reshape(num_steps, num_replicas, -1, *array.shape[2:])[:, replica]

        parts = {name: part(array) for name, array in self.arrays.items()}
        return computed_ahead(tf.data.Dataset.from_tensor_slices(parts), lambda batch: batch)


def pretraining_arrays(config, steps, rows, length, predictions, masked=None, seed=0):
    """Returns arrays for `ArrayBatches`, each row with another number of masked tokens.

    Args:
        config: `AlbertConfig`.
        steps: int.
        rows: int.
        length: int. Tokens a row.
        predictions: int. Slots for masked tokens a row.
        masked: int array `(rows,)` or None. How many slots of each row are used.
        seed: int.
    """
    random = np.random.default_rng(seed)
    shape = (steps, rows, length)
    if masked is None:
        masked = 1 + np.arange(rows) % predictions
    lengths = random.integers(length // 2, length + 1, (steps, rows, 1))
    mask = (np.arange(length) < lengths).astype("int32")
    used = np.arange(predictions) < np.asarray(masked)[None, :, None]
    return {
        "input_word_ids": random.integers(1, config.vocab_size, shape, "int32") * mask,
        "input_mask": mask,
        "input_type_ids": (np.arange(length) >= lengths // 2).astype("int32") * mask,
        "masked_lm_positions": random.integers(0, length // 2, (steps, rows, predictions), "int32"),
        "masked_lm_ids": random.integers(1, config.vocab_size, (steps, rows, predictions), "int32"),
        "masked_lm_weights": np.broadcast_to(used, (steps, rows, predictions)).astype("float32"),
        "sentence_order_labels": random.integers(0, 2, (steps, rows), "int32"),
    }
