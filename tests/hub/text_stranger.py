"""A consumer of modules of strings, in a process of its own, that never imports tf_albert.

It also loads what `encoder_stranger.py`, in the process before, has saved.
"""

import choosing_checks
import numpy as np
import tensorflow as tf
import tf_keras
from consumer import (
    AWKWARD,
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
    spread_of_dropout,
    strings,
)


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


def preprocess_in_model():
    text = tf_keras.Input((), dtype=tf.string)
    model = tf_keras.Model(text, hub.KerasLayer(load("preprocessor"))(text))
    return flat(model.predict(strings()[0], verbose=0))


def tokenize():
    rows = hub.KerasLayer(load("preprocessor").tokenize)(strings()[0])
    return {"values": rows.values.numpy(), "splits": rows.row_splits.numpy()}


def offsets():
    rows, begins, ends = hub.KerasLayer(load("preprocessor").tokenize_with_offsets)(strings()[0])
    arrays = {"ids": rows.values, "begins": begins.values, "ends": ends.values}
    return {name: value.numpy() for name, value in arrays.items()} | {"splits": rows.row_splits}


def detokenize():
    preprocessor = load("preprocessor")
    return {"texts": preprocessor.detokenize(preprocessor.tokenize(strings()[0]))}


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


def parts_saved():
    """Each part on its own, saved and loaded again, as in a model that has no other."""
    preprocessor, arrays = load("preprocessor"), {}
    ids = preprocessor.tokenize(strings()[0])
    inputs = {"tokenize": strings()[0], "tokenize_with_offsets": strings()[0], "detokenize": ids}
    for name, value in inputs.items():
        path = str(FOLDER / "parts" / name)
        tf.saved_model.save(getattr(preprocessor, name), path)
        outputs = (getattr(preprocessor, name)(value), tf.saved_model.load(path)(value))
        source, again = (tf.nest.flatten(output, expand_composites=True) for output in outputs)
        arrays[name] = [np.array_equal(*pair) for pair in zip(source, again, strict=True)]
    return arrays


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


def classify_ids():
    return flat(load("classifier").signatures["ids"](**ids()))


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
    return spread_of_dropout("classifier", "logits", strings()[0])


def score():
    a, b = strings()
    return flat(fresh("regressor")({"text_a": a, "text_b": b}))


def score_served():
    a, b = strings()
    signature = load("regressor").signatures["serving_default"]
    return flat(signature(text_a=a, text_b=b))


def score_ids():
    return flat(load("regressor").signatures["ids"](**ids()))


def contained_again():
    """Loads what `encoder_stranger.py` saved, and trains it for a step."""
    found = {}
    for name in ("scorer", "model"):
        module = tf.saved_model.load(str(FOLDER / "others" / name))
        found[name] = module(ids())
        for variable, distance in distances_of_a_step(module).items():
            found[f"{name}_{variable.replace('/', '_')}"] = distance
        found[f"{name}_trained"] = module(ids())
    return found


def distances_of_a_step(module):
    """Returns how far a step on a module's squared output takes each variable that it uses."""
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(module(ids()) ** 2)
    variables = tape.watched_variables()
    gradients = tape.gradient(loss, variables)
    before = [variable.numpy() for variable in variables]
    for variable, gradient in zip(variables, gradients, strict=True):
        variable.assign_sub(0.1 * tf.convert_to_tensor(gradient))
    pairs = zip(variables, before, strict=True)
    return {variable.name: np.abs(variable.numpy() - value).max() for variable, value in pairs}


CHECKS = (
    preprocess_one,
    preprocess_pair,
    preprocess_mapped,
    preprocess_in_training,
    preprocess_in_model,
    tokenize,
    offsets,
    detokenize,
    pack,
    parts_saved,
    special_tokens,
    preprocess_awkward,
    classify,
    classify_served,
    classify_ids,
    classify_labels,
    classify_awkward,
    classify_fit,
    classify_dropout,
    score,
    score_served,
    score_ids,
    contained_again,
)

for check in (*CHECKS, *choosing_checks.CHECKS):
    record(check.__name__, check, as_text)
record("text_imports", imports, as_text)
