"""A consumer of the modules, in a process of its own, that never imports tf_albert.

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

# Two devices, so that a strategy has something to mirror.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)
    import tensorflow_hub as hub

FOLDER = Path(sys.argv[1])
NAMES = ("input_word_ids", "input_mask", "input_type_ids")
WITH_POSITIONS = (*NAMES, "masked_lm_positions")
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


def encoder_as_layer():
    return flat(fresh("encoder")(ids()))


def encoder_loaded():
    return flat(load("encoder")(ids()))


def encoder_signature():
    return flat(load("encoder").signatures["serving_default"](**ids()))


def mlm():
    return flat(load("encoder").mlm(ids(WITH_POSITIONS)))


def sop():
    return flat(load("encoder").sop(ids()))


def offsets():
    rows, begins, ends = hub.KerasLayer(load("preprocessor").tokenize_with_offsets)(strings()[0])
    arrays = {"ids": rows.values, "begins": begins.values, "ends": ends.values}
    return {name: value.numpy() for name, value in arrays.items()} | {"splits": rows.row_splits}


def detokenize():
    preprocessor = load("preprocessor")
    return {"texts": preprocessor.detokenize(preprocessor.tokenize(strings()[0]))}


def weights():
    root = load("encoder")
    return {
        "root": [variable.name for variable in root.trainable_variables],
        "mlm": [variable.name for variable in root.mlm.trainable_variables],
        "sop": [variable.name for variable in root.sop.trainable_variables],
        "root_all": [variable.name for variable in root.variables],
        "losses": len(root.regularization_losses) + len(root.mlm.regularization_losses),
    }


def dropout():
    layer = hub.KerasLayer(load("encoder"), trainable=True)
    calls = {
        name: [layer(ids(), training=training)["sequence_output"] for _ in range(2)]
        for name, training in (("with", True), ("without", False))
    }
    return {name: np.ptp(np.stack(values), axis=0).max() for name, values in calls.items()}


def variables():
    """Returns, for each object, how its lists of variables stand to what its call uses.

    These are counts: of the variables that the call uses, of those listed, of those in both, of the
    trainable ones, and of those among them that are listed and say that they are trainable.
    """
    encoder, preprocessor = load("encoder"), load("preprocessor")
    objects = {
        "encoder": encoder,
        "mlm": encoder.mlm,
        "sop": encoder.sop,
        "classifier": load("classifier"),
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


def fitted(layer, inputs, outputs, data):
    """Returns how far each trainable weight of a layer goes in one step of tf_keras."""
    model = tf_keras.Model(inputs, outputs)
    model.compile(tf_keras.optimizers.SGD(0.1), "mse")
    before = [weight.numpy() for weight in layer.trainable_weights]
    rows = len(tf.nest.flatten(data)[0])
    targets = [np.ones((rows, *output.shape[1:]), "float32") for output in outputs]
    model.fit(data, targets, batch_size=rows, verbose=0)
    pairs = zip(layer.trainable_weights, before, strict=True)
    return {weight.name: np.abs(weight.numpy() - value).max() for weight, value in pairs}


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


def preprocess_one():
    return flat(fresh("preprocessor")(strings()[0]))


def preprocess_pair():
    return flat(load("preprocessor")(strings()))


def preprocess_mapped():
    preprocess = hub.KerasLayer(load("preprocessor"))
    dataset = tf.data.Dataset.from_tensor_slices(strings()[0]).batch(4).map(preprocess)
    batches = list(dataset)
    return {name: np.concatenate([batch[name] for batch in batches]) for name in NAMES}


def preprocess_in_training():
    return flat(fresh("preprocessor")(strings()[0], training=True))


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


def preprocess_in_model():
    text = tf_keras.Input((), dtype=tf.string)
    model = tf_keras.Model(text, hub.KerasLayer(load("preprocessor"))(text))
    return flat(model.predict(strings()[0], verbose=0))


def tokenize():
    rows = hub.KerasLayer(load("preprocessor").tokenize)(strings()[0])
    return {"values": rows.values.numpy(), "splits": rows.row_splits.numpy()}


def pack():
    preprocessor = load("preprocessor")
    segments = [hub.KerasLayer(preprocessor.tokenize)(texts) for texts in strings()]
    packed = hub.KerasLayer(preprocessor.bert_pack_inputs, arguments={"seq_length": 13})
    words = [tf.ragged.constant([[[5, 6], [7]], [[8]]], dtype=tf.int32)]
    arrays = {f"one_{name}": value for name, value in packed(segments[:1]).items()}
    arrays |= {f"two_{name}": value for name, value in packed(segments).items()}
    arrays["default"] = preprocessor.bert_pack_inputs(segments)["input_word_ids"]
    arrays["words"] = preprocessor.bert_pack_inputs(words, seq_length=7)["input_word_ids"]
    return flat(arrays)


def special_tokens():
    return flat(load("preprocessor").tokenize.get_special_tokens_dict())


def preprocess_awkward():
    preprocess = load("preprocessor")
    return {
        "awkward": preprocess(tf.constant(AWKWARD))["input_word_ids"],
        "empty": preprocess(tf.constant([], tf.string))["input_word_ids"],
    }


def classify():
    return flat(fresh("classifier")(strings()[0]))


def classify_served():
    signature = load("classifier").signatures["serving_default"]
    return flat(signature(text=strings()[0]))


def classify_labels():
    return flat(fresh("others/labels")(strings()[0]))


def classify_awkward():
    classifier = load("classifier")
    return {
        "awkward": classifier(tf.constant(AWKWARD))["probabilities"],
        "empty": classifier(tf.constant([], tf.string))["probabilities"],
        "no_label": classifier(tf.constant([], tf.string))["label"],
    }


def classify_fit():
    layer = fresh("classifier", trainable=True, output_key="logits")
    text = tf_keras.Input((), dtype=tf.string)
    return fitted(layer, text, [layer(text)], strings()[0])


def classify_dropout():
    layer = hub.KerasLayer(load("classifier"), trainable=True, output_key="logits")
    calls = {
        name: [layer(strings()[0], training=training) for _ in range(2)]
        for name, training in (("with", True), ("without", False))
    }
    return {name: np.ptp(np.stack(values), axis=0).max() for name, values in calls.items()}


def score():
    a, b = strings()
    return flat(fresh("regressor")({"text_a": a, "text_b": b}))


def score_served():
    a, b = strings()
    signature = load("regressor").signatures["serving_default"]
    return flat(signature(text_a=a, text_b=b))


def imports():
    """Comes last: what all the others have imported."""
    return {"ours": [name for name in sys.modules if name.split(".")[0] in ("tf_albert", "tests")]}


CHECKS = (
    encoder_as_layer,
    encoder_loaded,
    encoder_signature,
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
    preprocess_one,
    preprocess_pair,
    preprocess_mapped,
    preprocess_in_training,
    embeddings,
    replicas,
    preprocess_in_model,
    tokenize,
    offsets,
    detokenize,
    pack,
    special_tokens,
    preprocess_awkward,
    classify,
    classify_served,
    classify_labels,
    classify_awkward,
    classify_fit,
    classify_dropout,
    score,
    score_served,
    imports,
)

for check in CHECKS:
    try:
        found = {name: np.asarray(value) for name, value in check().items()}
        strings_as_text = {
            name: value.astype(str) if value.dtype == object else value
            for name, value in found.items()
        }
        np.savez(FOLDER / f"{check.__name__}.npz", **strings_as_text)
    except Exception:
        (FOLDER / f"{check.__name__}.error").write_text(traceback.format_exc(), encoding="utf-8")
