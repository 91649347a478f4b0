"""Labelled rows become batches no longer than their longest row."""

import abc
import functools
from collections.abc import Sequence
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


class SpanBatches(EpochBatches):
    """Batches of windows with the places of their answers.

    They hold the encoder's inputs, int32 `(rows, length)`, and `start_positions` and
    `end_positions`, int32 `(rows,)`.

    Args:
        rows: list of (ids, types), lists of int, one pair a window.
        spans: list of (first, last) places of the answer in its row.
        sequence_length: int. Longest row.
        pad_id: int.
        batch_size, seed: as for `EpochBatches`.
    """

    def __init__(self, rows, spans, sequence_length, pad_id, batch_size, seed):
        inputs = padded_rows(rows, sequence_length, pad_id)
        super().__init__((inputs, np.array(spans, np.int32)), len(rows), batch_size, seed)

    def element(self, columns):
        inputs, spans = columns
        return shortened(inputs) | {"start_positions": spans[:, 0], "end_positions": spans[:, 1]}


class TokenBatches(EpochBatches):
    """Batches of rows with a class for each token that counts.

    They hold the encoder's inputs and `labels`, int32, and `label_weights`, float32, all
    `(rows, length)`.

    Args:
        rows: list of (ids, types), lists of int.
        labels: int array `(rows, sequence_length)`.
        weights: float array `(rows, sequence_length)`. 1 where a label counts.
        pad_id: int.
        batch_size, seed: as for `EpochBatches`.
    """

    def __init__(self, rows, labels, weights, pad_id, batch_size, seed):
        inputs = padded_rows(rows, labels.shape[1], pad_id)
        columns = inputs | {"labels": labels, "label_weights": weights}
        super().__init__(columns, len(rows), batch_size, seed)

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
        passages = np.array([choice.passage for choice in choices], object)
        texts = np.array([choice.texts for choice in choices], object)
        labels = np.array([choice.label for choice in choices], np.int32)
        super().__init__((passages, texts, labels), len(choices), batch_size, seed)
        self.preprocessor = preprocessor

    def element(self, columns):
        passages, texts, labels = columns
        return shortened_choices(self.preprocessor, passages, texts) | {"labels": labels}


def shortened_choices(preprocessor, passages, texts):
    """Returns the inputs of `AlbertMultipleChoice`, as long as their longest text.

    Args:
        preprocessor: `AlbertPreprocessor`.
        passages: string tensor `(rows,)`.
        texts: string tensor `(rows, options)`. The question with each option.
    """
    rows, options = tf.shape(texts)[0], texts.shape[1]
    inputs = shortened(preprocessor((tf.repeat(passages, options), tf.reshape(texts, (-1,)))))
    return {name: tf.reshape(value, (rows, options, -1)) for name, value in inputs.items()}


def padded_rows(
    rows: Sequence[tuple[list[int], list[int]]], sequence_length: int, pad_id: int
) -> dict[str, np.ndarray]:
    """Returns rows of (ids, types) as the encoder's inputs: a dict of int32 arrays.

    Args:
        rows: list of (ids, types), lists of int of equal length.
        sequence_length: int. Length of the arrays' rows.
        pad_id: int.
    """
    shape = (len(rows), sequence_length)
    inputs = {
        "input_word_ids": np.full(shape, pad_id, np.int32),
        "input_mask": np.zeros(shape, np.int32),
        "input_type_ids": np.zeros(shape, np.int32),
    }
    for number, (ids, types) in enumerate(rows):
        inputs["input_word_ids"][number, : len(ids)] = ids
        inputs["input_mask"][number, : len(ids)] = 1
        inputs["input_type_ids"][number, : len(ids)] = types
    return inputs


def shortened(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Returns inputs without the columns that are padding in every row, but for a rest of 16.

    Args:
        inputs: dict of int32 tensors of shape `(batch, length)`.
    """
    longest = tf.reduce_max(tf.reduce_sum(inputs["input_mask"], axis=1))
    length = -(-longest // LENGTH_STEP) * LENGTH_STEP
    return {name: value[:, :length] for name, value in inputs.items()}
