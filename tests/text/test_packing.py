import pytest
import tensorflow as tf
import tensorflow_text as tf_text
from hypothesis import given, settings
from hypothesis import strategies as st

from tf_albert.text.packing import pack_inputs

SPECIAL = {"pad": 9, "cls": 2, "sep": 3}


def packed(segments, sequence_length):
    rows = pack_inputs(
        [tf.ragged.constant(s, tf.int32) for s in segments], sequence_length, SPECIAL
    )
    assert {row.dtype for row in rows.values()} == {tf.int32}
    return [
        rows[name].numpy().tolist() for name in ("input_word_ids", "input_mask", "input_type_ids")
    ]


def test_one_segment_is_padded():
    ids, mask, types = packed([[[11, 12], [13]]], 6)
    assert ids == [[2, 11, 12, 3, 9, 9], [2, 13, 3, 9, 9, 9]]
    assert mask == [[1, 1, 1, 1, 0, 0], [1, 1, 1, 0, 0, 0]]
    assert types == [[0] * 6] * 2


def test_one_segment_is_cut():
    ids, mask, _ = packed([[[11, 12, 13, 14, 15]]], 5)
    assert (ids, mask) == ([[2, 11, 12, 13, 3]], [[1, 1, 1, 1, 1]])


def test_pair_is_padded_with_type_zero():
    ids, mask, types = packed([[[11, 12]], [[21]]], 8)
    assert ids == [[2, 11, 12, 3, 21, 3, 9, 9]]
    assert mask == [[1, 1, 1, 1, 1, 1, 0, 0]]
    assert types == [[0, 0, 0, 0, 1, 1, 0, 0]]


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ([11, 12, 13, 14, 15], [21, 22, 23, 24, 25], ([11, 12, 13], [21, 22])),
        ([11, 12, 13, 14, 15], [21], ([11, 12, 13, 14], [21])),
        ([11], [21, 22, 23, 24, 25], ([11], [21, 22, 23, 24])),
        ([11, 12], [21, 22, 23], ([11, 12], [21, 22, 23])),
        ([], [21, 22, 23, 24, 25, 26], ([], [21, 22, 23, 24, 25])),
    ],
)
def test_pair_too_long_is_cut_in_turn(first, second, kept):
    ids, mask, types = packed([[first], [second]], 8)
    assert ids == [[2, *kept[0], 3, *kept[1], 3]]
    assert mask == [[1] * 8]
    assert types == [[0] * (len(kept[0]) + 2) + [1] * (len(kept[1]) + 1)]


def test_each_row_is_cut_by_itself():
    ids, _, _ = packed([[[11], [11, 12, 13, 14]], [[21, 22, 23, 24], [21]]], 6)
    assert ids == [[2, 11, 3, 21, 22, 3], [2, 11, 12, 3, 21, 3]]


def test_empty_text_is_two_special_ids():
    assert packed([[[]]], 4)[0] == [[2, 3, 9, 9]]


@pytest.mark.parametrize("number", [0, 3])
def test_only_one_or_two_segments(number):
    with pytest.raises(ValueError, match=f"One or two segments can be packed. Received: {number}."):
        packed([[[1]]] * number, 8)


def packed_by_tensorflow_text(segments, sequence_length):
    room = sequence_length - len(segments) - 1
    segments = tf_text.RoundRobinTrimmer(room).trim(segments)
    ids, types = tf_text.combine_segments(segments, SPECIAL["cls"], SPECIAL["sep"])
    ids, mask = tf_text.pad_model_inputs(ids, sequence_length, pad_value=SPECIAL["pad"])
    types, _ = tf_text.pad_model_inputs(types, sequence_length, pad_value=0)
    return [rows.numpy().tolist() for rows in (ids, mask, types)]


@st.composite
def batches(draw):
    """One or two segments of a few rows, some of them empty."""
    num_rows = draw(st.integers(1, 4))
    row = st.lists(st.integers(11, 99), max_size=9)
    rows = st.lists(row, min_size=num_rows, max_size=num_rows)
    return draw(st.lists(rows, min_size=1, max_size=2))


@settings(max_examples=50)
@given(batches(), st.integers(3, 23))
def test_any_batch_is_packed_as_tensorflow_text_does(segments, sequence_length):
    ragged = [tf.ragged.constant(s, tf.int32, ragged_rank=1) for s in segments]
    expected = packed_by_tensorflow_text(ragged, sequence_length)
    found = pack_inputs(ragged, sequence_length, SPECIAL)
    assert [rows.numpy().tolist() for rows in found.values()] == expected


@pytest.mark.parametrize("counts", [(1, 3), (3, 1), (2, 3)])
@pytest.mark.parametrize("way", [tf.function, lambda function: function], ids=["graph", "eager"])
def test_texts_that_do_not_pair_are_told(counts, way):
    segments = [tf.ragged.constant([[11, 12]] * count, tf.int32) for count in counts]
    with pytest.raises(tf.errors.InvalidArgumentError, match="Each first text of a pair needs its"):
        way(lambda *parts: pack_inputs(parts, 8, SPECIAL))(*segments)


def test_no_rows_are_packed_into_none():
    nothing = tf.RaggedTensor.from_row_lengths(tf.zeros([0], tf.int32), tf.zeros([0], tf.int64))
    assert [rows.shape for rows in pack_inputs([nothing], 7, SPECIAL).values()] == [(0, 7)] * 3
