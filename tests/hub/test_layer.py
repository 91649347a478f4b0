"""Modules as layers of Keras 3: seen, trained, saved."""

import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.elsewhere import outputs_elsewhere
from tests.training.recipes import small_model
from tf_albert import AlbertEncoder, AlbertPreprocessor, hub
from tf_albert.hub import HubLayer
from tf_albert.training.strategy import make_strategy

INPUTS = ("input_word_ids", "input_mask", "input_type_ids")
LENGTH = 9


@pytest.fixture(scope="module")
def modules(tmp_path_factory, tokenizer):
    """A folder with an encoder, of which dropout acts, and a preprocessor."""
    folder = tmp_path_factory.mktemp("modules")
    encoder = AlbertEncoder(small_model(tokenizer.vocab_size))
    hub.save_encoder(encoder, folder / "encoder")
    hub.save_preprocessor(AlbertPreprocessor(tokenizer, LENGTH), folder / "preprocessor")
    return folder


def batch(rows=6):
    random = np.random.default_rng(0)
    ids = random.integers(5, 397, (rows, LENGTH), "int32")
    inputs = {
        "input_word_ids": ids,
        "input_mask": np.ones_like(ids),
        "input_type_ids": np.tile(np.arange(LENGTH, dtype="int32") % 2, (rows, 1)),
    }
    return inputs, random.integers(0, 2, rows)


def functional(layer):
    inputs = {name: keras.Input((LENGTH,), dtype="int32", name=name) for name in INPUTS}
    return keras.Model(inputs, keras.layers.Dense(2)(layer(inputs)))


def sequential(layer):
    return keras.Sequential([layer, keras.layers.Dense(2)])


class Subclassed(keras.Model):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer
        self.dense = keras.layers.Dense(2)

    def call(self, inputs, training=False):
        return self.dense(self.layer(inputs, training=training))


KINDS = {"functional": functional, "sequential": sequential, "subclassed": Subclassed}


def pooled_layer(modules, **options):
    options = {"trainable": True, "output_key": "pooled_output"} | options
    return HubLayer(modules / "encoder", **options)


def fitted(model, strategy=None):
    """Fits one step; returns the weights before and after, by path."""
    inputs, labels = batch()
    model.compile(
        keras.optimizers.SGD(1.0), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    model(inputs)
    before = {weight.path: weight.numpy() for weight in model.trainable_weights}
    data = tf.data.Dataset.from_tensor_slices((inputs, labels)).batch(6)
    model.fit(data, shuffle=False, verbose=0)
    after = {weight.path: weight.numpy() for weight in model.trainable_weights}
    return before, after


def assert_all_changed(before, after, num_weights):
    assert len(before) == num_weights
    same = [path for path in before if np.array_equal(before[path], after[path])]
    # The key's bias has no gradient in exact arithmetic: softmax does not see it.
    assert all("key_bias" in path for path in same), same


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_one_step_changes_every_weight(modules, kind, dtype):
    model = kind(pooled_layer(modules, dtype=dtype))
    source = tf.saved_model.load(str(modules / "encoder"))
    before, after = fitted(model)
    assert_all_changed(before, after, len(source.trainable_variables) + 2)


def test_one_step_on_two_replicas_changes_every_weight(modules):
    strategy = make_strategy("mirrored")
    with strategy.scope():
        model = functional(pooled_layer(modules))
        single = tf.saved_model.load(str(modules / "encoder"))
    before, after = fitted(model, strategy)
    assert_all_changed(before, after, len(single.trainable_variables) + 2)


def test_output_is_the_modules(modules):
    inputs, _ = batch()
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    source = tf.saved_model.load(str(modules / "encoder"))
    expected = source(tensors, training=False)
    outputs = HubLayer(modules / "encoder")(tensors)
    assert set(outputs) == set(expected)
    np.testing.assert_allclose(outputs["pooled_output"], expected["pooled_output"], atol=1e-6)
    assert pooled_layer(modules, dtype="mixed_bfloat16")(tensors).dtype == tf.bfloat16


def test_dropout_acts_in_training_alone(modules):
    layer = pooled_layer(modules)
    inputs, _ = batch()
    np.testing.assert_array_equal(layer(inputs), layer(inputs))
    assert not np.array_equal(layer(inputs, training=True), layer(inputs, training=True))


def test_layer_that_is_not_trainable_stays_as_it_is(modules):
    layer = pooled_layer(modules, trainable=False)
    model = functional(layer)
    before, _ = fitted(model)
    assert len(before) == 2  # the dense layer's
    assert len(model.non_trainable_weights) > 10
    inputs, _ = batch()
    np.testing.assert_array_equal(layer(inputs, training=True), layer(inputs))


def test_naive_wrapping_freezes_the_module_silently(modules):
    """What `HubLayer` is for: a Keras 3 layer around a loaded module has no weights."""

    class Naive(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.module = tf.saved_model.load(str(modules / "encoder"))

        def call(self, inputs, training=False):
            return self.module(inputs, training=training)["pooled_output"]

    before, _ = fitted(Subclassed(Naive()))
    assert len(before) == 2
    before, _ = fitted(Subclassed(pooled_layer(modules)))
    assert len(before) > 20


def test_preprocessor_takes_strings_in_a_model(modules):
    text = keras.Input((), dtype="string")
    inputs = HubLayer(modules / "preprocessor")(text)
    pooled = pooled_layer(modules)(inputs)
    model = keras.Model(text, keras.layers.Dense(2)(pooled))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    data = tf.data.Dataset.from_tensor_slices((["a fine list", "an error"], [1, 0])).batch(2)
    model.fit(data, shuffle=False, verbose=0)
    assert model.predict(tf.constant(["one", "two", "three"]), verbose=0).shape == (3, 2)


TEXTS = (["a fine list", "an error of which one knows", ""], ["it is", "", "never so"])


def test_halves_of_the_preprocessor_are_layers(modules):
    preprocessor = tf.saved_model.load(str(modules / "preprocessor"))
    texts = [keras.Input((), dtype="string", name=name) for name in ("first", "second")]
    tokenizer = HubLayer(preprocessor.tokenize)
    packer = HubLayer(preprocessor.bert_pack_inputs, arguments={"seq_length": 7})
    packed = packer([tokenizer(text) for text in texts])
    assert {name: symbol.shape for name, symbol in packed.items()} == dict.fromkeys(
        INPUTS, (None, 7)
    )
    model = keras.Model(texts, packed)
    segments = [preprocessor.tokenize(tf.constant(part)) for part in TEXTS]
    expected = preprocessor.bert_pack_inputs(segments, seq_length=7)
    columns = {"first": TEXTS[0], "second": TEXTS[1]}
    (outputs,) = tf.data.Dataset.from_tensor_slices(columns).batch(3).map(model)
    for name in INPUTS:
        np.testing.assert_array_equal(outputs[name], expected[name])


def test_model_of_parts_is_exported_and_goes_into_no_file(modules, tmp_path):
    preprocessor = tf.saved_model.load(str(modules / "preprocessor"))
    text = keras.Input((), dtype="string", name="text")
    segment = HubLayer(preprocessor.tokenize)(text)
    inputs = HubLayer(preprocessor.bert_pack_inputs, arguments={"seq_length": LENGTH})([segment])
    model = keras.Model(text, pooled_layer(modules)(inputs))
    model.export(tmp_path / "exported", verbose=False)
    serve = tf.saved_model.load(str(tmp_path / "exported")).signatures["serving_default"]
    texts = tf.constant(TEXTS[0])
    np.testing.assert_allclose(serve(texts)["output_0"], model(texts), atol=1e-6)
    with pytest.raises(ValueError, match=r"cannot be made again .* `HubLayer` the module's path"):
        model.save(tmp_path / "model.keras")


def test_ragged_tensors_go_in_and_out(modules):
    preprocessor = tf.saved_model.load(str(modules / "preprocessor"))
    text = keras.Input((), dtype="string")
    symbols = HubLayer(preprocessor.tokenize_with_offsets)(text)
    assert [symbol.dtype for symbol in symbols] == ["int32", "int64", "int64"]
    assert all(symbol.ragged and symbol.shape == (None, None) for symbol in symbols)
    model = keras.Model(text, HubLayer(preprocessor.detokenize)(symbols[0]))
    again = model(tf.constant(TEXTS[1])).numpy()
    assert [part.decode() for part in again] == TEXTS[1]


def test_folder_that_is_not_there(tmp_path):
    with pytest.raises(OSError, match=f"{tmp_path}/nowhere"):
        HubLayer(tmp_path / "nowhere")


def test_list_of_strings_is_one_batch(modules):
    layer = HubLayer(modules / "preprocessor")
    for texts in TEXTS[0][:1], TEXTS[0][:2], TEXTS[0]:
        outputs, expected = layer(texts), layer(tf.constant(texts))
        for name in INPUTS:
            np.testing.assert_array_equal(outputs[name], expected[name])


def test_keras_file_and_weights_round_trip(modules, tmp_path, stranger):
    model = functional(pooled_layer(modules))
    fitted(model)
    inputs, _ = batch()
    expected = model.predict(inputs, verbose=0)
    model.save_weights(tmp_path / "model.weights.h5")
    again = outputs_elsewhere(model, inputs, stranger, tmp_path)
    np.testing.assert_allclose(again, expected, atol=1e-6)
    fresh = functional(pooled_layer(modules))
    assert np.abs(fresh.predict(inputs, verbose=0) - expected).max() > 1e-3
    fresh.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_allclose(fresh.predict(inputs, verbose=0), expected, atol=1e-6)


def test_keras_file_takes_no_other_module_of_that_path(modules, tmp_path, monkeypatch):
    monkeypatch.chdir(modules)
    model = functional(HubLayer("encoder", output_key="pooled_output"))
    model.save(tmp_path / "model.keras")
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(modules / "preprocessor", elsewhere / "encoder")
    monkeypatch.chdir(elsewhere)
    with pytest.raises(ValueError, match="encoder holds another module than the one that this"):
        keras.models.load_model(tmp_path / "model.keras")
    shutil.rmtree("encoder")
    shutil.copytree(modules / "encoder", "encoder")
    assert not HubLayer("encoder").supports_jit
    keras.models.load_model(tmp_path / "model.keras")


def test_signature_is_called_and_not_trained(modules):
    layer = HubLayer(modules / "encoder", signature="serving_default", output_key="pooled_output")
    inputs, _ = batch()
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    np.testing.assert_allclose(layer(tensors), pooled_layer(modules)(tensors), atol=1e-6)
    with pytest.raises(ValueError, match="signature 'serving_default' cannot be trained"):
        HubLayer(modules / "encoder", signature="serving_default", trainable=True)
    with pytest.raises(ValueError, match=r"has no signature 'other'\. It has: serving_default"):
        HubLayer(modules / "encoder", signature="other")
    names = r"a dict of input_mask, input_type_ids, input_word_ids\. Received: EagerTensor"
    with pytest.raises(ValueError, match=names):
        layer(tensors["input_word_ids"])


class Bare(tf.Module):
    """A module that can be called and lists nothing."""

    def __init__(self):
        super().__init__()
        self.factor = tf.Variable(2.0)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def __call__(self, x):
        return self.factor * x


def test_weights_that_would_be_frozen_are_warned_of(tmp_path):
    root = tf.train.Checkpoint(inner=Bare())
    root.__call__ = root.inner.__call__
    tf.saved_model.save(root, str(tmp_path / "bare"))
    with pytest.warns(UserWarning, match="names no trainable variables, so nothing of it will be"):
        layer = HubLayer(tmp_path / "bare", trainable=True)
    np.testing.assert_allclose(layer(tf.constant([1.0, 3.0])), [2.0, 6.0])
    HubLayer(tmp_path / "bare")


def test_module_that_cannot_be_called(tmp_path):
    root = tf.train.Checkpoint(value=tf.Variable(1.0))
    tf.saved_model.save(root, str(tmp_path / "values"))
    with pytest.raises(ValueError, match=r"is no Reusable SavedModel: .* signatures: none"):
        HubLayer(tmp_path / "values")


def test_output_that_is_not_there(modules):
    inputs, _ = batch()
    with pytest.raises(ValueError, match=r"no output 'pooled'\. It has: .*pooled_output"):
        HubLayer(modules / "encoder", output_key="pooled")(inputs)
