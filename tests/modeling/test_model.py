"""What holds for every model class."""

import json

import keras
import numpy as np
import pytest

from tests.helpers import random_inputs, randomize
from tf_albert import AlbertClassifier, AlbertEncoder, AlbertPretrainer

MODELS = {
    "encoder": (AlbertEncoder, {}),
    "pretrainer": (AlbertPretrainer, {}),
    "classifier": (AlbertClassifier, {"num_classes": 3, "dropout": 0.25}),
}
models = pytest.mark.parametrize(("model_class", "arguments"), MODELS.values(), ids=MODELS.keys())


def assert_same_outputs(first, second, inputs):
    for ours, theirs in zip(
        keras.tree.flatten(first(inputs)), keras.tree.flatten(second(inputs)), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


@models
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_config_returns_through_json(small_config, model_class, arguments, dtype):
    model = model_class(small_config, **arguments, dtype=dtype, name="mine")
    stored = json.loads(json.dumps(model.get_config()))
    copy = model_class.from_config(stored)
    assert (copy.config, copy.name, copy.dtype_policy.name) == (small_config, "mine", dtype)
    assert copy.head_arguments() == model.head_arguments() == arguments
    copy.set_weights(model.get_weights())
    assert_same_outputs(copy, model, random_inputs(small_config))


@models
def test_keras_file_returns_the_model(small_config, model_class, arguments, tmp_path):
    model = randomize(model_class(small_config, **arguments))
    model.save(tmp_path / "model.keras")
    copy = keras.models.load_model(tmp_path / "model.keras")
    assert type(copy) is model_class
    assert_same_outputs(copy, model, random_inputs(small_config))


@pytest.mark.parametrize(
    ("model_class", "arguments"), [MODELS["pretrainer"], MODELS["classifier"]], ids=str
)
def test_precision_of_a_given_encoder_is_kept(small_config, model_class, arguments):
    model = model_class(AlbertEncoder(small_config, dtype="mixed_bfloat16"), **arguments)
    copy = model_class.from_config(model.get_config())
    assert copy.encoder.dtype_policy.name == "mixed_bfloat16"
    copy.set_weights(model.get_weights())
    assert_same_outputs(copy, model, random_inputs(small_config))


@models
def test_all_weights_are_there_before_the_first_call(small_config, model_class, arguments):
    model = model_class(small_config, **arguments)
    before = model.count_params()
    model(random_inputs(small_config))
    assert model.count_params() == before > 0
    assert len({variable.path for variable in model.weights}) == len(model.weights)


@models
def test_one_step_of_fit_changes_every_weight(small_config, model_class, arguments):
    model = randomize(model_class(small_config, **arguments))
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss=loss_of(model), jit_compile=False)
    before = model.get_weights()
    model.fit(random_inputs(small_config), targets_of(model_class), batch_size=5, verbose=0)
    after = model.get_weights()
    unchanged = [
        variable.path
        for variable, old, new in zip(model.weights, before, after, strict=True)
        if variable.trainable and np.array_equal(old, new)
    ]
    assert [path for path in unchanged if not path.endswith("key/bias")] == []


def targets_of(model_class):
    labels = np.array([0, 1, 1, 0, 1])
    if model_class is AlbertClassifier:
        return labels
    if model_class is AlbertPretrainer:
        return {"mlm_logits": np.arange(40).reshape(5, 8), "sop_logits": labels}
    return {"sequence_output": np.ones((5, 17, 28)), "pooled_output": np.ones((5, 28))}


def loss_of(model):
    crossentropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    if isinstance(model, AlbertClassifier):
        return crossentropy
    if isinstance(model, AlbertPretrainer):
        return {"mlm_logits": crossentropy, "sop_logits": crossentropy}
    return {"sequence_output": "mse", "pooled_output": "mse"}
