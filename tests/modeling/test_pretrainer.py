import numpy as np
import pytest
import tensorflow as tf

from tests import reference
from tests.helpers import random_inputs, randomize, reference_weights
from tf_albert import AlbertConfig, AlbertEncoder, AlbertPretrainer


@pytest.mark.parametrize(
    "changes",
    [{}, {"embedding_size": 28}, {"parameter_sharing": "none", "hidden_act": "gelu_erf"}],
    ids=["shared", "no projection", "erf, nothing shared"],
)
def test_logits_equal_the_reference(small_config, changes):
    config = small_config.replace(**changes)
    pretrainer, inputs = randomize(AlbertPretrainer(config)), random_inputs(config)
    logits = pretrainer(inputs)
    expected = reference.pretrain_logits(reference_weights(pretrainer), config, inputs)
    assert tuple(logits["mlm_logits"].shape) == (5, 8, 397)
    assert tuple(logits["sop_logits"].shape) == (5, 2)
    np.testing.assert_allclose(logits["mlm_logits"], expected["mlm_logits"], atol=1e-5)
    np.testing.assert_allclose(logits["sop_logits"], expected["sop_logits"], atol=1e-5)


@pytest.mark.parametrize(
    ("name", "parameters"), [("albert_base_v2", 11_813_810), ("albert_large_v2", 17_847_474)]
)
def test_number_of_parameters_is_that_of_the_paper(name, parameters):
    assert AlbertPretrainer(AlbertConfig.from_name(name)).count_params() == parameters


def test_output_table_is_the_embedding_itself(small_config):
    pretrainer, inputs = randomize(AlbertPretrainer(small_config)), random_inputs(small_config)
    inputs["input_word_ids"] = inputs["input_word_ids"] % 50  # no id from 50 on enters
    table = pretrainer.encoder.embedding.word_embeddings
    before = np.asarray(pretrainer(inputs)["mlm_logits"])
    changed = np.asarray(table).copy()
    changed[77] = 0
    table.assign(changed)
    after = np.asarray(pretrainer(inputs)["mlm_logits"])
    bias = np.asarray(pretrainer.masked_lm_head.output_bias)
    np.testing.assert_allclose(after[..., 77], np.full((5, 8), bias[77]), atol=1e-6)
    np.testing.assert_array_equal(np.delete(after, 77, -1), np.delete(before, 77, -1))


def test_gradient_of_the_table_has_both_parts(small_config):
    """Ids that only leave have a gradient, and ids that enter have one more."""
    pretrainer, inputs = randomize(AlbertPretrainer(small_config)), random_inputs(small_config)
    inputs["input_word_ids"] = inputs["input_word_ids"] % 50
    table = pretrainer.encoder.embedding.word_embeddings.value
    with tf.GradientTape() as tape:
        logits = pretrainer(inputs)
        loss = tf.reduce_sum(logits["mlm_logits"] ** 2)
    gradient = np.asarray(tf.convert_to_tensor(tape.gradient(loss, table)))
    assert (np.abs(gradient[50:]).max(axis=1) > 0).all()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(pretrainer(inputs)["sop_logits"] ** 2)
    gradient = np.asarray(tf.convert_to_tensor(tape.gradient(loss, table)))
    assert (gradient[50:] == 0).all()
    entered = np.unique(inputs["input_word_ids"][inputs["input_mask"] == 1])
    assert (np.abs(gradient[entered]).max(axis=1) > 0).all()


def test_given_encoder_is_the_one_that_is_trained(small_config):
    encoder = AlbertEncoder(small_config)
    assert AlbertPretrainer(encoder).encoder is encoder


def test_logits_of_bfloat16_are_float32_and_close(small_config):
    exact = randomize(AlbertPretrainer(small_config), scale=0.1)
    rough = AlbertPretrainer(small_config, dtype="mixed_bfloat16")
    rough.set_weights(exact.get_weights())
    inputs = random_inputs(small_config)
    logits, expected = rough(inputs), exact(inputs)
    # A value is rounded 5 times in the embedding, 12 in a layer and 4 in a head, by up to 1 / 256;
    # in the mean square that is a root of three less, and independent errors add up as squares.
    roundings = 5 + 12 * small_config.num_hidden_layers + 4
    bound = 2**-8 * np.sqrt(roundings / 3)
    for name in ("mlm_logits", "sop_logits"):
        assert logits[name].dtype == "float32"
        error = np.sqrt(np.mean((logits[name] - expected[name]) ** 2))
        assert 0 < error < bound * np.sqrt(np.mean(expected[name] ** 2)), name


def test_missing_positions_are_named(small_config):
    inputs = random_inputs(small_config)
    del inputs["masked_lm_positions"]
    with pytest.raises(
        ValueError,
        match=r"Missing inputs: masked_lm_positions\. "
        r"Received: input_mask, input_type_ids, input_word_ids\.",
    ):
        AlbertPretrainer(small_config)(inputs)
