import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import reference
from tests.helpers import random_inputs, randomize, reference_weights
from tf_albert import AlbertConfig, AlbertEncoder

VARIANTS = {
    "shared": {},
    "shared attention": {"parameter_sharing": "attention"},
    "shared ffn": {"parameter_sharing": "ffn"},
    "nothing shared": {"parameter_sharing": "none"},
    "groups": {"num_hidden_layers": 4, "num_hidden_groups": 2, "inner_group_num": 2},
    "one block in turns": {"inner_group_num": 2},
    "no projection": {"embedding_size": 28},
    "relu": {"hidden_act": "relu"},
    "erf": {"hidden_act": "gelu_erf"},
    "tanh": {"hidden_act": "tanh"},
    "seven heads": {"num_attention_heads": 7},
}
variants = pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS.keys())


@variants
def test_outputs_equal_the_reference(small_config, changes):
    config = small_config.replace(**changes)
    encoder = randomize(AlbertEncoder(config))
    expected_weights = reference_weights(encoder)

    @settings(max_examples=5)
    @given(batch=st.integers(1, 6), length=st.integers(2, 41), seed=st.integers(0, 99))
    def check(batch, length, seed):
        inputs = random_inputs(config, batch, length, seed=seed)
        outputs, expected = encoder(inputs), reference.encode(expected_weights, config, inputs)
        for name in ("sequence_output", "pooled_output", "encoder_outputs"):
            np.testing.assert_allclose(outputs[name], expected[name], atol=1e-5, err_msg=name)

    check()


def test_shapes(small_config):
    outputs = AlbertEncoder(small_config)(random_inputs(small_config))
    assert tuple(outputs["sequence_output"].shape) == (5, 17, 28)
    assert tuple(outputs["pooled_output"].shape) == (5, 28)
    assert [tuple(output.shape) for output in outputs["encoder_outputs"]] == [(5, 17, 28)] * 2


def test_shapes_of_a_functional_model_stay_open(small_config):
    names = ("input_word_ids", "input_mask", "input_type_ids")
    inputs = {name: keras.Input((None,), dtype="int32", name=name) for name in names}
    outputs = AlbertEncoder(small_config)(inputs)
    assert outputs["sequence_output"].shape == (None, None, 28)
    model = keras.Model(inputs, outputs["pooled_output"])
    for length in (17, 23):
        batch = random_inputs(small_config, length=length)
        assert tuple(model({name: batch[name] for name in names}).shape) == (5, 28)


@pytest.mark.parametrize(
    ("name", "parameters"), [("albert_base_v2", 11_683_584), ("albert_large_v2", 17_683_968)]
)
def test_number_of_parameters_is_that_of_the_paper(name, parameters):
    assert AlbertEncoder(AlbertConfig.from_name(name)).count_params() == parameters


@variants
def test_gradient_of_a_shared_weight_is_the_sum_over_its_uses(small_config, changes):
    shared = randomize(AlbertEncoder(small_config.replace(**changes)))
    blocks = [block for layer in shared.config.layer_schedule for block in layer]
    unshared = unrolled(shared, blocks)
    expected, gradients = gradients_by_part(unshared), gradients_by_part(shared)
    for kind, which in (("attentions", 0), ("feed_forwards", 1)):
        for index, got in enumerate(gradients[kind]):
            uses = [use for use, block in enumerate(blocks) if block[which] == index]
            assert uses
            for position, gradient in enumerate(got):
                total = sum(expected[kind][use][position] for use in uses)
                np.testing.assert_allclose(gradient, total, atol=1e-4 * np.abs(total).max() + 1e-5)


def unrolled(encoder, blocks):
    """Returns an encoder that shares nothing, with copies of the weights of another."""
    config = encoder.config.replace(
        num_hidden_layers=len(blocks),
        parameter_sharing="none",
        num_hidden_groups=1,
        inner_group_num=1,
    )
    copy = AlbertEncoder(config)
    copy.embedding.set_weights(encoder.embedding.get_weights())
    copy.pooler.set_weights(encoder.pooler.get_weights())
    for layer, (attention, feed_forward) in enumerate(blocks):
        copy.attentions[layer].set_weights(encoder.attentions[attention].get_weights())
        copy.feed_forwards[layer].set_weights(encoder.feed_forwards[feed_forward].get_weights())
    return copy


def gradients_by_part(encoder):
    inputs = random_inputs(encoder.config)
    target = np.random.default_rng(3).normal(size=(5, 17, 28)).astype("float32")
    parts = {kind: getattr(encoder, kind) for kind in ("attentions", "feed_forwards")}
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((encoder(inputs)["sequence_output"] - target) ** 2)
    variables = {
        kind: [[variable.value for variable in layer.trainable_variables] for layer in layers]
        for kind, layers in parts.items()
    }
    return tf.nest.map_structure(np.asarray, tape.gradient(loss, variables))


def test_what_stands_in_padding_does_not_matter(small_config):
    encoder = randomize(AlbertEncoder(small_config))
    inputs = random_inputs(small_config)
    real = inputs["input_mask"] == 1
    assert not real.all()
    noise = random_inputs(small_config, seed=5)["input_word_ids"]
    changed = inputs | {
        "input_word_ids": np.where(real, inputs["input_word_ids"], noise + 1),
        "input_type_ids": np.where(real, inputs["input_type_ids"], 1),
    }
    first, second = encoder(inputs), encoder(changed)
    np.testing.assert_allclose(
        first["sequence_output"][real], second["sequence_output"][real], atol=1e-6
    )
    np.testing.assert_allclose(first["pooled_output"], second["pooled_output"], atol=1e-6)


def test_more_padding_does_not_matter(small_config):
    encoder = randomize(AlbertEncoder(small_config))
    inputs = random_inputs(small_config)
    padded = {
        name: np.pad(inputs[name], ((0, 0), (0, 9)))
        for name in ("input_word_ids", "input_mask", "input_type_ids")
    }
    np.testing.assert_allclose(
        encoder(padded)["pooled_output"], encoder(inputs)["pooled_output"], atol=1e-5
    )


def test_type_ids_and_order_do_matter(small_config):
    encoder = randomize(AlbertEncoder(small_config))
    inputs = random_inputs(small_config)
    pooled = np.asarray(encoder(inputs)["pooled_output"])
    for name in ("input_type_ids", "input_word_ids"):
        other = inputs | {name: inputs[name][:, ::-1]}
        assert np.abs(encoder(other)["pooled_output"] - pooled).max() > 0.01


def test_tanh_and_erf_gelu_are_two_things(small_config):
    tanh = randomize(AlbertEncoder(small_config))
    erf = AlbertEncoder(small_config.replace(hidden_act="gelu_erf"))
    erf.set_weights(tanh.get_weights())
    inputs = random_inputs(small_config)
    difference = np.abs(erf(inputs)["pooled_output"] - tanh(inputs)["pooled_output"]).max()
    assert 1e-5 < difference < 1e-2


def test_dropout_acts_in_training_only(small_config):
    config = small_config.replace(hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1)
    encoder = randomize(AlbertEncoder(config))
    inputs = random_inputs(config)
    calm = np.asarray(encoder(inputs)["pooled_output"])
    np.testing.assert_array_equal(encoder(inputs, training=False)["pooled_output"], calm)
    first, second = (np.asarray(encoder(inputs, training=True)["pooled_output"]) for _ in range(2))
    assert np.abs(first - calm).max() > 0.01
    assert np.abs(first - second).max() > 0.01


def test_without_dropout_training_changes_nothing(small_config):
    encoder = randomize(AlbertEncoder(small_config))
    inputs = random_inputs(small_config)
    np.testing.assert_array_equal(
        encoder(inputs, training=True)["pooled_output"], encoder(inputs)["pooled_output"]
    )


def test_bfloat16_is_close_to_float32(small_config):
    exact = randomize(AlbertEncoder(small_config), scale=0.1)
    rough = AlbertEncoder(small_config, dtype="mixed_bfloat16")
    rough.set_weights(exact.get_weights())
    inputs = random_inputs(small_config)
    outputs = rough(inputs)
    assert {variable.dtype for variable in rough.trainable_variables} == {"float32"}
    assert outputs["sequence_output"].dtype == outputs["pooled_output"].dtype == "bfloat16"
    difference = tf.cast(outputs["pooled_output"], "float32") - exact(inputs)["pooled_output"]
    assert 0 < np.abs(difference).max() < 3e-2


def test_missing_inputs_are_named(small_config):
    inputs = random_inputs(small_config)
    del inputs["input_mask"], inputs["input_type_ids"], inputs["masked_lm_positions"]
    with pytest.raises(
        ValueError, match=r"Missing inputs: input_mask, input_type_ids\. Received: input_word_ids\."
    ):
        AlbertEncoder(small_config)(inputs)


def test_inputs_that_are_no_dict_are_refused(small_config):
    ids = random_inputs(small_config)["input_word_ids"]
    with pytest.raises(
        ValueError,
        match=r"must be a dict of input_word_ids, input_mask, input_type_ids\. Received:",
    ):
        AlbertEncoder(small_config)(ids)
