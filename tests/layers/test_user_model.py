"""A model that a user makes of the layers alone: trained, saved, and loaded elsewhere."""

import keras
import numpy as np
import pytest

from tests.elsewhere import outputs_elsewhere
from tf_albert.layers import EncoderBlock, FactorizedEmbedding, MaskedLMHead, SentenceOrderHead

MASK_ID = 4


def make_model(num_blocks):
    """Returns a model of three layers, masked words and sentence order, of one block or three."""
    ids = keras.Input((None,), dtype="int32", name="ids")
    positions = keras.Input((None,), dtype="int32", name="positions")
    embedding = FactorizedEmbedding(40, 6, 12, max_position_embeddings=9, hidden_dropout_prob=0.1)
    blocks = [
        EncoderBlock(12, 3, 20, hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1)
        for _ in range(num_blocks)
    ]
    hidden = embedding(ids)
    for layer in range(3):
        hidden = blocks[layer % num_blocks](hidden, attention_mask=ids != 0)
    words = MaskedLMHead(embedding, name="words")(hidden, positions)
    return keras.Model(
        {"ids": ids, "positions": positions},
        {"words": words, "order": SentenceOrderHead(12, name="order")(hidden)},
    )


def rows():
    """Returns rows in which the hidden words are those before them, and whether they are odd."""
    random = np.random.default_rng(1)
    words = np.repeat(random.integers(5, 40, (48, 4)), 2, axis=1).astype("int32")
    words[::3, 6:] = 0
    positions = np.tile(np.array([[1, 5]], "int32"), (48, 1))
    ids, targets = words.copy(), np.take_along_axis(words, positions, axis=1)
    np.put_along_axis(ids, positions, MASK_ID, axis=1)
    return {"ids": ids, "positions": positions}, {"words": targets, "order": words[:, 0] % 2}


@pytest.mark.parametrize("num_blocks", [1, 3], ids=["one block three times", "three blocks"])
def test_model_trains_and_loads_elsewhere(stranger, tmp_path, num_blocks):
    model = make_model(num_blocks)
    embedding, block = 40 * 6 + 9 * 6 + 2 * 6 + 2 * 6 + 7 * 12, 4 * 13 * 12 + 13 * 20 + 21 * 12 + 48
    heads = 13 * 6 + 2 * 6 + 40 + 13 * 12 + 13 * 2
    assert model.count_params() == embedding + num_blocks * block + heads
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), {"words": loss, "order": loss})
    inputs, targets = rows()
    losses = model.fit(inputs, targets, batch_size=16, epochs=8, verbose=0).history["loss"]
    assert losses[-1] < 0.9 * losses[0]
    loaded = outputs_elsewhere(model, inputs, stranger, tmp_path)
    for name, output in model(inputs).items():
        np.testing.assert_allclose(loaded[name], output, atol=1e-6, err_msg=name)


def test_loaded_head_is_still_tied(tmp_path):
    make_model(1).save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    (embedding,) = (part for part in loaded.layers if isinstance(part, FactorizedEmbedding))
    assert loaded.get_layer("words").token_embedding is embedding
