"""A consumer of a tagger, in a process of its own, that never imports tf_albert.

It writes what it found into found.json; strings are hexadecimal.
"""

import json

import tensorflow as tf
import tf_keras
from consumer import AWKWARD, FOLDER, fresh, hub, ids, imports, load, strings

WITH_NUL = [*AWKWARD, b" a\x00b"]

module, (texts,) = load("tagger"), strings()


def plain(outputs):
    """Returns outputs as lists by name."""
    lists = {name: value.numpy() for name, value in outputs.items()}
    return {name: [list(map(as_json, row)) for row in rows] for name, rows in lists.items()}


def as_json(value):
    return value.hex() if isinstance(value, bytes) else int(value)


def in_model():
    text = tf_keras.Input((), dtype=tf.string)
    return tf_keras.Model(text, hub.KerasLayer(module)(text))(texts)


of_tokens = module.signatures["ids"](**ids())
used = {id(one) for call in module.__call__.concrete_functions for one in call.variables}
listed = {id(variable) for variable in module.variables}
found = {
    "loaded": plain(module(texts)),
    "layer": plain(fresh("tagger")(texts)),
    "in_model": plain(in_model()),
    "served": plain(module.signatures["serving_default"](text=texts)),
    "token_labels": plain({"label": of_tokens["label"]})["label"],
    "token_logits": of_tokens["logits"].numpy().tolist(),
    "token_probabilities": of_tokens["probabilities"].numpy().tolist(),
    "awkward": plain(module(tf.constant(WITH_NUL))),
    "awkward_texts": [text.hex() for text in WITH_NUL],
    "empty": plain(module(tf.constant([], tf.string))),
    "unlisted": len(used - listed),
    "trainable": len(module.trainable_variables),
    **imports(),
}
(FOLDER / "found.json").write_text(json.dumps(found), encoding="utf-8")
