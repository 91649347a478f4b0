import numpy as np
import pytest

from tests import reference
from tests.helpers import random_inputs, randomize, reference_weights
from tests.layer_checks import check_layer
from tf_albert import AlbertEncoder
from tf_albert.layers import EncoderBlock

# Keras asks whether a softmax over one token is meant; a token alone attends to itself.
pytestmark = pytest.mark.filterwarnings("ignore:You are using a softmax over axis -1:UserWarning")

ARGUMENTS = {
    "hidden_size": 12,
    "num_attention_heads": 3,
    "intermediate_size": 20,
    "hidden_act": "gelu_erf",
    "hidden_dropout_prob": 0.125,
    "attention_probs_dropout_prob": 0.25,
    "layer_norm_epsilon": 1e-5,
    "initializer_range": 0.5,
}


def test_layer(stranger, tmp_path):
    random = np.random.default_rng(0)
    hidden = random.normal(size=(3, 5, 12)).astype("float32")
    mask = np.array([[1, 1, 1, 0, 0], [1, 0, 0, 0, 0], [1, 1, 1, 1, 1]], "int32")

    def inputs_of(batch, length):
        return {"hidden": hidden[:batch, :length], "attention_mask": mask[:batch, :length]}

    check_layer(
        EncoderBlock,
        lambda: ARGUMENTS,
        inputs_of,
        stranger,
        tmp_path,
        without_gradient=("key/bias",),  # a softmax does not see what all keys have
    )


def test_arguments_reach_both_halves():
    block = EncoderBlock(**ARGUMENTS, dtype="mixed_bfloat16")
    for half in (block.self_attention, block.feed_forward):
        for name, value in half.get_config().items():
            assert name not in ARGUMENTS or value == ARGUMENTS[name], name
        assert half.dtype_policy.name == "mixed_bfloat16"


def test_block_called_again_is_the_encoder(small_config):
    """The block with an encoder's weights, called as often as it has layers."""
    encoder = randomize(AlbertEncoder(small_config))
    block = EncoderBlock(28, 4, 36)
    block.build()
    halves = encoder.attentions[0], encoder.feed_forwards[0]
    block.set_weights([weight for half in halves for weight in half.get_weights()])
    inputs = random_inputs(small_config)
    hidden = encoder.embedding(inputs["input_word_ids"], inputs["input_type_ids"])
    for _ in range(2):
        hidden = block(hidden, attention_mask=inputs["input_mask"])
    expected = reference.encode(reference_weights(encoder), small_config, inputs)
    np.testing.assert_allclose(hidden, expected["sequence_output"], atol=1e-5)
