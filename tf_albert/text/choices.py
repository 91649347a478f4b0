"""Questions with choices become rows of tokens: a choice stands in the question's gaps."""

import tensorflow as tf

from tf_albert.text.preprocessor import AlbertPreprocessor
from tf_albert.types import Tensor

# Where a question leaves room for the choice.
GAP = "_"


def choice_inputs(
    preprocessor: AlbertPreprocessor, contexts: Tensor, questions: Tensor, choices: Tensor
) -> dict[str, Tensor]:
    """Returns the inputs of `AlbertMultipleChoice`.

    Args:
        preprocessor: `AlbertPreprocessor`.
        contexts, questions: string tensors `(batch,)`.
        choices: string tensor `(batch, choices)`.

    Returns:
        dict of int32 tensors `(batch, choices, length)`.
    """
    choices = tf.convert_to_tensor(choices)
    num_choices = choices.shape[1] or tf.shape(choices)[1]
    contexts = tf.repeat(contexts, num_choices)
    answers = tf.reshape(with_choices(questions, choices), [-1])
    shape = (-1, num_choices, preprocessor.sequence_length)
    inputs = preprocessor((contexts, answers))
    return {name: tf.reshape(value, shape) for name, value in inputs.items()}


def with_choices(questions: Tensor, choices: Tensor) -> Tensor:
    """Returns each question with each of its choices: in its gaps if it has any, else behind it.

    Source: Google's race_utils.py, `RaceProcessor.read_examples`.

    Args:
        questions: string tensor `(batch,)`.
        choices: string tensor `(batch, choices)`.

    Returns:
        string tensor `(batch, choices)`.

    Example:

    >>> questions = tf.constant(["Ada wrote _ .", "What did Ada write?"])
    >>> with_choices(questions, tf.constant([["notes"], ["Notes."]])).numpy().tolist()
    [[b'Ada wrote notes .'], [b'What did Ada write? Notes.']]
    """
    parts = tf.strings.split(questions, GAP)
    num_gaps = parts.row_lengths() - 1
    parts = parts.to_tensor("")
    is_before_gap = tf.sequence_mask(num_gaps, tf.shape(parts)[1])
    filled = tf.where(is_before_gap[:, None], choices[:, :, None], "")
    in_gaps = tf.strings.reduce_join(parts[:, None] + filled, axis=2)
    return tf.where(num_gaps[:, None] > 0, in_gaps, questions[:, None] + " " + choices)
