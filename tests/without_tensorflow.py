"""A model of three blocks that any backend trains: a script, and what its test compares with.

    KERAS_BACKEND=jax python without_tensorflow.py RESULTS

It writes the results into a `.npz` file and fails where TensorFlow was imported.
"""

import sys

import keras
import numpy as np

from tf_albert.layers import EncoderBlock, FactorizedEmbedding, MaskedLMHead
from tf_albert.training.optimizers import AdamW, Lamb, Sgd

CLIP_NORM, RATE = 0.05, 0.01


def make_model():
    """Returns a masked language model of known weights: three calls of one block."""
    embedding = FactorizedEmbedding(40, 6, 12, max_position_embeddings=9)
    block = EncoderBlock(12, 3, 20)
    ids = keras.Input((None,), dtype="int32")
    hidden = embedding(ids)
    for _ in range(3):
        hidden = block(hidden, attention_mask=ids != 0)
    model = keras.Model(ids, MaskedLMHead(embedding)(hidden))
    random = np.random.default_rng(0)
    model.set_weights([random.normal(scale=0.2, size=weight.shape) for weight in model.weights])
    return model


def rows():
    """Returns ids with padding, and the ids to predict."""
    random = np.random.default_rng(1)
    ids = random.integers(1, 40, (8, 7)).astype("int32")
    ids[::2, 4:] = 0
    return ids, random.integers(0, 40, (8, 7)).astype("int32")


def trained(model, optimizer):
    """Returns the weights of a model, one below another, after four steps of `fit`."""
    before = model.get_weights()
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(*rows(), batch_size=4, epochs=2, shuffle=False, verbose=0)
    after = joined(model.get_weights())
    model.set_weights(before)
    return after


def joined(weights):
    return np.concatenate([weight.ravel() for weight in weights])


def results():
    """Returns arrays by name: logits, and the weights before and after training."""
    model = make_model()
    optimizers = {
        "adamw": AdamW(RATE, clip_norm=CLIP_NORM),
        "lamb": Lamb(RATE, clip_norm=CLIP_NORM),
        "sgd, accumulating": Sgd(RATE, clip_norm=CLIP_NORM, gradient_accumulation_steps=2),
    }
    return {
        "logits": model.predict_on_batch(rows()[0]),
        "before": joined(model.get_weights()),
        **{name: trained(model, optimizer) for name, optimizer in optimizers.items()},
    }


if __name__ == "__main__":
    found = results()
    assert "tensorflow" not in sys.modules, "TensorFlow was imported"
    np.savez(sys.argv[1], backend=keras.backend.backend(), **found)
