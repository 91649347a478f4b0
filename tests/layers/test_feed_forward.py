import numpy as np
import pytest

from tests import reference
from tests.helpers import randomize, reference_weights
from tests.layer_checks import check_layer
from tf_albert import AlbertEncoder
from tf_albert.layers import FeedForward


def rows(width):
    return np.random.default_rng(1).normal(size=(3, 5, width)).astype("float32")


def test_layer(stranger, tmp_path):
    arguments = {
        "hidden_size": 12,
        "intermediate_size": 20,
        "hidden_act": "gelu_erf",
        "hidden_dropout_prob": 0.125,
        "layer_norm_epsilon": 1e-5,
        "initializer_range": 0.5,
    }

    def inputs_of(batch, length):
        return {"hidden": rows(12)[:batch, :length]}

    check_layer(FeedForward, lambda: arguments, inputs_of, stranger, tmp_path)


@pytest.mark.parametrize("activation", ["gelu", "gelu_erf", "relu"])
def test_feed_forward_equals_the_reference(small_config, activation):
    encoder = randomize(AlbertEncoder(small_config.replace(hidden_act=activation)))
    weights = reference_weights(encoder)["feed_forwards"][0]
    expected = reference.feed_forward(weights, rows(28), activation)
    np.testing.assert_allclose(encoder.feed_forwards[0](rows(28)), expected, atol=1e-5)


def test_dropout_acts_in_training_only():
    part = FeedForward(28, 36, hidden_dropout_prob=0.4)
    part.build()
    randomize(part)
    calm = np.asarray(part(rows(28)))
    np.testing.assert_array_equal(part(rows(28), training=False), calm)
    assert np.abs(np.asarray(part(rows(28), training=True)) - calm).max() > 0.01


def test_unknown_activation_is_refused():
    with pytest.raises(ValueError, match=r"must be one of gelu, gelu_new.*Received: 'swish'"):
        FeedForward(28, 36, hidden_act="swish")
