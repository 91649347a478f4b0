"""How batches are divided among replicas, and computed ahead of their use."""

from collections.abc import Callable
from typing import Protocol

import tensorflow as tf


class Batches(Protocol):
    """Batches that are asked for by step and replica, such as `PretrainingBatches`.

    Args:
        batch_size: int. Rows a step, over all replicas.
    """

    batch_size: int

    def dataset(
        self, first_step: int, num_steps: int, replica: int = 0, num_replicas: int = 1
    ) -> tf.data.Dataset:
        """Returns a replica's part of the batches of some steps.

        Args:
            first_step: int. The step to start with.
            num_steps: int. How many steps.
            replica: int. Whose rows.
            num_replicas: int. How many replicas share each batch.

        Returns:
            `tf.data.Dataset` of dicts of tensors, one for each step.
        """


def rows_of_replica(batch_size: int, num_replicas: int) -> int:
    """Returns how many rows of a batch each replica has.

    Args:
        batch_size: int. Rows over all replicas.
        num_replicas: int.

    Raises:
        ValueError: the batch cannot be divided.

    >>> rows_of_replica(12, 3)
    4
    """
    if batch_size % num_replicas:
        raise ValueError(
            f"A batch of {batch_size} cannot be divided among {num_replicas} replicas. "
            f"Use a `batch_size` that is a multiple of {num_replicas}."
        )
    return batch_size // num_replicas


def computed_ahead(dataset: tf.data.Dataset, function: Callable) -> tf.data.Dataset:
    """Returns what a function makes of a dataset's elements, in order, ready before it is asked.

    Args:
        dataset: `tf.data.Dataset`.
        function: what `Dataset.map` takes. It runs on several threads at once.

    Returns:
        `tf.data.Dataset`.

    >>> halves = computed_ahead(tf.data.Dataset.range(3), lambda number: number / 2)
    >>> [float(half) for half in halves]
    [0.0, 0.5, 1.0]
    """
    options = tf.data.Options()
    # The thread that tunes a dataset now and then sleeps through the end of its iterator, and who
    # deletes that waits until it wakes: as long again as the iterator lived, up to a minute.
    options.autotune.enabled = False
    # What is mapped here is graph code already: converting it takes seconds and changes nothing.
    plain = tf.autograph.experimental.do_not_convert(function)
    ahead = dataset.map(plain, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return ahead.prefetch(2).with_options(options)
