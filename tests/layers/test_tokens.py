"""Where tokens lie, flat or padded, and whom they attend to."""

import numpy as np
import pytest
import tensorflow as tf

from tf_albert.layers.tokens import FlatTokens, PaddedTokens, attention_bias, gather_positions

MASK = np.array([[1, 1, 0, 0, 0], [1, 1, 1, 0, 0], [1, 0, 0, 0, 0]], "int32")


def test_flat_tokens_lie_one_below_another():
    tokens = FlatTokens(tf.constant(MASK))
    rows = np.arange(15).reshape(3, 5)
    flat = tokens.flatten(tf.constant(rows))
    np.testing.assert_array_equal(flat, [0, 1, 5, 6, 7, 10])
    np.testing.assert_array_equal(tokens.columns(), [0, 1, 0, 1, 2, 0])
    np.testing.assert_array_equal(tokens.first(flat), [0, 5, 10])
    np.testing.assert_array_equal(tokens.input_mask, MASK[:, :3])  # as long as the longest
    padded = tokens.pad(flat)
    np.testing.assert_array_equal(padded[tf.constant(MASK[:, :3]) == 1], flat)
    np.testing.assert_array_equal(
        tokens.restore(flat[:, None], fill=-1)[..., 0],
        [[0, 1, -1, -1, -1], [5, 6, 7, -1, -1], [10, -1, -1, -1, -1]],
    )
    np.testing.assert_array_equal(
        tokens.take(flat[:, None], tf.constant([[1, 0], [2, 2], [0, 0]]))[..., 0],
        [[1, 0], [7, 7], [10, 10]],
    )


def test_first_token_counts_where_the_mask_leaves_it_out():
    tokens = FlatTokens(tf.constant([[0, 1], [0, 0]]))
    np.testing.assert_array_equal(tokens.flatten(tf.constant([[4, 5], [6, 7]])), [4, 5, 6])


def test_padded_tokens_stay_as_they_are():
    tokens = PaddedTokens(tf.constant(MASK))
    rows = tf.reshape(tf.range(15), (3, 5))
    assert tokens.flatten(rows) is rows
    assert tokens.pad(rows) is rows
    np.testing.assert_array_equal(tokens.first(rows), [0, 5, 10])
    np.testing.assert_array_equal(
        tokens.restore(rows[..., None], fill=-1)[..., 0],
        [[0, 1, -1, -1, -1], [5, 6, 7, -1, -1], [10, -1, -1, -1, -1]],
    )


def test_gathered_vectors_are_those_at_the_positions():
    sequence = np.array([[[1], [2], [3]], [[4], [5], [6]]], "float32")
    gathered = gather_positions(sequence, np.array([[2, 0], [1, 1]]))
    np.testing.assert_array_equal(gathered, [[[3], [1]], [[5], [5]]])


@pytest.mark.parametrize("dtype", ["int32", "float32", "bool"])
def test_attention_bias_of_padding(dtype):
    bias = attention_bias(np.array([[1, 1, 0]], dtype))
    np.testing.assert_array_equal(bias, [[[[0.0, 0.0, -10000.0]]]])


def test_attention_bias_of_pairs():
    bias = attention_bias(np.array([[[1, 0], [1, 1]]]))
    np.testing.assert_array_equal(bias, [[[[0.0, -10000.0], [0.0, 0.0]]]])


def test_no_mask_is_no_bias():
    assert attention_bias(None) is None


def test_mask_of_four_axes_is_refused():
    with pytest.raises(ValueError, match=r"\(batch, query, key\). Received: \(2, 4, 3, 3\)"):
        attention_bias(np.ones((2, 4, 3, 3)))


def test_flat_tokens_have_the_bias_of_the_longest_row():
    bias = FlatTokens(tf.constant(MASK)).attention_bias
    np.testing.assert_array_equal(bias[:, 0, 0], (1.0 - MASK[:, :3]) * -10000.0)
