import numpy as np
import pytest

from tests import reference
from tests.helpers import random_inputs, randomize, reference_weights
from tests.layer_checks import check_layer
from tf_albert import AlbertEncoder
from tf_albert.layers import FactorizedEmbedding


@pytest.mark.parametrize("embedding_size", [6, 8], ids=["projected", "as wide as the encoder"])
def test_layer(stranger, tmp_path, embedding_size):
    arguments = {
        "vocab_size": 50,
        "embedding_size": embedding_size,
        "hidden_size": 8,
        "max_position_embeddings": 11,
        "type_vocab_size": 3,
        "hidden_dropout_prob": 0.25,
        "layer_norm_epsilon": 1e-5,
        "initializer_range": 0.5,
    }
    ids = np.random.default_rng(0).integers(0, 50, (3, 5), "int32")

    def inputs_of(batch, length):
        rows = ids[:batch, :length]
        return {"input_word_ids": rows, "input_type_ids": rows % 3}

    check_layer(FactorizedEmbedding, lambda: arguments, inputs_of, stranger, tmp_path)


def test_sum_of_three_tables_by_hand():
    embedding = FactorizedEmbedding(397, embedding_size=2, hidden_size=4, type_vocab_size=3)
    embedding.build()
    embedding.word_embeddings.assign(np.zeros((397, 2)))
    embedding.position_embeddings.assign(np.outer(np.arange(512), [1, -1]))
    embedding.type_embeddings.assign([[0, 0], [0, -20], [9, 9]])
    # Token 0: (0, 0); token 1 of type 1: (1, -21); of two numbers the larger becomes 1.
    embedded = embedding.embed(np.array([[5, 6]]), np.array([[0, 1]]))
    np.testing.assert_allclose(embedded, [[[0, 0], [1, -1]]], atol=1e-6)


@pytest.mark.parametrize("embedding_size", [10, 28], ids=["projected", "as wide as the encoder"])
def test_embedding_equals_the_reference(small_config, embedding_size):
    config = small_config.replace(embedding_size=embedding_size)
    encoder = randomize(AlbertEncoder(config))
    inputs = random_inputs(config)
    expected = reference.encode(reference_weights(encoder), config, inputs)["embedding_output"]
    ids, types = inputs["input_word_ids"], inputs["input_type_ids"]
    np.testing.assert_allclose(encoder.embedding.embed(ids, types), expected, atol=1e-5)
    assert tuple(encoder.embedding(ids, types).shape) == (5, 17, 28)
    assert (encoder.embedding.projection is None) == (embedding_size == 28)


def test_types_are_zeros_where_none_are_given(small_config):
    embedding = randomize(AlbertEncoder(small_config)).embedding
    ids = random_inputs(small_config)["input_word_ids"]
    np.testing.assert_array_equal(embedding(ids), embedding(ids, np.zeros_like(ids)))


def test_sequence_of_all_positions_fits_and_one_more_is_refused(small_config):
    encoder = AlbertEncoder(small_config)
    encoder(random_inputs(small_config, length=41))
    with pytest.raises(
        ValueError,
        match=r"The sequence has 42 tokens; the model has `max_position_embeddings`=41\. "
        r"Use a `sequence_length` of at most 41\.",
    ):
        encoder(random_inputs(small_config, length=42))


def test_size_below_one_is_refused():
    with pytest.raises(ValueError, match=r"`embedding_size` must be at least 1. Received: 0"):
        FactorizedEmbedding(vocab_size=50, embedding_size=0, hidden_size=8)


def test_dropout_acts_in_training_only(small_config):
    embedding = AlbertEncoder(small_config.replace(hidden_dropout_prob=0.5)).embedding
    inputs = random_inputs(small_config)
    arguments = inputs["input_word_ids"], inputs["input_type_ids"]
    assert np.mean(np.asarray(embedding.embed(*arguments)) == 0) < 0.01
    dropped = np.mean(np.asarray(embedding.embed(*arguments, training=True)) == 0)
    assert 0.4 < dropped < 0.6
