"""A consumer of an encoder's module, in a process of its own, that never imports tf_albert."""

import keras
import numpy as np
import tensorflow as tf
import tf_keras
from consumer import (
    FOLDER,
    NAMES,
    as_text,
    fitted,
    flat,
    fresh,
    hub,
    ids,
    imports,
    load,
    record,
    spread_of_calls,
    spread_of_dropout,
    strings,
)

# Two devices, so that a strategy has something to mirror.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

WITH_POSITIONS = (*NAMES, "masked_lm_positions")


def encoder_as_layer():
    return flat(fresh("encoder")(ids()))


def encoder_loaded():
    return flat(load("encoder")(ids()))


def encoder_signature():
    return flat(load("encoder").signatures["serving_default"](**ids()))


def tfsm_layer():
    return keras.layers.TFSMLayer(
        str(FOLDER / "encoder"), call_endpoint="serve", call_training_endpoint="train"
    )


def tfsm():
    return flat(tfsm_layer()(ids()))


def tfsm_dropout():
    layer = tfsm_layer()
    return spread_of_calls(lambda *inputs, **kwargs: layer(*inputs, **kwargs)["default"], ids())


def tfsm_fit():
    layer = tfsm_layer()
    inputs = {name: keras.Input((17,), dtype="int32", name=name) for name in NAMES}
    outputs = layer(inputs)
    outputs = [outputs["pooled_output"], outputs["sequence_output"][:, 1]]
    return fitted(layer, inputs, outputs, ids(), keras)


def mlm():
    return flat(load("encoder").mlm(ids(WITH_POSITIONS)))


def sop():
    return flat(load("encoder").sop(ids()))


def weights():
    root = load("encoder")
    return {
        "root": [variable.name for variable in root.trainable_variables],
        "mlm": [variable.name for variable in root.mlm.trainable_variables],
        "sop": [variable.name for variable in root.sop.trainable_variables],
        "root_all": [variable.name for variable in root.variables],
        "losses": len(root.regularization_losses) + len(root.mlm.regularization_losses),
    }


def variables():
    """Returns, for each object, how its lists of variables stand to what its call uses.

    These are counts: of the variables that the call uses, of those listed, of those in both, of the
    trainable ones, and of those among them that are listed and say that they are trainable.
    """
    encoder, preprocessor, chooser = load("encoder"), load("preprocessor"), load("chooser")
    objects = {
        "encoder": encoder,
        "mlm": encoder.mlm,
        "sop": encoder.sop,
        "classifier": load("classifier"),
        "chooser": chooser,
        "scorer": chooser.scorer,
    }
    objects |= {"preprocessor": preprocessor, "tokenize": preprocessor.tokenize}
    objects["bert_pack_inputs"] = preprocessor.bert_pack_inputs
    counts = {}
    for name, found in objects.items():
        used = {id(part) for call in found.__call__.concrete_functions for part in call.variables}
        listed = {id(variable) for variable in found.variables}
        trainable = found.trainable_variables
        sound = [part for part in trainable if part.trainable and id(part) in listed]
        counts[name] = [len(items) for items in (used, listed, used & listed, trainable, sound)]
    return counts


def dropout():
    return spread_of_dropout("encoder", "sequence_output", ids())


def encoder_fit():
    layer = fresh("encoder", trainable=True)
    inputs = {name: tf_keras.Input((17,), dtype=tf.int32, name=name) for name in NAMES}
    outputs = layer(inputs)
    outputs = [outputs["pooled_output"], outputs["sequence_output"][:, 1]]
    return fitted(layer, inputs, outputs, ids())


def mlm_fit():
    encoder = hub.load(str(FOLDER / "encoder"))
    layer = hub.KerasLayer(encoder.mlm, trainable=True)
    inputs = {name: tf_keras.Input((17,), dtype=tf.int32, name=name) for name in NAMES}
    inputs["masked_lm_positions"] = tf_keras.Input((8,), dtype=tf.int32)
    outputs = layer(inputs)
    logits = tf.reduce_mean(outputs["mlm_logits"] ** 2, axis=1)
    return fitted(layer, inputs, [outputs["pooled_output"], logits], ids(WITH_POSITIONS))


def sop_fit():
    layer = hub.KerasLayer(hub.load(str(FOLDER / "encoder")).sop, trainable=True)
    inputs = {name: tf_keras.Input((17,), dtype=tf.int32, name=name) for name in NAMES}
    outputs = layer(inputs)
    return fitted(layer, inputs, [outputs["sop_logits"], outputs["sequence_output"][:, 1]], ids())


class Scorer(tf.Module):
    """A module of TensorFlow's that contains the encoder."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder
        hidden_size = encoder(ids())["default"].shape[-1]
        start = tf.random.stateless_normal((hidden_size, 1), seed=(1, 2))
        self.weight = tf.Variable(start, name="weight")

    @tf.function(input_signature=[dict.fromkeys(NAMES, tf.TensorSpec((None, None), tf.int32))])
    def __call__(self, inputs):
        outputs = self.encoder(inputs)
        return (outputs["pooled_output"] + outputs["sequence_output"][:, 1]) @ self.weight


def contained():
    """Saves what contains the encoder, for another process; returns what it gives."""
    scorer = Scorer(load("encoder"))
    tf.saved_model.save(scorer, str(FOLDER / "others/scorer"))
    inputs = {name: tf_keras.Input((None,), dtype=tf.int32, name=name) for name in NAMES}
    outputs = fresh("encoder", trainable=True)(inputs)
    first = outputs["sequence_output"][:, 1]
    score = tf_keras.layers.Dense(1)(tf.concat([outputs["pooled_output"], first], axis=-1))
    model = tf_keras.Model(inputs, score)
    tf.saved_model.save(model, str(FOLDER / "others/model"))
    return {"scorer": scorer(ids()), "model": model(ids())}


def shapes():
    inputs = {name: tf_keras.Input((17,), dtype=tf.int32) for name in NAMES}
    outputs = hub.KerasLayer(load("encoder"))(inputs)
    return {name: str(outputs[name].shape) for name in ("pooled_output", "sequence_output")}


def too_long():
    inputs = dict.fromkeys(NAMES, tf.ones((2, 42), tf.int32))
    try:
        load("encoder")(inputs)
    except tf.errors.InvalidArgumentError as error:
        return {"message": str(error)}
    return {"message": ""}


def embeddings():
    """The synopsis of the API: the encoder takes what the preprocessor gives."""
    inputs = load("preprocessor")(strings()[0])
    layers = fresh("encoder")(fresh("preprocessor")(strings()[0]))
    return {"loaded": load("encoder")(inputs)["default"], "layers": layers["default"]}


def replicas():
    """Returns how far each weight goes in one step on two replicas, and how far these differ."""
    data = fresh("preprocessor")(strings()[0][:6])
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        layer = fresh("encoder", trainable=True)
        inputs = {
            name: tf_keras.Input(value.shape[1:], dtype=tf.int32, name=name)
            for name, value in data.items()
        }
        distances = fitted(layer, inputs, [layer(inputs)["default"]], data)
    copies = [[copy.numpy() for copy in weight.values] for weight in layer.trainable_weights]
    apart = max(np.ptp(values, axis=0).max() for values in copies)
    return {**distances, "copies": len(copies[0]), "apart": apart}


CHECKS = (
    encoder_as_layer,
    encoder_loaded,
    encoder_signature,
    tfsm,
    tfsm_dropout,
    tfsm_fit,
    contained,
    mlm,
    sop,
    weights,
    variables,
    dropout,
    encoder_fit,
    mlm_fit,
    sop_fit,
    shapes,
    too_long,
    embeddings,
    replicas,
)

for check in CHECKS:
    record(check.__name__, check, as_text)
record("encoder_imports", imports, as_text)
