"""Labelled rows become batches no longer than their longest row."""

import abc
import functools

import numpy as np
import tensorflow as tf

from tf_albert.data.pipeline import computed_ahead, rows_of_replica
from tf_albert.tasks.multiple_choice.gaps import choice_inputs, choice_texts
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

    def __init__(self, columns, num_examples, batch_size, seed):
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
    def element(self, columns):
        """Returns the batch, a dict of tensors, of `columns` that hold its examples alone."""

    def dataset(self, first_step, num_steps, replica=0, num_replicas=1):
        """Returns the batches of some steps, as `PretrainingBatches.dataset` does.

        Returns:
            `tf.data.Dataset` of the dicts that `element` gives.
        """
        rows = rows_of_replica(self.batch_size, num_replicas)
        numbers = self._order(first_step, num_steps).reshape(num_steps, num_replicas, rows)
        columns = self._tensors

        def element(numbers):
            return self.element(tf.nest.map_structure(lambda x: tf.gather(x, numbers), columns))

        return computed_ahead(tf.data.Dataset.from_tensor_slices(numbers[:, replica]), element)

    @functools.cached_property
    def _tensors(self):
        # Once for all replicas: SQuAD's windows are hundreds of megabytes.
        return tf.nest.map_structure(tf.constant, self.columns)

    def _order(self, first_step, num_steps):
        """Returns the examples of some steps: one permutation after another."""
        size = self.num_examples
        begin, end = first_step * self.batch_size, (first_step + num_steps) * self.batch_size
        epochs = range(begin // size, end // size + 1)
        order = np.concatenate(
            [np.random.default_rng([self.seed, epoch]).permutation(size) for epoch in epochs]
        )
        offset = epochs.start * size
        return order[begin - offset : end - offset].astype(np.int64)


class LabelledBatches(EpochBatches):
    """Batches of labelled texts: the encoder's inputs, int32 `(rows, length)`, and `labels`.

    Args:
        preprocessor: `AlbertPreprocessor`.
        texts: list of tuples of str, each with one text or two.
        labels: array `(examples, ...)`: int32 classes, or float32.
        batch_size, seed: as for `EpochBatches`.
    """

    def __init__(self, preprocessor, texts, labels, batch_size, seed):
        columns = tuple(np.array(column, object) for column in zip(*texts, strict=True))
        super().__init__((columns, labels), len(texts), batch_size, seed)
        self.preprocessor = preprocessor

    def element(self, columns):
        texts, labels = columns
        return shortened(self.preprocessor(texts)) | {"labels": labels}


class SpanBatches(EpochBatches):
    """Batches of windows with the places of their answers.

    They hold the encoder's inputs, int32 `(rows, length)`, and `start_positions` and
    `end_positions`, int32 `(rows,)`.

    Args:
        inputs: dict of int32 arrays `(windows, sequence_length)`: the encoder's inputs.
        spans: int32 array `(windows, 2)`. The first and the last place of the answer in its row.
        batch_size, seed: as for `EpochBatches`.
    """

    def __init__(
        self, inputs: dict[str, np.ndarray], spans: np.ndarray, batch_size: int, seed: int
    ) -> None:
        super().__init__((inputs, spans), len(spans), batch_size, seed)

    def element(self, columns):
        inputs, spans = columns
        return shortened(inputs) | {"start_positions": spans[:, 0], "end_positions": spans[:, 1]}


class TokenBatches(EpochBatches):
    """Batches of rows with a class for each token that counts.

    They hold the encoder's inputs and `labels`, int32, and `label_weights`, float32, all
    `(rows, length)`.

    Args:
        inputs: dict of int32 arrays `(rows, sequence_length)`: the encoder's inputs.
        labels: int array `(rows, sequence_length)`.
        weights: float array `(rows, sequence_length)`. 1 where a label counts.
        batch_size, seed: as for `EpochBatches`.
    """

    def __init__(
        self,
        inputs: dict[str, Tensor],
        labels: np.ndarray,
        weights: np.ndarray,
        batch_size: int,
        seed: int,
    ) -> None:
        columns = inputs | {"labels": labels, "label_weights": weights}
        super().__init__(columns, len(labels), batch_size, seed)

    def element(self, columns):
        return shortened(columns)


class ChoiceBatches(EpochBatches):
    """Batches of questions with options.

    They hold the encoder's inputs, int32 `(rows, options, length)`, and `labels`, int32 `(rows,)`.

    Args:
        preprocessor: `AlbertPreprocessor`.
        choices: list of `Choice`, all with as many options.
        batch_size, seed: as for `EpochBatches`.
    """

    def __init__(self, preprocessor, choices, batch_size, seed):
        labels = np.array([choice.label for choice in choices], np.int32)
        super().__init__((choice_texts(choices), labels), len(choices), batch_size, seed)
        self.preprocessor = preprocessor

    def element(self, columns):
        texts, labels = columns
        return shortened(choice_inputs(self.preprocessor, *texts)) | {"labels": labels}


def text_batches(preprocessor, texts, batch_size):
    """Returns a dataset of the encoder's inputs for texts, in order, the last batch smaller.

    Args:
        preprocessor: `AlbertPreprocessor`.
        texts: list of tuples of str, each with one text or two.
        batch_size: int. Rows a batch.
    """
    columns = tuple(np.array(column, object) for column in zip(*texts, strict=True))
    dataset = tf.data.Dataset.from_tensor_slices(columns).batch(batch_size)
    return computed_ahead(dataset, lambda *texts: shortened(preprocessor(texts)))


def shortened(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Returns inputs without the columns that are padding in every row, but for a rest of 16.

    Args:
        inputs: dict of int32 tensors of shape `(batch, length)` or `(batch, choices, length)`.
    """
    longest = tf.reduce_max(tf.reduce_sum(inputs["input_mask"], axis=-1))
    length = -(-longest // LENGTH_STEP) * LENGTH_STEP
    return {name: value[..., :length] for name, value in inputs.items()}
