import keras
import numpy as np
import pytest
import tensorflow as tf

from tests import reference
from tests.helpers import random_inputs, randomize, reference_weights
from tests.layer_checks import check_layer
from tf_albert import AlbertPretrainer
from tf_albert.layers import FactorizedEmbedding, MaskedLMHead, SentenceOrderHead

POSITIONS = np.array([[2, 9], [16, 0], [4, 4]], "int32")


@pytest.fixture
def sequence(small_config):
    shape = (3, 17, small_config.hidden_size)
    return np.random.default_rng(1).normal(size=shape).astype("float32")


@pytest.fixture
def pretrainer(small_config):
    return randomize(AlbertPretrainer(small_config))


@pytest.mark.parametrize("positions", [False, True], ids=["all places", "some places"])
def test_masked_lm_head(stranger, tmp_path, positions):
    hidden = np.random.default_rng(0).normal(size=(3, 5, 12)).astype("float32")

    def arguments():
        return {
            "token_embedding": FactorizedEmbedding(50, 7, 12, name="embedding"),
            "hidden_act": "gelu_erf",
            "layer_norm_epsilon": 1e-5,
            "initializer_range": 0.5,
        }

    def inputs_of(batch, length):
        inputs = {"hidden": hidden[:batch, :length]}
        if positions:
            inputs["masked_lm_positions"] = np.array([[0, 2], [4, 1], [3, 3]], "int32")[:batch]
            inputs["masked_lm_positions"] %= length
        return inputs

    others = ("position_embeddings", "type_embeddings", "projection/kernel", "projection/bias")
    norm = tuple(f"embedding/layer_norm/{name}" for name in ("gamma", "beta"))
    check_layer(
        MaskedLMHead,
        arguments,
        inputs_of,
        stranger,
        tmp_path,
        shortest=int(positions),  # no row without a token has a place
        without_gradient=(*others, *norm),  # of the embedding it has the table alone
    )


def test_sentence_order_head(stranger, tmp_path):
    hidden = np.random.default_rng(0).normal(size=(3, 5, 12)).astype("float32")
    check_layer(
        SentenceOrderHead,
        lambda: {"hidden_size": 12, "initializer_range": 0.5},
        lambda batch, length: {"hidden": hidden[:batch, :length]},
        stranger,
        tmp_path,
        shortest=1,  # it takes the first token
    )


def test_logits_depend_on_the_masked_positions_only(pretrainer, sequence):
    variable = tf.Variable(sequence)
    with tf.GradientTape() as tape:
        logits = pretrainer.masked_lm_head(variable, POSITIONS)
        loss = tf.reduce_sum(logits**2)
    gradient = tf.convert_to_tensor(tape.gradient(loss, variable)).numpy()
    expected = np.zeros((3, 17), bool)
    np.put_along_axis(expected, POSITIONS, True, axis=1)
    np.testing.assert_array_equal(np.abs(gradient).max(axis=-1) > 0, expected)


def test_logits_are_products_with_the_rows_of_the_table(pretrainer, sequence, small_config):
    weights = reference_weights(pretrainer)
    rows = np.stack([row[at] for row, at in zip(sequence, POSITIONS, strict=True)])
    hidden = reference.tanh_gelu(reference.dense(rows, weights["mlm_transform"]))
    hidden = reference.layer_norm(hidden, weights["mlm_norm"])
    table = np.random.default_rng(2).normal(size=(small_config.vocab_size, 10)).astype("float32")
    pretrainer.encoder.embedding.word_embeddings.assign(table)
    expected = hidden @ table.T + weights["mlm_bias"]
    np.testing.assert_allclose(pretrainer.masked_lm_head(rows), expected, atol=1e-5)
    logits = pretrainer.masked_lm_head(sequence, POSITIONS)
    np.testing.assert_allclose(logits, expected, atol=1e-5)


def test_epsilon_is_that_of_the_encoder(pretrainer):
    assert pretrainer.masked_lm_head.normalization.epsilon == 1e-12


def test_table_counts_once_in_a_model(small_config):
    pretrainer = AlbertPretrainer(small_config)
    head, embedding = pretrainer.masked_lm_head, pretrainer.encoder.embedding
    assert head.token_embedding is embedding
    paths = [weight.path for weight in pretrainer.weights]
    assert len(set(paths)) == len(paths)
    assert any(weight is embedding.word_embeddings for weight in head.weights)


def test_head_on_another_layer_is_refused():
    with pytest.raises(ValueError, match=r"must be the `FactorizedEmbedding`.*Received: <Embedd"):
        MaskedLMHead(keras.layers.Embedding(50, 7))


def test_sentence_order_equals_the_reference(pretrainer, small_config):
    """The head with the pooler of the encoder and the dense layer of the pretrainer."""
    inputs = random_inputs(small_config)
    expected = reference.pretrain_logits(reference_weights(pretrainer), small_config, inputs)
    head = SentenceOrderHead(28)
    head.build()
    parts = pretrainer.encoder.pooler, pretrainer.sentence_order_head
    head.set_weights([weight for part in parts for weight in part.get_weights()])
    hidden = expected["sequence_output"].astype("float32")
    np.testing.assert_allclose(head(hidden), expected["sop_logits"], atol=1e-5)
