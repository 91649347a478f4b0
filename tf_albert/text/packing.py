"""Ragged ids become the three padded inputs of the encoder.

TensorFlow Text packs them alike, which a test compares, with over four times as many operations:
they were most of the time that it took to make a module of strings.
"""

from collections.abc import Sequence

import tensorflow as tf

from tf_albert.types import Tensor


def pack_inputs(
    segments: Sequence[tf.RaggedTensor], sequence_length: int | Tensor, special_ids: dict[str, int]
) -> dict[str, Tensor]:
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
        tf.errors.InvalidArgumentError: two segments of different numbers of rows.

    Example:

    >>> a, b = tf.ragged.constant([[5, 6, 7]]), tf.ragged.constant([[8]])
    >>> packed = pack_inputs([a, b], 6, {"pad": 0, "cls": 2, "sep": 3})
    >>> packed["input_word_ids"].numpy().tolist(), packed["input_type_ids"].numpy().tolist()
    ([[2, 5, 6, 3, 8, 3]], [[0, 0, 0, 0, 1, 1]])
    """
    if len(segments) not in (1, 2):
        raise ValueError(f"One or two segments can be packed. Received: {len(segments)}.")
    columns = tf.range(sequence_length)
    ids = tf.where(columns == 0, special_ids["cls"], special_ids["pad"])
    type_ids, begin = tf.zeros_like(columns), 1
    lengths = _row_lengths(segments)
    kept = _kept_lengths(lengths, sequence_length - len(segments) - 1)
    for number, segment in enumerate(segments):
        stop = begin + kept[number][:, tf.newaxis]
        is_inside = (begin <= columns) & (columns < stop)
        ids = tf.where(is_inside, _tokens_at(segment, lengths[number], columns - begin), ids)
        ids = tf.where(columns == stop, special_ids["sep"], ids)
        type_ids = tf.where((begin <= columns) & (columns <= stop), number, type_ids)
        begin = stop + 1
    return {
        "input_word_ids": ids,
        "input_mask": tf.cast(columns < begin, tf.int32),
        "input_type_ids": type_ids,
    }


def _row_lengths(segments: Sequence[tf.RaggedTensor]) -> list[Tensor]:
    """Returns the number of tokens of each row of each segment, int32 `(batch,)` each."""
    counts = [segment.nrows() for segment in segments]
    # Else one row would go with each of many.
    check = tf.debugging.assert_equal(
        counts[0], counts[-1], message="Each first text of a pair needs its second: give as many."
    )
    with tf.control_dependencies([check]):
        # Hides the shape: else TensorFlow complains of an operation before the check can run.
        return [
            tf.raw_ops.PlaceholderWithDefault(
                input=tf.cast(segment.row_lengths(), tf.int32), shape=[None]
            )
            for segment in segments
        ]


def _kept_lengths(lengths: list[Tensor], room: int | Tensor) -> list[Tensor]:
    """Returns how many tokens of each row of each segment stay, int32 `(batch,)` each."""
    room = tf.maximum(room, 0)
    if len(lengths) == 1:
        return [tf.minimum(lengths[0], room)]
    # In turn, the first begins: it has the larger half, or what the second leaves.
    first = tf.minimum(lengths[0], tf.maximum((room + 1) // 2, room - lengths[1]))
    return [first, tf.minimum(lengths[1], room - first)]


def _tokens_at(segment: tf.RaggedTensor, lengths: Tensor, places: Tensor) -> Tensor:
    """Returns the ids at some places of each row, `(batch, places)`; any id where there is none."""
    values = tf.pad(tf.cast(segment.values, tf.int32), [[0, 1]])
    starts = tf.cumsum(lengths, exclusive=True)[:, tf.newaxis]
    return tf.gather(values, tf.clip_by_value(starts + places, 0, tf.size(values) - 1))
