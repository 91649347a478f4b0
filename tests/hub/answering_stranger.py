"""A consumer of answerers, in a process of its own, that never imports tf_albert.

Each check is a function of a module's name that returns arrays by name; they go into
MODULE_CHECK.npz for the tests to judge, or the traceback into MODULE_CHECK.error.
"""

import functools
import json

import numpy as np
import tensorflow as tf
import tf_keras
from consumer import AWKWARD, FOLDER, hub, imports, load, record, spread_of_dropout

WITH_NUL = [*AWKWARD, b"a\x00b"]


def texts():
    columns = json.loads((FOLDER / "texts.json").read_text("utf-8"))
    return {name: tf.constant(column) for name, column in columns.items()}


def ids():
    with np.load(FOLDER / "inputs.npz") as arrays:
        return {name: tf.constant(array) for name, array in arrays.items()}


def plain(value):
    """Returns an array; strings are hexadecimal, since NumPy's end at a NUL."""
    array = np.asarray(value)
    return np.array([one.hex() for one in array]) if array.dtype == object else array


def answers(name):
    return load(name)(texts())


def answers_in_model(name):
    inputs = {key: tf_keras.Input((), dtype=tf.string, name=key) for key in texts()}
    model = tf_keras.Model(inputs, hub.KerasLayer(load(name))(inputs))
    return model.predict(texts(), batch_size=7, verbose=0)


def served(name):
    return load(name).signatures["serving_default"](**texts())


def rows(name):
    return load(name).signatures["ids"](**ids())


def awkward(name):
    pairs = [(question, context) for question in WITH_NUL for context in WITH_NUL]
    questions, contexts = (tf.constant(column) for column in zip(*pairs, strict=True))
    return {"context": contexts} | load(name)({"question": questions, "context": contexts})


def empty(name):
    nothing = tf.constant([], tf.string)
    return load(name)({"question": nothing, "context": nothing})


def unpaired(name):
    try:
        load(name)({"question": tf.constant(["a"]), "context": tf.constant(["a", "b"])})
    except tf.errors.InvalidArgumentError as error:
        return {"message": str(error)}
    return {"message": ""}


def dropout(name):
    return spread_of_dropout(name, "score", texts())


def variables(name):
    """Returns counts of variables: used and not listed, trainable, and of those not sound."""
    counts = {}
    for key, part in (("whole", load(name)), ("labeler", load(name).labeler)):
        used = {id(one) for call in part.__call__.concrete_functions for one in call.variables}
        listed = {id(variable) for variable in part.variables}
        trainable = part.trainable_variables
        unsound = [one for one in trainable if not (one.trainable and id(one) in listed)]
        counts[key] = [len(used - listed), len(trainable), len(unsound)]
    return counts


CHECKS = (
    answers,
    answers_in_model,
    served,
    rows,
    awkward,
    empty,
    unpaired,
    dropout,
    variables,
)

for name in ("squad", "squad2"):
    for check in CHECKS:
        record(f"{name}_{check.__name__}", functools.partial(check, name), plain)
    record(f"{name}_imports", imports)
