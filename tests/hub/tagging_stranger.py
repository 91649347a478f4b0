"""A consumer of a tagger, in a process of its own, that never imports tf_albert.

It writes what it found into found.json; strings are hexadecimal.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_text  # noqa: F401  (registers the tokenizer's operations)
import tf_keras

with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)
    import tensorflow_hub as hub

FOLDER = Path(sys.argv[1])
AWKWARD = [b"\xff\xfe\x80 abc", b"", b"   ", "\u0000\ufffd\U0010ffff".encode(), b" a\x00b"]

texts = tf.constant(json.loads((FOLDER / "texts.json").read_text("utf-8")))
module = hub.load(str(FOLDER / "tagger"))


def plain(outputs):
    """Returns outputs as lists by name."""
    lists = {name: value.numpy() for name, value in outputs.items()}
    return {name: [list(map(as_json, row)) for row in rows] for name, rows in lists.items()}


def as_json(value):
    return value.hex() if isinstance(value, bytes) else int(value)


def in_model():
    text = tf_keras.Input((), dtype=tf.string)
    return tf_keras.Model(text, hub.KerasLayer(module)(text))(texts)


with np.load(FOLDER / "inputs.npz") as arrays:
    ids = {name: tf.constant(array) for name, array in arrays.items()}
of_tokens = module.signatures["ids"](**ids)
used = {id(one) for call in module.__call__.concrete_functions for one in call.variables}
listed = {id(variable) for variable in module.variables}
found = {
    "loaded": plain(module(texts)),
    "layer": plain(hub.KerasLayer(str(FOLDER / "tagger"))(texts)),
    "in_model": plain(in_model()),
    "served": plain(module.signatures["serving_default"](text=texts)),
    "token_labels": plain({"label": of_tokens["label"]})["label"],
    "token_logits": of_tokens["logits"].numpy().tolist(),
    "token_probabilities": of_tokens["probabilities"].numpy().tolist(),
    "awkward": plain(module(tf.constant(AWKWARD))),
    "awkward_texts": [text.hex() for text in AWKWARD],
    "empty": plain(module(tf.constant([], tf.string))),
    "unlisted": len(used - listed),
    "trainable": len(module.trainable_variables),
    "ours": [key for key in sys.modules if key.split(".")[0] in ("tf_albert", "tests")],
}
(FOLDER / "found.json").write_text(json.dumps(found), encoding="utf-8")
