"""A consumer of modules of several depths, in a process of its own, that never imports tf_albert.

In a folder with `encoder`, `early_exit`, inputs.npz and texts.json it calls them, trains one of the
encoder's parts, and writes what it found into found.npz.
"""

import numpy as np
import tensorflow as tf
import tf_keras
from consumer import FOLDER, as_text, fitted, flat, hub, ids, imports, load, strings


def named(part, outputs):
    """Returns outputs as arrays, under names that begin with a part's."""
    return {f"{part}/{name}": as_text(array) for name, array in flat(outputs).items()}


def num_softmaxes(module):
    """Returns how many times the graph of a call computes attention."""
    operations = module.__call__.concrete_functions[0].graph.get_operations()
    return sum(operation.type == "Softmax" for operation in operations)


def distances_of_a_step(module, inputs):
    """Returns how far each weight goes in a step on one output of a module."""
    layer = hub.KerasLayer(module, trainable=True)
    placeholders = {name: tf_keras.Input(x.shape[1:], dtype=x.dtype) for name, x in inputs.items()}
    return fitted(layer, placeholders, [layer(placeholders)["default"]], inputs)


encoder, inputs = load("encoder"), ids()
found = {}
for part in ("layers_1", "layers_2"):
    found |= named(part, getattr(encoder, part)(inputs))
    found[f"{part}/softmaxes"] = num_softmaxes(getattr(encoder, part))
found["whole/before"] = encoder(inputs)["default"]
found |= named("distance", distances_of_a_step(encoder.layers_1, inputs))
found["whole/after"] = encoder(inputs)["default"]

early, (texts,) = load("early_exit"), strings()
found |= named("early", hub.KerasLayer(early)(texts))
found |= named("served", early.signatures["serving_default"](text=texts))
found |= named("empty", early(tf.zeros((0,), tf.string)))
found |= named("ids", early.signatures["ids"](**inputs))
found["early/num_trainable"] = len(early.trainable_variables)
np.savez(FOLDER / "found.npz", **found, **imports())
