"""Labelled rows become batches no longer than their longest row."""

import abc
import functools
from typing import Any

import numpy as np
import tensorflow as tf

from tf_albert.data.pipeline import computed_ahead, rows_of_replica
from tf_albert.types import Tensor

# Lengths are rounded up to a multiple of this, so that few shapes are traced.
LENGTH_STEP = 16


class EpochBatches(abc.ABC):
    """Batches of examples in another order in every epoch; a pure function of seed, step, replica.

    A subclass says in `element` what becomes of the examples of a step.

    Args:
        columns: nest of arrays `(examples, ...)`: what there is of each example.
        num_examples: int.
        batch_size: int. Rows a step, over all replicas.
        seed: int. What the order is drawn from, anew in every epoch.

    Raises:
        ValueError: there are fewer examples than a batch has rows.
    """

    def __init__(self, columns: Any, num_examples: int, batch_size: int, seed: int) -> None:
        if num_examples < batch_size:
            raise ValueError(
                f"There are {num_examples} training examples, fewer than one batch of {batch_size}."
                " Use a smaller batch."
            )
        self.columns = columns
        self.num_examples = num_examples
        self.batch_size = batch_size
        self.seed = seed

    @abc.abstractmethod
    def element(self, columns: Any) -> dict[str, Tensor]:
        """Returns the batch, a dict of tensors, of `columns` that hold its examples alone."""

    def dataset(
        self, first_step: int, num_steps: int, replica: int = 0, num_replicas: int = 1
    ) -> tf.data.Dataset:
        """Returns the batches of some steps, of which a replica has its own rows.

        Args:
            first_step: int. The step of the first batch, from 0.
            num_steps: int. How many batches.
            replica: int. The number of the replica whose rows are wanted.
            num_replicas: int. How many replicas divide the rows of a batch.

        Returns:
            `tf.data.Dataset` of the dicts that `element` gives.
        """
        rows = rows_of_replica(self.batch_size, num_replicas)
        numbers = self._order(first_step, num_steps).reshape(num_steps, num_replicas, rows)
        columns = self._tensors

        def element(numbers: Tensor) -> dict[str, Tensor]:
            return self.element(tf.nest.map_structure(lambda x: tf.gather(x, numbers), columns))

        return computed_ahead(tf.data.Dataset.from_tensor_slices(numbers[:, replica]), element)

    @functools.cached_property
    def _tensors(self) -> Any:
        # Once for all replicas: SQuAD's windows are hundreds of megabytes.
        return tf.nest.map_structure(tf.constant, self.columns)

    def _order(self, first_step: int, num_steps: int) -> np.ndarray:
        """Returns the examples of some steps: one permutation after another."""
        size = self.num_examples
        begin, end = first_step * self.batch_size, (first_step + num_steps) * self.batch_size
        epochs = range(begin // size, end // size + 1)
        order = np.concatenate(
            [np.random.default_rng([self.seed, epoch]).permutation(size) for epoch in epochs]
        )
        offset = epochs.start * size
        return order[begin - offset : end - offset].astype(np.int64)


def shortened(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Returns inputs without the columns that are padding in every row, but for a rest of 16.

    Args:
        inputs: dict of int32 tensors of shape `(batch, length)` or `(batch, choices, length)`.
    """
    longest = tf.reduce_max(tf.reduce_sum(inputs["input_mask"], axis=-1))
    length = -(-longest // LENGTH_STEP) * LENGTH_STEP
    return {name: value[..., :length] for name, value in inputs.items()}
