"""What consumers of modules have in common, each in a process of its own without tf_albert.

Each check is a function that returns arrays by name; they go into CHECK.npz for the tests to judge,
or the traceback into CHECK.error.
"""

import functools
import json
import sys
import traceback
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
AWKWARD = [b"\xff\xfe\x80 abc", b"", b"   ", "\u0000\ufffd\U0010ffff".encode()]


@functools.cache
def load(name):
    """Returns a module, loaded once: only checks that leave its weights alone may use it."""
    return hub.load(str(FOLDER / name))


def fresh(name, **arguments):
    return hub.KerasLayer(str(FOLDER / name), **arguments)


def ids(names=NAMES):
    with np.load(FOLDER / "inputs.npz") as arrays:
        return {name: tf.constant(arrays[name]) for name in names}


def strings():
    return [tf.constant(texts) for texts in json.loads((FOLDER / "texts.json").read_text("utf-8"))]


def flat(outputs):
    """Returns outputs as arrays; those of a list are numbered."""
    arrays = {}
    for name, value in outputs.items():
        if isinstance(value, (list, tuple)):
            arrays |= {f"{name}_{index}": part for index, part in enumerate(value)}
        else:
            arrays[name] = value
    return {name: np.asarray(value) for name, value in arrays.items()}


def fitted(layer, inputs, outputs, data, library=tf_keras):
    """Returns how far each trainable weight of a layer goes in one step of tf_keras, or Keras 3."""
    model = library.Model(inputs, outputs)
    model.compile(library.optimizers.SGD(0.1), "mse")
    before = [weight.numpy() for weight in layer.trainable_weights]
    rows = len(tf.nest.flatten(data)[0])
    targets = [np.ones((rows, *output.shape[1:]), "float32") for output in outputs]
    model.fit(data, targets, batch_size=rows, verbose=0)
    pairs = zip(layer.trainable_weights, before, strict=True)
    return {weight.name: np.abs(weight.numpy() - value).max() for weight, value in pairs}


def spread_of_dropout(name, output, inputs):
    """Returns how far two calls of a module are apart, with training and without."""
    layer = hub.KerasLayer(load(name), trainable=True, output_key=output)
    return spread_of_calls(layer, inputs)


def spread_of_calls(layer, inputs):
    calls = {
        key: [layer(inputs, training=training) for _ in range(2)]
        for key, training in (("with", True), ("without", False))
    }
    return {key: np.ptp(np.stack(values), axis=0).max() for key, values in calls.items()}


def record(place, check, as_array=np.asarray):
    """Writes what a check finds, or why it failed, beside the modules.

    Args:
        place: str. The file's name, without its ending.
        check: function that returns a dict of values.
        as_array: function of a value to what is written of it.
    """
    try:
        np.savez(FOLDER / place, **{name: as_array(value) for name, value in check().items()})
    except Exception:
        (FOLDER / f"{place}.error").write_text(traceback.format_exc(), encoding="utf-8")


def as_text(value):
    """Returns an array, bytes in it as text."""
    array = np.asarray(value)
    return array.astype(str) if array.dtype == object else array


def imports():
    """Returns what was imported of this project: comes after all other checks."""
    return {"ours": [name for name in sys.modules if name.split(".")[0] in ("tf_albert", "tests")]}
