import numpy as np
import pytest
import tensorflow as tf

from tests import reference
from tests.helpers import randomize, reference_weights
from tf_albert import AlbertPretrainer
from tf_albert.modeling.tokens import gather_positions

POSITIONS = np.array([[2, 9], [16, 0], [4, 4]], "int32")


@pytest.fixture
def sequence(small_config):
    shape = (3, 17, small_config.hidden_size)
    return np.random.default_rng(1).normal(size=shape).astype("float32")


@pytest.fixture
def pretrainer(small_config):
    return randomize(AlbertPretrainer(small_config))


def test_gathered_vectors_are_those_at_the_positions():
    sequence = np.array([[[1], [2], [3]], [[4], [5], [6]]], "float32")
    gathered = gather_positions(sequence, np.array([[2, 0], [1, 1]]))
    np.testing.assert_array_equal(gathered, [[[3], [1]], [[5], [5]]])


def test_logits_depend_on_the_masked_positions_only(pretrainer, sequence):
    variable = tf.Variable(sequence)
    table = tf.convert_to_tensor(pretrainer.encoder.embedding.word_embeddings.value)
    with tf.GradientTape() as tape:
        logits = pretrainer.masked_lm_head(gather_positions(variable, POSITIONS), table)
        loss = tf.reduce_sum(logits**2)
    gradient = np.abs(tape.gradient(loss, variable).numpy()).max(axis=-1)
    expected = np.zeros((3, 17), bool)
    np.put_along_axis(expected, POSITIONS, True, axis=1)
    np.testing.assert_array_equal(gradient > 0, expected)


def test_logits_are_products_with_the_rows_of_the_table(pretrainer, sequence, small_config):
    weights = reference_weights(pretrainer)
    rows = np.stack([row[at] for row, at in zip(sequence, POSITIONS, strict=True)])
    hidden = reference.tanh_gelu(reference.dense(rows, weights["mlm_transform"]))
    hidden = reference.layer_norm(hidden, weights["mlm_norm"])
    table = np.random.default_rng(2).normal(size=(small_config.vocab_size, 10)).astype("float32")
    logits = pretrainer.masked_lm_head(rows, table)
    np.testing.assert_allclose(logits, hidden @ table.T + weights["mlm_bias"], atol=1e-5)


def test_epsilon_is_that_of_the_encoder(pretrainer):
    assert pretrainer.masked_lm_head.normalization.epsilon == 1e-12
