"""Labelled texts become batches no longer than their longest text."""

import numpy as np
import tensorflow as tf

# Lengths are rounded up to a multiple of this, so that few shapes are traced.
LENGTH_STEP = 16


class LabelledBatches:
    """Batches of labelled texts; a pure function of seed, step and replica.

    Args:
        preprocessor: `AlbertPreprocessor`.
        texts: list of tuples of str, each with one text or two.
        labels: list of int (classes) or float (regression).
        batch_size: int. Rows a step, over all replicas.
        seed: int. What the order is drawn from, anew in every epoch.

    Raises:
        ValueError: there are fewer examples than a batch has rows.
    """

    def __init__(self, preprocessor, texts, labels, batch_size, seed):
        if len(texts) < batch_size:
            raise ValueError(
                f"There are {len(texts)} training examples, fewer than one batch of {batch_size}. "
                "Use a smaller batch."
            )
        self.preprocessor = preprocessor
        self.columns = [np.array(column, object) for column in zip(*texts, strict=True)]
        self.labels = np.array(labels, np.float32 if isinstance(labels[0], float) else np.int32)
        self.batch_size = batch_size
        self.seed = seed

    def dataset(self, first_step, num_steps, replicas=None):
        """Returns the batches of some steps, as `PretrainingBatches.dataset` does.

        Returns:
            `tf.data.Dataset` of dicts: the encoder's inputs, int32 `(rows, length)`, and `labels`,
            `(rows,)`.
        """
        first_replica, num_here, num_replicas = replicas or (0, 1, 1)
        if self.batch_size % num_replicas:
            raise ValueError(
                f"A batch of {self.batch_size} cannot be divided among {num_replicas} replicas. "
                f"Use a `batch_size` that is a multiple of {num_replicas}."
            )
        share = self.batch_size // num_replicas
        rows = self._order(first_step, num_steps).reshape(num_steps, num_replicas, share)
        rows = rows[:, first_replica : first_replica + num_here].reshape(-1, share)
        columns = [tf.constant(column) for column in self.columns]
        labels = tf.constant(self.labels)

        def element(row):
            texts = tuple(tf.gather(column, row) for column in columns)
            return shortened(self.preprocessor(texts)) | {"labels": tf.gather(labels, row)}

        return (
            tf.data.Dataset.from_tensor_slices(rows)
            .map(element, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
            .prefetch(tf.data.AUTOTUNE)
        )

    def _order(self, first_step, num_steps):
        """Returns the examples of some steps: one permutation after another."""
        size = len(self.labels)
        begin, end = first_step * self.batch_size, (first_step + num_steps) * self.batch_size
        epochs = range(begin // size, end // size + 1)
        order = np.concatenate(
            [np.random.default_rng([self.seed, epoch]).permutation(size) for epoch in epochs]
        )
        offset = epochs.start * size
        return order[begin - offset : end - offset].astype(np.int64)


def text_batches(preprocessor, texts, batch_size):
    """Returns a dataset of the encoder's inputs for texts, in order, the last batch smaller.

    Args:
        preprocessor: `AlbertPreprocessor`.
        texts: list of tuples of str, each with one text or two.
        batch_size: int. Rows a batch.
    """
    columns = tuple(np.array(column, object) for column in zip(*texts, strict=True))
    dataset = tf.data.Dataset.from_tensor_slices(columns).batch(batch_size)
    return dataset.map(
        lambda *texts: shortened(preprocessor(texts)), num_parallel_calls=tf.data.AUTOTUNE
    ).prefetch(tf.data.AUTOTUNE)


def shortened(inputs):
    """Returns inputs without the columns that are padding in every row, but for a rest of 16.

    Args:
        inputs: dict of int32 tensors of shape `(batch, length)`.
    """
    longest = tf.reduce_max(tf.reduce_sum(inputs["input_mask"], axis=1))
    length = -(-longest // LENGTH_STEP) * LENGTH_STEP
    return {name: value[:, :length] for name, value in inputs.items()}
