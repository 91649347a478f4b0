"""What a consumer of strings checks of a chooser; see `text_stranger.py`."""

import json

import tensorflow as tf
import tf_keras
from consumer import (
    AWKWARD,
    FOLDER,
    fitted,
    flat,
    fresh,
    hub,
    ids,
    load,
    spread_of_dropout,
)


def questions():
    columns = json.loads((FOLDER / "questions.json").read_text("utf-8"))
    return {name: tf.constant(column) for name, column in columns.items()}


def choose():
    return flat(fresh("chooser")(questions()))


def choose_in_model():
    inputs = {
        name: tf_keras.Input(column.shape[1:], dtype=tf.string, name=name)
        for name, column in questions().items()
    }
    model = tf_keras.Model(inputs, hub.KerasLayer(load("chooser"))(inputs))
    return flat(model.predict(questions(), batch_size=4, verbose=0))


def choose_served():
    return flat(load("chooser").signatures["serving_default"](**questions()))


def choose_of_two():
    columns = questions()
    return flat(load("chooser")(columns | {"choices": columns["choices"][:, 2:4]}))


def choose_ids():
    inputs = {name: tf.stack([rows, rows[::-1]], axis=1) for name, rows in ids().items()}
    return flat(load("chooser").signatures["ids"](**inputs))


def choose_awkward():
    count = len(AWKWARD)
    columns = {
        "context": tf.constant(AWKWARD),
        "question": tf.constant(AWKWARD[::-1]),
        "choices": tf.constant([AWKWARD] * count),
    }
    nothing = {name: column[:0] for name, column in columns.items()}
    return {
        "awkward": load("chooser")(columns)["probabilities"],
        "empty": load("chooser")(nothing)["probabilities"],
        "no_choice": load("chooser")(nothing)["choice"],
    }


def choose_refused():
    wrong = {
        "context": questions() | {"context": tf.constant(["a"])},
        "choices": questions() | {"choices": tf.constant([["a", "b"]])},
        "none": questions() | {"choices": questions()["choices"][:, :0]},
    }
    return {name: message(columns) for name, columns in wrong.items()}


def message(columns):
    """Returns what the chooser says of wrong texts."""
    try:
        load("chooser")(columns)
    except tf.errors.InvalidArgumentError as error:
        return str(error)
    return ""


def choose_fit():
    layer = fresh("chooser", trainable=True, output_key="logits")
    inputs = {
        name: tf_keras.Input(column.shape[1:], dtype=tf.string, name=name)
        for name, column in questions().items()
    }
    return fitted(layer, inputs, [layer(inputs)], questions())


def choose_dropout():
    return spread_of_dropout("chooser", "logits", questions())


CHECKS = (
    choose,
    choose_in_model,
    choose_served,
    choose_of_two,
    choose_ids,
    choose_awkward,
    choose_refused,
    choose_fit,
    choose_dropout,
)
