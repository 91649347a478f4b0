"""Models of three blocks that any backend trains: a script, and what its test compares with.

    KERAS_BACKEND=jax python without_tensorflow.py RESULTS

It writes the results into a `.npz` file and fails where TensorFlow was imported.
"""

import sys

import keras
import numpy as np

import tf_albert
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


def make_looping_classifier():
    """Returns a classifier of three layers that are one block, in a loop, with dropout."""
    config = tf_albert.AlbertConfig(
        vocab_size=40,
        embedding_size=6,
        hidden_size=12,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=20,
        max_position_embeddings=9,
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
    )
    encoder = tf_albert.AlbertEncoder(config)
    encoder.loop_layers = True
    return tf_albert.AlbertClassifier(encoder, num_classes=3)


def looping_gradients():
    """Returns how many weights of the looping classifier JAX has a gradient of, and of how many."""
    import jax

    classifier, (ids, _) = make_looping_classifier(), rows()
    names = ("input_word_ids", "input_mask", "input_type_ids")
    inputs = dict(zip(names, (ids, ids > 0, ids % 2), strict=True))
    others = [variable.value for variable in classifier.non_trainable_variables]

    def total(weights):
        logits, _ = classifier.stateless_call(weights, others, inputs, training=True)
        return logits.sum()

    weights = [variable.value for variable in classifier.trainable_variables]
    # Compiling it would take longer than all else here.
    return len(jax.eval_shape(jax.grad(total), weights)), len(weights)


def told():
    """Returns what is said, by name, of each thing of `tf_albert.hub`, and of `skip_padding`."""
    encoder, found = make_looping_classifier().encoder, {}
    for name in ("skip_padding", *tf_albert.hub.__all__):
        if name == "save_preprocessor":  # it needs TensorFlow, whatever Keras computes with
            continue
        try:
            encoder.skip_padding = name == "skip_padding"
            getattr(tf_albert.hub, name)
        except ValueError as error:
            found[name] = str(error)
    return found


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
    found |= {"looping gradients": looping_gradients(), "backend": keras.backend.backend()}
    found |= {f"told of {name}": sentence for name, sentence in told().items()}
    assert "tensorflow" not in sys.modules, "TensorFlow was imported"
    np.savez(sys.argv[1], **found)
