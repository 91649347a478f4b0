import keras
import numpy as np
import pytest

from tests import reference
from tests.helpers import random_inputs, randomize
from tests.layer_checks import check_layer
from tf_albert import AlbertEncoder
from tf_albert.layers import SelfAttention

# Keras asks whether a softmax over one token is meant; a token alone attends to itself.
pytestmark = pytest.mark.filterwarnings("ignore:You are using a softmax over axis -1:UserWarning")

ARGUMENTS = {
    "hidden_size": 12,
    "num_attention_heads": 3,
    "attention_probs_dropout_prob": 0.25,
    "hidden_dropout_prob": 0.125,
    "layer_norm_epsilon": 1e-5,
    "initializer_range": 0.5,
}


@pytest.fixture
def hidden(small_config):
    return np.random.default_rng(1).normal(size=(5, 17, small_config.hidden_size)).astype("float32")


@pytest.fixture
def attention(small_config):
    return randomize(AlbertEncoder(small_config)).attentions[0]


def weights_of(attention):
    return {
        "query": pair(attention.query),
        "key": pair(attention.key),
        "value": pair(attention.value),
        "output": pair(attention.output_projection),
        "norm": (
            np.asarray(attention.normalization.gamma),
            np.asarray(attention.normalization.beta),
        ),
    }


def pair(dense):
    return np.asarray(dense.kernel), np.asarray(dense.bias)


@pytest.mark.parametrize("mask", ["none", "rows", "pairs"])
def test_layer(stranger, tmp_path, mask):
    random = np.random.default_rng(0)
    hidden = random.normal(size=(3, 5, 12)).astype("float32")
    masks = random.integers(0, 2, (3, 5, 5)).astype("int32") | np.eye(5, dtype="int32")

    def inputs_of(batch, length):
        rows = {"hidden": hidden[:batch, :length]}
        if mask == "rows":
            rows["attention_mask"] = masks[:batch, 0, :length]
        elif mask == "pairs":
            rows["attention_mask"] = masks[:batch, :length, :length]
        return rows

    check_layer(
        SelfAttention,
        lambda: ARGUMENTS,
        inputs_of,
        stranger,
        tmp_path,
        without_gradient=("key/bias",),  # a softmax does not see what all keys have
    )


def test_self_attention_equals_the_reference(attention, hidden, small_config):
    mask = random_inputs(small_config)["input_mask"]
    expected = reference.self_attention(weights_of(attention), hidden, mask, 4)
    for given in (mask, mask.astype(bool), mask.astype("float32")):
        np.testing.assert_allclose(attention(hidden, attention_mask=given), expected, atol=1e-5)


def test_no_mask_is_a_mask_of_ones(attention, hidden):
    ones = np.ones((5, 17), "int32")
    np.testing.assert_allclose(attention(hidden), attention(hidden, ones), atol=1e-6)


def test_mask_of_pairs_hides_what_is_to_come(attention, hidden):
    """With a causal mask each token has what it would have as the last of its row."""
    causal = np.tril(np.ones((17, 17), bool))[None].repeat(5, axis=0)
    outputs = attention(hidden, attention_mask=causal)
    for length in (1, 4, 17):
        np.testing.assert_allclose(
            outputs[:, length - 1], attention(hidden[:, :length])[:, -1], atol=1e-5
        )


@pytest.mark.parametrize("axes", [2, 3])
def test_first_token_alone_has_its_row_of_the_output(attention, hidden, axes):
    shape = (5, 17) if axes == 2 else (5, 17, 17)
    mask = np.random.default_rng(3).integers(0, 2, shape)
    mask[..., 0] = 1
    whole = attention(hidden, attention_mask=mask)
    first = attention(hidden, attention_mask=mask, first_only=True)
    np.testing.assert_allclose(first, whole[:, 0], atol=1e-6)


def test_symbolic_first_token_has_the_shape_of_one():
    attention, hidden = SelfAttention(12, 3), keras.Input((None, 12))
    assert attention(hidden, first_only=True).shape == (None, 12)


def test_attention_to_one_token_alone_returns_its_value(attention, hidden):
    """Where only token 3 is no padding, every token gets the value of token 3."""
    mask = np.zeros((5, 17), "int32")
    mask[:, 3] = 1
    weights = weights_of(attention)
    value = reference.dense(hidden[:, 3:4].astype("float64"), weights["value"])
    expected = reference.layer_norm(
        hidden + reference.dense(value, weights["output"]), weights["norm"]
    )
    np.testing.assert_allclose(attention(hidden, mask), expected, atol=1e-5)


def test_each_dropout_acts_in_training_only(hidden):
    for name in ("hidden_dropout_prob", "attention_probs_dropout_prob"):
        attention = SelfAttention(28, 4, **{name: 0.4})
        attention.build()
        randomize(attention)
        calm = np.asarray(attention(hidden))
        np.testing.assert_array_equal(attention(hidden, training=False), calm)
        assert np.abs(attention(hidden, training=True) - calm).max() > 0.01, name


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(ValueError, match=r"hidden_size=12 and num_attention_heads=5"):
        SelfAttention(hidden_size=12, num_attention_heads=5)
