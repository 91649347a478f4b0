import numpy as np
import pytest

from tests import reference
from tests.helpers import random_inputs, randomize, reference_weights
from tf_albert import AlbertEncoder
from tf_albert.modeling.block import attention_bias


@pytest.fixture
def hidden(small_config):
    return np.random.default_rng(1).normal(size=(5, 17, small_config.hidden_size)).astype("float32")


@pytest.fixture
def encoder(small_config):
    return randomize(AlbertEncoder(small_config))


def test_attention_bias_of_padding():
    np.testing.assert_array_equal(attention_bias(np.array([[1, 1, 0]])), [[[[0.0, 0.0, -10000.0]]]])


def test_self_attention_equals_the_reference(encoder, hidden, small_config):
    mask = random_inputs(small_config)["input_mask"]
    np.testing.assert_allclose(
        encoder.attentions[0](hidden, attention_bias(mask)),
        reference.self_attention(reference_weights(encoder)["attentions"][0], hidden, mask, 4),
        atol=1e-5,
    )


def test_feed_forward_equals_the_reference(encoder, hidden):
    np.testing.assert_allclose(
        encoder.feed_forwards[0](hidden),
        reference.feed_forward(reference_weights(encoder)["feed_forwards"][0], hidden, "gelu"),
        atol=1e-5,
    )


def test_attention_to_one_token_alone_returns_its_value(encoder, hidden):
    """Where only token 3 is no padding, every token gets the value of token 3."""
    mask = np.zeros((5, 17), "int32")
    mask[:, 3] = 1
    weights = reference_weights(encoder)["attentions"][0]
    value = reference.dense(hidden[:, 3:4].astype("float64"), weights["value"])
    expected = reference.layer_norm(
        hidden + reference.dense(value, weights["output"]), weights["norm"]
    )
    np.testing.assert_allclose(
        encoder.attentions[0](hidden, attention_bias(mask)), expected, atol=1e-5
    )


def test_each_dropout_acts_in_training_only(small_config, hidden):
    bias = attention_bias(np.ones((5, 17), "int32"))
    for name in ("hidden_dropout_prob", "attention_probs_dropout_prob"):
        encoder = randomize(AlbertEncoder(small_config.replace(**{name: 0.4})))
        attention = encoder.attentions[0]
        calm = np.asarray(attention(hidden, bias))
        np.testing.assert_array_equal(attention(hidden, bias, training=False), calm)
        assert np.abs(attention(hidden, bias, training=True) - calm).max() > 0.01, name
    feed_forward = randomize(AlbertEncoder(small_config.replace(hidden_dropout_prob=0.4)))
    part = feed_forward.feed_forwards[0]
    assert np.abs(np.asarray(part(hidden, training=True)) - np.asarray(part(hidden))).max() > 0.01
