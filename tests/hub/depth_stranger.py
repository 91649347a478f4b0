"""A consumer of modules of several depths, in a process of its own, that never imports tf_albert.

In a folder with `encoder`, `early_exit`, inputs.npz and texts.json it calls them, trains one of the
encoder's parts, and writes what it found into found.npz.
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
NAMES = ("input_word_ids", "input_mask", "input_type_ids")


def outputs_of(module, inputs, name):
    """Returns a module's outputs as arrays, those of a list numbered, under names of its own."""
    outputs = module(inputs)
    outputs |= {f"encoder_outputs_{i}": x for i, x in enumerate(outputs.pop("encoder_outputs"))}
    return {f"{name}/{key}": value.numpy() for key, value in outputs.items()}


def num_softmaxes(module):
    """Returns how many times the graph of a call computes attention."""
    operations = module.__call__.concrete_functions[0].graph.get_operations()
    return sum(operation.type == "Softmax" for operation in operations)


def distances_of_a_step(module, inputs):
    """Returns how far each weight goes in a step on one output of a module."""
    layer = hub.KerasLayer(module, trainable=True)
    placeholders = {n: tf_keras.Input(x.shape[1:], dtype=x.dtype) for n, x in inputs.items()}
    model = tf_keras.Model(placeholders, layer(placeholders)["default"])
    model.compile(tf_keras.optimizers.SGD(0.1), "mse")
    before = [weight.numpy() for weight in layer.trainable_weights]
    targets = np.ones((len(inputs["input_mask"]), *model.output.shape[1:]), "float32")
    model.fit(inputs, targets, verbose=0)
    pairs = zip(layer.trainable_weights, before, strict=True)
    return {weight.name: np.abs(weight.numpy() - value).max() for weight, value in pairs}


with np.load(FOLDER / "inputs.npz") as arrays:
    ids = {name: tf.constant(arrays[name]) for name in NAMES}
texts = tf.constant(json.loads((FOLDER / "texts.json").read_text("utf-8")))
encoder = hub.load(str(FOLDER / "encoder"))
found = {}
for part in ("layers_1", "layers_2"):
    found |= outputs_of(getattr(encoder, part), ids, part)
    found[f"{part}/softmaxes"] = num_softmaxes(getattr(encoder, part))
found["whole/before"] = encoder(ids)["default"]
for name, distance in distances_of_a_step(encoder.layers_1, ids).items():
    found[f"distance/{name}"] = distance
found["whole/after"] = encoder(ids)["default"]

early = hub.load(str(FOLDER / "early_exit"))
answers = {
    "early": hub.KerasLayer(early)(texts),
    "served": early.signatures["serving_default"](text=texts),
    "empty": early(texts[:0]),
    "ids": early.signatures["ids"](**ids),
}
for name, outputs in answers.items():
    found |= {f"{name}/{key}": value.numpy() for key, value in outputs.items()}
    found[f"{name}/label"] = found[f"{name}/label"].astype(str)
found["early/num_trainable"] = len(early.trainable_variables)
found["imports"] = [name for name in sys.modules if name.split(".")[0] in ("tf_albert", "tests")]
np.savez(FOLDER / "found.npz", **found)
