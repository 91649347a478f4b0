"""Ragged ids become the three padded inputs of the encoder."""

import tensorflow as tf
import tensorflow_text as tf_text


def pack_inputs(segments, sequence_length, special_ids):
    """Returns `[CLS] a [SEP]` or `[CLS] a [SEP] b [SEP]`, cut and padded to one length.

    Too long pairs lose their last tokens in turn (round robin): a short segment stays whole.

    Args:
        segments: list of one or two int32 ragged tensors of shape `(batch, tokens)`.
        sequence_length: int or scalar int tensor. Tokens a row, special ones counted in.
        special_ids: dict of `pad`, `cls` and `sep` to int.

    Returns:
        A dict of int32 tensors of shape `(batch, sequence_length)`: `input_word_ids`,
        `input_mask`, `input_type_ids`.

    Raises:
        ValueError: not one or two segments.

    Example:

    >>> a, b = tf.ragged.constant([[5, 6, 7]]), tf.ragged.constant([[8]])
    >>> packed = pack_inputs([a, b], 6, {"pad": 0, "cls": 2, "sep": 3})
    >>> packed["input_word_ids"].numpy().tolist(), packed["input_type_ids"].numpy().tolist()
    ([[2, 5, 6, 3, 8, 3]], [[0, 0, 0, 0, 1, 1]])
    """
    if len(segments) not in (1, 2):
        raise ValueError(f"One or two segments can be packed. Received: {len(segments)}.")
    room = sequence_length - len(segments) - 1
    segments = tf_text.RoundRobinTrimmer(room).trim(segments)
    ids, type_ids = tf_text.combine_segments(segments, special_ids["cls"], special_ids["sep"])
    input_word_ids, input_mask = tf_text.pad_model_inputs(
        ids, sequence_length, pad_value=special_ids["pad"]
    )
    input_type_ids, _ = tf_text.pad_model_inputs(type_ids, sequence_length, pad_value=0)
    return {
        "input_word_ids": tf.cast(input_word_ids, tf.int32),
        "input_mask": tf.cast(input_mask, tf.int32),
        "input_type_ids": tf.cast(input_type_ids, tf.int32),
    }
